"""The exception tree, and that every message can be made, is used, and says what to do."""

import inspect
import pickle
import re
import string
from pathlib import Path

import pytest

from spacy_crf_ner import errors
from spacy_crf_ner.errors import Errors, ImpossibleSequenceError, LossError, SpacyCrfNerError, Warnings

PACKAGE = Path(errors.__file__).parent.parent
TEMPLATES = {
    code: template
    for group in (Errors, Warnings)
    for code, template in inspect.getmembers(group)
    if not code.startswith("_")
}
EXCEPTIONS = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)
]
ROOMS = {
    "P": "functional",
    "T": "tags",
    "K": "kernels",
    "L": "layers",
    "M": "models",
    "C": "pipeline",
    "R": "training",
    "I": "training",
    "W": "pipeline",
    "E": "evaluation",
    "D": "data",
    "F": "files",
    "H": "sharing",
    "V": "pages",
    "O": "cli",
}


def fields(template: str) -> list[str]:
    return [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]


def calls(code: str) -> list[tuple[Path, str]]:
    """Every place that uses a template, with what it passes to `format`."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf8")
        for match in re.finditer(rf"\.{code}\.format\(", source):
            depth, end = 1, match.end()
            while depth:
                depth += {"(": 1, ")": -1}.get(source[end], 0)
                end += 1
            found.append((path, source[match.end() : end - 1]))
    return found


@pytest.mark.parametrize("error", EXCEPTIONS)
def test_every_exception_is_one_of_ours_and_a_value_error(error: type[Exception]) -> None:
    assert issubclass(error, SpacyCrfNerError)
    assert issubclass(error, ValueError)
    assert error.__doc__


@pytest.mark.parametrize("code", TEMPLATES)
def test_every_template_is_used_with_all_that_it_shows(code: str) -> None:
    found = calls(code)
    assert found, f"{code} is not used"
    for path, arguments in found:
        for field in fields(TEMPLATES[code]):
            assert re.search(rf"\b{field}=", arguments), f"{path.name} does not give `{field}` to {code}"


@pytest.mark.parametrize("code", TEMPLATES)
def test_the_letter_of_a_template_names_its_room(code: str) -> None:
    # L004 belongs to the architecture, which is built of layers.
    rooms = {ROOMS[code[0]], "models"} if code[0] == "L" else {ROOMS[code[0]]}
    users = {path.relative_to(PACKAGE).parts[0] for path, _ in calls(code)}
    assert users <= rooms | {"errors"}


@pytest.mark.parametrize("code", TEMPLATES)
def test_every_template_says_something_of_the_case(code: str) -> None:
    assert fields(TEMPLATES[code])
    assert TEMPLATES[code].endswith(".")
    assert "  " not in TEMPLATES[code]


@pytest.mark.parametrize("code", [code for code in TEMPLATES if code[0] in "CW"])
def test_messages_of_components_name_the_component(code: str) -> None:
    assert TEMPLATES[code].startswith("Component '{name}'")


def test_an_impossible_sequence_names_its_position_in_the_batch() -> None:
    error = ImpossibleSequenceError([1, 3])
    assert error.indices == (1, 3)
    assert "1, 3" in str(error)


@pytest.mark.parametrize("error", [ImpossibleSequenceError([2]), LossError("message")])
def test_exceptions_travel_between_processes(error: Exception) -> None:
    restored = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(restored) is type(error)
    assert str(restored) == str(error)
    assert vars(restored) == vars(error)
