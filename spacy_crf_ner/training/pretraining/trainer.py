"""Continued pretraining with the Trainer of transformers: rates, the phase of the head, checkpoints."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import SequentialSampler

from ...errors import Errors, TrainingError
from .model import LanguageModel
from .settings import PretrainingSettings
from .texts import LanguageModelBatches

# Written last: a folder without it was left by a process that was killed while it saved.
COMPLETE_FILE = "complete.json"
# Usual with AdamW on transformers (Devlin et al. 2019, https://arxiv.org/abs/1810.04805, appendix A.2).
BETAS = (0.9, 0.999)
MAX_GRADIENT_NORM = 1.0
# Updates over which the loss that is shown is averaged.
LOGGED_STEPS = 10


@dataclass(frozen=True)
class Phases:
    """The updates of a training: first those of the head alone, then those of all.

    steps (int): All updates.
    head_steps (int): The first ones, in which the encoder does not change.
    warmup (float): Share of each phase in which rates rise from 0.
    """

    steps: int
    head_steps: int
    warmup: float

    def encoder_factor(self, step: int) -> float:
        """What the encoder's highest rate is multiplied by: 0 for the head's phase, up, and down to 0."""
        if step < self.head_steps:
            return 0.0
        return self._rise(step - self.head_steps, self.steps - self.head_steps) * self._fall(step)

    def head_factor(self, step: int) -> float:
        """What the head's highest rate is multiplied by: up at once, and with the encoder's down to 0."""
        return self._rise(step, self.head_steps or self.steps) * self._fall(step)

    def _rise(self, step: int, n_steps: int) -> float:
        warm = self.warmup * n_steps
        return min(1.0, (step + 1) / warm) if warm >= 1 else 1.0

    def _fall(self, step: int) -> float:
        start = self.head_steps + self.warmup * (self.steps - self.head_steps)
        return min(1.0, max(0.0, (self.steps - step) / max(1.0, self.steps - start)))


def make_optimizer(
    language_model: LanguageModel, settings: PretrainingSettings, phases: Phases
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    """AdamW over encoder and head, each with its rate; biases and norms do not decay.

    RETURNS (tuple[Optimizer, LambdaLR]): The optimizer and its schedule.
    """
    head = language_model.head
    head_rate = settings.head_learn_rate if language_model.missing else settings.learn_rate
    groups: list[dict[str, Any]] = []
    factors: list[Any] = []
    for in_head, rate, factor in (
        (False, settings.learn_rate, phases.encoder_factor),
        (True, head_rate, phases.head_factor),
    ):
        members = [one for name, one in language_model.model.named_parameters() if (name in head) is in_head]
        for decay, matrices in ((settings.weight_decay, True), (0.0, False)):
            chosen = [one for one in members if (one.ndim > 1) is matrices]
            if chosen:
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
                factors.append(factor)
    optimizer = torch.optim.AdamW(groups, betas=BETAS)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factors)


def set_trainable(language_model: LanguageModel, *, head_only: bool, freeze_embeddings: bool) -> None:
    """Say for which parameters gradients are computed: none that is not used costs anything."""
    head = {id(one) for one in language_model.head.values()}
    for parameter in language_model.model.parameters():
        parameter.requires_grad_(not head_only or id(parameter) in head)
    if freeze_embeddings:
        language_model.model.get_input_embeddings().requires_grad_(False)


def find_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end; incomplete ones are deleted."""
    complete = {}
    for checkpoint in folder.glob("checkpoint-*"):
        if (checkpoint / COMPLETE_FILE).is_file():
            complete[json.loads((checkpoint / COMPLETE_FILE).read_text(encoding="utf8"))["step"]] = checkpoint
        else:
            shutil.rmtree(checkpoint)
    return complete[max(complete)] if complete else None


def train_language_model(
    language_model: LanguageModel,
    batches: LanguageModelBatches,
    settings: PretrainingSettings,
    folder: Path,
    *,
    use_gpu: int,
    on_step: Callable[[int, float | None], None],
    on_head_trained: Callable[[], None],
) -> None:
    """Train on the batches, one update each, from the newest checkpoint on.

    language_model (LanguageModel): Changed in place.
    batches (LanguageModelBatches): As many as there are updates.
    settings (PretrainingSettings): Rates, phases, checkpoints.
    folder (Path): Of the checkpoints.
    use_gpu (int): Number of the GPU, or -1.
    on_step (Callable[[int, float | None], None]): Called after each update with how many there were, and the loss,
        nats per word piece, if it is known by then.
    on_head_trained (Callable[[], None]): Called when the phase of the head ends, if there is one.
    RAISES (TrainingError): A loss that is not finite.
    """
    phases = phases_of(language_model, settings, len(batches))
    optimizer, schedule = make_optimizer(language_model, settings, phases)
    arguments = _arguments(settings, folder, len(batches), use_gpu)
    trainer = _make_trainer(language_model, batches, arguments, bf16=settings.bf16)
    trainer.optimizer, trainer.lr_scheduler = optimizer, schedule
    trainer.add_callback(_make_hooks(language_model, settings, phases, on_step, on_head_trained))
    checkpoint = find_checkpoint(folder)
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))


