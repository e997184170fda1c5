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
static void forward_group(
    const Model<T>& model, Chain<T>* chains, Vec<T>* least, int active, int64_t begin, int64_t end
) {
    const int odd = active - 1;
    if (active >= 4) return forward_steps<T, 4>(model, chains, least, begin, end);
    if (active >= 2) forward_steps<T, 2>(model, chains, least, begin, end);
    if (active & 1) forward_steps<T, 1>(model, chains + odd, least + odd, begin, end);
}

template <class T>
static void backward_group(
    const Model<T>& model, Chain<T>* chains, Backward<T>* states, Vec<T>* least, int active, int64_t begin,
    int64_t end, bool pairs
) {
    const int odd = active - 1;
    if (active >= 4) return backward_steps<T, 4>(model, chains, states, least, begin, end, pairs);
    if (active >= 2) backward_steps<T, 2>(model, chains, states, least, begin, end, pairs);
    if (active & 1) backward_steps<T, 1>(model, chains + odd, states + odd, least + odd, begin, end, pairs);
}

// log Z from the last token's alpha . beta and all that was divided out.
template <class T>
static void finish(const Model<T>& model, Chain<T>& chain, double last) {
    double total = __builtin_log(last) + model.start_max + model.end_max;
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

template <class T>
static void run(const Model<T>& model, Chain<T>* chains, int n_chains, bool pairs, T* scratch) {
    Backward<T> states[MAX_CHAINS];
    int64_t lengths[MAX_CHAINS];
    Vec<T> forward_least[MAX_CHAINS], backward_least[MAX_CHAINS];
    T* const rows = scratch + MAX_CHAINS * model.width;
    for (int g = 0; g < n_chains; ++g) {
        lengths[g] = chains[g].length;
        forward_least[g] = backward_least[g] = broadcast(T(1));
        exponentiate(model, chains[g]);
        first_alphas(model, chains[g]);
        states[g] = Backward<T>{scratch + g * model.width, T(1), 1.0, 0.0, 0.0};
        __builtin_memcpy(states[g].betas, model.end, sizeof(T) * model.width);
    }
    in_lockstep(lengths, n_chains, 1, [&](int active, int64_t begin, int64_t end) {
        forward_group(model, chains, forward_least, active, begin, end);
    });
    for (int g = 0; g < n_chains; ++g)
        if (!(lowest<T>(forward_least[g]) >= model.floor)) chains[g].flagged |= loses_forward(model, chains[g], rows);
    in_lockstep(lengths, n_chains, 0, [&](int active, int64_t begin, int64_t end) {
        backward_group(model, chains, states, backward_least, active, begin, end, pairs);
    });
    for (int g = 0; g < n_chains; ++g) {
        if (!(lowest<T>(backward_least[g]) >= model.floor)) chains[g].flagged |= loses_backward(model, chains[g], rows);
        finish(model, chains[g], states[g].last);
    }
}
