"""What is changed of a ready config, and why: a decision for each choice."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from spacy.language import Language
from thinc.api import Config

from .choices import ACCURACY, EFFICIENCY, FEW_LABELS, Choices
from .encoder_shapes import EncoderShape

# The best threshold for F1 is half of the F1 that can be reached (Lipton et al. 2014, https://arxiv.org/abs/1402.1892),
# here one of 0.6.
FEW_THRESHOLD = 0.3
# The lowest rate that Devlin et al. 2019 (https://arxiv.org/abs/1810.04805) tried: large encoders diverge sooner. Rates
# above the other limit are those of adapters and of networks on a frozen encoder.
LARGE_RATE = 2e-5
FINE_TUNING_RATE = 1e-4
# With fewer word pieces than this the windows of 128 tokens leave less than a second piece for each token.
SHORT = 256

SCHEDULE = "training.optimizer.learn_rate"


class Decision(NamedTuple):
    """Settings that are changed together.

    reason (str): What was chosen and why, in a line.
    settings (dict[str, Any]): New values, or whole sections, by the dotted names of settings.
    """

    reason: str
    settings: dict[str, Any]


def decide(
    choices: Choices, config: Config, language: type[Language], shape: EncoderShape | None
) -> list[Decision]:
    """Decide what to change of a ready config.

    choices (Choices): What it is to be for.
    config (Config): The ready config.
    language (type[Language]): The class of the language.
    shape (EncoderShape | None): Of the transformer; None without one, or for a preset's own.
    RETURNS (list[Decision]): In the order in which they apply: a later one may change a setting again.
    """
    decisions = list(_language(config, language))
    if shape is not None:
        decisions += _encoder(choices, shape)
    decisions += _hardware(choices, config)
    if shape is not None and shape.large:
        decisions += _large(choices, config)
    decisions += _aim(choices, shape)
    decisions += _data(choices)
    return decisions


def _language(config: Config, language: type[Language]) -> Iterator[Decision]:
    settings: dict[str, Any] = {"nlp.lang": language.lang}
    reason = f"Language {language.lang}"
    defaults = language.Defaults.config
    # Some languages have no spaces between words, and a tokenizer of their own.
    tokenizer = defaults.get("nlp", {}).get("tokenizer")
    if tokenizer is not None:
        settings["nlp.tokenizer"] = tokenizer
        reason += ", with its own tokenizer"
        if tokenizer.get("segmenter") == "char":
            reason += ": a token for each character"
    if "tokenizer" in defaults.get("initialize", {}):
        settings["initialize.tokenizer"] = defaults["initialize"]["tokenizer"]
    yield Decision(reason, settings)
    if language.Defaults.writing_system.get("has_letters", True):
        return
    words = config["components"].get("tok2vec", {}).get("model", {})
    reason = "A script without letters: words have no prefixes and suffixes"
    if "subword_features" in words:
        yield Decision(reason, {"components.tok2vec.model.subword_features": False})
    elif "embed" in words:
        embed = {"attrs": ["NORM", "SHAPE"], "rows": [5000, 2500]}
        yield Decision(reason, {f"components.tok2vec.model.embed.{key}": embed[key] for key in embed})


def _encoder(choices: Choices, shape: EncoderShape) -> Iterator[Decision]:
    if not shape.known:
        yield Decision(
            f"The config of {choices.encoder} was found neither here nor on the Hub, or cannot be used: taken for a "
            f"model of {shape.depth} layers and 512 word pieces",
            {},
        )
    yield Decision(f"Encoder {choices.encoder}", {"paths.encoder": choices.encoder})
    if shape.positions is not None and shape.positions < SHORT:
        window = max(4, shape.positions // 2)
        spans = "components.transformer.model.get_spans"
        yield Decision(
            f"It takes {shape.positions} word pieces at a time: shorter windows of a text",
            {f"{spans}.window": window, f"{spans}.stride": 3 * window // 4},
        )


def _hardware(choices: Choices, config: Config) -> Iterator[Decision]:
    if choices.gpu:
        yield Decision("A GPU, whose memory torch manages", {"system.gpu_allocator": "pytorch"})
    elif choices.gpu is False:
        settings: dict[str, Any] = {"system.gpu_allocator": None}
        if "transformer" in config["components"]:
            settings |= {
                "nlp.batch_size": 32,
                "training.batcher.size": 500,
                "training.accumulate_gradient": 1,
            }
            settings |= _updates(5000)
        yield Decision(
            f"No GPU{': smaller batches, and fewer of them' if len(settings) > 1 else ''}", settings
        )


def _large(choices: Choices, config: Config) -> Iterator[Decision]:
    training = config["training"]
    if training["optimizer"]["learn_rate"]["initial_rate"] <= FINE_TUNING_RATE:
        yield Decision("A large encoder: a lower learning rate", {f"{SCHEDULE}.initial_rate": LARGE_RATE})
    has_large_batches = choices.gpu is not False and choices.optimize != FEW_LABELS
    if has_large_batches and training["accumulate_gradient"] > 1:
        parts = {"training.accumulate_gradient": 2 * training["accumulate_gradient"]}
        yield Decision("A large encoder: smaller parts of a batch at a time", parts)


def _aim(choices: Choices, shape: EncoderShape | None) -> Iterator[Decision]:
    if choices.preset is not None:
        return
    aim = choices.optimize or ACCURACY
    if aim == FEW_LABELS:
        ner = "components.ner"
        yield Decision(
            "Few annotated texts: prediction takes entities from a probability of about 0.3 on, which finds more",
            {f"{ner}.decoding": "posterior", f"{ner}.threshold": FEW_THRESHOLD},
        )
        yield Decision(
            "Few annotated texts are soon learned by heart: fewer updates", _few_updates(shape is not None)
        )
    elif shape is None:
        yield Decision(f"{aim.capitalize()}: a small network as it is", {})
    elif aim == EFFICIENCY:
        half = shape.depth // 2
        callback = {
            "@callbacks": "spacy-crf-ner.freeze.v1",
            "component": "transformer",
            "embeddings": True,
            "layers": half,
            "patterns": None,
        }
        yield Decision(
            f"Efficiency: the embeddings and the lower {half} of {shape.depth} layers are not trained",
            {"initialize.after_init": callback},
        )
    else:
        yield Decision("Accuracy: lower layers learn more slowly, and features of the words beside them", {})


def _data(choices: Choices) -> Iterator[Decision]:
    if choices.scheme is not None:
        yield Decision(f"Tag scheme {choices.scheme}", {"components.ner.scheme": choices.scheme})
    paths = {"paths.train": choices.train, "paths.dev": choices.dev}
    given = {name: path for name, path in paths.items() if path is not None}
    if given:
        yield Decision("Your data", given)


def _few_updates(has_transformer: bool) -> dict[str, Any]:
    if not has_transformer:
        return {**_updates(2000), "training.patience": 800, "training.eval_frequency": 100}
    return {
        **_updates(600),
        "training.patience": 300,
        "training.eval_frequency": 30,
        "training.batcher.size": 500,
        "training.accumulate_gradient": 1,
    }


def _updates(n_steps: int) -> dict[str, Any]:
    # The learning rate has to reach 0 when the training ends; a tenth is the usual share of the warm-up.
    warmup = min(250, n_steps // 10)
    return {
        "training.max_steps": n_steps,
        f"{SCHEDULE}.total_steps": n_steps,
        f"{SCHEDULE}.warmup_steps": warmup,
    }
