// Vectors of one width, by the compilers' vector extensions: the same source for AVX-512, AVX2, SSE and NEON.
// Included inside the namespace of an instruction set, which has defined VECTOR_BYTES.

template <class T>
struct VectorOf;
typedef float FloatVector __attribute__((vector_size(VECTOR_BYTES)));
typedef double DoubleVector __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t FloatMask __attribute__((vector_size(VECTOR_BYTES)));
typedef int64_t DoubleMask __attribute__((vector_size(VECTOR_BYTES)));
template <>
struct VectorOf<float> {
    typedef FloatVector type;
    typedef FloatMask mask;
};
template <>
struct VectorOf<double> {
    typedef DoubleVector type;
    typedef DoubleMask mask;
};
template <class T>
using Vec = typename VectorOf<T>::type;
template <class T>
constexpr int LANES = VECTOR_BYTES / sizeof(T);

#define INLINE static inline __attribute__((always_inline))

template <class T>
INLINE Vec<T> load(const T* from) {
    Vec<T> value;
    __builtin_memcpy(&value, from, sizeof(value));
    return value;
}

template <class T>
INLINE void store(T* to, Vec<T> value) {
    __builtin_memcpy(to, &value, sizeof(value));
}

template <class T>
INLINE Vec<T> broadcast(T value) {
    // Subtracting 0 changes no number, so that compilers leave only the broadcast.
    return value - Vec<T>{};
}

INLINE FloatVector maximum(FloatVector a, FloatVector b) {
#if defined(CRF_AVX512)
    return (FloatVector)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(CRF_AVX2)
    return (FloatVector)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return a > b ? a : b;
#endif
}

// `a` where either is NaN.
INLINE FloatVector minimum(FloatVector a, FloatVector b) { return b < a ? b : a; }

INLINE DoubleVector minimum(DoubleVector a, DoubleVector b) { return b < a ? b : a; }

INLINE DoubleVector maximum(DoubleVector a, DoubleVector b) {
#if defined(CRF_AVX512)
    return (DoubleVector)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif defined(CRF_AVX2)
    return (DoubleVector)_mm256_max_pd((__m256d)a, (__m256d)b);
#else
    return a > b ? a : b;
#endif
}

struct Add {
    template <class V>
    INLINE V apply(V a, V b) {
        return a + b;
    }
};
struct Max {
    template <class V>
    INLINE V apply(V a, V b) {
        return a > b ? a : b;
    }
};

struct Min {
    template <class V>
    INLINE V apply(V a, V b) {
        return b < a ? b : a;
    }
};

// Halve a vector until one lane is left. By way of registers only: memory would keep the next step waiting.
typedef float Float4 __attribute__((vector_size(16)));
typedef double Double2 __attribute__((vector_size(16)));
template <class Operation>
INLINE float fold(Float4 v) {
    v = Operation::apply(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
    return Operation::apply(v, __builtin_shufflevector(v, v, 1, 0, 3, 2))[0];
}
template <class Operation>
INLINE double fold(Double2 v) {
    return Operation::apply(v, __builtin_shufflevector(v, v, 1, 0))[0];
}
#if VECTOR_BYTES > 16
typedef float Float8 __attribute__((vector_size(32)));
typedef double Double4 __attribute__((vector_size(32)));
template <class Operation>
INLINE float fold(Float8 v) {
    const Float4 low = __builtin_shufflevector(v, v, 0, 1, 2, 3);
    return fold<Operation>(Operation::apply(low, __builtin_shufflevector(v, v, 4, 5, 6, 7)));
}
template <class Operation>
INLINE double fold(Double4 v) {
    const Double2 low = __builtin_shufflevector(v, v, 0, 1);
    return fold<Operation>(Operation::apply(low, __builtin_shufflevector(v, v, 2, 3)));
}
#endif
#if VECTOR_BYTES > 32
template <class Operation>
INLINE float fold(FloatVector v) {
    const Float8 low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
    return fold<Operation>(Operation::apply(low, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)));
}
template <class Operation>
INLINE double fold(DoubleVector v) {
    const Double4 low = __builtin_shufflevector(v, v, 0, 1, 2, 3);
    return fold<Operation>(Operation::apply(low, __builtin_shufflevector(v, v, 4, 5, 6, 7)));
}
#endif

template <class T>
INLINE T sum(Vec<T> value) {
    return fold<Add>(value);
}

template <class T>
INLINE T highest(Vec<T> value) {
    return fold<Max>(value);
}

template <class T>
INLINE T lowest(Vec<T> value) {
    return fold<Min>(value);
}

// A bit for each lane of a comparison's result.
INLINE unsigned lanes_set(FloatMask mask) {
#if defined(CRF_AVX512)
    return _mm512_movepi32_mask((__m512i)mask);
#elif defined(CRF_AVX2)
    return static_cast<unsigned>(_mm256_movemask_ps((__m256)mask));
#else
    unsigned bits = 0;
    for (int lane = 0; lane < LANES<float>; ++lane) bits |= (mask[lane] ? 1u : 0u) << lane;
    return bits;
#endif
}

// The first `n` lanes, 0 < n < LANES.
INLINE void store_first(float* to, FloatVector value, int n) {
#if defined(CRF_AVX512)
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << n) - 1), (__m512)value);
#else
    for (int lane = 0; lane < LANES<float>; ++lane)
        if (lane < n) to[lane] = value[lane];
#endif
}

// exp of values that are at most 0, -inf or NaN; 0 below the range of normal floats. The argument is split into a power
// of two and a remainder of at most log(2) / 2 (Cody and Waite 1980), and the remainder's exponential is its Taylor
// series to the sixth power: relative error below 2e-7.
INLINE FloatVector exponential(FloatVector x) {
    const FloatVector shifter = broadcast(12582912.0f);  // 1.5 * 2^23: its last bits count whole numbers
    const FloatVector shifted = x * broadcast(1.44269504f) + shifter;
    const FloatVector whole = shifted - shifter;
    FloatVector rest = x - whole * broadcast(0.693359375f);
    rest = rest - whole * broadcast(-2.12194440e-4f);
    FloatVector series = broadcast(1.0f / 720) * rest + broadcast(1.0f / 120);
    series = series * rest + broadcast(1.0f / 24);
    series = series * rest + broadcast(1.0f / 6);
    series = series * rest + broadcast(0.5f);
    series = series * rest + broadcast(1.0f);
    series = series * rest + broadcast(1.0f);
    const FloatMask bits = ((FloatMask)shifted + 127) << 23;
    const FloatVector value = series * (FloatVector)bits;
    return x < broadcast(-87.0f) ? FloatVector{} : value;
}

INLINE DoubleVector exponential(DoubleVector x) {
    DoubleVector value;
    for (int lane = 0; lane < LANES<double>; ++lane) value[lane] = __builtin_exp(x[lane]);
    return value;
}

// exp(a - b), with what the subtraction rounds off (Knuth 1997, section 4.2.2, theorem B): where masks leave a path only
// unlikely tags, its probability is a product of such values, and every digit counts.
template <class V>
INLINE V exponential_of_difference(V a, V b) {
    const V difference = a - b;
    const V taken = difference - a;
    const V rounded = (a - (difference - taken)) - (b + taken);
    const V value = exponential(difference);
    // -inf - -inf in `rounded` must not turn 0 into NaN.
    return value > V{} ? value + value * rounded : value;
}
