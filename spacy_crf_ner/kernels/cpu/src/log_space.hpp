// One sequence in float64 log space: slow, and exact for scores of any size. The last resort.
#pragma once

#include <vector>

#include "batch.hpp"

namespace crf {

// Forward and backward scores of one sequence, its tags in their own order. *Shapes:* (length, n_tags), nats.
struct LogChain {
    int64_t length;
    int n_tags;
    std::vector<double> emissions, transitions, start, end, alphas, betas;
    double log_partition;
};

LogChain log_chain(const Batch& batch, int64_t sequence, bool recursions);

// Whether none of the scores that sequences share, as far as they are allowed, is NaN or +inf. Maxima pass over NaN, so
// that it must be looked for where it stands.
bool are_numbers(const Batch& batch);

// The log of a sum of exponentials; NaN and +inf come through.
double log_sum_exp(const double* values, int n);

// Expected uses, times `weight`: tokens (length, n_tags) or null, transitions (n_tags, n_tags) or null.
void log_counts(const LogChain& chain, double weight, float* tokens, double* transitions);

// The best path and its score: -inf without one, NaN or +inf where scores are.
double log_viterbi(const LogChain& chain, int64_t* path);

}  // namespace crf
