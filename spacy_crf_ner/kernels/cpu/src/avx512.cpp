// AVX-512 (F, DQ, BW, VL): servers since 2017. Chosen when the program runs.
#include "batch.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#endif

#define VECTOR_BYTES 64
#define CRF_AVX512 1
#define CRF_NAME "avx512"

namespace crf {
namespace avx512 {
#include "kernels.hpp"
}
}  // namespace crf

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace crf {

const Kernels* avx512_kernels() {
    __builtin_cpu_init();
    const bool there = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
    return there ? &avx512::KERNELS : nullptr;
}

}  // namespace crf

#else

namespace crf {

const Kernels* avx512_kernels() { return nullptr; }

}  // namespace crf

#endif
