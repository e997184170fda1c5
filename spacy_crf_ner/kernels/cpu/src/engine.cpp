#include "engine.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>

#include "log_space.hpp"
#include "onward.hpp"
#include "schedule.hpp"
#include "spans.hpp"
#include "workspace.hpp"

namespace crf {

namespace {

constexpr double FORBIDDEN = -std::numeric_limits<double>::infinity();
template <class T>
void prepare(const Kernels& kernels, const Batch& batch, Arena& arena, Model<T>& model);
template <>
void prepare(const Kernels& kernels, const Batch& batch, Arena& arena, Model<float>& model) {
    kernels.prepare_float(batch, arena, model);
}
template <>
void prepare(const Kernels& kernels, const Batch& batch, Arena& arena, Model<double>& model) {
    kernels.prepare_double(batch, arena, model);
}
void run(const Kernels& kernels, const Model<float>& model, Chain<float>* chains, int n, bool pairs, float* scratch) {
    kernels.run_float(model, chains, n, pairs, scratch);
}
void run(const Kernels& kernels, const Model<double>& model, Chain<double>* chains, int n, bool pairs, double* scratch) {
    kernels.run_double(model, chains, n, pairs, scratch);
}
void count(const Kernels& kernels, const Model<float>& model, const Chain<float>* chains, int n, double* counts) {
    kernels.count_float(model, chains, n, counts);
}
void count(const Kernels& kernels, const Model<double>& model, const Chain<double>* chains, int n, double* counts) {
    kernels.count_double(model, chains, n, counts);
}

// What a block of sequences adds up for itself.
struct Counts {
    double* transitions;  // (n_tags, n_tags)
    double* start;        // (n_tags,)
    double* end;          // (n_tags,)
};

class ForwardBackward {
public:
    ForwardBackward(const Kernels& kernels, const Batch& batch, const Wanted& wanted, const Spans* spans, int threads)
        : kernels_(kernels), batch_(batch), wanted_(wanted), spans_(spans) {
        prepare(kernels, batch, arena_, model_);
        const double n = batch.n_tags;
        schedule_ = make_schedule(batch, (wanted.transitions ? 3 : 2) * n * n + COST_OF_A_TAG * n, threads);
        for (int thread = 0; thread < schedule_.threads; ++thread)
            workspaces_.emplace_back(arena_, schedule_.largest_group, model_.width);
        if (!wanted.transitions) return;
        const std::size_t tags = batch.n_tags, width = model_.width;
        // From here, and not from the threads: what these allocate they fetch from the operating system every time.
        for (int thread = 0; thread < schedule_.threads; ++thread) products_.push_back(doubles(width * width));
        for (std::size_t block = 0; block < schedule_.blocks.size(); ++block)
            counts_.push_back(Counts{doubles(tags * tags), doubles(tags), doubles(tags)});
    }

    Redone run_all() {
        for (int64_t sequence = 0; sequence < batch_.n_sequences; ++sequence)
            if (batch_.lengths[sequence] == 0) {
                wanted_.log_partition[sequence] = 0.0;
                if (wanted_.score) wanted_.score[sequence] = 0.0;
                clear_padding(sequence);
            }
        run_blocks(schedule_, [this](int block, int thread) { run_block(block, thread); });
        if (wanted_.transitions) {
            const std::size_t n = batch_.n_tags;
            add_up(wanted_.transitions, n * n, &Counts::transitions);
            add_up(wanted_.start, n, &Counts::start);
            add_up(wanted_.end, n, &Counts::end);
        }
        // The path is among all paths: rounding must not bring its loss below 0. NaN stays.
        for (int64_t sequence = 0; wanted_.loss && sequence < batch_.n_sequences; ++sequence) {
            const double loss = wanted_.log_partition[sequence] - wanted_.score[sequence];
            wanted_.loss[sequence] = float(loss < 0.0 ? 0.0 : loss);
        }
        return {in_doubles_, in_logs_};
    }

private:
    double* doubles(std::size_t n) { return static_cast<double*>(allocate(arena_, sizeof(double) * n)); }

