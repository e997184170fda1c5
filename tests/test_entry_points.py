"""That the installed distribution registers what setup.cfg declares, and that each check finds a violation."""

import sys
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution
from pathlib import Path

import pytest

from spacy_crf_ner.about import __title__, __version__

from . import entry_points

SETUP_CFG = Path(__file__).resolve().parent.parent / "setup.cfg"
DECLARED = sorted(entry_points.read_setup_cfg(SETUP_CFG))


@pytest.fixture(scope="module")
def installed() -> Distribution:
    try:
        return distribution(__title__)
    except PackageNotFoundError:
        pytest.fail(f"{__title__} is not installed here: run `python -m pip install -e .` first")


def own_entry_points(installed: Distribution) -> list[EntryPoint]:
    return [item for item in installed.entry_points if item.group.startswith(("spacy_", "thinc_"))]


def test_the_installed_metadata_is_that_of_the_source(installed):
    problems = entry_points.check_metadata(DECLARED, own_entry_points(installed))
    assert not problems, "run `python -m pip install -e .` again:\n" + "\n".join(problems)
    assert installed.version == __version__


@pytest.mark.parametrize(
    "name", ["crf_ner", "crf-ner", "spacy-crf-ner.CRFTagger.v1", "spacy-crf-ner.LinearChainCRF.v1"]
)
def test_the_names_that_users_rely_on_are_declared(name):
    assert name in {declared for _, declared, _ in DECLARED}


@pytest.mark.parametrize(("group", "name", "value"), DECLARED)
def test_an_entry_point_is_found_by_its_name(group, name, value):
    item = EntryPoint(name=name, value=value, group=group)
    assert entry_points.check_entry_point(item) == []
    assert entry_points.check_version(item) == []


@pytest.mark.parametrize(("group", "name", "value"), DECLARED)
def test_what_is_registered_has_a_docstring(group, name, value):
    assert EntryPoint(name=name, value=value, group=group).load().__doc__


def test_public_names_exist():
    assert entry_points.check_public_names("spacy_crf_ner") == []


def test_setup_cfg_is_read_as_it_is_written(tmp_path):
    path = tmp_path / "setup.cfg"
    path.write_text(
        "[options.entry_points]\nspacy_architectures =\n    x.Name:a.v1 = x.y:build_v1\n    B = x.z:b\n"
        "thinc_layers =\n    C=x:c\n",
        encoding="utf8",
    )
    assert entry_points.read_setup_cfg(path) == {
        ("spacy_architectures", "x.Name:a.v1", "x.y:build_v1"),
        ("spacy_architectures", "B", "x.z:b"),
        ("thinc_layers", "C", "x:c"),
    }


def test_metadata_that_differs_from_setup_cfg_is_found():
    declared = {("g", "same", "x:y"), ("g", "new", "x:y"), ("g", "moved", "x:new")}
    present = [
        EntryPoint("same", "x:y", "g"),
        EntryPoint("moved", "x:old", "g"),
        EntryPoint("gone", "x:y", "g"),
    ]
    assert entry_points.check_metadata(declared, present) == [
        "[g] gone = x:y: not in setup.cfg",
        "[g] moved = x:new: not installed",
        "[g] moved = x:old: not in setup.cfg",
        "[g] new = x:y: not installed",
    ]


@pytest.mark.parametrize(
    ("group", "name", "value", "problem"),
    [
        ("spacy_architectures", "a.v1", "no_such_module:build", "cannot load"),
        ("spacy_architectures", "a.v1", "pathlib:build", "cannot load"),
        ("spacy_architectures", "spacy-crf-ner.Missing.v1", "pathlib:Path", "not in the registry"),
        ("spacy_architectures", "spacy.Tagger.v2", "pathlib:Path", "another function is registered"),
        ("spacy_nonsense", "a.v1", "pathlib:Path", "neither spaCy nor Thinc has such a registry"),
        ("nonsense", "a.v1", "pathlib:Path", "neither spaCy nor Thinc has such a registry"),
        ("spacy_factories", "missing_factory", "pathlib:Path", "knows no such factory"),
        ("spacy_factories", "tagger", "pathlib:Path", "another function is registered"),
        ("thinc_layers", "Linear.v1", "pathlib:Path", "another function is registered"),
    ],
)
def test_an_entry_point_that_is_not_registered_is_found(group, name, value, problem):
    problems = entry_points.check_entry_point(EntryPoint(name=name, value=value, group=group))
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("spacy-crf-ner.Name", "x:build_v1", "expected a name like"),
        ("other.Name.v1", "x:build_v1", "expected a name like"),
        ("spacy-crf-ner.Name.v0", "x:build_v0", "expected a name like"),
        ("spacy-crf-ner.Name.v2", "x:build_v1", "whose name ends in _v2"),
        ("spacy-crf-ner.Name.v1", "x:build", "whose name ends in _v1"),
    ],
)
def test_a_name_without_its_version_is_found(name, value, problem):
    problems = entry_points.check_version(EntryPoint(name=name, value=value, group="spacy_architectures"))
    assert len(problems) == 1
    assert problem in problems[0]


def test_a_public_name_that_does_not_exist_is_found(tmp_path, monkeypatch):
    (tmp_path / "sample_with_all").mkdir()
    (tmp_path / "sample_with_all" / "__init__.py").write_text(
        "__all__ = ['present', 'missing']\npresent = 1\n"
    )
    (tmp_path / "sample_with_all" / "part.py").write_text("__all__ = ['twice', 'twice']\ntwice = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    problems = entry_points.check_public_names("sample_with_all")
    for name in ("sample_with_all", "sample_with_all.part"):
        monkeypatch.delitem(sys.modules, name)
    assert problems == [
        "sample_with_all.__all__: 'missing' does not exist",
        "sample_with_all.part.__all__: 'twice' twice",
    ]
