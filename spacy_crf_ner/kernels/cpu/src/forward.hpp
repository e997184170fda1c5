// Forward probabilities in scaled exponential space (Rabiner 1989, section V.A).
// Included inside the namespace of an instruction set.

// A row of emissions in the model's order; what is forbidden or padding is -inf.
template <class T>
INLINE void load_row(const Model<T>& model, const float* emissions, const uint8_t* allowed, T* row) {
    const int n = model.n_tags;
    const T forbidden = -__builtin_inff();
    if (model.reordered) {
        for (int i = 0; i < n; ++i) row[i] = emissions[model.order[i]];
        if (allowed)
            for (int i = 0; i < n; ++i) row[i] = allowed[model.order[i]] ? row[i] : forbidden;
    } else if (allowed) {
        for (int i = 0; i < n; ++i) row[i] = allowed[i] ? T(emissions[i]) : forbidden;
    } else {
        for (int i = 0; i < n; ++i) row[i] = emissions[i];
    }
    for (int i = n; i < model.width; ++i) row[i] = forbidden;
}

template <class T>
INLINE T row_maximum(const T* row, int n_blocks) {
    Vec<T> best = load(row);
    for (int b = 1; b < n_blocks; ++b) best = maximum(best, load(row + b * LANES<T>));
    return highest<T>(best);
}

// The same for rows that need no change: read as whole vectors, the lanes behind the last tag set to -inf.
INLINE void load_vectors(const Model<float>& model, const float* emissions, FloatVector tail, float* row) {
    const int last = model.n_blocks - 1;
    for (int b = 0; b < last; ++b) store(row + b * LANES<float>, load(emissions + b * LANES<float>));
    store(row + last * LANES<float>, minimum(load(emissions + last * LANES<float>), tail));
}
INLINE void load_vectors(const Model<double>& model, const float* emissions, DoubleVector, double* row) {
    load_row(model, emissions, nullptr, row);
}

// For the last vector of a row: one value in the lanes of tags, another behind them.
template <class T>
INLINE Vec<T> last_lanes(const Model<T>& model, T tag, T padding) {
    Vec<T> lanes;
    for (int lane = 0; lane < LANES<T>; ++lane)
        lanes[lane] = (model.n_blocks - 1) * LANES<T> + lane < model.n_tags ? tag : padding;
    return lanes;
}

// +inf in the lanes of tags, -inf behind them: the smaller of this and any score.
template <class T>
INLINE Vec<T> tail_of(const Model<T>& model) {
    return last_lanes(model, T(__builtin_inff()), T(-__builtin_inff()));
}

template <class T>
static void exponentiate(const Model<T>& model, Chain<T>& chain) {
    const int n = model.n_tags;
    const Vec<T> tail = tail_of(model);
    for (int64_t t = 0; t < chain.length; ++t) {
        T* row = chain.exps + t * model.width;
        const float* emissions = chain.emissions + t * n;
        if (!chain.allowed && !model.reordered && emissions + model.width <= chain.emissions_end)
            load_vectors(model, emissions, tail, row);
        else
            load_row(model, emissions, chain.allowed ? chain.allowed + t * n : nullptr, row);
        const T best = row_maximum(row, model.n_blocks);
        chain.maxima[t] = best;
        for (int b = 0; b < model.n_blocks; ++b)
            store(row + b * LANES<T>, exponential_of_difference(load(row + b * LANES<T>), broadcast(best)));
    }
}

template <class T>
INLINE void first_alphas(const Model<T>& model, Chain<T>& chain) {
    Vec<T> total{};
    for (int b = 0; b < model.n_blocks; ++b) {
        const int at = b * LANES<T>;
        const Vec<T> value = load(model.start + at) * load(chain.exps + at);
        store(chain.alphas + at, value);
        total += value;
    }
    chain.alpha_scales[0] = sum<T>(total);
}

// Steps `begin` to `end` of the forward recursion; alphas of a step are divided by the scale of the one before, which
// was not known yet when they were needed.
// `least` collects the least that arrived at any tag, lane by lane.
template <class T, int G>
static void forward_steps(const Model<T>& model, Chain<T>* chains, Vec<T>* least, int64_t begin, int64_t end) {
    const int width = model.width, last = width - LANES<T>;
    const Vec<T> padding = last_lanes(model, T(0), T(1));
    Vec<T> lowest_yet[G];
    for (int g = 0; g < G; ++g) lowest_yet[g] = least[g];
    for (int64_t t = begin; t < end; ++t) {
        const T* before[G];
        Vec<T> inverse[G], total[G];
        for (int g = 0; g < G; ++g) {
            before[g] = chains[g].alphas + (t - 1) * width;
            inverse[g] = broadcast(T(1) / chains[g].alpha_scales[t - 1]);
            total[g] = Vec<T>{};
        }
        multiply_all<SumProduct, T, G>(before, *model.forward, [&](int g, int at, Vec<T> moved) __attribute__((always_inline)) {
            const int64_t place = t * width + at;
            lowest_yet[g] = minimum(lowest_yet[g], at == last ? moved + padding : moved);
            const Vec<T> value = moved * (load(chains[g].exps + place) * inverse[g]);
            store(chains[g].alphas + place, value);
            total[g] += value;
        });
        for (int g = 0; g < G; ++g) chains[g].alpha_scales[t] = sum<T>(total[g]);
    }
    for (int g = 0; g < G; ++g) least[g] = lowest_yet[g];
}
