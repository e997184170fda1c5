"""Damaged and missing files say so; a failed write leaves what was there."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.language import Language
from thinc.api import Model

from spacy_crf_ner.errors import ComponentError
from tests.pipeline.pipelines import TEXTS, crf_ner, make_nlp, outcomes

Damage = Callable[[bytes], bytes]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones included."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def saved(overfitted: Language, tmp_path: Path) -> Path:
    """The component's folder within a saved pipeline."""
    overfitted.to_disk(tmp_path / "pipeline")
    return tmp_path / "pipeline" / "crf_ner"


DAMAGES: list[tuple[str, Damage, str]] = [
    ("cfg", lambda _: b"", "`cfg` is not valid JSON"),
    ("cfg", lambda content: content[:-5], "`cfg` is not valid JSON"),
    ("cfg", lambda _: b"\xff\xfe", "`cfg` is not valid JSON"),
    ("cfg", lambda _: b"[]", "`cfg` does not hold `labels` and `scheme`"),
    ("cfg", lambda _: b'{"scheme": "BILUO"}', "`cfg` does not hold `labels` and `scheme`"),
    ("cfg", lambda _: b'{"labels": ["A"]}', "`cfg` does not hold `labels` and `scheme`"),
    ("cfg", lambda _: b'{"labels": "A", "scheme": "BILUO"}', "`cfg` does not hold `labels` and `scheme`"),
    ("model", lambda _: b"", "`model` does not fit its configuration or is damaged"),
    ("model", lambda content: content[:-100], "`model` does not fit its configuration or is damaged"),
    ("model", lambda _: srsly.msgpack_dumps([]), "`model` does not fit its configuration or is damaged"),
    ("model", lambda _: srsly.msgpack_dumps({}), "`model` does not fit its configuration or is damaged"),
]


@pytest.mark.parametrize(("name", "damage", "reason"), DAMAGES)
def test_a_damaged_file_is_an_error_that_names_it(
    saved: Path, name: str, damage: Damage, reason: str
) -> None:
    path = saved / name
    path.write_bytes(damage(path.read_bytes()))
    expected = f"Component 'crf_ner' cannot be loaded from {re.escape(str(saved))}: {reason}"
    with pytest.raises(ComponentError, match=expected) as caught:
        spacy.load(saved.parent)
    assert "copy it again" in str(caught.value)


@pytest.mark.parametrize(("name", "damage", "reason"), DAMAGES)
def test_damaged_bytes_are_an_error_that_names_the_part(
    overfitted: Language, name: str, damage: Damage, reason: str
) -> None:
    component = crf_ner(overfitted)
    parts = srsly.msgpack_loads(component.to_bytes())
    parts[name] = damage(parts[name])
    with pytest.raises(ComponentError, match=f"cannot be loaded from bytes: {reason}"):
        crf_ner(make_nlp()).from_bytes(srsly.msgpack_dumps(parts))


