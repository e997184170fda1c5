// All that an instruction set compiles, collected in its table of functions.
// Included inside the namespace of an instruction set.

#include "simd.hpp"
#include "model.hpp"
#include "multiply.hpp"
#include "forward.hpp"
#include "backward.hpp"
#include "losses.hpp"
#include "recursions.hpp"
#include "counts.hpp"
#include "viterbi.hpp"
#include "prefixes.hpp"

static const Kernels KERNELS = {
    CRF_NAME,   prepare<float>, prepare<double>, prepare_maxima<float>, prepare_maxima<double>, run<float>,
    run<double>, count<float>,   count<double>,   viterbi,               prefixes,
};
