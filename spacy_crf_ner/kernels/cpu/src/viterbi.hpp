// The best path, by maxima alone: the way back finds again where each maximum came from, which costs one row of
// additions a token instead of an index for every tag of every token.
// Included inside the namespace of an instruction set.

// Emissions of one token: where they stand, if they need no change, or a copy in the model's order.
struct EmissionRows {
    const float* given;
    const float* copied;
    int64_t n_given;  // the tokens before this one are read where they stand
    int given_width, copied_width;

    INLINE const float* row(const EmissionRows& rows, int64_t t) {
        return t < rows.n_given ? rows.given + t * rows.given_width : rows.copied + t * rows.copied_width;
    }
};

static EmissionRows emission_rows(const Model<float>& model, const Chain<float>& chain) {
    const int n = model.n_tags;
    EmissionRows rows{chain.emissions, chain.exps, 0, n, model.width};
    // The last rows of a batch cannot be read as whole vectors.
    if (!chain.allowed && !model.reordered)
        for (rows.n_given = chain.length; rows.n_given > 0; --rows.n_given)
            if (chain.emissions + (rows.n_given - 1) * n + model.width <= chain.emissions_end) break;
    for (int64_t t = rows.n_given; t < chain.length; ++t) {
        const uint8_t* allowed = chain.allowed ? chain.allowed + t * n : nullptr;
        load_row(model, chain.emissions + t * n, allowed, chain.exps + t * model.width);
    }
    return rows;
}

// Prefix scores of each token are kept relative to the best one of the token before, so that floats keep their digits.
// `wrong` collects lanes in which an emission that is allowed is NaN or +inf.
template <int G>
static void viterbi_steps(
    const Model<float>& model, const Chain<float>* chains, const EmissionRows* rows, FloatMask* wrong, int64_t begin,
    int64_t end
) {
    const int width = model.width, last = width - LANES<float>;
    const FloatVector tail = tail_of(model), limit = broadcast(__builtin_inff());
    for (int64_t t = begin; t < end; ++t) {
        const float* before[G];
        const float* emissions[G];
        FloatVector shift[G], best[G];
        for (int g = 0; g < G; ++g) {
            before[g] = chains[g].alphas + (t - 1) * width;
            emissions[g] = EmissionRows::row(rows[g], t);
            shift[g] = broadcast(chains[g].alpha_scales[t - 1]);
            best[g] = MaxPlus::nothing<float>();
        }
        multiply_all<MaxPlus, float, G>(before, *model.forward, [&](int g, int at, FloatVector moved) __attribute__((always_inline)) {
            FloatVector emission = load(emissions[g] + at);
            if (at == last) emission = minimum(emission, tail);
            wrong[g] |= ~(emission < limit);
            const FloatVector value = moved + (emission - shift[g]);
            store(chains[g].alphas + t * width + at, value);
            best[g] = maximum(best[g], value);
        });
        for (int g = 0; g < G; ++g) chains[g].alpha_scales[t] = highest<float>(best[g]);
    }
}

static void first_prefixes(
    const Model<float>& model, const Chain<float>& chain, const EmissionRows& rows, FloatMask& wrong
) {
    const int last = model.width - LANES<float>;
    const float* emissions = EmissionRows::row(rows, 0);
    FloatVector best = MaxPlus::nothing<float>();
    for (int at = 0; at <= last; at += LANES<float>) {
        FloatVector emission = load(emissions + at);
        if (at == last) emission = minimum(emission, tail_of(model));
        wrong |= ~(emission < broadcast(__builtin_inff()));
        const FloatVector value = load(model.start + at) + emission;
        store(chain.alphas + at, value);
        best = maximum(best, value);
    }
    chain.alpha_scales[0] = highest<float>(best);
}

// The first column in which the sum of two rows is highest; -1 if no sum is finite.
INLINE int best_column(const float* left, const float* right, int width) {
    FloatVector best = MaxPlus::nothing<float>();
    for (int at = 0; at < width; at += LANES<float>) best = maximum(best, load(left + at) + load(right + at));
    const float value = highest<float>(best);
    if (!(__builtin_fabsf(value) < __builtin_inff())) return -1;
    for (int at = 0; at < width; at += LANES<float>) {
        const unsigned reached = lanes_set(load(left + at) + load(right + at) == broadcast(value));
        if (reached) return at + __builtin_ctz(reached);
    }
    return -1;
}

// From each chain's end; several at once, since every step has to wait for the one before.
static void trace_back(
    const Model<float>& model, const Chain<float>* chains, int n_chains, int64_t* const* paths, bool* found
) {
    const int width = model.width;
    const float* right[MAX_CHAINS];
    for (int g = 0; g < n_chains; ++g) right[g] = model.end;
    for (int64_t step = 0; step < chains[0].length; ++step)
        for (int g = 0; g < n_chains && step < chains[g].length; ++g) {
            if (!found[g]) continue;
            const int64_t t = chains[g].length - 1 - step;
            const int column = best_column(chains[g].alphas + t * width, right[g], width);
            found[g] = 0 <= column && column < model.n_tags;
            if (!found[g]) continue;
            paths[g][t] = model.order[column];
            right[g] = model.matrix + static_cast<std::size_t>(column) * width;
        }
}

static void viterbi(
    const Model<float>& model, const Chain<float>* chains, int n_chains, int64_t* const* paths, bool* found
) {
    int64_t lengths[MAX_CHAINS];
    EmissionRows rows[MAX_CHAINS];
    FloatMask wrong[MAX_CHAINS];
    for (int g = 0; g < n_chains; ++g) {
        lengths[g] = chains[g].length;
        wrong[g] = FloatMask{};
        rows[g] = emission_rows(model, chains[g]);
        first_prefixes(model, chains[g], rows[g], wrong[g]);
    }
    in_lockstep(lengths, n_chains, 1, [&](int active, int64_t begin, int64_t end) {
        if (active >= 4) return viterbi_steps<4>(model, chains, rows, wrong, begin, end);
        if (active >= 2) viterbi_steps<2>(model, chains, rows, wrong, begin, end);
        const int odd = active - 1;
        if (active & 1) viterbi_steps<1>(model, chains + odd, rows + odd, wrong + odd, begin, end);
    });
    for (int g = 0; g < n_chains; ++g) found[g] = !lanes_set(wrong[g]);
    trace_back(model, chains, n_chains, paths, found);
}
