// AVX2 with FMA: Intel since 2013, AMD since 2015. Chosen when the program runs.
#include "batch.hpp"

#if defined(__x86_64__)
#define CRF_NAMESPACE avx2
#define CRF_NAME "avx2"
#define CRF_TARGETS "avx2,fma"
#define VECTOR_BYTES 32
#define CRF_AVX2 1
#include "x86.hpp"

namespace crf {

const Kernels* avx2_kernels() {
    __builtin_cpu_init();
    const bool there = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return there ? &avx2::KERNELS : nullptr;
}

}  // namespace crf
#else
const crf::Kernels* crf::avx2_kernels() { return nullptr; }
#endif
