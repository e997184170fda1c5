// The way back: backward probabilities, and everything that is read off where they meet the forward ones.
// Included inside the namespace of an instruction set.

// Scales below this are flagged: what was added up may have lost most of it to underflow.
template <class T>
constexpr double SMALLEST_SCALE = sizeof(T) == 4 ? 1e-20 : 1e-200;
// alpha . beta below this would make what is divided by it overflow.
template <class T>
constexpr double SMALLEST_PRODUCT = sizeof(T) == 4 ? 1e-30 : 1e-250;
// How far alpha . beta of neighbouring tokens, and of any token and the last, may disagree: rounding stays well below.
template <class T>
constexpr double STEP_TOLERANCE = sizeof(T) == 4 ? 2e-5 : 1e-11;
template <class T>
constexpr double TOTAL_TOLERANCE = sizeof(T) == 4 ? 1e-3 : 1e-7;

// What a chain carries from token to token on the way back.
template <class T>
struct Backward {
    T* betas;       // of the present token
    T inverse;      // of the sum of the betas of the token after
    double ratio;   // product of beta scales over alpha scales, to compare alpha . beta between tokens
    double last;    // alpha . beta of the last token
    double former;  // alpha . beta times `ratio` of the token after
};

// Marginals of one token: whole vectors where memory has the same layout, element by element elsewhere.
template <class T>
INLINE void write_marginals(const Model<T>& model, float* out, const T* alphas, const T* betas, T factor) {
    for (int i = 0; i < model.n_tags; ++i) out[model.order[i]] = float(alphas[i] * betas[i] * factor);
}

INLINE void write_vectors(
    const Model<float>& model, float* out, const float* alphas, const float* betas, float factor
) {
    const int whole = model.n_tags / LANES<float>;
    for (int b = 0; b < model.n_blocks; ++b) {
        const int at = b * LANES<float>;
        const FloatVector value = load(alphas + at) * load(betas + at) * broadcast(factor);
        if (b < whole)
            store(out + at, value);
        else
            store_first(out + at, value, model.n_tags - at);
    }
}
INLINE void write_vectors(const Model<double>& model, float* out, const double* alphas, const double* betas, double factor) {
    write_marginals(model, out, alphas, betas, factor);
}

// Everything that is read off at one token: alpha . beta, its agreement with the others, marginals, the pairs' divisor.
template <class T>
INLINE void visit(const Model<T>& model, Chain<T>& chain, Backward<T>& state, int64_t t, bool pairs) {
    T* alphas = chain.alphas + t * model.width;
    T* exps = chain.exps + t * model.width;
    Vec<T> product{}, total{};
    for (int b = 0; b < model.n_blocks; ++b) {
        const Vec<T> beta = load(state.betas + b * LANES<T>);
        product += load(alphas + b * LANES<T>) * beta;
        total += beta;
    }
    const T dot = sum<T>(product), scale = sum<T>(total), alpha_scale = chain.alpha_scales[t];
    const T factor = T(chain.weight) / dot;
    const bool last = t + 1 == chain.length;
    chain.beta_scales[t] = scale;
    bool sound = (alpha_scale >= T(SMALLEST_SCALE<T>)) & (scale >= T(SMALLEST_SCALE<T>));
    if (last) {
        state.last = state.former = dot;
        sound &= dot >= T(SMALLEST_PRODUCT<T>);
    } else {
        const T after = chain.beta_scales[t + 1];
        state.ratio *= double(after) * double(T(1) / alpha_scale);
        const double present = dot * state.ratio;
        sound &= dot * after >= T(SMALLEST_PRODUCT<T>);
        sound &= __builtin_fabs(present - state.former) <= STEP_TOLERANCE<T> * state.former;
        sound &= __builtin_fabs(present - state.last) <= TOTAL_TOLERANCE<T> * state.last;
        state.former = present;
    }
    chain.flagged |= !sound;
    if (chain.tokens) {
        float* out = chain.tokens + t * model.n_tags;
        if (model.reordered)
            write_marginals(model, out, alphas, state.betas, factor);
        else
            write_vectors(model, out, alphas, state.betas, factor);
    }
    if (chain.onward)
        for (int i = 0; i < model.n_tags; ++i) chain.onward[t * model.n_tags + model.order[i]] = double(state.betas[i]);
    const bool divides = pairs && !last;
    const Vec<T> divide = broadcast(factor * state.inverse);
    state.inverse = T(1) / scale;
    for (int b = 0; b < model.n_blocks; ++b) {
        const int at = b * LANES<T>;
        if (divides) store(alphas + at, load(alphas + at) * divide);
        store(exps + at, load(exps + at) * load(state.betas + at));
    }
}

// Steps `begin` to `end`, counted from each chain's last token.
template <class T, int G>
static void backward_steps(
    const Model<T>& model, Chain<T>* chains, Backward<T>* states, Vec<T>* least, int64_t begin, int64_t end, bool pairs
) {
    const int last = model.width - LANES<T>;
    const Vec<T> padding = last_lanes(model, T(0), T(1));
    Vec<T> lowest_yet[G];
    for (int g = 0; g < G; ++g) lowest_yet[g] = least[g];
    for (int64_t step = begin; step < end; ++step) {
        const T* onward[G];
        Vec<T> inverse[G];
        for (int g = 0; g < G; ++g) {
            const int64_t t = chains[g].length - 1 - step;
            visit(model, chains[g], states[g], t, pairs);
            onward[g] = chains[g].exps + t * model.width;
            inverse[g] = broadcast(states[g].inverse);
        }
        multiply_all<SumProduct, T, G>(onward, *model.backward, [&](int g, int at, Vec<T> moved) __attribute__((always_inline)) {
            lowest_yet[g] = minimum(lowest_yet[g], at == last ? moved + padding : moved);
            store(states[g].betas + at, moved * inverse[g]);
        });
    }
    for (int g = 0; g < G; ++g) least[g] = lowest_yet[g];
}
