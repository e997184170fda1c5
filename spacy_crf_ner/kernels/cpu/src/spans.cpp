#include "spans.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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

}  // namespace

SpanRange spans_of(const Spans& spans, int64_t sequence) {
    const int64_t* end = spans.sequences + spans.n_spans;
    const auto found = std::equal_range(spans.sequences, end, sequence);
    return {found.first - spans.sequences, found.second - spans.sequences};
}

template <class T>
bool read_spans(const Batch& batch, const Model<T>& model, const Chain<T>& chain, const Spans& spans, SpanRange range) {
    const int n = model.n_tags;
    std::vector<int32_t> column(n);
    for (int i = 0; i < n; ++i) column[model.order[i]] = i;
    // Logs of what the alphas of a token, and the betas, were divided by; the model's maxima come on top.
    std::vector<double> before(chain.length), after(chain.length);
    double total = 0.0;
    for (int64_t t = 0; t < chain.length; ++t) {
        before[t] = (total += chain.maxima[t]) + model.start_max + model.transition_max * double(t);
        total += std::log(double(chain.alpha_scales[t]));
    }
    total = 0.0;
    for (int64_t t = chain.length - 1; t >= 0; --t) {
        // exps hold the token's own emission, too.
        after[t] = (total += chain.maxima[t]) + model.end_max + model.transition_max * double(chain.length - 1 - t);
        total += std::log(double(chain.beta_scales[t]));
    }
    for (int64_t index = range.begin; index < range.end; ++index) {
        const int64_t start = spans.starts[index], end = spans.ends[index];
        const int64_t* tags = spans.tags + index * spans.width;
        const int64_t first = tags[0], last = tags[end - start - 1];
        double score = score_inside(batch, chain.sequence, spans, index);
        if (start == 0) {
            score += edge(batch.start, batch.allowed_start, first);
        } else {
            const uint8_t* mask = spans.before + index * n;
            const T* alphas = chain.alphas + (start - 1) * model.width;
            double sum = 0.0;
            for (int tag = 0; tag < n; ++tag)
                if (mask[tag])
                    sum += double(alphas[column[tag]]) *
                           double(model.matrix[std::size_t(column[tag]) * model.width + column[first]]);
            if (sum < SMALLEST_SUM && score != FORBIDDEN && any(mask, n)) return false;
            score += std::log(sum) + before[start - 1] + model.transition_max;
        }
        if (end == chain.length) {
            score += edge(batch.end, batch.allowed_end, last);
        } else {
            const uint8_t* mask = spans.after + index * n;
            const T* onward = chain.exps + end * model.width;
            double sum = 0.0;
            for (int tag = 0; tag < n; ++tag)
                if (mask[tag])
                    sum += double(onward[column[tag]]) *
                           double(model.matrix[std::size_t(column[last]) * model.width + column[tag]]);
            if (sum < SMALLEST_SUM && score != FORBIDDEN && any(mask, n)) return false;
            score += std::log(sum) + after[end] + model.transition_max;
        }
        spans.log_probs[index] = score - chain.log_partition;
    }
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
