// Forward and backward recursions of several sequences in lockstep: each of them alone would wait for its own last
// result. Included inside the namespace of an instruction set.

// Calls steps<G>(chains, begin, end) so that each chain, in descending order of length, gets all of its steps.
template <class Steps>
INLINE void in_lockstep(const int64_t* lengths, int n_chains, int64_t first, Steps steps) {
    int64_t begin = first;
    for (int active = n_chains; active > 0; --active) {
        const int64_t end = lengths[active - 1];
        if (end <= begin) continue;
        steps(active, begin, end);
        begin = end;
    }
}

template <class T>
static void forward_group(const Model<T>& model, Chain<T>* chains, int active, int64_t begin, int64_t end) {
    if (active >= 4) return forward_steps<T, 4>(model, chains, begin, end);
    if (active >= 2) forward_steps<T, 2>(model, chains, begin, end);
    if (active & 1) forward_steps<T, 1>(model, chains + active - 1, begin, end);
}

template <class T>
static void backward_group(
    const Model<T>& model, Chain<T>* chains, Backward<T>* states, int active, int64_t begin, int64_t end, bool pairs
) {
    if (active >= 4) return backward_steps<T, 4>(model, chains, states, begin, end, pairs);
    if (active >= 2) backward_steps<T, 2>(model, chains, states, begin, end, pairs);
    if (active & 1) backward_steps<T, 1>(model, chains + active - 1, states + active - 1, begin, end, pairs);
}

template <class T>
static void run(const Model<T>& model, Chain<T>* chains, int n_chains, bool pairs, T* scratch) {
    Backward<T> states[MAX_CHAINS];
    int64_t lengths[MAX_CHAINS];
    for (int g = 0; g < n_chains; ++g) {
        lengths[g] = chains[g].length;
        exponentiate(model, chains[g]);
        first_alphas(model, chains[g]);
        states[g] = Backward<T>{scratch + g * model.width, T(1), 1.0, 0.0, 0.0};
        __builtin_memcpy(states[g].betas, model.end, sizeof(T) * model.width);
    }
    in_lockstep(lengths, n_chains, 1, [&](int active, int64_t begin, int64_t end) {
        forward_group(model, chains, active, begin, end);
    });
    in_lockstep(lengths, n_chains, 0, [&](int active, int64_t begin, int64_t end) {
        backward_group(model, chains, states, active, begin, end, pairs);
    });
    for (int g = 0; g < n_chains; ++g) {
        Chain<T>& chain = chains[g];
        double total = __builtin_log(states[g].last) + model.start_max + model.end_max;
        total += model.transition_max * double(chain.length - 1);
        // Products of scales, each from 1e-20 to the number of tags, instead of a logarithm for each.
        double scales = 1.0;
        for (int64_t t = 0; t < chain.length; ++t) {
            total += chain.maxima[t];
            if (t + 1 < chain.length) scales *= chain.alpha_scales[t];
            if (scales < 1e-200 || scales > 1e200) total += __builtin_log(scales), scales = 1.0;
        }
        chain.log_partition = total + __builtin_log(scales);
        chain.flagged |= !(__builtin_fabs(chain.log_partition) < 1e300);
    }
}
