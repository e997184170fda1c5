#include "onward.hpp"

#include <cmath>
#include <limits>

#include "divisors.hpp"

namespace crf {

namespace {

constexpr double FORBIDDEN = -std::numeric_limits<double>::infinity();

// Whether a tag may come last, but has no probability to do so beside the others.
template <class T>
bool loses_end(const Batch& batch, const Model<T>& model) {
    for (int i = 0; i < model.n_tags; ++i) {
        const int64_t tag = model.order[i];
        const bool allowed = !batch.allowed_end || batch.allowed_end[tag];
        if (model.end[i] == T(0) && allowed && batch.end[tag] > FORBIDDEN) return true;
    }
    return false;
}

}  // namespace

// Of what arrives at a tag from behind enough is there, or nothing at all, or the chain would be flagged. The emission
// must not be lost either, and so comes as a score.
template <class T>
bool score_onward(const Batch& batch, const Model<T>& model, const Chain<T>& chain) {
    if (loses_end(batch, model)) return false;
    const int n = model.n_tags;
    const std::vector<double> divisors = divisors_after(model, chain);
    for (int64_t t = 0; t < chain.length; ++t) {
        const double divided = divisors[t] - double(chain.maxima[t]);
        const float* emissions = chain.emissions + t * n;
        double* onward = chain.onward + t * n;
        for (int tag = 0; tag < n; ++tag) onward[tag] = std::log(onward[tag]) + divided + double(emissions[tag]);
        for (int tag = 0; tag < n && chain.allowed; ++tag)
            if (!chain.allowed[t * n + tag]) onward[tag] = FORBIDDEN;
    }
    return true;
}

template bool score_onward(const Batch&, const Model<float>&, const Chain<float>&);
template bool score_onward(const Batch&, const Model<double>&, const Chain<double>&);

void score_onward(const LogChain& chain, double* onward) {
    for (std::size_t i = 0; i < chain.betas.size(); ++i) onward[i] = chain.emissions[i] + chain.betas[i];
}

}  // namespace crf
