"""The options of all commands together: who knows one command knows the others."""

from __future__ import annotations

from collections import defaultdict

import pytest
import typer
from typer.testing import CliRunner

from spacy_crf_ner.cli import app

# -n is how many of what the command counts; -o of `init` is that of `spacy init config`.
SHARED = {"-n": {"--n-sents", "--samples", "--top", "--trials"}, "-o": {"--output", "--optimize"}}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def options() -> list[tuple[str, str]]:
    """Each option of each command: its name, and its letter if it has one."""
    found = []
    for command in COMMANDS.values():
        for parameter in command.params:
            names = [name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("-")]
            letters = [name for name in names if not name.startswith("--")]
            if names:
                found.append((names[0], letters[0] if letters else ""))
    return found


def test_a_letter_means_the_same_in_all_commands() -> None:
    names: defaultdict[str, set[str]] = defaultdict(set)
    for name, letter in options():
        names[letter].add(name)
    del names[""]
    shared = {letter: found for letter, found in names.items() if len(found) > 1}
    assert shared == SHARED


def test_an_option_has_the_same_letter_in_all_commands() -> None:
    letters: defaultdict[str, set[str]] = defaultdict(set)
    for name, letter in options():
        letters[name].add(letter)
    assert [name for name, found in letters.items() if len(found) > 1] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_and_argument_has_help(command: str) -> None:
    for parameter in COMMANDS[command].params:
        assert parameter.help, parameter.name


def test_the_list_of_commands_has_whole_sentences() -> None:
    # Click cuts off with dots what is too long for the width of a terminal.
    output = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).output
    listed = output.split("Commands:")[1].strip().splitlines()
    assert len(listed) == len(COMMANDS)
    assert [line for line in listed if "..." in line or not line.endswith(".")] == []
