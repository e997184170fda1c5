#include "spans.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "divisors.hpp"

namespace crf {

namespace {

constexpr double FORBIDDEN = -std::numeric_limits<double>::infinity();
// Sums of float probabilities below this have lost digits, or all they had.
constexpr double SMALLEST_SUM = 1e-30;

// The unnormalised score of the stretch itself, in nats: -inf where something is forbidden.
double score_inside(const Batch& batch, int64_t sequence, const Spans& spans, int64_t index) {
    const int64_t* tags = spans.tags + index * spans.width;
    const std::size_t n = batch.n_tags;
    const int64_t size = spans.ends[index] - spans.starts[index];
    std::size_t row = static_cast<std::size_t>(batch.first_rows[sequence] + spans.starts[index]);
    double score = 0.0;
    for (int64_t i = 0; i < size; ++i, ++row) {
        if (batch.allowed_tags && !batch.allowed_tags[row * n + tags[i]]) return FORBIDDEN;
        score += batch.emissions[row * n + tags[i]];
        if (i == 0) continue;
        const std::size_t move = tags[i - 1] * n + tags[i];
        if (batch.allowed_transitions && !batch.allowed_transitions[move]) return FORBIDDEN;
        score += batch.transitions[move];
    }
    return score;
}

double edge(const float* scores, const uint8_t* allowed, int64_t tag) {
    return allowed && !allowed[tag] ? FORBIDDEN : double(scores[tag]);
}

bool any(const uint8_t* mask, int n) {
    return std::any_of(mask, mask + n, [](uint8_t value) { return value != 0; });
}

template <class T>
class SpanReader {
public:
    SpanReader(const Batch& batch, const Model<T>& model, const Chain<T>& chain, const Spans& spans)
        : batch_(batch), model_(model), chain_(chain), spans_(spans), before_(divisors_before(model, chain)),
          after_(divisors_after(model, chain)), columns_(model.n_tags) {
        for (int i = 0; i < model.n_tags; ++i) columns_[model.order[i]] = i;
    }

    // False if a probability was too small for the type.
    bool read(int64_t index) const {
        const int64_t start = spans_.starts[index], end = spans_.ends[index];
        const int64_t* tags = spans_.tags + index * spans_.width;
        const int64_t first = tags[0], last = tags[end - start - 1];
        const double inside = score_inside(batch_, chain_.sequence, spans_, index);
        double score = inside;
        bool exact = true;
        if (start == 0) {
            score += edge(batch_.start, batch_.allowed_start, first);
        } else {
            const T* alphas = chain_.alphas + (start - 1) * model_.width;
            // Down a column of the matrix: one row after another.
            const T* moves = model_.matrix + columns_[first];
            const double sum = over_neighbours(alphas, moves, model_.width, spans_.before + index * model_.n_tags);
            exact = sum >= SMALLEST_SUM || !any(spans_.before + index * model_.n_tags, model_.n_tags);
            score += std::log(sum) + before_[start - 1] + model_.transition_max;
        }
        if (end == chain_.length) {
            score += edge(batch_.end, batch_.allowed_end, last);
        } else {
            const T* onward = chain_.exps + end * model_.width;
            const T* moves = model_.matrix + std::size_t(columns_[last]) * model_.width;
            const double sum = over_neighbours(onward, moves, 1, spans_.after + index * model_.n_tags);
            exact &= sum >= SMALLEST_SUM || !any(spans_.after + index * model_.n_tags, model_.n_tags);
            score += std::log(sum) + after_[end] + model_.transition_max;
        }
        spans_.log_probs[index] = score - chain_.log_partition;
        return exact || inside == FORBIDDEN;
    }

private:
    // Of the tags that `mask` admits: their probability times that of the move.
    double over_neighbours(const T* states, const T* moves, int stride, const uint8_t* mask) const {
        double sum = 0.0;
        for (int tag = 0; tag < model_.n_tags; ++tag) {
            const std::size_t column = columns_[tag];
            if (mask[tag]) sum += double(states[column]) * double(moves[column * stride]);
        }
        return sum;
    }

    const Batch& batch_;
    const Model<T>& model_;
    const Chain<T>& chain_;
    const Spans& spans_;
    const std::vector<double> before_, after_;
    std::vector<int32_t> columns_;
};

}  // namespace

SpanRange spans_of(const Spans& spans, int64_t sequence) {
    const int64_t* end = spans.sequences + spans.n_spans;
    const auto found = std::equal_range(spans.sequences, end, sequence);
    return {found.first - spans.sequences, found.second - spans.sequences};
}

template <class T>
bool read_spans(const Batch& batch, const Model<T>& model, const Chain<T>& chain, const Spans& spans, SpanRange range) {
    const SpanReader<T> reader(batch, model, chain, spans);
    for (int64_t index = range.begin; index < range.end; ++index)
        if (!reader.read(index)) return false;
    return true;
}

template bool read_spans(const Batch&, const Model<float>&, const Chain<float>&, const Spans&, SpanRange);
template bool read_spans(const Batch&, const Model<double>&, const Chain<double>&, const Spans&, SpanRange);

void read_spans(const LogChain& chain, const Spans& spans, SpanRange range) {
    const int n = chain.n_tags;
    std::vector<double> terms(n);
    for (int64_t index = range.begin; index < range.end; ++index) {
        const int64_t start = spans.starts[index], end = spans.ends[index], size = end - start;
        const int64_t* tags = spans.tags + index * spans.width;
        double score = 0.0;
        for (int64_t i = 0; i < size; ++i) {
            score += chain.emissions[(start + i) * n + tags[i]];
            if (i > 0) score += chain.transitions[tags[i - 1] * n + tags[i]];
        }
        if (start == 0) {
            score += chain.start[tags[0]];
        } else {
            for (int tag = 0; tag < n; ++tag) {
                const double alpha = chain.alphas[(start - 1) * n + tag];
                terms[tag] = spans.before[index * n + tag] ? alpha + chain.transitions[tag * n + tags[0]] : FORBIDDEN;
            }
            score += log_sum_exp(terms.data(), n);
        }
        if (end == chain.length) {
            score += chain.end[tags[size - 1]];
        } else {
            for (int tag = 0; tag < n; ++tag) {
                const double beta = chain.emissions[end * n + tag] + chain.betas[end * n + tag];
                const double move = chain.transitions[tags[size - 1] * n + tag];
                terms[tag] = spans.after[index * n + tag] ? move + beta : FORBIDDEN;
            }
            score += log_sum_exp(terms.data(), n);
        }
        spans.log_probs[index] = score - chain.log_partition;
    }
}

}  // namespace crf
