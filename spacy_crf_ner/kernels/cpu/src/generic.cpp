// The instruction set that the compiler assumes: SSE2 on x86-64, NEON on aarch64.
#include "batch.hpp"

#define VECTOR_BYTES 16
#define CRF_NAME "generic"

namespace crf {
namespace generic {
#include "kernels.hpp"
}

const Kernels* generic_kernels() { return &generic::KERNELS; }

}  // namespace crf