    void add_up(float* out, std::size_t n, double* Counts::*part) {
        for (std::size_t i = 0; i < n; ++i) {
            double total = 0.0;
            for (const Counts& counts : counts_) total += (counts.*part)[i];
            out[i] = float(total);
        }
    }

    void run_block(int block, int thread) {
        const std::size_t n = batch_.n_tags, width = model_.width;
        Counts counts{};
        double* products = nullptr;
        if (wanted_.transitions) {
            counts = counts_[block];
            products = products_[thread];
            std::fill_n(products, width * width, 0.0);
            std::fill_n(counts.transitions, n * n, 0.0);
            std::fill_n(counts.start, n, 0.0);
            std::fill_n(counts.end, n, 0.0);
        }
        std::vector<int64_t> flagged;
        for (const Group& group : schedule_.blocks[block]) {
            Chain<float> chains[MAX_CHAINS];
            workspaces_[thread].place(batch_, group, chains);
            run_group(model_, chains, group.n_chains, workspaces_[thread].scratch, products);
            for (int g = 0; g < group.n_chains; ++g)
                if (chains[g].flagged) flagged.push_back(chains[g].sequence);
        }
        if (wanted_.transitions) expand(model_, products, counts.transitions);
        for (int64_t sequence : flagged) redo(sequence, counts);
        for (const Group& group : schedule_.blocks[block])
            for (int g = 0; g < group.n_chains; ++g) finish(group.sequences[g], counts);
    }

    template <class T>
    void run_group(const Model<T>& model, Chain<T>* chains, int n_chains, T* scratch, double* products) {
        for (int g = 0; g < n_chains; ++g) {
            Chain<T>& chain = chains[g];
            if (wanted_.weights) chain.weight = wanted_.weights[chain.sequence];
            if (wanted_.tokens) chain.tokens = wanted_.tokens + batch_.first_rows[chain.sequence] * batch_.n_tags;
            if (wanted_.onward) chain.onward = wanted_.onward + batch_.first_rows[chain.sequence] * batch_.n_tags;
        }
        run(kernels_, model, chains, n_chains, wanted_.transitions != nullptr, scratch);
        for (int g = 0; g < n_chains && spans_; ++g) {
            const SpanRange range = spans_of(*spans_, chains[g].sequence);
            if (!chains[g].flagged && range.begin < range.end)
                chains[g].flagged = !read_spans(batch_, model, chains[g], *spans_, range);
        }
        for (int g = 0; g < n_chains && wanted_.onward; ++g)
            if (!chains[g].flagged) chains[g].flagged = !score_onward(batch_, model, chains[g]);
        if (wanted_.transitions) count(kernels_, model, chains, n_chains, products);
        for (int g = 0; g < n_chains; ++g)
            wanted_.log_partition[chains[g].sequence] = chains[g].log_partition;
    }

    // From products of probabilities, in the model's order, to expected uses of the transitions.
    template <class T>
    void expand(const Model<T>& model, const double* products, double* transitions) const {
        const std::size_t n = batch_.n_tags, width = model.width;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) {
                const double probability = model.matrix[i * width + j];
                transitions[model.order[i] * n + model.order[j]] += products[i * width + j] * probability;
            }
    }

    // A sequence that floats have no room for: in doubles, and in log space if these have no room, either.
    void redo(int64_t sequence, const Counts& counts) {
        ++in_doubles_;
        std::call_once(exact_once_, [this] { prepare(kernels_, batch_, arena_, exact_); });
        Arena arena;
        const Workspace<double> workspace(arena, batch_.lengths[sequence], exact_.width);
        const Group group{1, {sequence}, batch_.lengths[sequence]};
        Chain<double> chain;
        workspace.place(batch_, group, &chain);
        std::vector<double> products;
        if (wanted_.transitions) products.assign(std::size_t(exact_.width) * exact_.width, 0.0);
        run_group(exact_, &chain, 1, workspace.scratch, products.data());
        if (!chain.flagged) {
            if (wanted_.transitions) expand(exact_, products.data(), counts.transitions);
            return;
        }
        ++in_logs_;
        const LogChain slow = log_chain(batch_, sequence, true);
        wanted_.log_partition[sequence] = slow.log_partition;
        if (wanted_.onward) score_onward(slow, chain.onward);
        if (!std::isfinite(slow.log_partition)) return;
        double* transitions = wanted_.transitions ? counts.transitions : nullptr;
        log_counts(slow, chain.weight, chain.tokens, transitions);
        if (spans_) read_spans(slow, *spans_, spans_of(*spans_, sequence));
    }

