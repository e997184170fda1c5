// Probabilities of stretches of tags, read off between the forward probabilities before and the backward ones after.
#pragma once

#include <vector>

#include "batch.hpp"
#include "log_space.hpp"

namespace crf {

// The spans of one sequence, [begin, end) in `Spans`.
struct SpanRange {
    int64_t begin, end;
};

SpanRange spans_of(const Spans& spans, int64_t sequence);

// From the chain's alphas, and exps that hold exp(emission) * beta. False if a probability was too small for the type.
template <class T>
bool read_spans(const Batch& batch, const Model<T>& model, const Chain<T>& chain, const Spans& spans, SpanRange range);

void read_spans(const LogChain& chain, const Spans& spans, SpanRange range);

}  // namespace crf
