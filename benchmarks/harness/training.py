"""Train one pipeline by the protocol, evaluate it, and time it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam, Optimizer
from thinc.schedules import warmup_linear
from tqdm import tqdm

from .batches import batch_stream
from .corpus import Corpus, Post, make_examples
from .systems import Config, build_pipeline


@dataclass(frozen=True)
class Protocol:
    """What is the same for all systems.

    steps (int): Updates.
    batch_words (int): Most words of a batch.
    learn_rate (float): Peak of the learning rate, after warmup_steps, from where it falls linearly to 0 at steps.
    warmup_share (float): Share of the steps during which the learning rate rises.
    dropout (float): Probability of dropping a unit.
    weight_decay (float): Decoupled from the gradient; multiplied with the learning rate.
    grad_clip (float): Largest norm of the gradient of one parameter.
    window (int): Tokens that the transformer reads at once.
    stride (int): Tokens from the start of a window to the start of the next.
    batching (str): How the sequence of batches is made (batches.py): another way is another protocol.
    pipe_batch (int): Documents a batch when nlp.pipe is timed and evaluated.
    """

    steps: int = 600
    batch_words: int = 1000
    learn_rate: float = 2e-4
    warmup_share: float = 0.1
    dropout: float = 0.1
    weight_decay: float = 0.01
    grad_clip: float = 1.0
    window: int = 128
    stride: int = 96
    pipe_batch: int = 128
    batching: str = "piece-estimate-pools.v1"

    @property
    def warmup_steps(self) -> int:
        """Updates during which the learning rate rises: 60 of 600."""
        return int(self.steps * self.warmup_share)

    def as_dict(self) -> dict[str, Any]:
        """All settings, for a results row."""
        return asdict(self)


class Trainee:
    """A pipeline in training: built, initialised and seeded alike for every system."""

    def __init__(
        self, system: str, config: Config, encoder: str, corpus: Corpus, protocol: Protocol, seed: int
    ):
        self.protocol = protocol
        seed_everything(seed)
        self.nlp: Language = build_pipeline(encoder, system, config, protocol.window, protocol.stride)
        self.component = system
        self.examples: list[Example] = make_examples(self.nlp.vocab, corpus.train)
        self.optimizer: Optimizer = _make_optimizer(protocol)
        self.nlp.initialize(lambda: self.examples, sgd=self.optimizer)
        # Once more, as the systems draw differently during initialisation: the encoder's dropout starts the same.
        seed_everything(seed)
        self.batches: Iterator[list[int]] = batch_stream(corpus.train, protocol.batch_words, seed)

    def update(self) -> tuple[float, int]:
        """One update on the next batch.

        RETURNS (tuple[float, int]): The component's loss on the batch, and its words.
        """
        batch = [self.examples[i] for i in next(self.batches)]
        losses: dict[str, float] = {}
        self.nlp.update(batch, drop=self.protocol.dropout, sgd=self.optimizer, losses=losses)
        self.optimizer.step_schedules()
        return losses[self.component], sum(len(eg.reference) for eg in batch)


def seed_everything(seed: int) -> None:
    """Seed the generators of Python, NumPy and torch."""
    fix_random_seed(seed)
    torch.manual_seed(seed)


def train_and_evaluate(trainee: Trainee, corpus: Corpus, label: str) -> dict[str, Any]:
    """Train for all steps of the protocol, without early stopping, and score the last model.

    trainee (Trainee): A new one.
    corpus (Corpus): Its dev and test parts are evaluated.
    label (str): What the progress bar is called.
    RETURNS (dict[str, Any]): Scores as fractions, `train_seconds` (updates only), `test_words_per_second`, `words`.
    """
    words = 0
    smooth = None
    start = time.perf_counter()
    progress = tqdm(range(trainee.protocol.steps), desc=label, mininterval=5.0)
    for _ in progress:
        loss, n_words = trainee.update()
        words += n_words
        per_word = loss / max(1, n_words)
        smooth = per_word if smooth is None else 0.95 * smooth + 0.05 * per_word
        progress.set_postfix(loss_per_word=f"{smooth:.4f}", refresh=False)
    seconds = time.perf_counter() - start
    result: dict[str, Any] = {"updates": trainee.protocol.steps, "words": words, "train_seconds": seconds}
    for part, posts in (("dev", corpus.dev), ("test", corpus.test)):
        scores = trainee.nlp.evaluate(
            make_examples(trainee.nlp.vocab, posts), batch_size=trainee.protocol.pipe_batch
        )
        result[part] = {key: scores[f"ents_{key}"] for key in ("p", "r", "f")}
        if part == "test":
            result["test_per_type_f"] = {
                label: s["f"] for label, s in sorted(scores["ents_per_type"].items())
            }
    result["test_words_per_second"] = _words(corpus.test) / time_pipe(trainee, corpus.test)
    return result


def time_pipe(trainee: Trainee, posts: Sequence[Post]) -> float:
    """Seconds of one nlp.pipe pass over unannotated Docs of the posts; making the Docs is not counted."""
    nlp = trainee.nlp
    docs = [Doc(nlp.vocab, words=post.words) for post in posts]
    start = time.perf_counter()
    for _ in nlp.pipe(docs, batch_size=trainee.protocol.pipe_batch):
        pass
    return time.perf_counter() - start


def time_interleaved(
    trainees: dict[str, Trainee], posts: Sequence[Post], updates: int, passes: int, warmup: int = 2
) -> dict[str, dict[str, list[float]]]:
    """Time the systems turn by turn, so that whatever else the machine does slows all of them alike.

    trainees (dict[str, Trainee]): One new trainee a system, all of the same seed.
    posts (Sequence[Post]): What nlp.pipe reads.
    updates (int): Timed updates a system; the k-th has the same batch for all.
    passes (int): Timed nlp.pipe passes a system.
    warmup (int): Updates before, not timed.
    RETURNS (dict[str, dict[str, list[float]]]): Seconds, `update` and `pipe`, by system, in the order of the turns.
    """
    seconds: dict[str, dict[str, list[float]]] = {name: {"update": [], "pipe": []} for name in trainees}
    names = list(trainees)
    for turn in tqdm(range(warmup + updates), desc="timing updates"):
        # The order alternates: the system that goes second may find the caches warm.
        for name in names if turn % 2 == 0 else reversed(names):
            start = time.perf_counter()
            trainees[name].update()
            if turn >= warmup:
                seconds[name]["update"].append(time.perf_counter() - start)
    for turn in tqdm(range(1 + passes), desc="timing nlp.pipe"):
        for name in names if turn % 2 == 0 else reversed(names):
            elapsed = time_pipe(trainees[name], posts)
            if turn >= 1:
                seconds[name]["pipe"].append(elapsed)
    return seconds


def _words(posts: Sequence[Post]) -> int:
    return sum(len(post.words) for post in posts)


def _make_optimizer(protocol: Protocol) -> Optimizer:
    return Adam(
        warmup_linear(protocol.learn_rate, protocol.warmup_steps, protocol.steps),
        beta1=0.9,
        beta2=0.999,
        eps=1e-8,
        L2=protocol.weight_decay,
        L2_is_weight_decay=True,
        grad_clip=protocol.grad_clip,
        use_averages=False,
    )