    // Edges, and the path that is compared with the expectations.
    void finish(int64_t sequence, const Counts& counts) {
        const int64_t n = batch_.n_tags, row = batch_.first_rows[sequence], last = row + batch_.lengths[sequence] - 1;
        if (wanted_.transitions)
            for (int64_t k = 0; k < n; ++k) {
                counts.start[k] += wanted_.tokens[row * n + k];
                counts.end[k] += wanted_.tokens[last * n + k];
            }
        clear_padding(sequence);
        if (!wanted_.path) return;
        wanted_.score[sequence] = path_score(row, last);
        const double weight = wanted_.weights ? wanted_.weights[sequence] : 1.0;
        for (int64_t r = row; r <= last; ++r) {
            const int64_t tag = wanted_.path[r];
            wanted_.tokens[r * n + tag] -= float(weight);
            if (r < last) counts.transitions[tag * n + wanted_.path[r + 1]] -= weight;
        }
        counts.start[wanted_.path[row]] -= weight;
        counts.end[wanted_.path[last]] -= weight;
    }

    void clear_padding(int64_t sequence) const {
        clear_padding(sequence, wanted_.tokens);
        clear_padding(sequence, wanted_.onward);
    }

    template <class T>
    void clear_padding(int64_t sequence, T* rows) const {
        const int64_t used = batch_.lengths[sequence], n = batch_.n_tags;
        if (!rows || used >= batch_.padded_length) return;
        std::fill_n(rows + (batch_.first_rows[sequence] + used) * n, (batch_.padded_length - used) * n, T(0));
    }

    double path_score(int64_t row, int64_t last) const {
        const int64_t n = batch_.n_tags;
        const int64_t* path = wanted_.path;
        const auto forbids = [](const uint8_t* mask, int64_t place) { return mask && !mask[place]; };
        if (forbids(batch_.allowed_start, path[row]) || forbids(batch_.allowed_end, path[last])) return FORBIDDEN;
        double score = double(batch_.start[path[row]]) + double(batch_.end[path[last]]);
        for (int64_t r = row; r <= last; ++r) {
            if (forbids(batch_.allowed_tags, r * n + path[r])) return FORBIDDEN;
            score += batch_.emissions[r * n + path[r]];
            if (r == row) continue;
            const int64_t move = path[r - 1] * n + path[r];
            if (forbids(batch_.allowed_transitions, move)) return FORBIDDEN;
            score += batch_.transitions[move];
        }
        return score;
    }

    const Kernels& kernels_;
    const Batch& batch_;
    const Wanted& wanted_;
    const Spans* spans_;
    Arena arena_;
    Model<float> model_;
    Model<double> exact_;
    std::once_flag exact_once_;
    std::atomic<int64_t> in_doubles_{0}, in_logs_{0};
    Schedule schedule_;
    std::vector<Workspace<float>> workspaces_;
    std::vector<double*> products_;
    std::vector<Counts> counts_;
};

}  // namespace

const Kernels* choose_kernels(const char* name) {
    for (const Kernels* kernels : {avx512_kernels(), avx2_kernels(), generic_kernels()})
        if (kernels && (!name || std::strcmp(name, kernels->name) == 0)) return kernels;
    return nullptr;
}

Redone forward_backward(
    const Kernels& kernels, const Batch& batch, const Wanted& wanted, const Spans* spans, int threads
) {
    return ForwardBackward(kernels, batch, wanted, spans, threads).run_all();
}

}  // namespace crf
