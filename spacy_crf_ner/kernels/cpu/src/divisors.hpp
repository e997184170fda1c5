// The way from scaled probabilities back to scores.
#pragma once

#include <cmath>
#include <vector>

#include "batch.hpp"

namespace crf {

// Logs of all that the alphas of each token were divided by. *Shape:* (length,), nats.
template <class T>
std::vector<double> divisors_before(const Model<T>& model, const Chain<T>& chain) {
    std::vector<double> divisors(chain.length);
    double total = model.start_max;
    for (int64_t t = 0; t < chain.length; ++t) {
        divisors[t] = (total += chain.maxima[t]) + model.transition_max * double(t);
        total += std::log(double(chain.alpha_scales[t]));
    }
    return divisors;
}

// The same of the exponentials of each token's emissions times its betas.
template <class T>
std::vector<double> divisors_after(const Model<T>& model, const Chain<T>& chain) {
    std::vector<double> divisors(chain.length);
    double total = model.end_max;
    for (int64_t t = chain.length - 1; t >= 0; --t) {
        divisors[t] = (total += chain.maxima[t]) + model.transition_max * double(chain.length - 1 - t);
        total += std::log(double(chain.beta_scales[t]));
    }
    return divisors;
}

}  // namespace crf
