// Expected transition counts: one matrix product over all steps, in tiles that stay in registers.
// Included inside the namespace of an instruction set.

constexpr int COUNT_ROWS = 4;
// Floats add up this many steps, then doubles take over: long texts lose no digits.
constexpr int64_t COUNT_STEPS = 512;

template <class T, int BLOCKS>
static void count_tile(
    const Model<T>& model, const Chain<T>& chain, int64_t begin, int64_t end, int row, int column, double* counts
) {
    Vec<T> totals[COUNT_ROWS][BLOCKS] = {};
    const int width = model.width;
    for (int64_t t = begin; t < end; ++t) {
        const T* from = chain.alphas + t * width + row;
        const T* to = chain.exps + (t + 1) * width + column;
        Vec<T> values[BLOCKS];
        for (int b = 0; b < BLOCKS; ++b) values[b] = load(to + b * LANES<T>);
        for (int r = 0; r < COUNT_ROWS; ++r) {
            const Vec<T> weight = broadcast(from[r]);
            for (int b = 0; b < BLOCKS; ++b) totals[r][b] += weight * values[b];
        }
    }
    for (int r = 0; r < COUNT_ROWS; ++r)
        for (int b = 0; b < BLOCKS; ++b) {
            double* out = counts + static_cast<std::size_t>(row + r) * width + column + b * LANES<T>;
            for (int lane = 0; lane < LANES<T>; ++lane) out[lane] += totals[r][b][lane];
        }
}

template <class T>
INLINE bool tile_used(const Model<T>& model, int row, int column, int blocks) {
    for (int r = row; r < row + COUNT_ROWS; ++r)
        for (int b = 0; b < blocks; ++b)
            if (block_used(model.matrix + static_cast<std::size_t>(r) * model.width + column, b, T(0))) return true;
    return false;
}

template <class T>
static void count(const Model<T>& model, const Chain<T>* chains, int n_chains, double* counts) {
    const int rows = (model.n_tags + COUNT_ROWS - 1) / COUNT_ROWS * COUNT_ROWS;
    const bool sparse = model.reordered;
    for (int column = 0; column < model.width;) {
        const int left = (model.width - column) / LANES<T>;
        const int blocks = left < TILE_BLOCKS ? left : TILE_BLOCKS;
        for (int row = 0; row < rows; row += COUNT_ROWS) {
            if (sparse && !tile_used(model, row, column, blocks)) continue;
            for (int g = 0; g < n_chains; ++g) {
                const Chain<T>& chain = chains[g];
                if (chain.flagged) continue;
                for (int64_t t = 0; t < chain.length - 1; t += COUNT_STEPS) {
                    const int64_t end = t + COUNT_STEPS < chain.length - 1 ? t + COUNT_STEPS : chain.length - 1;
                    switch (blocks) {
                        case 1: count_tile<T, 1>(model, chain, t, end, row, column, counts); break;
                        case 2: count_tile<T, 2>(model, chain, t, end, row, column, counts); break;
#if defined(CRF_AVX512)
                        case 3: count_tile<T, 3>(model, chain, t, end, row, column, counts); break;
                        default: count_tile<T, 4>(model, chain, t, end, row, column, counts);
#endif
                    }
                }
            }
        }
        column += blocks * LANES<T>;
    }
}
