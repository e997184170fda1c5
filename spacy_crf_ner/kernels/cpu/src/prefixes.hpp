// Scores of the best path into every tag of every token, in doubles: what the k best paths are read off from.
// Included inside the namespace of an instruction set.

// Emissions in the model's order into `exps`. False if one that is allowed is NaN or +inf.
static bool load_emissions(const Model<double>& model, const Chain<double>& chain) {
    const int n = model.n_tags;
    DoubleMask wrong{};
    for (int64_t t = 0; t < chain.length; ++t) {
        double* row = chain.exps + t * model.width;
        load_row(model, chain.emissions + t * n, chain.allowed ? chain.allowed + t * n : nullptr, row);
        for (int at = 0; at < model.width; at += LANES<double>)
            wrong |= ~(load(row + at) < broadcast(__builtin_inf()));
    }
    for (int lane = 0; lane < LANES<double>; ++lane)
        if (wrong[lane]) return false;
    return true;
}

template <int G>
static void prefix_steps(const Model<double>& model, const Chain<double>* chains, int64_t begin, int64_t end) {
    const int width = model.width;
    for (int64_t t = begin; t < end; ++t) {
        const double* before[G];
        for (int g = 0; g < G; ++g) before[g] = chains[g].alphas + (t - 1) * width;
        multiply_all<MaxPlus, double, G>(before, *model.forward, [&](int g, int at, DoubleVector moved) __attribute__((always_inline)) {
            const int64_t place = t * width + at;
            store(chains[g].alphas + place, moved + load(chains[g].exps + place));
        });
    }
}

static void prefixes(const Model<double>& model, const Chain<double>* chains, int n_chains, bool* sound) {
    int64_t lengths[MAX_CHAINS];
    for (int g = 0; g < n_chains; ++g) {
        const Chain<double>& chain = chains[g];
        lengths[g] = chain.length;
        sound[g] = load_emissions(model, chain);
        for (int at = 0; at < model.width; at += LANES<double>)
            store(chain.alphas + at, load(model.start + at) + load(chain.exps + at));
    }
    in_lockstep(lengths, n_chains, 1, [&](int active, int64_t begin, int64_t end) {
        if (active >= 4) return prefix_steps<4>(model, chains, begin, end);
        if (active >= 2) prefix_steps<2>(model, chains, begin, end);
        if (active & 1) prefix_steps<1>(model, chains + active - 1, begin, end);
    });
}
