# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""The compiled recursions, by addresses of memory that the caller keeps alive and has checked: for small batches, looking
at arrays takes longer than computing. `compiled` calls them with validated `Potentials`, `arrays` with NumPy arrays.
"""

from libc.string cimport memset
from libc.stdint cimport int32_t, int64_t, uint8_t, uintptr_t


from cython.view cimport array as cython_array


cdef extern from "src/batch.hpp" namespace "crf" nogil:
    cdef struct Kernels:
        const char* name

    cdef cppclass Batch:
        int64_t n_sequences
        int64_t n_rows
        int32_t n_tags
        const float* emissions
        const int64_t* first_rows
        const int64_t* lengths
        int64_t padded_length
        const float* transitions
        const float* start
        const float* end
        const uint8_t* allowed_transitions
        const uint8_t* allowed_start
        const uint8_t* allowed_end
        const uint8_t* allowed_tags

    cdef cppclass Wanted:
        const double* weights
        const int64_t* path
        double* log_partition
        double* score
        float* loss
        float* tokens
        float* transitions
        float* start
        float* end
        double* onward

    cdef cppclass Spans:
        int64_t n_spans
        int64_t width
        const int64_t* sequences
        const int64_t* starts
        const int64_t* ends
        const int64_t* tags
        const uint8_t* before
        const uint8_t* after
        double* log_probs


cdef extern from "src/engine.hpp" namespace "crf" nogil:
    const Kernels* choose_kernels(const char* name)
    cdef cppclass Redone:
        int64_t in_doubles
        int64_t in_logs

    Redone c_forward_backward "crf::forward_backward"(
        const Kernels&, const Batch&, const Wanted&, const Spans*, int threads) except +
    Redone c_best_paths "crf::best_paths"(
        const Kernels&, const Batch&, int64_t* tags, double* scores, int threads) except +
    void c_k_best "crf::k_best"(
        const Kernels&, const Batch&, int64_t k, int64_t* tags, double* scores, int threads) except +


cdef class Scores:
    """What `scores_at` makes."""

    cdef Batch batch
    # It must live as long as the pointer to it.
    cdef object first_rows


def scores_at(
    int64_t n_sequences,
    int64_t n_rows,
    int32_t n_tags,
    int64_t padded_length,
    uintptr_t emissions,
    uintptr_t lengths,
    uintptr_t transitions,
    uintptr_t start,
    uintptr_t end,
    uintptr_t allowed_transitions=0,
    uintptr_t allowed_start=0,
    uintptr_t allowed_end=0,
    uintptr_t allowed_tags=0,
):
    """A batch, and the scores that its sequences share: float32, nats.

    n_sequences (int): Number of sequences.
    n_rows (int): Rows of the emissions.
    n_tags (int): Number of tags, at least 1.
    padded_length (int): Rows that every sequence takes up; 0 if sequences follow one another without padding.
    emissions (int): Address, as all that follow. *Shape:* (n_rows, n_tags), float32.
    lengths (int): Tokens per sequence. *Shape:* (n_sequences,), int64.
    transitions (int): [from, to]. *Shape:* (n_tags, n_tags), float32.
    start (int): *Shape:* (n_tags,), float32.
    end (int): *Shape:* (n_tags,), float32.
    allowed_transitions (int): 0 if all are, as for all masks. *Shape:* (n_tags, n_tags), uint8.
    allowed_start (int): *Shape:* (n_tags,), uint8.
    allowed_end (int): *Shape:* (n_tags,), uint8.
    allowed_tags (int): *Shape:* (n_rows, n_tags), uint8.
    RETURNS (Scores): The batch.
    """
    cdef Scores scores = Scores.__new__(Scores)
    cdef int64_t[::1] first_rows = None
    cdef const int64_t* sizes = <const int64_t*>lengths
    cdef int64_t row = 0, i
    if n_sequences:
        first_rows = cython_array((n_sequences,), sizeof(int64_t), "q")
        for i in range(n_sequences):
            first_rows[i] = row
            row += padded_length if padded_length else sizes[i]
        scores.batch.first_rows = &first_rows[0]
    scores.first_rows = first_rows
    scores.batch.n_sequences = n_sequences
    scores.batch.n_rows = n_rows
    scores.batch.n_tags = n_tags
    scores.batch.padded_length = padded_length
    scores.batch.emissions = <const float*>emissions
    scores.batch.lengths = sizes
    scores.batch.transitions = <const float*>transitions
    scores.batch.start = <const float*>start
    scores.batch.end = <const float*>end
    scores.batch.allowed_transitions = <const uint8_t*>allowed_transitions
    scores.batch.allowed_start = <const uint8_t*>allowed_start
    scores.batch.allowed_end = <const uint8_t*>allowed_end
    scores.batch.allowed_tags = <const uint8_t*>allowed_tags
    return scores


cdef const Kernels* _kernels(str name) except NULL:
    cdef bytes encoded = name.encode()
    cdef const Kernels* found = choose_kernels(<const char*>encoded) if name else choose_kernels(NULL)
    if found == NULL:
        raise ValueError(f"this processor has no {name}")
    return found


def instruction_sets():
    """RETURNS (list[str]): What this processor can run, the best first."""
    return [
        (<bytes>choose_kernels(name).name).decode()
        for name in (b"avx512", b"avx2", b"generic")
        if choose_kernels(name) != NULL
    ]


def forward_backward_at(
    Scores scores,
    uintptr_t log_partition,
    uintptr_t tokens=0,
    uintptr_t transitions=0,
    uintptr_t start=0,
    uintptr_t end=0,
    uintptr_t onward=0,
    uintptr_t path=0,
    uintptr_t path_score=0,
    uintptr_t loss=0,
    uintptr_t weights=0,
    int threads=1,
    str instructions="",
):
    """Fill what is wanted with log Z, weighted token marginals, 0 in padding, and weighted expected uses.

    scores (Scores): The batch, of at least one row.
    log_partition (int): Address, as all that follow; 0 for what is not wanted. *Shape:* (batch,), float64, nats.
    tokens (int): Marginals. *Shape:* (n_rows, n_tags), float32.
    transitions (int): With `tokens`, `start` and `end`. *Shape:* (n_tags, n_tags), float32.
    start (int): *Shape:* (n_tags,), float32.
    end (int): *Shape:* (n_tags,), float32.
    onward (int): Log of the summed weight of all ways to go on from a tag, its own emission included; -inf where there
        is none, 0 in padding. *Shape:* (n_rows, n_tags), float64, nats.
    path (int): Tags whose use is subtracted, in range where tokens are. *Shape:* (n_rows,), int64; read.
    path_score (int): With `path`. *Shape:* (batch,), float64, nats.
    loss (int): With `path`: log Z minus the path's score, and at least 0. *Shape:* (batch,), float32, nats.
    weights (int): Of each sequence, 1 if 0. *Shape:* (batch,), float64; read.
    threads (int): At most so many.
    instructions (str): Of `instruction_sets`; the best if empty.
    RETURNS (tuple[int, int]): Number of sequences computed again in float64, and of these, in log space, too.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    cdef Wanted wanted
    wanted.weights = <const double*>weights
    wanted.path = <const int64_t*>path
    wanted.log_partition = <double*>log_partition
    wanted.score = <double*>path_score
    wanted.loss = <float*>loss
    wanted.tokens = <float*>tokens
    wanted.transitions = <float*>transitions
    wanted.start = <float*>start
    wanted.end = <float*>end
    wanted.onward = <double*>onward
    return _run(scores, wanted, NULL, threads, instructions)


