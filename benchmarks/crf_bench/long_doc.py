"""One very long Doc: time and memory of decoding it, with the probability of every entity."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.results import Row, append_row, surroundings

from .cases import LONG_DOC_KIND
from .processes import Peak, run_case
from .timing import synchronize, time_call

if TYPE_CHECKING:
    from spacy_crf_ner.functional import Potentials
    from spacy_crf_ner.tags import TagSet

TOKENS = (250_000, 500_000, 1_000_000)
GOAL_TOKENS, GOAL_SECONDS = 1_000_000, 2.0
LABELS = ("PER", "LOC", "ORG", "WORK", "GROUP", "PRODUCT")
# Of all tokens, how many begin an entity: 4.6 % in WNUT17, 11.5 % in CoNLL 2003.
DENSITY = 0.08
# How much the right tag is favoured, in nats: about 95 % of the tokens are then decoded rightly.
MARGIN = 5.0
WARM_UP_TOKENS = 64


def run_long_doc(
    tokens: Sequence[int], kernels: Sequence[str], threads: int, out: Path | None, calls: int = 3
) -> list[Row]:
    """Decode Docs of growing length, each in a process of its own, and append one row for each.

    tokens (Sequence[int]): Lengths.
    kernels (Sequence[str]): "compiled", "torch" or both.
    threads (int): Threads.
    out (Path | None): The file of the rows.
    calls (int): Timed calls, after one whose memory is measured.
    RETURNS (list[Row]): The rows.
    """
    rows = []
    for name in kernels:
        for n_tokens in tokens:
            case = {"kind": LONG_DOC_KIND, "tokens": n_tokens, "calls": calls}
            result = run_case(case, threads, kernels=name)
            row = surroundings(threads) | case | {"kernels": name} | result
            rows.append(row)
            if out is not None:
                append_row(out, row)
            said = (
                result.get("error")
                or f"{result['median_seconds']:.2f} s, {result['peak_bytes'] / 2**20:.0f} MiB"
            )
            print(f"{n_tokens:,} tokens, {name}: {said}", flush=True)
    return rows


def long_doc_case(case: dict[str, Any]) -> dict[str, Any]:
    """Decode one Doc, in this process.

    case (dict[str, Any]): `tokens`, `calls`.
    RETURNS (dict[str, Any]): `seconds`, `median_seconds`, `peak_bytes`, `entities`, `tags` and more.
    """
    from spacy_crf_ner.layers import decode_viterbi
    from spacy_crf_ner.tags import TagSet

    tagset = TagSet("BILUO", LABELS)
    warm = make_long(tagset, WARM_UP_TOKENS)
    decode_viterbi(warm, tagset, probabilities=True)
    potentials = make_long(tagset, case["tokens"])
    peak = Peak()
    synchronize("cpu")
    (decoded,) = decode_viterbi(potentials, tagset, probabilities=True)
    most, method, entities = peak.bytes(), peak.method, len(decoded.spans)
    del decoded
    seconds = [
        time_call(lambda: decode_viterbi(potentials, tagset, probabilities=True), "cpu")[0]
        for _ in range(case["calls"])
    ]
    return {
        "tags": tagset.n_tags,
        "entities": entities,
        "seconds": seconds,
        "median_seconds": statistics.median(seconds),
        "peak_bytes": most,
        "method": method,
        "emissions_bytes": potentials.emissions.numel() * potentials.emissions.element_size(),
        "layout": "packed" if potentials.emissions.dim() == 2 else "padded",
    }


def make_long(tagset: TagSet, n_tokens: int, seed: int = 0) -> Potentials:
    """Scores of one Doc, as a trained tagger gives them: the tags of random entities are favoured.

    tagset (TagSet): The tags.
    n_tokens (int): Tokens.
    seed (int): Seed of its own generators.
    RETURNS (Potentials): One sequence in the packed layout, with the masks of the scheme.
    """
    import numpy as np
    import torch

    from spacy_crf_ner.functional import Potentials

    generator = np.random.default_rng(seed)
    tags = np.zeros(n_tokens, dtype=np.int64)
    starts = np.flatnonzero(generator.random(n_tokens) < DENSITY)
    # Entities of one to three tokens, where the next one does not come too soon.
    room = np.diff(np.append(starts, n_tokens))
    sizes = np.minimum(generator.integers(1, 4, len(starts)), room)
    first = generator.integers(0, len(tagset.labels), len(starts)) * len(tagset.rules.prefixes) + 1
    begin, inside, last, unit = (tagset.rules.prefixes.index(prefix) for prefix in "BILU")
    tags[starts] = first + np.where(sizes == 1, unit, begin)
    tags[starts[sizes == 3] + 1] = first[sizes == 3] + inside
    tags[starts[sizes > 1] + sizes[sizes > 1] - 1] = first[sizes > 1] + last
    emissions = generator.standard_normal((n_tokens, tagset.n_tags), dtype=np.float32)
    emissions[np.arange(n_tokens), tags] += MARGIN
    scores = generator.standard_normal((tagset.n_tags, tagset.n_tags), dtype=np.float32) * 0.5
    zeros = torch.zeros(tagset.n_tags)
    return Potentials(
        emissions=torch.from_numpy(emissions),
        lengths=torch.tensor([n_tokens]),
        transitions=torch.from_numpy(scores),
        start=zeros,
        end=zeros.clone(),
        allowed_transitions=torch.tensor(tagset.allowed_transitions),
        allowed_start=torch.tensor(tagset.allowed_start),
        allowed_end=torch.tensor(tagset.allowed_end),
    )
