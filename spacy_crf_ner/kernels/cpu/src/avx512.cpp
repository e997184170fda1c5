// AVX-512 (F, DQ, BW, VL): servers since 2017. Chosen when the program runs.
#include "batch.hpp"

#if defined(__x86_64__)
#define CRF_NAMESPACE avx512
#define CRF_NAME "avx512"
#define CRF_TARGETS "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"
#define VECTOR_BYTES 64
#define CRF_AVX512 1
#include "x86.hpp"

namespace crf {

const Kernels* avx512_kernels() {
    __builtin_cpu_init();
    const bool there = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("fma");
    return there ? &avx512::KERNELS : nullptr;
}

}  // namespace crf
#else
const crf::Kernels* crf::avx512_kernels() { return nullptr; }
#endif
