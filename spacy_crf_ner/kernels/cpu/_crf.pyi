class Scores: ...

def scores_at(
    n_sequences: int,
    n_rows: int,
    n_tags: int,
    padded_length: int,
    emissions: int,
    lengths: int,
    transitions: int,
    start: int,
    end: int,
    allowed_transitions: int = 0,
    allowed_start: int = 0,
    allowed_end: int = 0,
    allowed_tags: int = 0,
) -> Scores: ...
def instruction_sets() -> list[str]: ...
def forward_backward_at(
    scores: Scores,
    log_partition: int,
    tokens: int = 0,
    transitions: int = 0,
    start: int = 0,
    end: int = 0,
    onward: int = 0,
    path: int = 0,
    path_score: int = 0,
    loss: int = 0,
    weights: int = 0,
    threads: int = 1,
    instructions: str = "",
) -> tuple[int, int]: ...
def span_log_probs_at(
    scores: Scores,
    log_partition: int,
    n_spans: int,
    width: int,
    sequences: int,
    starts: int,
    ends: int,
    tags: int,
    before: int,
    after: int,
    log_probs: int,
    threads: int = 1,
    instructions: str = "",
) -> tuple[int, int]: ...
def viterbi_at(
    scores: Scores, tags: int, totals: int, threads: int = 1, instructions: str = ""
) -> tuple[int, int]: ...
def k_best_at(
    scores: Scores, k: int, tags: int, totals: int, threads: int = 1, instructions: str = ""
) -> None: ...
