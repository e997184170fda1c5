"""Continued pretraining: an encoder goes on learning its language from raw texts before it learns a task.

Domain- and task-adaptive pretraining (Gururangan et al. 2020, https://arxiv.org/abs/2004.10964).
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...errors import Errors, TrainingError
from .model import (
    LanguageModel,
    Measure,
    load_language_model,
    measure,
    quiet_transformers,
    save_encoder,
)
from .run import NEW_FOLDER, PretrainingRun, open_run
from .settings import PretrainingSettings
from .texts import LanguageModelBatches, cut_into_pieces, plan_batches, plan_epoch, split_texts
from .trainer import find_checkpoint, phases_of, train_language_model

# Stage, what of it is done, how much there is to do, and the loss if it is known.
OnProgress = Callable[[str, int, int, float | None], None]
TRAINING, MEASURING = "Training", "Measuring"
# Seeds of masks are those of the order plus this: training and measuring have different ones.
HELD_OUT_SEED = 1


class Pretraining:
    """A pretraining that is ready to run.

    texts (Sequence[str]): Raw texts, each once.
    output (Path): Folder of the new encoder. An unfinished pretraining of the same settings and texts in it goes on.
    settings (PretrainingSettings): How to train.
    overwrite (bool): Whether to begin anew where there is an earlier pretraining.
    use_gpu (int): Number of the GPU, or -1 for the CPU.
    RAISES (TrainingError): Settings, texts, encoder and folder that do not go together; a package that is missing.
    """

    def __init__(
        self,
        texts: Sequence[str],
        output: Path,
        settings: PretrainingSettings,
        *,
        overwrite: bool = False,
        use_gpu: int = -1,
    ) -> None:
        if importlib.util.find_spec("accelerate") is None:
            raise TrainingError(Errors.R311.format(package="accelerate"))
        if use_gpu >= torch.cuda.device_count():
            raise TrainingError(Errors.R312.format(gpu=use_gpu, count=torch.cuda.device_count()))
        train, held_out = split_texts(texts, settings.held_out, settings.seed)
        self.settings = settings
        self.use_gpu = use_gpu
        with quiet_transformers():
            self.language_model = load_language_model(settings.encoder, settings.seed)
            self.max_length = _max_length(self.language_model, settings.max_length)
            self.batches = self._batches(train)
            self.held_out = self._held_out(held_out)
        self.n_texts = {"train": len(train), "held_out": len(held_out)}
        self.phases = phases_of(self.language_model, settings, len(self.batches))
        # Last: nothing is changed by a call that fails.
        self.run: PretrainingRun = open_run(output, settings, texts, overwrite=overwrite)

    @property
    def report(self) -> dict[str, Any] | None:
        """Of a pretraining that is finished."""
        return self.run.report

    @property
    def checkpoint(self) -> Path | None:
        """From which it goes on."""
        return find_checkpoint(self.run.folder)

    def __call__(self, on_progress: OnProgress) -> dict[str, Any]:
        """Measure, train from the newest checkpoint on, measure, and save.

        on_progress (Callable): Called with stage, what is done, how much there is to do, and the loss or None.
        RETURNS (dict[str, Any]): The report, as it is in `pretraining.json`.
        """
        if self.report is not None:
            return self.report
        with quiet_transformers():
            self._move_to_device()
            self._measure("before", on_progress)
            start, first = time.perf_counter(), self._n_done()
            self._train(on_progress)
            seconds = time.perf_counter() - start
            self._measure("after", on_progress)
            folder = self.run.folder / NEW_FOLDER
            folder.mkdir()
            save_encoder(self.language_model, self.settings.encoder, folder, self.settings.seed)
        report = self._report(seconds, len(self.batches) - first)
        self.run.finish(report)
        return report

    def _train(self, on_progress: OnProgress) -> None:
        n_steps = len(self.batches)
        train_language_model(
            self.language_model,
            self.batches,
            self.settings,
            self.run.folder,
            use_gpu=self.use_gpu,
            on_step=lambda step, loss: on_progress(TRAINING, step, n_steps, loss),
            on_head_trained=lambda: self._measure("head trained", on_progress),
        )

    def _measure(self, name: str, on_progress: OnProgress) -> None:
        if self.held_out is None or name in self.run.measures:
            return
        held_out = self.held_out

        def batches() -> Iterator[dict[str, torch.Tensor]]:
            for index in range(len(held_out)):
                yield held_out[index]
                on_progress(MEASURING, index + 1, len(held_out), None)

        self.run.remember(name, measure(self.language_model, batches()))

    def _report(self, seconds: float, n_steps: int) -> dict[str, Any]:
        done = self.batches.plan[len(self.batches) - n_steps :]
        pieces = sum(int(self.batches.sequences.lengths[batch].sum()) for batch in done)
        words = pieces * self.batches.sequences.n_words / len(self.batches.sequences.pieces)
        return {
            "settings": asdict(self.settings),
            "objective": "masked" if self.language_model.masked else "causal",
            "random_head": list(self.language_model.missing),
            "texts": self.n_texts,
            "words": self.batches.sequences.n_words,
            "steps": len(self.batches),
            "head_steps": self.phases.head_steps,
            "padding": self.batches.padding,
            "seconds": seconds,
            "words_per_second": words / seconds if n_steps else None,
            "measures": {name: _as_dict(one) for name, one in self.run.measures.items()},
        }

    def _n_done(self) -> int:
        checkpoint = self.checkpoint
        return int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0

    def _move_to_device(self) -> None:
        if self.use_gpu >= 0:
            self.language_model.model.to(f"cuda:{self.use_gpu}")

    def _batches(self, texts: Sequence[str]) -> LanguageModelBatches:
        settings = self.settings
        sequences = cut_into_pieces(texts, self.language_model.tokenizer, self.max_length)
        if not len(sequences):
            raise TrainingError(Errors.R303.format(n_texts=len(texts), held_out=settings.held_out))
        plan = plan_batches(
            sequences.lengths,
            settings.batch_tokens,
            steps=settings.steps,
            epochs=settings.epochs,
            seed=settings.seed,
        )
        return LanguageModelBatches(sequences, plan, self._collator(), settings.seed)

    def _held_out(self, texts: Sequence[str]) -> LanguageModelBatches | None:
        sequences = cut_into_pieces(texts, self.language_model.tokenizer, self.max_length)
        if not len(sequences):
            return None
        plan = plan_epoch(sequences.lengths, self.settings.batch_tokens, (self.settings.seed,))
        return LanguageModelBatches(sequences, plan, self._collator(), self.settings.seed + HELD_OUT_SEED)

    def _collator(self) -> Any:
        from transformers.data.data_collator import DataCollatorForLanguageModeling  # noqa: PLC0415

        language_model = self.language_model
        return DataCollatorForLanguageModeling(
            language_model.tokenizer,
            mlm=language_model.masked,
            mlm_probability=self.settings.mask_probability if language_model.masked else None,
        )


def _max_length(language_model: LanguageModel, wanted: int) -> int:
    """The longest sequence that is wanted and that the encoder takes."""
    positions = getattr(language_model.model.config, "max_position_embeddings", None) or np.inf
    return int(min(wanted, positions, language_model.tokenizer.model_max_length))


def _as_dict(one: Measure) -> dict[str, Any]:
    return {**one._asdict(), "perplexity": one.perplexity}
