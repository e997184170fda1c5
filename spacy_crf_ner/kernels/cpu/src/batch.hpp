// What crosses between Python, the scheduler and the kernels of one instruction set: plain structs of raw pointers.
// No standard templates here or in any header that the instruction-set files include: an inline function compiled for
// AVX-512 could else be the copy that the linker keeps for everybody.
#pragma once

#include <cstddef>
#include <cstdint>

namespace crf {

// A batch of sequences and the scores they share, in nats. Rows are rows of `emissions`; a sequence's rows follow one
// another, wherever they begin, so that padded and packed batches are the same to the kernels.
struct Batch {
    int64_t n_sequences;
    int64_t n_rows;
    int32_t n_tags;
    const float* emissions;             // (n_rows, n_tags)
    const int64_t* first_rows;          // (n_sequences,)
    const int64_t* lengths;             // (n_sequences,), tokens
    int64_t padded_length;              // rows that every sequence takes up, padding included; 0 if there is none
    const float* transitions;           // (n_tags, n_tags), [from, to]
    const float* start;                 // (n_tags,)
    const float* end;                   // (n_tags,)
    const uint8_t* allowed_transitions; // (n_tags, n_tags) or null
    const uint8_t* allowed_start;       // (n_tags,) or null
    const uint8_t* allowed_end;         // (n_tags,) or null
    const uint8_t* allowed_tags;        // (n_rows, n_tags) or null
};

// What forward and backward recursions are asked for; null is not wanted.
struct Wanted {
    const double* weights;   // (n_sequences,), 1 if null
    const int64_t* path;     // (n_rows,): subtract the use of this path from the expectations
    double* log_partition;   // (n_sequences,), nats
    double* score;           // (n_sequences,), of `path`, nats
    float* loss;             // (n_sequences,), log_partition - score and at least 0, nats
    float* tokens;           // (n_rows, n_tags): weighted marginals, 0 in padding
    float* transitions;      // (n_tags, n_tags): weighted expected uses, summed over the batch
    float* start;            // (n_tags,)
    float* end;              // (n_tags,)
    double* onward;          // (n_rows, n_tags): log of the weight of all ways to go on from a tag, 0 in padding, nats
};

// Stretches of tags whose probability is asked for, ordered by sequence.
struct Spans {
    int64_t n_spans;
    int64_t width;             // columns of `tags`
    const int64_t* sequences;  // (n_spans,), not descending
    const int64_t* starts;     // (n_spans,), first token
    const int64_t* ends;       // (n_spans,), token after the last
    const int64_t* tags;       // (n_spans, width)
    const uint8_t* before;     // (n_spans, n_tags)
    const uint8_t* after;      // (n_spans, n_tags)
    double* log_probs;         // (n_spans,), nats
};

// Rows of one sequence in the recursions, in one floating-point type. The tags are in the order of `Model::order`, and
// rows are padded with zeros to whole vectors.
template <class T>
struct Chain {
    int64_t sequence;
    int64_t length;
    const float* emissions;
    const float* emissions_end;  // of the whole batch: up to here memory may be read
    const uint8_t* allowed;      // or null
    float* tokens;               // weighted marginals go here, or null
    double* onward;              // betas go here, in the order of the tags, or null
    double weight;
    T* exps;                     // (length, width): exp(emission - maximum of its row); backward: times beta
    T* alphas;                   // (length, width): forward probabilities, each row's sum is its scale
    T* alpha_scales;             // (length,)
    T* beta_scales;              // (length,)
    T* maxima;                   // (length,): of the emissions' rows
    double log_partition;
    bool flagged;                // the type's range was too small: the results are not to be trusted
};

// The shared scores as probabilities up to a factor, for one floating-point type and vector width.
template <class T>
struct Model {
    int32_t n_tags;
    int32_t n_blocks;        // vectors in a row
    int32_t width;           // elements in a row
    bool reordered;
    int32_t* order;          // (width,): tag of each column; n_tags and more are padding
    T* matrix;               // (width, width): exp(transition - transition_max), [from, to]
    T* start;                // (width,): exp(start - start_max)
    T* end;                  // (width,)
    double transition_max, start_max, end_max;
    T floor;                 // what arrives at a tag must be at least this, or nothing at all
    T faint;                 // a state below this may arrive nowhere
    struct Tiles* forward;   // of `matrix`
    struct Tiles* backward;  // of its transpose
};

// A matrix cut into groups of neighbouring columns, each with the rows that are not zero in it.
struct Tile {
    int32_t first_block;
    int32_t n_blocks;
    int32_t n_rows;
    const int32_t* rows;
    const void* values;  // (n_rows, n_blocks vectors)
};

struct Tiles {
    int32_t n_tiles;
    Tile* tiles;
};

// Memory that is freed all at once.
struct Arena;
void* allocate(Arena& arena, std::size_t bytes);  // aligned to 64 bytes, not zeroed; throws std::bad_alloc

// The functions of one instruction set.
struct Kernels {
    const char* name;
    void (*prepare_float)(const Batch&, Arena&, Model<float>&);
    void (*prepare_double)(const Batch&, Arena&, Model<double>&);
    // The matrices hold scores in nats, and `matrix` is transposed.
    void (*prepare_viterbi)(const Batch&, Arena&, Model<float>&);
    void (*prepare_prefixes)(const Batch&, Arena&, Model<double>&);
    // Forward and backward for up to 4 chains in descending order of length; fills the marginals if `tokens` is not
    // null. With `pairs`, alphas are left divided so that sum_t alphas[t][i] matrix[i][j] exps[t + 1][j] are the
    // weighted transition counts. `scratch` has room for MAX_CHAINS + 2 rows.
    void (*run_float)(const Model<float>&, Chain<float>* chains, int n_chains, bool pairs, float* scratch);
    void (*run_double)(const Model<double>&, Chain<double>* chains, int n_chains, bool pairs, double* scratch);
    // counts (width, width) += sum over chains and steps of alphas[t][i] * exps[t + 1][j], where the matrix is not 0.
    void (*count_float)(const Model<float>&, const Chain<float>* chains, int n_chains, double* counts);
    void (*count_double)(const Model<double>&, const Chain<double>* chains, int n_chains, double* counts);
    // Best path into `path` (length,); false where scores are not finite or no path was found.
    void (*viterbi)(const Model<float>&, const Chain<float>* chains, int n_chains, int64_t* const* paths, bool* found);
    // Emissions into `exps`, scores of the best path into each tag into `alphas`, in nats; not `sound` where an emission
    // that is allowed is NaN or +inf.
    void (*prefixes)(const Model<double>&, const Chain<double>* chains, int n_chains, bool* sound);
};

// Null where the processor, or the compiler that built this, lacks the instructions.
const Kernels* generic_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();

constexpr int MAX_CHAINS = 4;

}  // namespace crf
