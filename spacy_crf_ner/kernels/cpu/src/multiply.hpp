// Rows of several chains times a matrix, in the two semirings of a CRF: sums of products, and maxima of sums.
// Included inside the namespace of an instruction set.

struct SumProduct {
    template <class T>
    INLINE Vec<T> nothing() {
        return Vec<T>{};
    }
    template <class V>
    INLINE V join(V total, V value, V weight) {
        return total + value * weight;
    }
    template <class V>
    INLINE V merge(V a, V b) {
        return a + b;
    }
};

struct MaxPlus {
    template <class T>
    INLINE Vec<T> nothing() {
        return broadcast(T(-__builtin_inff()));
    }
    template <class V>
    INLINE V join(V total, V value, V weight) {
        return maximum(total, value + weight);
    }
    template <class V>
    INLINE V merge(V a, V b) {
        return maximum(a, b);
    }
};

// One row of each of G chains times a tile of the matrix, in registers. Rows are taken SPLIT at a time into
// accumulators of their own, so that few chains still keep the arithmetic units busy.
template <class Semiring, class T, int G, int BLOCKS, int SPLIT>
INLINE void multiply(const T* const* in, const Tile& tile, Vec<T> (&out)[G][BLOCKS]) {
    Vec<T> totals[SPLIT][G][BLOCKS];
    for (int s = 0; s < SPLIT; ++s)
        for (int g = 0; g < G; ++g)
            for (int b = 0; b < BLOCKS; ++b) totals[s][g][b] = Semiring::template nothing<T>();
    const T* values = static_cast<const T*>(tile.values);
    const int n = tile.n_rows;
    int row = 0;
    for (; row + SPLIT <= n; row += SPLIT)
        for (int s = 0; s < SPLIT; ++s) {
            Vec<T> weights[BLOCKS];
            for (int b = 0; b < BLOCKS; ++b) weights[b] = load(values + b * LANES<T>);
            values += BLOCKS * LANES<T>;
            const int from = tile.rows[row + s];
            for (int g = 0; g < G; ++g) {
                const Vec<T> value = broadcast(in[g][from]);
                for (int b = 0; b < BLOCKS; ++b)
                    totals[s][g][b] = Semiring::join(totals[s][g][b], value, weights[b]);
            }
        }
    for (; row < n; ++row, values += BLOCKS * LANES<T>)
        for (int g = 0; g < G; ++g) {
            const Vec<T> value = broadcast(in[g][tile.rows[row]]);
            for (int b = 0; b < BLOCKS; ++b)
                totals[0][g][b] = Semiring::join(totals[0][g][b], value, load(values + b * LANES<T>));
        }
    for (int g = 0; g < G; ++g)
        for (int b = 0; b < BLOCKS; ++b) {
            Vec<T> total = totals[0][g][b];
            for (int s = 1; s < SPLIT; ++s) total = Semiring::merge(total, totals[s][g][b]);
            out[g][b] = total;
        }
}

constexpr int split_for(int chains, int blocks) {
    const int wanted = 8 / (chains * blocks);
    return wanted < 1 ? 1 : (wanted > 4 ? 4 : wanted);
}

// Calls finish(g, column, vector) for every block of every chain.
template <class Semiring, class T, int G, class Finish>
INLINE void multiply_all(const T* const* in, const Tiles& tiles, Finish finish) {
    for (int index = 0; index < tiles.n_tiles; ++index) {
        const Tile& tile = tiles.tiles[index];
        const auto emit = [&](auto& out, int blocks) {
            for (int g = 0; g < G; ++g)
                for (int b = 0; b < blocks; ++b) finish(g, (tile.first_block + b) * LANES<T>, out[g][b]);
        };
        switch (tile.n_blocks) {
            case 1: {
                Vec<T> out[G][1];
                multiply<Semiring, T, G, 1, split_for(G, 1)>(in, tile, out);
                emit(out, 1);
                break;
            }
            case 2: {
                Vec<T> out[G][2];
                multiply<Semiring, T, G, 2, split_for(G, 2)>(in, tile, out);
                emit(out, 2);
                break;
            }
#if defined(CRF_AVX512)
            case 3: {
                Vec<T> out[G][3];
                multiply<Semiring, T, G, 3, split_for(G, 3)>(in, tile, out);
                emit(out, 3);
                break;
            }
            default: {
                Vec<T> out[G][4];
                multiply<Semiring, T, G, 4, split_for(G, 4)>(in, tile, out);
                emit(out, 4);
            }
#endif
        }
    }
}
