# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""The compiled recursions, for NumPy arrays. Arguments are checked for type, dimensions and rows that leave the arrays;
everything else is the caller's: `spacy_crf_ner.kernels.cpu.compiled` calls it with validated `Potentials`.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uintptr_t
from libc.string cimport memset


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


cdef class Scores:
    """A batch, and the scores that its sequences share: float32, nats.

    emissions (ndarray): *Shape:* (n_rows, n_tags).
    first_rows (ndarray): Row of each sequence's first token. *Shape:* (batch,), int64.
    lengths (ndarray): Tokens per sequence. *Shape:* (batch,), int64.
    padded_length (int): Rows that every sequence takes up, padding included; 0 if there is none.
    transitions (ndarray): [from, to]. *Shape:* (n_tags, n_tags).
    start (ndarray): *Shape:* (n_tags,).
    end (ndarray): *Shape:* (n_tags,).
    allowed_transitions (ndarray | None): *Shape:* (n_tags, n_tags), uint8.
    allowed_start (ndarray | None): *Shape:* (n_tags,), uint8.
    allowed_end (ndarray | None): *Shape:* (n_tags,), uint8.
    allowed_tags (ndarray | None): *Shape:* (n_rows, n_tags), uint8.
    RAISES (ValueError): Arrays that do not fit together.
    """

    cdef Batch batch
    # The arrays must live as long as the pointers to them.
    cdef object arrays

    def __init__(
        self,
        const float[:, ::1] emissions,
        const int64_t[::1] first_rows,
        const int64_t[::1] lengths,
        int64_t padded_length,
        const float[:, ::1] transitions,
        const float[::1] start,
        const float[::1] end,
        const uint8_t[:, ::1] allowed_transitions=None,
        const uint8_t[::1] allowed_start=None,
        const uint8_t[::1] allowed_end=None,
        const uint8_t[:, ::1] allowed_tags=None,
    ):
        cdef Py_ssize_t n_rows = emissions.shape[0], n_tags = emissions.shape[1], i
        if n_tags == 0 or not (
            transitions.shape[0] == transitions.shape[1] == start.shape[0] == end.shape[0] == n_tags
            and first_rows.shape[0] == lengths.shape[0]
        ):
            raise ValueError("the arrays do not fit together")
        for i in range(lengths.shape[0]):
            if lengths[i] < 0 or first_rows[i] < 0 or first_rows[i] + max(lengths[i], padded_length) > n_rows:
                raise ValueError(f"sequence {i} leaves the emissions")
        self.arrays = (
            emissions, first_rows, lengths, transitions, start, end,
            allowed_transitions, allowed_start, allowed_end, allowed_tags,
        )
        self.batch.padded_length = padded_length
        self.batch.n_sequences = lengths.shape[0]
        self.batch.n_rows = n_rows
        self.batch.n_tags = <int32_t>n_tags
        self.batch.emissions = &emissions[0, 0] if n_rows else NULL
        self.batch.first_rows = &first_rows[0] if lengths.shape[0] else NULL
        self.batch.lengths = &lengths[0] if lengths.shape[0] else NULL
        self.batch.transitions = &transitions[0, 0]
        self.batch.start = &start[0]
        self.batch.end = &end[0]
        self.batch.allowed_transitions = NULL
        self.batch.allowed_start = NULL
        self.batch.allowed_end = NULL
        self.batch.allowed_tags = NULL
        if allowed_transitions is not None:
            self._fits(allowed_transitions.shape[0] == n_tags and allowed_transitions.shape[1] == n_tags)
            self.batch.allowed_transitions = &allowed_transitions[0, 0]
        if allowed_start is not None:
            self._fits(allowed_start.shape[0] == n_tags)
            self.batch.allowed_start = &allowed_start[0]
        if allowed_end is not None:
            self._fits(allowed_end.shape[0] == n_tags)
            self.batch.allowed_end = &allowed_end[0]
        if allowed_tags is not None and n_rows:
            self._fits(allowed_tags.shape[0] == n_rows and allowed_tags.shape[1] == n_tags)
            self.batch.allowed_tags = &allowed_tags[0, 0]

    cdef int _fits(self, bint condition) except -1:
        if not condition:
            raise ValueError("the masks do not fit the scores")
        return 0


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
    """`Scores` by addresses of memory that the caller keeps alive and has checked: for small batches, looking at
    arrays takes longer than computing.

    n_sequences (int): Number of sequences.
    n_rows (int): Rows of the emissions.
    n_tags (int): Number of tags, at least 1.
    padded_length (int): Rows that every sequence takes up; 0 if sequences follow one another without padding.
    emissions (int): Address, as all that follow; 0 for masks that there are not. Contents as `Scores` describes.
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
    scores.arrays = first_rows
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


def forward_backward(
    Scores scores,
    double[::1] log_partition,
    float[:, ::1] tokens=None,
    float[:, ::1] transitions=None,
    float[::1] start=None,
    float[::1] end=None,
    const int64_t[::1] path=None,
    double[::1] path_score=None,
    const double[::1] weights=None,
    spans=None,
    int threads=1,
    str instructions="",
):
    """Fill the arrays that are given with log Z, weighted token marginals, 0 in padding, and expected uses.

    scores (Scores): The batch.
    log_partition (ndarray): Out. *Shape:* (batch,), float64, nats.
    tokens (ndarray | None): Out: marginals. *Shape:* (n_rows, n_tags), float32.
    transitions (ndarray | None): Out, and `start`, `end` with it: they need `tokens`. *Shape:* (n_tags, n_tags).
    start (ndarray | None): Out. *Shape:* (n_tags,).
    end (ndarray | None): Out. *Shape:* (n_tags,).
    path (ndarray | None): Tags whose use is subtracted. *Shape:* (n_rows,), int64; in range where tokens are.
    path_score (ndarray | None): Out, with `path`. *Shape:* (batch,), float64, nats.
    weights (ndarray | None): Of each sequence, 1 if None. *Shape:* (batch,), float64.
    spans (tuple | None): sequences (ascending), starts, ends, tags, before, after, and log-probabilities to fill.
    threads (int): At most so many.
    instructions (str): Of `instruction_sets`; the best if empty.
    RETURNS (tuple[int, int]): Number of sequences computed again in float64, and of these, in log space, too.
    RAISES (ValueError): Arrays that do not fit together; instructions that this processor lacks.
    """
    cdef Spans asked
    cdef Spans* found = NULL
    cdef uintptr_t out[7]
    cdef int64_t n_sequences = scores.batch.n_sequences, n_rows = scores.batch.n_rows
    cdef int64_t n_tags = scores.batch.n_tags
    scores._fits(log_partition.shape[0] == n_sequences)
    if n_sequences == 0 or n_rows == 0:
        log_partition[:] = 0.0
        if path_score is not None:
            path_score[:] = 0.0
        return 0, 0
    memset(out, 0, sizeof(out))
    if weights is not None:
        scores._fits(weights.shape[0] == n_sequences)
        out[0] = <uintptr_t>&weights[0]
    if tokens is not None:
        scores._fits(tokens.shape[0] == n_rows and tokens.shape[1] == n_tags)
        out[1] = <uintptr_t>&tokens[0, 0]
    if transitions is not None:
        scores._fits(tokens is not None and start is not None and end is not None)
        scores._fits(transitions.shape[0] == n_tags and transitions.shape[1] == n_tags)
        scores._fits(start.shape[0] == n_tags and end.shape[0] == n_tags)
        out[2] = <uintptr_t>&transitions[0, 0]
        out[3] = <uintptr_t>&start[0]
        out[4] = <uintptr_t>&end[0]
    if path is not None:
        scores._fits(transitions is not None and path_score is not None)
        scores._fits(path.shape[0] == n_rows and path_score.shape[0] == n_sequences)
        out[5] = <uintptr_t>&path[0]
        out[6] = <uintptr_t>&path_score[0]
    if spans is not None:
        _place_spans(scores, spans, &asked)
        found = &asked
    return _run(
        scores, <uintptr_t>&log_partition[0], out[1], out[2], out[3], out[4], out[5], out[6], 0, out[0], found,
        threads, instructions,
    )


def forward_backward_at(
    Scores scores,
    uintptr_t log_partition,
    uintptr_t tokens=0,
    uintptr_t transitions=0,
    uintptr_t start=0,
    uintptr_t end=0,
    uintptr_t path=0,
    uintptr_t path_score=0,
    uintptr_t loss=0,
    uintptr_t weights=0,
    int threads=1,
    str instructions="",
):
    """`forward_backward` by addresses, 0 for what is not wanted: see `scores_at`. The batch has at least one row.

    loss (int): Out, with `path`: log Z minus the path's score, and at least 0. *Shape:* (batch,), float32, nats.
    """
    return _run(
        scores, log_partition, tokens, transitions, start, end, path, path_score, loss, weights, NULL, threads,
        instructions,
    )


cdef tuple _run(
    Scores scores,
    uintptr_t log_partition,
    uintptr_t tokens,
    uintptr_t transitions,
    uintptr_t start,
    uintptr_t end,
    uintptr_t path,
    uintptr_t path_score,
    uintptr_t loss,
    uintptr_t weights,
    const Spans* spans,
    int threads,
    str instructions,
):
    cdef Wanted wanted
    cdef Redone redone
    cdef const Kernels* kernels = _kernels(instructions)
    wanted.weights = <const double*>weights
    wanted.path = <const int64_t*>path
    wanted.log_partition = <double*>log_partition
    wanted.score = <double*>path_score
    wanted.loss = <float*>loss
    wanted.tokens = <float*>tokens
    wanted.transitions = <float*>transitions
    wanted.start = <float*>start
    wanted.end = <float*>end
    with nogil:
        redone = c_forward_backward(kernels[0], scores.batch, wanted, spans, threads)
    return redone.in_doubles, redone.in_logs


cdef int _place_spans(Scores scores, spans, Spans* asked) except -1:
    cdef const int64_t[::1] sequences = spans[0]
    cdef const int64_t[::1] starts = spans[1]
    cdef const int64_t[::1] ends = spans[2]
    cdef const int64_t[:, ::1] tags = spans[3]
    cdef const uint8_t[:, ::1] before = spans[4]
    cdef const uint8_t[:, ::1] after = spans[5]
    cdef double[::1] log_probs = spans[6]
    cdef Py_ssize_t n = sequences.shape[0], n_tags = scores.batch.n_tags
    scores._fits(n > 0 and tags.shape[1] > 0)
    scores._fits(starts.shape[0] == n and ends.shape[0] == n and tags.shape[0] == n and log_probs.shape[0] == n)
    scores._fits(before.shape[0] == n and before.shape[1] == n_tags)
    scores._fits(after.shape[0] == n and after.shape[1] == n_tags)
    asked.n_spans = n
    asked.width = tags.shape[1]
    asked.sequences = &sequences[0]
    asked.starts = &starts[0]
    asked.ends = &ends[0]
    asked.tags = &tags[0, 0]
    asked.before = &before[0, 0]
    asked.after = &after[0, 0]
    asked.log_probs = &log_probs[0]
    return 0


def viterbi(Scores scores, int64_t[::1] tags, double[::1] totals, int threads=1, str instructions=""):
    """Fill in the best path of each sequence; rows that belong to no sequence stay as they are.

    scores (Scores): The batch.
    tags (ndarray): Out. *Shape:* (n_rows,), int64.
    totals (ndarray): Out: score of each path. *Shape:* (batch,), float64, nats.
    threads (int): At most so many.
    instructions (str): Of `instruction_sets`; the best if empty.
    RETURNS (tuple[int, int]): Number of sequences computed again in float64, and of these, in log space, too.
    RAISES (ValueError): Arrays that do not fit together; instructions that this processor lacks.
    """
    scores._fits(tags.shape[0] == scores.batch.n_rows and totals.shape[0] == scores.batch.n_sequences)
    if scores.batch.n_sequences == 0 or scores.batch.n_rows == 0:
        totals[:] = 0.0
        return 0, 0
    return viterbi_at(scores, <uintptr_t>&tags[0], <uintptr_t>&totals[0], threads, instructions)


def viterbi_at(Scores scores, uintptr_t tags, uintptr_t totals, int threads=1, str instructions=""):
    """`viterbi` by addresses: see `scores_at`. The batch has at least one row."""
    cdef const Kernels* kernels = _kernels(instructions)
    cdef Redone redone
    with nogil:
        redone = c_best_paths(kernels[0], scores.batch, <int64_t*>tags, <double*>totals, threads)
    return redone.in_doubles, redone.in_logs
