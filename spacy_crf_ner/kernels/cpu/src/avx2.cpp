// AVX2 with FMA: Intel since 2013, AMD since 2015. Chosen when the program runs.
#include "batch.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#define VECTOR_BYTES 32
#define CRF_AVX2 1
#define CRF_NAME "avx2"

namespace crf {
namespace avx2 {
#include "kernels.hpp"
}
}  // namespace crf

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace crf {

const Kernels* avx2_kernels() {
    __builtin_cpu_init();
    const bool there = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return there ? &avx2::KERNELS : nullptr;
}

}  // namespace crf

#else

namespace crf {

const Kernels* avx2_kernels() { return nullptr; }

}  // namespace crf

#endif