@pytest.mark.parametrize("name", ["cfg", "model"])
def test_a_missing_file_is_an_error_that_names_it(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(ComponentError, match=f"`{name}` cannot be read \\(No such file"):
        spacy.load(saved.parent)


@pytest.mark.parametrize("name", ["cfg", "model"])
def test_missing_bytes_are_an_error_that_names_the_part(overfitted: Language, name: str) -> None:
    content = crf_ner(overfitted).to_bytes(exclude=[name])
    with pytest.raises(ComponentError, match=f"cannot be loaded from bytes: `{name}` is missing"):
        crf_ner(make_nlp()).from_bytes(content)


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x93\x01", srsly.msgpack_dumps([1])])
def test_bytes_of_something_else_are_an_error(content: bytes) -> None:
    with pytest.raises(ComponentError, match=r"cannot be loaded from bytes: no (valid )?MessagePack"):
        crf_ner(make_nlp()).from_bytes(content)


def test_weights_for_other_labels_are_an_error(saved: Path) -> None:
    cfg = srsly.read_json(saved / "cfg")
    srsly.write_json(saved / "cfg", {**cfg, "labels": [*cfg["labels"], "MORE"]})
    with pytest.raises(
        ComponentError, match="`model` has weights for 9 tags, but the 3 labels in `cfg` need 13"
    ):
        spacy.load(saved.parent)


@pytest.mark.parametrize(
    ("labels", "reason"), [(["A", "A"], "these are repeated"), (["A", ""], "non-empty"), ([1], "non-empty")]
)
def test_labels_that_cannot_be_are_an_error_that_names_the_file(
    saved: Path, labels: list[Any], reason: str
) -> None:
    cfg = srsly.read_json(saved / "cfg")
    srsly.write_json(saved / "cfg", {**cfg, "labels": labels})
    with pytest.raises(ComponentError, match=f"cannot be loaded from .*{reason}"):
        spacy.load(saved.parent)


@pytest.mark.parametrize("name", ["cfg", "model"])
def test_a_failed_load_leaves_labels_and_settings(saved: Path, name: str) -> None:
    component = crf_ner(make_nlp(threshold=0.5))
    component.add_label("MINE")
    (saved / name).write_bytes(b"{}")
    with pytest.raises(ComponentError, match=name):
        component.from_disk(saved, exclude=["vocab"])
    assert component.labels == ("MINE",)
    assert component.cfg["threshold"] == 0.5


def fail_serializing(monkeypatch: pytest.MonkeyPatch) -> None:
    def to_bytes(self: Model) -> bytes:
        raise MemoryError("no memory for weights")

    monkeypatch.setattr(Model, "to_bytes", to_bytes)


def fail_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    original, opened = os.fdopen, []

    def fdopen(*args: Any, **kwargs: Any) -> Any:
        opened.append(args)
        if len(opened) == 2:
            os.close(args[0])
            raise OSError("no space left")
        return original(*args, **kwargs)

    monkeypatch.setattr(os, "fdopen", fdopen)


def fail_renaming(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def fail(monkeypatch: pytest.MonkeyPatch) -> None:
        original = os.replace

        def replace(source: Any, target: Any) -> None:
            # A new file; old ones can still be put back.
            if Path(target).name == name and Path(source).suffix != ".old":
                raise PermissionError("somebody reads it")
            original(source, target)

        monkeypatch.setattr(os, "replace", replace)
        monkeypatch.setattr(Path, "replace", replace)

    return fail


FAILURE = re.compile("no memory|no space|somebody reads it")
FAILURES = [fail_serializing, fail_writing, fail_renaming("cfg"), fail_renaming("model")]


@pytest.mark.parametrize("fail", FAILURES)
def test_a_failed_write_leaves_the_old_files_whole(
    overfitted: Language, saved: Path, fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, expected = contents(saved), outcomes(overfitted)
    component = crf_ner(overfitted)
    component.add_label("MORE")
    with monkeypatch.context() as patch:
        fail(patch)
        with pytest.raises((MemoryError, OSError), match=FAILURE):
            component.to_disk(saved, exclude=["vocab"])
    assert contents(saved) == before
    assert outcomes(spacy.load(saved.parent)) == expected


@pytest.mark.parametrize("fail", FAILURES)
def test_a_failed_write_leaves_nothing_half_written(
    overfitted: Language, tmp_path: Path, fail: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    component = crf_ner(overfitted)
    with monkeypatch.context() as patch:
        fail(patch)
        with pytest.raises((MemoryError, OSError), match=FAILURE):
            component.to_disk(tmp_path / "new", exclude=["vocab"])
    assert not (tmp_path / "new").exists() or contents(tmp_path / "new") == {}


def test_writing_again_replaces_the_files_and_leaves_no_others(overfitted: Language, saved: Path) -> None:
    component = crf_ner(overfitted)
    component.add_label("MORE")
    component.to_disk(saved, exclude=["vocab"])
    assert sorted(contents(saved)) == ["cfg", "model"]
    restored = spacy.load(saved.parent)
    assert crf_ner(restored).labels == ("LOC", "PERSON", "MORE")
    assert outcomes(restored) == outcomes(overfitted)
    assert len(restored(TEXTS[0]).ents) == 2
