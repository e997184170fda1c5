"""Train one pipeline as its config says, with batches that are the same for all, and measure it."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.training.loop import train_while_improving
from spacy.util import load_model_from_config, registry
from thinc.api import Config, Optimizer
from tqdm import tqdm

from harness.batches import batch_stream
from harness.corpus import Corpus, Post, make_examples
from harness.training import seed_everything

from .corpora import count_pieces

# What `train_and_measure` returns.
TRAINING = (
    "updates",
    "words",
    "train_seconds",
    "train_cpu_seconds",
    "peak_bytes",
    "updated_parameters",
    "parameters",
)
# Of the longest pause between two updates of the bar, in seconds.
BAR_SECONDS = 5.0


@dataclass(frozen=True)
class Protocol:
    """What is the same for all strategies.

    steps (int): Updates.
    batch_words (int): Most words of a batch.
    warmup_share (float): Share of the steps during which the learning rate rises; then it falls linearly to 0.
    dropout (float): Probability of dropping a unit.
    pipe_batch (int): Documents a batch in evaluation, which is sorted by length.
    batching (str): How the sequence of batches is made: another way is another protocol.
    """

    steps: int = 400
    batch_words: int = 500
    warmup_share: float = 0.1
    dropout: float = 0.1
    pipe_batch: int = 64
    batching: str = "piece-pools.v1"

    def as_dict(self) -> dict[str, Any]:
        """All settings, for a results row."""
        return asdict(self)


class Run:
    """A pipeline in training: built and initialised from its config as `spacy train` does."""

    def __init__(self, config: Config, encoder: str, corpus: Corpus, protocol: Protocol, seed: int):
        self.protocol = protocol
        self.encoder = encoder
        seed_everything(seed)
        self.nlp: Language = load_model_from_config(config, auto_fill=True)
        whole = self.nlp.config.interpolate()
        self.training = registry.resolve(whole["training"], schema=ConfigSchemaTraining)
        self.optimizer: Optimizer = self.training["optimizer"]
        augmenter = registry.resolve({"it": whole["corpora"]["train"]["augmenter"]})["it"]
        self.examples: list[Example] = make_examples(self.nlp.vocab, corpus.train)
        if augmenter:
            # Once, as spaCy does for a corpus that it reads as a whole.
            self.examples = [varied for one in self.examples for varied in augmenter(self.nlp, one)]
        self.nlp.initialize(lambda: self.examples, sgd=self.optimizer)
        # Once more, as strategies draw differently during initialisation: the encoder's dropout starts the same.
        seed_everything(seed)
        texts = [Post(tuple(token.text for token in one.reference), ()) for one in self.examples]
        self.order = batch_stream(texts, protocol.batch_words, seed, count_pieces(encoder, texts))
        self.updates = self._updates()

    def update(self) -> dict[str, Any]:
        """One update on the next batch. RETURNS (dict[str, Any]): What spaCy says of it."""
        _, info, _ = next(self.updates)
        return dict(info)

    def _updates(self) -> Iterator[Any]:
        return train_while_improving(
            self.nlp,
            self.optimizer,
            self._batches(),
            # Scores are taken at the end: no strategy gets a choice among its models.
            lambda: (0.0, {}),
            dropout=self.training["dropout"],
            eval_frequency=self.protocol.steps + 1,
            accumulate_gradient=self.training["accumulate_gradient"],
            patience=0,
            max_steps=0,
            exclude=self.training["frozen_components"],
            annotating_components=self.training["annotating_components"],
            before_update=self.training["before_update"],
        )

    def _batches(self) -> Iterator[tuple[int, list[Example]]]:
        seen = 0
        for indices in self.order:
            yield seen // len(self.examples), [self.examples[i] for i in indices]
            seen += len(indices)


def train_and_measure(run: Run, label: str) -> dict[str, Any]:
    """Train for all steps of the protocol, without early stopping.

    run (Run): A new one.
    label (str): What the progress bar is called.
    RETURNS (dict[str, Any]): `TRAINING`: updates and words, seconds (of the clock, and of the processor over all
        threads), peak memory of the process in bytes, parameters that were updated and all.
    """
    start, start_cpu = time.perf_counter(), time.process_time()
    progress = tqdm(range(run.protocol.steps), desc=label, mininterval=BAR_SECONDS)
    for _ in progress:
        info = run.update()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    updated, total = count_parameters(run)
    return {
        "updates": run.protocol.steps,
        "words": info["words"],
        "train_seconds": seconds,
        "train_cpu_seconds": cpu_seconds,
        "peak_bytes": peak_bytes(),
        "updated_parameters": updated,
        "parameters": total,
    }


def score(nlp: Language, encoder: str, corpus: Corpus, batch_size: int) -> dict[str, Any]:
    """Evaluate a pipeline on dev and test.

    nlp (Language): A trained one.
    encoder (str): Folder or name of the transformer whose pieces give the order: it pads a batch to its longest text.
    corpus (Corpus): The parts.
    batch_size (int): Docs a batch.
    RETURNS (dict[str, Any]): Scores as fractions, all in all and by type, and words/s, for each part.
    """
    result: dict[str, Any] = {}
    for part, posts in (("dev", corpus.dev), ("test", corpus.test)):
        pieces = count_pieces(encoder, posts)
        by_length = [posts[i] for i in sorted(range(len(posts)), key=lambda i: pieces[i])]
        scores = nlp.evaluate(make_examples(nlp.vocab, by_length), batch_size=batch_size)
        result[part] = {key: scores[f"ents_{key}"] for key in ("p", "r", "f")}
        result[f"{part}_words_per_second"] = scores["speed"]
        result[f"{part}_per_type_f"] = {label: s["f"] for label, s in sorted(scores["ents_per_type"].items())}
    return result


def count_parameters(run: Run) -> tuple[int, int]:
    """How many parameters the optimizer has updated, and how many there are."""
    updated = sum(moment.size for moment in run.optimizer.mom1.values())
    models = [component.model for _, component in run.nlp.pipeline if hasattr(component, "model")]
    nodes = {node.id: node for model in models for node in model.walk()}.values()
    own = sum(node.get_param(name).size for node in nodes for name in node.param_names)
    modules = [shim._model for node in nodes for shim in node.shims]
    wrapped = {id(one): one.numel() for module in modules for one in module.parameters()}
    return updated, own + sum(wrapped.values())


def peak_bytes() -> int:
    """The most memory that this process has had at once."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
