// The scores that all sequences share, as matrices in the layout that the recursions read.
// Included inside the namespace of an instruction set.

// Structured masks of many tags leave out more work than reordering the tags costs, from here on.
constexpr int SPARSE_FROM_TAGS = 64;
// A tile's accumulators for all chains must fit into the registers, beside the operands.
#if defined(CRF_AVX512)
constexpr int TILE_BLOCKS = 4;
#else
constexpr int TILE_BLOCKS = 2;
#endif

// Tags with the most frequent set of predecessors first and tags with the most frequent set of successors next to them
// (BILUO: B, then U and O, then L, then I): the tags of one set fill whole vectors, and the others can be skipped.
INLINE bool same_moves(const uint8_t* allowed, int n, int a, int b, bool into) {
    for (int i = 0; i < n; ++i) {
        const uint8_t x = into ? allowed[i * n + a] : allowed[a * n + i];
        const uint8_t y = into ? allowed[i * n + b] : allowed[b * n + i];
        if (!x != !y) return false;
    }
    return true;
}

INLINE int most_frequent(const uint8_t* allowed, int n, bool into) {
    int best = 0, best_count = 0;
    for (int a = 0; a < n; ++a) {
        int count = 0;
        for (int b = 0; b < n; ++b) count += same_moves(allowed, n, a, b, into);
        if (count > best_count) best = a, best_count = count;
        if (best_count * 2 > n) break;
    }
    return best;
}

static void order_tags(const uint8_t* allowed, int n, int32_t* order) {
    const int into = most_frequent(allowed, n, true), out = most_frequent(allowed, n, false);
    int place = 0;
    for (int group = 0; group < 4; ++group)
        for (int tag = 0; tag < n; ++tag) {
            const bool first = same_moves(allowed, n, tag, into, true);
            const bool second = same_moves(allowed, n, tag, out, false);
            const int own = first ? (second ? 1 : 0) : (second ? 2 : 3);
            if (own == group) order[place++] = tag;
        }
}

// Whether any entry of `row` counts in a block of columns.
template <class T>
INLINE bool block_used(const T* row, int block, T empty) {
    for (int lane = 0; lane < LANES<T>; ++lane) {
        // NaN counts: it must come out at the end.
        if (!(row[block * LANES<T> + lane] == empty)) return true;
    }
    return false;
}

template <class T>
static int rows_used(const T* matrix, int n_rows, int width, int first, int blocks, T empty, int32_t* rows) {
    int count = 0;
    for (int row = 0; row < n_rows; ++row)
        for (int block = first; block < first + blocks; ++block)
            if (block_used(matrix + static_cast<std::size_t>(row) * width, block, empty)) {
                if (rows) rows[count] = row;
                ++count;
                break;
            }
    return count;
}

// How many blocks from `first` on, at most `limit`, are computed together with less work than one by one.
template <class T>
static int widest_tile(const T* matrix, int n_rows, int width, int first, int limit, T empty) {
    int32_t* const uncollected = nullptr;
    int used = rows_used(matrix, n_rows, width, first, 1, empty, uncollected);
    for (int blocks = 1; blocks < limit; ++blocks) {
        const int more = rows_used(matrix, n_rows, width, first + blocks, 1, empty, uncollected);
        const int both = rows_used(matrix, n_rows, width, first, blocks + 1, empty, uncollected);
        if (both * (blocks + 1) > used * blocks + more + n_rows / 8) return blocks;
        used = both;
    }
    return limit;
}

template <class T>
static Tiles* make_tiles(Arena& arena, const T* matrix, int n_rows, int n_blocks, T empty, bool sparse) {
    const int width = n_blocks * LANES<T>;
    Tiles* tiles = static_cast<Tiles*>(allocate(arena, sizeof(Tiles)));
    tiles->tiles = static_cast<Tile*>(allocate(arena, sizeof(Tile) * n_blocks));
    tiles->n_tiles = 0;
    // As even as possible: 5 blocks are 3 and 2, not 4 and 1.
    const int n_even = (n_blocks + TILE_BLOCKS - 1) / TILE_BLOCKS;
    const int limit = (n_blocks + n_even - 1) / n_even;
    for (int first = 0; first < n_blocks;) {
        int32_t* rows = static_cast<int32_t*>(allocate(arena, sizeof(int32_t) * n_rows));
        int blocks = n_blocks - first < limit ? n_blocks - first : limit, used = n_rows;
        for (int row = 0; row < n_rows; ++row) rows[row] = row;
        if (sparse) {
            blocks = widest_tile(matrix, n_rows, width, first, blocks, empty);
            used = rows_used(matrix, n_rows, width, first, blocks, empty, rows);
        }
        T* values = static_cast<T*>(allocate(arena, sizeof(T) * LANES<T> * blocks * (used + 1)));
        for (int row = 0; row < used; ++row)
            __builtin_memcpy(
                values + static_cast<std::size_t>(row) * blocks * LANES<T>,
                matrix + static_cast<std::size_t>(rows[row]) * width + first * LANES<T>,
                sizeof(T) * LANES<T> * blocks
            );
        tiles->tiles[tiles->n_tiles++] = Tile{first, blocks, used, rows, values};
        first += blocks;
    }
    return tiles;
}

template <class T>
INLINE T* fill(Arena& arena, std::size_t n, T value) {
    T* values = static_cast<T*>(allocate(arena, sizeof(T) * n));
    for (std::size_t i = 0; i < n; ++i) values[i] = value;
    return values;
}

