// The best path, by maxima alone: the way back finds again where each maximum came from, which costs one row of
// additions a token instead of an index for every tag of every token.
// Included inside the namespace of an instruction set.

// Prefix scores of each token are kept relative to the best one of the token before, so that floats keep their digits.
template <int G>
static void viterbi_steps(const Model<float>& model, const Chain<float>* chains, int64_t begin, int64_t end) {
    const int width = model.width;
    for (int64_t t = begin; t < end; ++t) {
        const float* before[G];
        FloatVector shift[G], best[G];
        for (int g = 0; g < G; ++g) {
            before[g] = chains[g].alphas + (t - 1) * width;
            shift[g] = broadcast(chains[g].alpha_scales[t - 1]);
            best[g] = MaxPlus::nothing<float>();
        }
        multiply_all<MaxPlus, float, G>(before, *model.forward, [&](int g, int at, FloatVector moved) __attribute__((always_inline)) {
            const int64_t place = t * width + at;
            const FloatVector value = moved + (load(chains[g].exps + place) - shift[g]);
            store(chains[g].alphas + place, value);
            best[g] = maximum(best[g], value);
        });
        for (int g = 0; g < G; ++g) chains[g].alpha_scales[t] = highest<float>(best[g]);
    }
}

// The first column in which the sum of two rows is highest.
INLINE int best_column(const float* left, const float* right, int n_blocks, float& value) {
    FloatVector best = MaxPlus::nothing<float>();
    FloatMask found{}, column;
    for (int lane = 0; lane < LANES<float>; ++lane) column[lane] = lane;
    for (int b = 0; b < n_blocks; ++b) {
        const FloatVector total = load(left + b * LANES<float>) + load(right + b * LANES<float>);
        const FloatMask better = total > best;
        best = better ? total : best;
        found = better ? column : found;
        column += LANES<float>;
    }
    value = highest<float>(best);
    const FloatMask reached = best == broadcast(value);
    int first = n_blocks * LANES<float>;
    for (int lane = 0; lane < LANES<float>; ++lane)
        if (reached[lane] && found[lane] < first) first = found[lane];
    return first;
}

// Emissions in the model's order; false if one that is allowed is NaN or +inf.
static bool load_emissions(const Model<float>& model, const Chain<float>& chain) {
    const int n = model.n_tags;
    FloatMask wrong{};
    const FloatVector tail = tail_of(model);
    const FloatVector limit = broadcast(__builtin_inff());
    for (int64_t t = 0; t < chain.length; ++t) {
        float* row = chain.exps + t * model.width;
        const float* emissions = chain.emissions + t * n;
        if (!chain.allowed && !model.reordered && emissions + model.width <= chain.emissions_end)
            load_vectors(model, emissions, tail, row);
        else
            load_row(model, emissions, chain.allowed ? chain.allowed + t * n : nullptr, row);
        for (int b = 0; b < model.n_blocks; ++b) wrong |= ~(load(row + b * LANES<float>) < limit);
    }
    for (int lane = 0; lane < LANES<float>; ++lane)
        if (wrong[lane]) return false;
    return true;
}

INLINE void first_prefixes(const Model<float>& model, const Chain<float>& chain) {
    FloatVector best = MaxPlus::nothing<float>();
    for (int b = 0; b < model.n_blocks; ++b) {
        const int at = b * LANES<float>;
        const FloatVector value = load(model.start + at) + load(chain.exps + at);
        store(chain.alphas + at, value);
        best = maximum(best, value);
    }
    chain.alpha_scales[0] = highest<float>(best);
}

static bool trace_back(const Model<float>& model, const Chain<float>& chain, int64_t* path) {
    const int width = model.width;
    float value;
    const float* right = model.end;
    for (int64_t t = chain.length - 1; t >= 0; --t) {
        const int column = best_column(chain.alphas + t * width, right, model.n_blocks, value);
        // Not finite: no path, or scores beyond the range of floats.
        if (!(__builtin_fabsf(value) < __builtin_inff()) || column >= model.n_tags) return false;
        path[t] = model.order[column];
        right = model.matrix + static_cast<std::size_t>(column) * width;
    }
    return true;
}

static void viterbi(
    const Model<float>& model, const Chain<float>* chains, int n_chains, int64_t* const* paths, bool* found
) {
    int64_t lengths[MAX_CHAINS];
    for (int g = 0; g < n_chains; ++g) {
        lengths[g] = chains[g].length;
        found[g] = load_emissions(model, chains[g]);
        first_prefixes(model, chains[g]);
    }
    in_lockstep(lengths, n_chains, 1, [&](int active, int64_t begin, int64_t end) {
        if (active >= 4) return viterbi_steps<4>(model, chains, begin, end);
        if (active >= 2) viterbi_steps<2>(model, chains, begin, end);
        if (active & 1) viterbi_steps<1>(model, chains + active - 1, begin, end);
    });
    for (int g = 0; g < n_chains; ++g) found[g] = found[g] && trace_back(model, chains[g], paths[g]);
}
