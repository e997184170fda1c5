"""What a training config says about the data: where it is, and what the pipeline will do with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.util import load_model_from_config, registry
from thinc.api import Config

from ...errors import DataError, Errors

FACTORY = "crf_ner"
# Components that set sentence starts.
SENTENCES = frozenset({"sentencizer", "senter", "parser"})
PARTS = ("train", "dev")
COPY = "spacy.copy_from_base_model.v1"


@dataclass(frozen=True)
class Facts:
    """What a config says about the data.

    paths (dict[str, Path]): The files of "train" and "dev", if it names them.
    max_lengths (dict[str, int]): Tokens of each from which its reader cuts or leaves out Docs; 0: never.
    scheme (str): Tag scheme of the component.
    segments (str): "doc" or "sents".
    sentences (str | None): When a component sets sentences: "training" (and later), "prediction" only, or "never"; None
        if that is not known.
    encoder (str | None): Name or folder of the transformer.
    window (int | None): Tokens that it is given at once; None for whole Docs.
    stride (int | None): Tokens from the beginning of a window to the next one's.
    incorrect_spans_key (str | None): Span group of the component's spans that are known to be wrong.
    """

    paths: dict[str, Path] = field(default_factory=dict)
    max_lengths: dict[str, int] = field(default_factory=dict)
    scheme: str = "BILUO"
    segments: str = "doc"
    sentences: str | None = None
    encoder: str | None = None
    window: int | None = None
    stride: int | None = None
    incorrect_spans_key: str | None = None


def read_facts(config: Config, component: str | None = None) -> Facts:
    """Read a config.

    config (Config): The config, with its variables filled in. Sections may be missing.
    component (str | None): Name of the component; needed if there are several crf_ner.
    RETURNS (Facts): What it says.
    RAISES (DataError): No such component, or several.
    """
    block = _component(config, component)
    training = config.get("training") or {}
    readers = {part: _section(config, training.get(f"{part}_corpus") or f"corpora.{part}") for part in PARTS}
    encoder: dict[str, Any] = next(_transformers(config.get("components") or {}), {})
    get_spans = encoder.get("get_spans") or {}
    wrong = block.get("incorrect_spans_key")
    return Facts(
        paths={part: Path(reader["path"]) for part, reader in readers.items() if reader.get("path")},
        max_lengths={part: int(reader.get("max_length") or 0) for part, reader in readers.items()},
        scheme=block.get("scheme", "BILUO"),
        segments=block.get("segments", "doc"),
        sentences=_sentences(config),
        encoder=encoder.get("name"),
        window=get_spans.get("window"),
        stride=get_spans.get("stride"),
        # Another value is an error of the component, and no key.
        incorrect_spans_key=wrong if isinstance(wrong, str) else None,
    )


def name_parts(given: Sequence[Path], facts: Facts | None) -> dict[str, Path]:
    """Which files are which part of a corpus.

    given (Sequence[Path]): Files or folders: train, dev, and any number of others; they go before a config.
    facts (Facts | None): What a config says, if there is one.
    RETURNS (dict[str, Path]): Paths by part: "train", "dev", "test", "test 2" and so on.
    RAISES (DataError): Nothing says where train is.
    """
    if given:
        numbered = (f"test {number}" for number in count(2))
        return dict(zip(chain((*PARTS, "test"), numbered), given, strict=False))
    if facts is not None and PARTS[0] in facts.paths:
        return facts.paths
    got = "neither files nor a config are given"
    if facts is not None:
        got = "the config does not (`path` in [corpora.train], usually `paths.train`)"
    raise DataError(Errors.D302.format(got=got))


def make_language(config: Config | None, lang: str | None) -> Language:
    """A pipeline without components, for its tokenizer.

    config (Config | None): A config, with its variables filled in: [nlp], and in [initialize] a tokenizer that is
        copied from another pipeline.
    lang (str | None): Code of a language, which goes before the config; None, and there is nothing but the config.
    RETURNS (Language): The pipeline.
    RAISES (DataError): No such language, tokenizer or pipeline.
    """
    try:
        if lang is not None or config is None:
            return spacy.blank(lang or "xx")
        # What is to be done with components has none to be done with.
        own = {**config["nlp"], "pipeline": [], "disabled": [], "after_pipeline_creation": None}
        nlp = load_model_from_config(Config({"nlp": own}), auto_fill=True)
        before_init = (config.get("initialize") or {}).get("before_init")
        if isinstance(before_init, dict) and before_init.get("@callbacks") == COPY:
            registry.resolve({"copy": before_init})["copy"](nlp)
    # What spaCy raises of a language or pipeline that is not there, or whose packages are not.
    except (ImportError, OSError, ValueError) as error:
        source = f"--lang {lang}" if lang is not None else "[nlp] of the config"
        raise DataError(Errors.D306.format(source=source, reason=str(error).rstrip("."))) from error
    return nlp


def _component(config: Config, name: str | None) -> dict[str, Any]:
    components: dict[str, Any] = config.get("components") or {}
    names = [key for key, block in components.items() if block.get("factory") == FACTORY]
    if name in names or (name is None and len(names) == 1):
        return dict(components[name or names[0]])
    got = ", ".join(names) or f"none (components: {', '.join(components) or 'none'})"
    raise DataError(Errors.D303.format(name=name or FACTORY, got=got))


def _sentences(config: Config) -> str:
    """When a component of the pipeline sets sentences."""
    components: dict[str, Any] = config.get("components") or {}
    found = {
        name
        for name in (config.get("nlp") or {}).get("pipeline") or []
        # Of a component that is taken from another pipeline, the config does not say what it is.
        if SENTENCES & {name, *(components.get(name, {}).get(key) for key in ("factory", "component"))}
    }
    annotating = (config.get("training") or {}).get("annotating_components") or []
    if found.intersection(annotating):
        return "training"
    return "prediction" if found else "never"


def _section(config: Config, dotted: str) -> dict[str, Any]:
    found: Any = config
    for name in dotted.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _transformers(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The blocks of transformers, wherever they are: those that say how texts are divided into windows."""
    if isinstance(block.get("name"), str) and isinstance(block.get("get_spans"), dict):
        yield block
    for value in block.values():
        if isinstance(value, dict):
            yield from _transformers(value)