INLINE bool is_allowed(const uint8_t* mask, std::size_t place) { return !mask || mask[place]; }

template <class T>
static void shape_model(const Batch& batch, Arena& arena, Model<T>& model) {
    const int n = batch.n_tags;
    model.n_tags = n;
    // At least 4 elements, which is what counting takes at a time, also where a vector holds two.
    const int step = LANES<T> < 4 ? 4 : LANES<T>;
    model.width = (n + step - 1) / step * step;
    model.n_blocks = model.width / LANES<T>;
    model.order = static_cast<int32_t*>(allocate(arena, sizeof(int32_t) * model.width));
    for (int i = 0; i < model.width; ++i) model.order[i] = i;
    model.reordered = batch.allowed_transitions && n >= SPARSE_FROM_TAGS;
    if (model.reordered) order_tags(batch.allowed_transitions, n, model.order);
}

template <class T>
constexpr double SMALLEST_NORMAL = sizeof(T) == 4 ? __FLT_MIN__ : __DBL_MIN__;
// A sum may be this times larger than what was lost of it without losing digits that count.
constexpr double DIGITS = 1e6;

// Scores in the model's order, -inf where a mask forbids and in the padding.
template <class T>
static void place_row(
    const Model<T>& model, const float* scores, const uint8_t* mask, std::size_t offset, T* row
) {
    const T forbidden = -__builtin_inff();
    for (int j = 0; j < model.n_tags; ++j) {
        const std::size_t place = offset + model.order[j];
        row[j] = is_allowed(mask, place) ? T(scores[place]) : forbidden;
    }
    for (int j = model.n_tags; j < model.width; ++j) row[j] = forbidden;
}

template <class T>
static void place_scores(const Batch& batch, Arena& arena, Model<T>& model) {
    const int n = batch.n_tags;
    const std::size_t width = model.width;
    model.matrix = fill<T>(arena, width * width, -__builtin_inff());
    for (int i = 0; i < n; ++i) {
        const std::size_t offset = static_cast<std::size_t>(model.order[i]) * n;
        place_row(model, batch.transitions, batch.allowed_transitions, offset, model.matrix + i * width);
    }
    model.start = fill<T>(arena, width, T(0));
    model.end = fill<T>(arena, width, T(0));
    place_row(model, batch.start, batch.allowed_start, 0, model.start);
    place_row(model, batch.end, batch.allowed_end, 0, model.end);
}

// Probabilities up to a factor: exp(score - highest). Returns the highest, or 0 if nothing is allowed.
template <class T>
static double to_probabilities(T* scores, std::size_t n) {
    Vec<T> best = load(scores);
    for (std::size_t i = LANES<T>; i < n; i += LANES<T>) best = maximum(best, load(scores + i));
    const T found = highest<T>(best);
    const Vec<T> shift = broadcast(found == -__builtin_inff() ? T(0) : found);
    for (std::size_t i = 0; i < n; i += LANES<T>)
        store(scores + i, exponential_of_difference(load(scores + i), shift));
    return shift[0];
}

template <class T>
static T* transpose(Arena& arena, const T* matrix, std::size_t width) {
    T* transposed = static_cast<T*>(allocate(arena, sizeof(T) * width * width));
    constexpr std::size_t tile = 16;
    for (std::size_t i0 = 0; i0 < width; i0 += tile)
        for (std::size_t j = 0; j < width; ++j)
            for (std::size_t i = i0; i < (i0 + tile < width ? i0 + tile : width); ++i)
                transposed[j * width + i] = matrix[i * width + j];
    return transposed;
}

template <class T>
static void place_tiles(Arena& arena, Model<T>& model, const T* transposed, T empty) {
    model.forward = make_tiles<T>(arena, model.matrix, model.n_tags, model.n_blocks, empty, model.reordered);
    model.backward = make_tiles<T>(arena, transposed, model.n_tags, model.n_blocks, empty, model.reordered);
}

template <class T>
static void prepare(const Batch& batch, Arena& arena, Model<T>& model) {
    shape_model(batch, arena, model);
    place_scores(batch, arena, model);
    const std::size_t width = model.width;
    T least = __builtin_inff();
    for (std::size_t i = 0; i < width * width; ++i)
        if (model.matrix[i] > -__builtin_inff() && model.matrix[i] < least) least = model.matrix[i];
    model.transition_max = to_probabilities(model.matrix, width * width);
    model.floor = T(DIGITS * 2 * model.n_tags * SMALLEST_NORMAL<T>);
    model.faint = T(SMALLEST_NORMAL<T> * __builtin_exp(model.transition_max - double(least)));
    model.start_max = to_probabilities(model.start, width);
    model.end_max = to_probabilities(model.end, width);
    place_tiles(arena, model, transpose(arena, model.matrix, width), T(0));
}

// For maxima of sums: the matrices hold scores.
template <class T>
static void prepare_maxima(const Batch& batch, Arena& arena, Model<T>& model) {
    shape_model(batch, arena, model);
    place_scores(batch, arena, model);
    model.transition_max = model.start_max = model.end_max = 0.0;
    model.floor = model.faint = T(0);
    T* transposed = transpose(arena, model.matrix, model.width);
    place_tiles(arena, model, transposed, T(-__builtin_inff()));
    // The way back reads columns.
    model.matrix = transposed;
}
