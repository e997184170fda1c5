#include <algorithm>
#include <cmath>
#include <limits>

#include "engine.hpp"
#include "enumeration.hpp"
#include "log_space.hpp"
#include "schedule.hpp"
#include "workspace.hpp"

namespace crf {

namespace {

constexpr double FORBIDDEN = -std::numeric_limits<double>::infinity();
constexpr int64_t PADDING_TAG = -1;
// Multiply-adds that one more prefix at a token comes to.
constexpr double COST_OF_A_PREFIX = 500.0;

// Where the paths of one sequence go.
struct Out {
    int64_t* tags;
    double* scores;    // (k,)
    int64_t k, stride; // from the tags of one path to those of the next
    int64_t rows;      // of a path, padding included

    void path(int64_t rank, const Enumeration& paths, int64_t length) const {
        paths.trace(tags + rank * stride);
        std::fill_n(tags + rank * stride + length, rows - length, PADDING_TAG);
    }
    // What stands from a rank on where there is no path.
    void none(int64_t rank, double score) const {
        for (; rank < k; ++rank) {
            scores[rank] = score;
            std::fill_n(tags + rank * stride, rows, PADDING_TAG);
        }
    }
};

class KBest {
public:
    KBest(const Kernels& kernels, const Batch& batch, int64_t k, int64_t* tags, double* scores, int threads)
        : kernels_(kernels), batch_(batch), k_(k), tags_(tags), scores_(scores), sound_(are_numbers(batch)) {
        kernels.prepare_prefixes(batch, arena_, model_);
        const double n = batch.n_tags;
        schedule_ = make_schedule(batch, 2 * n * n + COST_OF_A_TAG * n + COST_OF_A_PREFIX * double(k), threads);
        for (int thread = 0; thread < schedule_.threads; ++thread)
            workspaces_.emplace_back(arena_, schedule_.largest_group, model_.width);
        paths_.resize(schedule_.threads);
    }

    void run_all() {
        for (int64_t sequence = 0; sequence < batch_.n_sequences; ++sequence) {
            if (batch_.lengths[sequence] > 0) continue;
            const Out out = out_of(sequence);
            out.none(0, FORBIDDEN);
            // The empty path.
            out.scores[0] = 0.0;
        }
        run_blocks(schedule_, [this](int block, int thread) {
            for (const Group& group : schedule_.blocks[block]) run_group(group, thread);
        });
    }

private:
    Out out_of(int64_t sequence) const {
        const int64_t padded = batch_.padded_length;
        if (!padded)
            return {tags_ + batch_.first_rows[sequence], scores_ + sequence * k_, k_, batch_.n_rows, batch_.lengths[sequence]};
        return {tags_ + sequence * k_ * padded, scores_ + sequence * k_, k_, padded, padded};
    }

    void run_group(const Group& group, int thread) {
        Chain<double> chains[MAX_CHAINS];
        bool sound[MAX_CHAINS];
        workspaces_[thread].place(batch_, group, chains);
        kernels_.prefixes(model_, chains, group.n_chains, sound);
        for (int g = 0; g < group.n_chains; ++g) {
            const Out out = out_of(chains[g].sequence);
            if (!sound_ || !sound[g]) {
                std::vector<int64_t> path(chains[g].length);
                const double score = log_viterbi(log_chain(batch_, chains[g].sequence, false), path.data());
                if (!std::isfinite(score)) {
                    out.none(0, score);
                    continue;
                }
            }
            list(paths_[thread], chains[g], out);
        }
    }

    void list(Enumeration& paths, const Chain<double>& chain, const Out& out) const {
        paths.begin(model_, chain);
        for (int64_t rank = 0; rank < k_; ++rank) {
            const double score = paths.next();
            if (score == FORBIDDEN) return out.none(rank, FORBIDDEN);
            out.scores[rank] = score;
            out.path(rank, paths, chain.length);
        }
    }

    const Kernels& kernels_;
    const Batch& batch_;
    const int64_t k_;
    int64_t* const tags_;
    double* const scores_;
    const bool sound_;
    Arena arena_;
    Model<double> model_;
    Schedule schedule_;
    std::vector<Workspace<double>> workspaces_;
    std::vector<Enumeration> paths_;
};

}  // namespace

void k_best(const Kernels& kernels, const Batch& batch, int64_t k, int64_t* tags, double* scores, int threads) {
    KBest(kernels, batch, k, tags, scores, threads).run_all();
}

}  // namespace crf
