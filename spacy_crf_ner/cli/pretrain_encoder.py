"""`python -m spacy crf-ner pretrain-encoder`: go on pretraining a transformer on raw texts."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .saving import check_outputs

if TYPE_CHECKING:
    from tqdm import tqdm

    from ..training.pretraining import Pretraining

RANDOM_HEAD = (
    "The head of the language model is not in the files of {encoder}, only the encoder is: a head is made at random"
    "{phase}. Perplexity before training says little about the encoder."
)
ROWS = {"before": "Before", "head trained": "Head trained", "after": "After"}


# Options of the command that are settings of the training, with their defaults.
STEPS = typer.Option(None, "--steps", help="Updates, instead of --epochs")
EPOCHS = typer.Option(3, "--epochs", help="Passes over the texts")
BATCH_TOKENS = typer.Option(4096, "--batch-tokens", help="Word pieces in a batch, padding included")
LEARN_RATE = typer.Option(5e-5, "--learn-rate", help="Highest rate of the encoder")
HEAD_LEARN_RATE = typer.Option(
    1e-3, "--head-learn-rate", help="Highest rate of a head that is made at random"
)
HEAD_STEPS = typer.Option(
    None,
    "--head-steps",
    help="First updates, in which only the head learns; by default a tenth if it is random, and none otherwise",
)
WARMUP = typer.Option(0.1, "--warmup", help="Share of the updates in which the rate rises")
WEIGHT_DECAY = typer.Option(0.01, "--weight-decay", help="Decay of all but biases and norms")
MASK_PROBABILITY = typer.Option(0.15, "--mask-probability", help="Share of the word pieces to be guessed")
MAX_LENGTH = typer.Option(128, "--max-length", help="Word pieces of a sequence; longer texts are cut")
HELD_OUT = typer.Option(0.05, "--held-out", help="Share of the texts to measure perplexity on; 0 for none")
FREEZE_EMBEDDINGS = typer.Option(False, "--freeze-embeddings", help="Leave the word embeddings as they are")
CHECKPOINT_STEPS = typer.Option(
    200, "--checkpoint-steps", help="Updates between checkpoints, from which a killed command goes on"
)
BF16 = typer.Option(False, "--bf16", help="Compute in bfloat16, on GPUs that have it")
SEED = typer.Option(0, "--seed", help="Of the split, order, masks and dropout")


def pretrain_encoder(
    ctx: typer.Context,
    texts: list[Path] = typer.Argument(
        ...,
        exists=True,
        dir_okay=False,
        help="Raw texts: .txt with a text a line, .jsonl with 'text', or .spacy",
    ),
    output: Path = typer.Argument(..., file_okay=False, help="Folder of the new encoder"),
    encoder: str = typer.Option(
        ..., "--encoder", "-e", help="Encoder to begin with: a Hugging Face name or a folder"
    ),
    steps: int | None = STEPS,
    epochs: int = EPOCHS,
    batch_tokens: int = BATCH_TOKENS,
    learn_rate: float = LEARN_RATE,
    head_learn_rate: float = HEAD_LEARN_RATE,
    head_steps: int | None = HEAD_STEPS,
    warmup: float = WARMUP,
    weight_decay: float = WEIGHT_DECAY,
    mask_probability: float = MASK_PROBABILITY,
    max_length: int = MAX_LENGTH,
    held_out: float = HELD_OUT,
    freeze_embeddings: bool = FREEZE_EMBEDDINGS,
    checkpoint_steps: int = CHECKPOINT_STEPS,
    bf16: bool = BF16,
    seed: int = SEED,
    overwrite: bool = typer.Option(
        False, "--overwrite", help="Begin anew if OUTPUT holds another pretraining"
    ),
    use_gpu: int = typer.Option(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU"),
) -> None:
    """Go on pretraining a transformer on raw texts.

    For texts of your domain, before you train a pipeline with it. Masked language modelling (causal for decoders such
    as GPT-2) with the Trainer of transformers. OUTPUT is a folder that `--paths.encoder` of the next `spacy train`
    takes. The same command goes on where it was interrupted. Perplexity before and after, on texts that are held out,
    is printed, and is in OUTPUT/pretraining.json.
    """
    try:
        check_outputs([], folder=output)
        pretraining = _prepare(texts, output, ctx.params, overwrite=overwrite, use_gpu=use_gpu)
        _pretrain(pretraining, output)
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)


def _prepare(
    texts: list[Path], output: Path, options: dict[str, Any], *, overwrite: bool, use_gpu: int
) -> Pretraining:
    from ..training.pretraining import Pretraining, PretrainingSettings, read_texts

    # Each setting has an option of its name.
    settings = PretrainingSettings(**{one.name: options[one.name] for one in fields(PretrainingSettings)})
    return Pretraining(read_texts(texts), output, settings, overwrite=overwrite, use_gpu=use_gpu)


def _pretrain(pretraining: Pretraining, output: Path) -> None:
    report = pretraining.report
    if report is not None:
        msg.info(f"{output} holds this encoder already; --overwrite makes it anew.")
    else:
        _announce(pretraining)
        with _Bars() as bars:
            report = pretraining(bars.show)
    _print(report)
    msg.good(f"Saved the encoder to {output}", f"Train with it: spacy train ... --paths.encoder {output}")


def _announce(pretraining: Pretraining) -> None:
    batches, counts = pretraining.batches, pretraining.n_texts
    msg.divider(f"Pretraining of {pretraining.settings.encoder}")
    msg.info(
        f"{counts['train']} texts with {batches.sequences.n_words} words, {counts['held_out']} texts held out; "
        f"{len(batches)} updates, {batches.padding:.1%} of the batches is padding."
    )
    if pretraining.language_model.missing:
        n_steps = pretraining.phases.head_steps
        phase = f", and trained alone in the first {n_steps} updates" if n_steps else ""
        msg.warn(RANDOM_HEAD.format(encoder=pretraining.settings.encoder, phase=phase))
    if pretraining.checkpoint is not None:
        msg.info(f"Going on from {pretraining.checkpoint}")


class _Bars:
    """A progress bar for each stage, one at a time; a stage that comes back begins a new one."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._stage = ""

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, stage: str, done: int, total: int, loss: float | None) -> None:
        """Show how far a stage is; the first call may find it half done, after an interruption."""
        from tqdm import tqdm

        if self._bar is None or stage != self._stage:
            self.__exit__()
            self._stage = stage
            self._bar = tqdm(total=total, desc=stage, unit="batches", initial=done - 1)
        if loss is not None:
            self._bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
        self._bar.update(done - self._bar.n)


def _print(report: dict[str, Any]) -> None:
    rows = [
        (ROWS[name], f"{one['perplexity']:.2f}", f"{one['loss']:.4f}", f"{one['accuracy']:.2%}")
        for name, one in report["measures"].items()
    ]
    if rows:
        guesses = next(iter(report["measures"].values()))["guesses"]
        header = ("", "Perplexity", "Nats", "Right")
        msg.text(f"{guesses} word pieces of {report['texts']['held_out']} texts that were held out")
        msg.table(rows, header=header, aligns=("l", "r", "r", "r"), divider=True)
    if report["words_per_second"] is not None:
        msg.text(f"{report['seconds']:.0f} seconds, {report['words_per_second']:.0f} words per second")
