// What Python calls: batches shared out to threads, with every sequence computed in the cheapest way that is exact.
#pragma once

#include "batch.hpp"

namespace crf {

// The best instruction set of this processor, or the one with this name; null if there is none of that name.
const Kernels* choose_kernels(const char* name);

// Sequences that were computed again: all of them in doubles, and the last so many of these in log space, too.
struct Redone {
    int64_t in_doubles, in_logs;
};

// Forward and backward recursions; `spans` may be null. Throws std::bad_alloc.
Redone forward_backward(const Kernels&, const Batch&, const Wanted&, const Spans* spans, int threads);

// Best paths: tags (n_rows,), rows of no sequence stay as they are; scores (n_sequences,), nats. Throws std::bad_alloc.
Redone best_paths(const Kernels&, const Batch&, int64_t* tags, double* scores, int threads);

// The k >= 1 best paths of each sequence, best first: tags, (n_sequences, k, padded_length) or (k, n_rows), -1 in padding
// and for paths that do not exist; scores (n_sequences, k), nats, -inf for those. Throws std::bad_alloc.
void k_best(const Kernels&, const Batch&, int64_t k, int64_t* tags, double* scores, int threads);

}  // namespace crf
