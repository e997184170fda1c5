"""All checks together."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin

from spacy_crf_ner.data import checks
from spacy_crf_ner.data.alignment import align
from spacy_crf_ner.data.checks import Finding, Pipeline, as_dict, check_all, survey, verdicts
from spacy_crf_ner.data.columns import read_columns
from tests import tiny
from tests.data.checks.made import doc


def check(folder: Path, pipeline: Pipeline, **parts: list[Doc]) -> list[Finding]:
    paths = {}
    for part, docs in parts.items():
        paths[part] = folder / f"{part}.spacy"
        DocBin(docs=docs).to_disk(paths[part])
    found = check_all(survey(paths, pipeline), pipeline)
    return [finding for findings in found.values() for finding in findings]


def test_every_check_of_the_room_is_among_them() -> None:
    source = inspect.getsource(verdicts.check_all)
    names = {
        name
        for path in Path(checks.__file__).parent.glob("*.py")
        for name in path.read_text(encoding="utf8").replace("(", " ").split()
        if name.startswith("check_") and f"def {name}(" in path.read_text(encoding="utf8")
    }
    assert len(names) > 20
    assert [name for name in sorted(names - {"check_all"}) if f"{name}(" not in source] == []


def test_good_data_passes(tmp_path: Path) -> None:
    docs = [
        doc(f"Anna met Boris in place{n % 7} on day {n} .", (0, 1, "PER"), (2, 3, "PER")) for n in range(60)
    ]
    nlp = spacy.blank("en")
    pipeline = Pipeline(nlp.vocab, tokenizer=nlp.make_doc)
    found = check(tmp_path, pipeline, train=docs[:50], dev=docs[50:])
    assert {finding.name for finding in found if finding.level in ("warn", "fail")} == set()
    assert {finding.name for finding in found if finding.level == "good"} >= {
        "leaks",
        "label-frequencies",
        "entities",
    }


def test_the_same_file_twice_fails(tmp_path: Path) -> None:
    docs = tiny.make_tiny_docs()
    found = check(tmp_path, Pipeline(spacy.blank("en").vocab), train=docs, dev=docs)
    assert ("fail", "leaks") in {(finding.level, finding.name) for finding in found}


def test_empty_files_are_no_crash(tmp_path: Path) -> None:
    found = check(tmp_path, Pipeline(spacy.blank("en").vocab), train=[], dev=[doc("")])
    failed = Counter(finding.name for finding in found if finding.level == "fail")
    assert failed == {"docs": 2, "entities": 2}


def test_counts_and_verdicts_are_json(tmp_path: Path) -> None:
    path = tmp_path / "train.spacy"
    DocBin(docs=[doc("Anna met Boris", (0, 1, "PER"), (2, 3, "PER")), doc("")]).to_disk(path)
    pipeline = Pipeline(spacy.blank("en").vocab, scheme="BIO")
    found = survey({"train": path}, pipeline)
    result = json.loads(json.dumps(as_dict(found, pipeline, check_all(found, pipeline))))
    assert result["settings"] == {"scheme": "BIO", "segments": "doc", "tokenizer": False, "encoder": None}
    part = result["parts"]["train"]
    assert (part["docs"], part["docs_without_tokens"], part["tokens"], part["entities"]) == (2, 1, 3, 2)
    assert part["labels"] == {"PER": 2}
    assert {"section": "Labels", "level": "good", "name": "entities"}.items() <= result["findings"][3].items()
    assert set(result["findings"][0]) == {"section", "level", "name", "message", "advice", "examples"}


def real(
    folder: Path, names: dict[str, str], tmp_path: Path, scheme: str
) -> dict[tuple[str, str], list[Finding]]:
    """What is found in a real corpus, by level and name."""
    nlp = spacy.blank("en")
    parts = {
        part: [align(nlp.tokenizer, one).doc for one in read_columns(folder / name)]
        for part, name in names.items()
    }
    found: dict[tuple[str, str], list[Finding]] = {}
    pipeline = Pipeline(nlp.vocab, tokenizer=nlp.make_doc, scheme=scheme)
    for finding in check(
        tmp_path, pipeline, **{part: [one for one in docs if one] for part, docs in parts.items()}
    ):
        found.setdefault((finding.level, finding.name), []).append(finding)
    return found


def test_wnut17_is_as_its_authors_say(corpora: Path, tmp_path: Path) -> None:
    names = {"train": "wnut17train.conll", "dev": "emerging.dev.conll", "test": "emerging.test.annotated"}
    found = real(corpora / "wnut17", names, tmp_path, "BILUO")
    assert "fail" not in {level for level, _ in found}
    # Other domains, and names that are new, by design.
    assert "Labels of dev and train differ" in found["warn", "label-drift"][0].message
    assert found["info", "unseen-entities"][0].message.startswith("96 % of the entities of dev")
    assert found["warn", "long-entities"][0].examples[0].startswith("25 tokens: 'DELL Inspiron")
    assert {example.split(":")[0] for example in found["info", "html"][0].examples} >= {"'&amp;'", "'&lt;'"}
    assert found["info", "invisible-characters"][0].message.startswith("2 tokens of dev")
    assert ("good", "leaks") in found


def test_ncbi_disease_is_as_its_authors_say(corpora: Path, tmp_path: Path) -> None:
    names = {"train": "train.tsv", "dev": "devel.tsv", "test": "test.tsv"}
    found = real(corpora / "ncbi-disease", names, tmp_path, "IO")
    # 25 pairs of touching entities, and an abstract that is twice in train.
    assert [int(one.message.split()[0]) for one in found["fail", "neighbours"]] == [14, 6, 5]
    assert "33 Docs of train" in found["info", "repeated-texts"][0].message
    assert [one.message.split(" with ")[0] for one in found["warn", "leaks"]] == ["1 Doc of test (0.1 %)"]
