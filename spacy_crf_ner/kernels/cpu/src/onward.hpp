// Scores of all ways to go on from a tag, its own emission included.
#pragma once

#include "batch.hpp"
#include "log_space.hpp"

namespace crf {

// Makes scores, in nats, of the betas in `chain.onward`. False if a tag was lost.
template <class T>
bool score_onward(const Batch& batch, const Model<T>& model, const Chain<T>& chain);

// Into `onward` (length, n_tags), nats.
void score_onward(const LogChain& chain, double* onward);

}  // namespace crf
