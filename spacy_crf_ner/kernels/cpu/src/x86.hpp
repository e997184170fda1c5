// Compiles the kernels for one x86-64 instruction set. Whoever includes this has defined
//
//   CRF_NAMESPACE      its namespace in `crf`
//   CRF_NAME           the same as a string
//   CRF_TARGETS        what the compiler may use, as a string
//   VECTOR_BYTES       the width of its vectors
//   CRF_AVX2 or CRF_AVX512
#include <immintrin.h>

#define CRF_TEXT(...) #__VA_ARGS__
#define CRF_PRAGMA(...) _Pragma(CRF_TEXT(__VA_ARGS__))
#if defined(__clang__)
CRF_PRAGMA(clang attribute push(__attribute__((target(CRF_TARGETS))), apply_to = function))
#else
#pragma GCC push_options
CRF_PRAGMA(GCC target(CRF_TARGETS))
#endif

namespace crf {
namespace CRF_NAMESPACE {
#include "kernels.hpp"
}
}  // namespace crf

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