def span_log_probs_at(
    Scores scores,
    uintptr_t log_partition,
    int64_t n_spans,
    int64_t width,
    uintptr_t sequences,
    uintptr_t starts,
    uintptr_t ends,
    uintptr_t tags,
    uintptr_t before,
    uintptr_t after,
    uintptr_t log_probs,
    int threads=1,
    str instructions="",
):
    """Fill in log Z and the log-probabilities of stretches of tags, in nats.

    scores (Scores): The batch, of at least one row.
    log_partition (int): Address, as all that follow. *Shape:* (batch,), float64.
    n_spans (int): At least 1.
    width (int): Columns of `tags`.
    sequences (int): The sequence each lies in, not descending. *Shape:* (n_spans,), int64.
    starts (int): First tokens. *Shape:* (n_spans,), int64.
    ends (int): Tokens after the last. *Shape:* (n_spans,), int64.
    tags (int): *Shape:* (n_spans, width), int64.
    before (int): Tags that the token before may have. *Shape:* (n_spans, n_tags), uint8.
    after (int): Tags that the token after may have. *Shape:* (n_spans, n_tags), uint8.
    log_probs (int): Out. *Shape:* (n_spans,), float64.
    threads (int): At most so many.
    instructions (str): Of `instruction_sets`; the best if empty.
    RETURNS (tuple[int, int]): As `forward_backward_at`.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    cdef Wanted wanted
    cdef Spans spans
    memset(&wanted, 0, sizeof(wanted))
    wanted.log_partition = <double*>log_partition
    spans.n_spans = n_spans
    spans.width = width
    spans.sequences = <const int64_t*>sequences
    spans.starts = <const int64_t*>starts
    spans.ends = <const int64_t*>ends
    spans.tags = <const int64_t*>tags
    spans.before = <const uint8_t*>before
    spans.after = <const uint8_t*>after
    spans.log_probs = <double*>log_probs
    return _run(scores, wanted, &spans, threads, instructions)


cdef tuple _run(Scores scores, Wanted& wanted, const Spans* spans, int threads, str instructions):
    cdef Redone redone
    cdef const Kernels* kernels = _kernels(instructions)
    with nogil:
        redone = c_forward_backward(kernels[0], scores.batch, wanted, spans, threads)
    return redone.in_doubles, redone.in_logs


def viterbi_at(Scores scores, uintptr_t tags, uintptr_t totals, int threads=1, str instructions=""):
    """Fill in the best path of each sequence; rows that belong to no sequence stay as they are.

    scores (Scores): The batch, of at least one row.
    tags (int): Address. *Shape:* (n_rows,), int64.
    totals (int): Address: score of each path. *Shape:* (batch,), float64, nats.
    threads (int): At most so many.
    instructions (str): Of `instruction_sets`; the best if empty.
    RETURNS (tuple[int, int]): As `forward_backward_at`.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    cdef const Kernels* kernels = _kernels(instructions)
    cdef Redone redone
    with nogil:
        redone = c_best_paths(kernels[0], scores.batch, <int64_t*>tags, <double*>totals, threads)
    return redone.in_doubles, redone.in_logs


def k_best_at(Scores scores, int64_t k, uintptr_t tags, uintptr_t totals, int threads=1, str instructions=""):
    """Fill in the k best paths of each sequence, best first.

    scores (Scores): The batch, of at least one row.
    k (int): At least 1.
    tags (int): Address; -1 in padding and for paths that do not exist. *Shape:* (batch, k, padded_length) or (k,
        n_rows), int64.
    totals (int): Address: score of each path, -inf for those that do not exist. *Shape:* (batch, k), float64, nats.
    threads (int): At most so many.
    instructions (str): Of `instruction_sets`; the best if empty.
    RAISES (ValueError): Instructions that this processor lacks.
    """
    cdef const Kernels* kernels = _kernels(instructions)
    with nogil:
        c_k_best(kernels[0], scores.batch, k, <int64_t*>tags, <double*>totals, threads)