def phases_of(language_model: LanguageModel, settings: PretrainingSettings, steps: int) -> Phases:
    """The phases of a training.

    RAISES (TrainingError): A phase for a head that has nothing to train.
    """
    head_steps = settings.head_steps_of(steps, random_head=bool(language_model.missing))
    if head_steps and not language_model.head:
        expected = "0 for an encoder whose head has no parameters of its own"
        raise TrainingError(Errors.R300.format(option="--head-steps", expected=expected, got=head_steps))
    return Phases(steps, head_steps, settings.warmup)


def _arguments(settings: PretrainingSettings, folder: Path, steps: int, use_gpu: int) -> Any:
    from transformers.training_args import TrainingArguments  # noqa: PLC0415

    arguments = TrainingArguments(
        output_dir=str(folder),
        # A batch of ours is one item of the data.
        per_device_train_batch_size=1,
        max_steps=steps,
        max_grad_norm=MAX_GRADIENT_NORM,
        save_steps=settings.checkpoint_steps,
        logging_steps=LOGGED_STEPS,
        logging_nan_inf_filter=False,
        seed=settings.seed,
        use_cpu=use_gpu < 0,
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=use_gpu >= 0,
        remove_unused_columns=False,
        label_names=["labels"],
    )
    if use_gpu >= 0:
        torch.cuda.set_device(use_gpu)
        # Otherwise it would take all that there are.
        _ = arguments.device
        arguments._n_gpu = 1
    return arguments


def _make_trainer(
    language_model: LanguageModel, batches: LanguageModelBatches, arguments: Any, *, bf16: bool
) -> Any:

    from transformers.trainer import Trainer  # noqa: PLC0415
    from transformers.trainer_callback import PrinterCallback  # noqa: PLC0415

    class LanguageModelTrainer(Trainer):
        """Takes the batches in their order, and has the head look at nothing but what is to be guessed."""

        def compute_loss(self, model: nn.Module, inputs: Any, *others: Any, **settings: Any) -> torch.Tensor:
            device = inputs["labels"].device.type
            with torch.autocast(device, dtype=torch.bfloat16, enabled=bf16):
                losses, _ = language_model.losses(inputs)
            # A sum over nothing has a gradient of 0, a mean has none.
            return losses.sum() / max(1, len(losses))

        def _get_train_sampler(self, *others: Any) -> Any:
            return SequentialSampler(batches)

    trainer = LanguageModelTrainer(
        model=language_model.model,
        args=arguments,
        train_dataset=batches,
        data_collator=lambda items: items[0],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _make_hooks(
    language_model: LanguageModel,
    settings: PretrainingSettings,
    phases: Phases,
    on_step: Callable[[int, float | None], None],
    on_head_trained: Callable[[], None],
) -> Any:
    from transformers.trainer_callback import TrainerCallback  # noqa: PLC0415

    class Hooks(TrainerCallback):
        """What happens beside updates. All of it depends on the number of updates alone, so that a training that goes
        on from a checkpoint does the same.
        """

        loss: float | None = None

        def on_step_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            set_trainable(
                language_model,
                head_only=state.global_step < phases.head_steps,
                freeze_embeddings=settings.freeze_embeddings,
            )

        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            on_step(state.global_step, self.loss)
            if state.global_step == phases.head_steps:
                on_head_trained()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **others: Any) -> None:
            if "loss" in (logs or {}):
                self.loss = logs["loss"]
                if not math.isfinite(logs["loss"]):
                    raise TrainingError(Errors.R307.format(loss=logs["loss"], step=state.global_step))

        def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            (checkpoint / COMPLETE_FILE).write_text(json.dumps({"step": state.global_step}), encoding="utf8")
            # The older one stays until the newer one is complete.
            for other in checkpoint.parent.glob("checkpoint-*"):
                if other != checkpoint:
                    shutil.rmtree(other)

    return Hooks()
