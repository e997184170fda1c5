// How a batch is shared out: sequences of similar length in groups that run in lockstep, groups in blocks that threads
// take. The cut depends on the batch alone, and results are added up in the order of the blocks: they do not depend on
// the number of threads.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "batch.hpp"

namespace crf {

// Memory of one call. The operating system gets large pieces back as soon as they are freed, and to fetch their pages anew
// for every call takes as long as a good part of the work: so one piece, as large as the last call needed, is kept for the
// next one.
struct Arena {
    Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena();

    char* kept;
    std::size_t capacity = 0, used = 0, wanted = 0;
    std::vector<void*> pieces;  // for what had no room
};

struct Group {
    int n_chains;
    int64_t sequences[MAX_CHAINS];  // in descending order of length, none empty
    int64_t n_tokens;
};

struct Schedule {
    std::vector<std::vector<Group>> blocks;
    int64_t largest_group = 0;  // tokens
    int threads = 1;
};

// `cost` of a token, in multiply-adds.
Schedule make_schedule(const Batch& batch, double cost, int threads);

// Run work(block, thread) for all blocks. The first exception is thrown again when all threads have ended.
void run_blocks(const Schedule& schedule, const std::function<void(int block, int thread)>& work);

}  // namespace crf
