#include "log_space.hpp"

#include <cmath>
#include <limits>

namespace crf {

namespace {

constexpr double FORBIDDEN = -std::numeric_limits<double>::infinity();

std::vector<double> masked(const float* scores, const uint8_t* allowed, std::size_t n) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = !allowed || allowed[i] ? double(scores[i]) : FORBIDDEN;
    return values;
}

void forward(LogChain& chain) {
    const int n = chain.n_tags;
    std::vector<double> terms(n);
    chain.alphas.resize(chain.emissions.size());
    for (int k = 0; k < n; ++k) chain.alphas[k] = chain.start[k] + chain.emissions[k];
    for (int64_t t = 1; t < chain.length; ++t)
        for (int to = 0; to < n; ++to) {
            for (int from = 0; from < n; ++from)
                terms[from] = chain.alphas[(t - 1) * n + from] + chain.transitions[from * n + to];
            chain.alphas[t * n + to] = log_sum_exp(terms.data(), n) + chain.emissions[t * n + to];
        }
    for (int k = 0; k < n; ++k) terms[k] = chain.alphas[(chain.length - 1) * n + k] + chain.end[k];
    chain.log_partition = log_sum_exp(terms.data(), n);
}

void backward(LogChain& chain) {
    const int n = chain.n_tags;
    std::vector<double> terms(n), onward(n);
    chain.betas.resize(chain.emissions.size());
    for (int k = 0; k < n; ++k) chain.betas[(chain.length - 1) * n + k] = chain.end[k];
    for (int64_t t = chain.length - 2; t >= 0; --t) {
        for (int to = 0; to < n; ++to)
            onward[to] = chain.emissions[(t + 1) * n + to] + chain.betas[(t + 1) * n + to];
        for (int from = 0; from < n; ++from) {
            for (int to = 0; to < n; ++to) terms[to] = chain.transitions[from * n + to] + onward[to];
            chain.betas[t * n + from] = log_sum_exp(terms.data(), n);
        }
    }
}

bool are_numbers(const float* scores, const uint8_t* allowed, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        if ((!allowed || allowed[i]) && !(scores[i] < std::numeric_limits<float>::infinity())) return false;
    return true;
}

// NaN wins, as in the comparisons of the reference.
bool better(double value, double best) { return std::isnan(value) ? !std::isnan(best) : value > best; }

}  // namespace

bool are_numbers(const Batch& batch) {
    const std::size_t n = batch.n_tags;
    return are_numbers(batch.transitions, batch.allowed_transitions, n * n) &&
           are_numbers(batch.start, batch.allowed_start, n) && are_numbers(batch.end, batch.allowed_end, n);
}

double log_sum_exp(const double* values, int n) {
    double highest = FORBIDDEN;
    for (int i = 0; i < n; ++i) {
        if (std::isnan(values[i])) return values[i];
        if (values[i] > highest) highest = values[i];
    }
    if (std::isinf(highest)) return highest;
    double total = 0.0;
    for (int i = 0; i < n; ++i) total += std::exp(values[i] - highest);
    return highest + std::log(total);
}

LogChain log_chain(const Batch& batch, int64_t sequence, bool recursions) {
    const int n = batch.n_tags;
    const std::size_t row = static_cast<std::size_t>(batch.first_rows[sequence]) * n;
    LogChain chain;
    chain.length = batch.lengths[sequence];
    chain.n_tags = n;
    const uint8_t* allowed = batch.allowed_tags ? batch.allowed_tags + row : nullptr;
    chain.emissions = masked(batch.emissions + row, allowed, chain.length * n);
    chain.transitions = masked(batch.transitions, batch.allowed_transitions, static_cast<std::size_t>(n) * n);
    chain.start = masked(batch.start, batch.allowed_start, n);
    chain.end = masked(batch.end, batch.allowed_end, n);
    chain.log_partition = 0.0;
    if (recursions) forward(chain), backward(chain);
    return chain;
}

void log_counts(const LogChain& chain, double weight, float* tokens, double* transitions) {
    const int n = chain.n_tags;
    for (int64_t t = 0; t < chain.length; ++t) {
        for (int k = 0; tokens && k < n; ++k) {
            const int64_t place = t * n + k;
            tokens[place] = float(weight * std::exp(chain.alphas[place] + chain.betas[place] - chain.log_partition));
        }
        if (!transitions || t + 1 == chain.length) continue;
        for (int from = 0; from < n; ++from)
            for (int to = 0; to < n; ++to) {
                const int64_t place = (t + 1) * n + to;
                const double score = chain.alphas[t * n + from] + chain.transitions[from * n + to] +
                                     chain.emissions[place] + chain.betas[place];
                transitions[from * n + to] += weight * std::exp(score - chain.log_partition);
            }
    }
}

double log_viterbi(const LogChain& chain, int64_t* path) {
    const int n = chain.n_tags;
    std::vector<double> best(n), next(n);
    std::vector<int32_t> origins(chain.length * n);
    for (int k = 0; k < n; ++k) best[k] = chain.start[k] + chain.emissions[k];
    for (int64_t t = 1; t < chain.length; ++t) {
        for (int to = 0; to < n; ++to) {
            int origin = 0;
            double highest = best[0] + chain.transitions[to];
            for (int from = 1; from < n; ++from) {
                const double score = best[from] + chain.transitions[from * n + to];
                if (better(score, highest)) highest = score, origin = from;
            }
            origins[t * n + to] = origin;
            next[to] = highest + chain.emissions[t * n + to];
        }
        best.swap(next);
    }
    int tag = 0;
    for (int k = 1; k < n; ++k)
        if (better(best[k] + chain.end[k], best[tag] + chain.end[tag])) tag = k;
    const double score = best[tag] + chain.end[tag];
    for (int64_t t = chain.length - 1; t >= 0; --t) {
        path[t] = tag;
        if (t > 0) tag = origins[t * n + tag];
    }
    return score;
}

}  // namespace crf
