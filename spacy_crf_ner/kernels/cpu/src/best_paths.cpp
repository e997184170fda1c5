#include <atomic>

#include "engine.hpp"
#include "log_space.hpp"
#include "schedule.hpp"
#include "workspace.hpp"

namespace crf {

namespace {

double score_of(const Batch& batch, int64_t sequence, const int64_t* path) {
    const int64_t n = batch.n_tags, row = batch.first_rows[sequence], length = batch.lengths[sequence];
    double score = double(batch.start[path[0]]) + double(batch.end[path[length - 1]]);
    for (int64_t t = 0; t < length; ++t) {
        score += batch.emissions[(row + t) * n + path[t]];
        if (t > 0) score += batch.transitions[path[t - 1] * n + path[t]];
    }
    return score;
}

}  // namespace

Redone best_paths(const Kernels& kernels, const Batch& batch, int64_t* tags, double* scores, int threads) {
    Arena arena;
    Model<float> model;
    kernels.prepare_viterbi(batch, arena, model);
    const bool sound = are_numbers(batch);
    const double n = batch.n_tags;
    const Schedule schedule = make_schedule(batch, n * n + COST_OF_A_TAG / 4 * n, threads);
    std::vector<Workspace<float>> workspaces;
    for (int thread = 0; thread < schedule.threads; ++thread)
        workspaces.emplace_back(arena, schedule.largest_group, model.width);
    for (int64_t sequence = 0; sequence < batch.n_sequences; ++sequence)
        if (batch.lengths[sequence] == 0) scores[sequence] = 0.0;
    std::atomic<int64_t> in_logs{0};
    run_blocks(schedule, [&](int block, int thread) {
        for (const Group& group : schedule.blocks[block]) {
            Chain<float> chains[MAX_CHAINS];
            int64_t* paths[MAX_CHAINS];
            bool found[MAX_CHAINS];
            workspaces[thread].place(batch, group, chains);
            for (int g = 0; g < group.n_chains; ++g) paths[g] = tags + batch.first_rows[chains[g].sequence];
            kernels.viterbi(model, chains, group.n_chains, paths, found);
            for (int g = 0; g < group.n_chains; ++g) {
                const int64_t sequence = chains[g].sequence;
                if (sound && found[g]) {
                    scores[sequence] = score_of(batch, sequence, paths[g]);
                } else {
                    ++in_logs;
                    scores[sequence] = log_viterbi(log_chain(batch, sequence, false), paths[g]);
                }
            }
        }
    });
    return {0, in_logs};
}

}  // namespace crf
