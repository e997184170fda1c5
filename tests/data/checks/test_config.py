"""What a training config says about the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.util import load_config
from thinc.api import Config

from spacy_crf_ner.data.checks.config import Facts, make_language, name_parts, read_facts
from spacy_crf_ner.errors import DataError
from tests import tiny


def config(name: str, **overrides: Any) -> Config:
    paths = {"paths.train": "train.spacy", "paths.dev": "dev.spacy"}
    return load_config(
        tiny.CONFIGS / f"{name}.cfg",
        overrides={**paths, **{key.replace("__", "."): value for key, value in overrides.items()}},
        interpolate=True,
    )


def test_our_config_says_where_data_is_and_how_it_is_read() -> None:
    facts = read_facts(config("crf_ner_trf", paths__encoder="some-encoder", components__ner__scheme="IO"))
    assert facts == Facts(
        paths={"train": Path("train.spacy"), "dev": Path("dev.spacy")},
        max_lengths={"train": 0, "dev": 0},
        scheme="IO",
        segments="doc",
        sentences="never",
        encoder="some-encoder",
        window=128,
        stride=96,
    )


def test_a_config_without_a_transformer_and_with_a_maximal_length() -> None:
    facts = read_facts(config("crf_ner_cnn", corpora__train__max_length=500))
    assert (facts.encoder, facts.window, facts.max_lengths) == (None, None, {"train": 500, "dev": 0})


def test_the_span_group_of_wrong_spans_is_that_of_the_component() -> None:
    found = config("crf_ner_cnn")
    assert read_facts(found).incorrect_spans_key is None
    for key, read in {"rejected": "rejected", ("no", "key"): None}.items():
        found["components"]["ner"]["incorrect_spans_key"] = key
        assert read_facts(found).incorrect_spans_key == read


def test_a_component_given_by_its_factory_alone_has_the_defaults() -> None:
    facts = read_facts(Config({"components": {"ner": {"factory": "crf_ner"}}}))
    assert (facts.scheme, facts.segments, facts.paths) == ("BILUO", "doc", {})


@pytest.mark.parametrize(
    ("annotating", "block", "when"),
    [
        (["first"], {"factory": "sentencizer"}, "training"),
        ([], {"factory": "senter"}, "prediction"),
        (["first"], {"factory": "tok2vec"}, "never"),
        (["first"], {"source": "en_core_web_sm", "component": "parser"}, "training"),
    ],
)
def test_what_sets_sentences_is_found(annotating: list[str], block: dict[str, str], when: str) -> None:
    found = Config(
        {
            "nlp": {"pipeline": ["first", "ner"]},
            "components": {"ner": {"factory": "crf_ner"}, "first": block},
            "training": {"annotating_components": annotating},
        }
    )
    assert read_facts(found).sentences == when


def test_a_component_is_named_if_there_are_several() -> None:
    blocks = {"a": {"factory": "crf_ner", "scheme": "IO"}, "b": {"factory": "crf_ner"}}
    found = Config({"components": blocks})
    with pytest.raises(DataError, match=r"one component 'crf_ner' .* got a, b\. .*`--component`"):
        read_facts(found)
    assert read_facts(found, "a").scheme == "IO"
    with pytest.raises(DataError, match=r"component 'c' .* got a, b"):
        read_facts(found, "c")


def test_a_config_without_our_component_is_named() -> None:
    with pytest.raises(DataError, match=r"got none \(components: ner\)"):
        read_facts(Config({"components": {"ner": {"factory": "ner"}}}))


def test_files_go_before_the_config_and_have_names_in_their_order() -> None:
    given = [Path(f"{name}.spacy") for name in "abcde"]
    facts = Facts(paths={"train": Path("t.spacy")})
    assert list(name_parts(given, facts)) == ["train", "dev", "test", "test 2", "test 3"]
    assert name_parts(given, facts)["test 2"] == Path("d.spacy")
    assert name_parts([], facts) == {"train": Path("t.spacy")}


@pytest.mark.parametrize(
    ("facts", "got"), [(None, "neither files nor a config"), (Facts(), r"the config does not \(`path`")]
)
def test_without_train_there_is_nothing_to_check(facts: Facts | None, got: str) -> None:
    with pytest.raises(DataError, match=f"where the data is, but {got}.*train.spacy dev.spacy"):
        name_parts([], facts)


def test_the_tokenizer_is_that_of_the_language_or_of_the_config() -> None:
    def words(nlp: spacy.Language) -> list[str]:
        return [token.text for token in nlp.make_doc("don't")]

    assert words(make_language(None, "en")) == ["do", "n't"]
    assert words(make_language(None, None)) == ["don't"]
    assert words(make_language(config("crf_ner_cnn"), None)) == ["do", "n't"]
    assert words(make_language(config("crf_ner_cnn", nlp__lang="xx"), None)) == ["don't"]
    assert words(make_language(config("crf_ner_cnn"), "xx")) == ["don't"]
    # Its callback wants a component, and there is none.
    assert words(make_language(config("crf_ner_frozen_trf"), None)) == ["do", "n't"]


def test_a_tokenizer_that_the_config_copies_is_used(tmp_path: Path) -> None:
    base = spacy.blank("en")
    base.tokenizer.add_special_case("don't", [{"ORTH": "don't"}])
    base.to_disk(tmp_path / "base")
    found = config("crf_ner_cnn")
    copy = {"@callbacks": "spacy.copy_from_base_model.v1", "tokenizer": str(tmp_path / "base"), "vocab": None}
    found["initialize"]["before_init"] = copy
    assert [token.text for token in make_language(found, None).make_doc("don't")] == ["don't"]
    found["initialize"]["before_init"]["tokenizer"] = str(tmp_path / "none")
    with pytest.raises(DataError, match=r"Expected \[nlp\] of the config to give a tokenizer"):
        make_language(found, None)


def test_a_language_that_spacy_does_not_have_is_named() -> None:
    with pytest.raises(DataError, match="Expected --lang qq to give a tokenizer"):
        make_language(None, "qq")
