"""Checks of Markdown files: code that runs, output as shown, configs that resolve, paths that exist.

What the author of a page has to know:

- The ```python blocks of a page run one after the other in one namespace, in an empty folder.
- A ```text block, or one of no language, after a python block is its output. Blank lines may stand between the two,
  and one line of text that ends with a colon. In it `...` stands for anything; numbers with a decimal point may
  differ by TOLERANCE.
- `<!-- not run: reason -->` on the line before a block of any kind leaves it out.
- ```ini and ```cfg blocks are parts of a spaCy config; sections above the first one may be missing.
"""

import configparser
import contextlib
import inspect
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import spacy
from thinc.api import Config

# Probabilities and scores differ a little between processors.
TOLERANCE = 0.02

FENCE = re.compile(r"^(?P<fence>```+)(?P<language>\w*)[^\n`]*\n(?P<code>.*?)^(?P=fence)[ \t]*$", re.M | re.S)
NOT_RUN = re.compile(r"<!-- not run: \S[^\n]*-->\n\Z")
OUTPUT = ("", "text")
# What may stand between code and its output.
INTRODUCTION = re.compile(r"\s*(?:[^\n]+:[ \t]*\n\s*)?")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
MENTIONED_PATH = re.compile(r"(?<![\w./@:-])(?:scripts|configs|benchmarks|docs)/[\w./*-]*[\w*]")
DECIMAL = re.compile(r"\d+\.\d+")
SECTION = re.compile(r"^\[([^\[\]]+)\][ \t]*$", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    line (int): Line of its first line of code in the page, from 1.
    output (str | None): Of a python block: the text that it should print, where the page shows it.
    run (bool): Whether the page wants it to be checked.
    """

    language: str
    code: str
    line: int
    output: str | None
    run: bool


def read_blocks(text: str) -> list[Block]:
    """All fenced blocks of a page."""
    found = list(FENCE.finditer(text))
    blocks = []
    for match, following in zip_longest(found, found[1:]):
        output = None
        if match["language"] == "python" and following is not None and following["language"] in OUTPUT:
            between = text[match.end() : following.start()]
            output = following["code"] if INTRODUCTION.fullmatch(between) else None
        run = NOT_RUN.search(text[: match.start()]) is None
        line = text[: match.start("code")].count("\n") + 1
        blocks.append(Block(match["language"], match["code"], line, output, run))
    return blocks


def check_python(path: Path) -> list[str]:
    """Run the python blocks of a page, up to the first that fails, and compare what they print."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in read_blocks(path.read_text(encoding="utf8")):
        if block.language != "python" or not block.run:
            continue
        printed = io.StringIO()
        # With the lines above it empty, a traceback shows the lines of the page.
        source = "\n" * (block.line - 1) + block.code
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(source, str(path), "exec"), namespace)  # noqa: S102
        except Exception as error:  # noqa: BLE001
            return [f"{path}:{_failing_line(error, path, block)}: {type(error).__name__}: {error}"]
        if block.output is not None and not same_output(block.output, printed.getvalue()):
            return [f"{path}:{block.line}: expected\n{block.output}but it printed\n{printed.getvalue()}"]
    return []


def same_output(expected: str, got: str) -> bool:
    """Whether two texts are equal but for whitespace at the ends of lines, decimals, and what `...` stands for."""
    expected, got = (
        "\n".join(line.rstrip() for line in text.strip().splitlines()) for text in (expected, got)
    )
    # With every decimal put into a group of its own, what is left must be equal.
    pattern = re.escape(expected).replace(re.escape("..."), ".*?")
    pattern = re.sub(r"\d+\\\.\d+", lambda _: f"({DECIMAL.pattern})", pattern)
    match = re.fullmatch(pattern, got, re.S)
    if match is None:
        return False
    wanted = DECIMAL.findall(expected)
    # The tolerance itself is still within it, whatever the rounding of the difference.
    return all(
        abs(float(a) - float(b)) <= TOLERANCE + 1e-9 for a, b in zip(wanted, match.groups(), strict=True)
    )


def check_paths(path: Path, root: Path) -> list[str]:
    """Links to files, and mentions of scripts, configs, benchmarks and docs, that do not exist in the repository."""
    problems = []
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), start=1):
        targets = [match["target"].split("#")[0] for match in LINK.finditer(line)]
        links = {path.parent / target for target in targets if target and ":" not in target}
        # Links were looked at already, and those to other sites hold what looks like paths.
        text = LINK.sub("", re.sub(r"\w+://\S+", "", line))
        mentions = {root / mention for mention in MENTIONED_PATH.findall(text)}
        problems += [
            f"{path}:{number}: {target.relative_to(root)} does not exist"
            for target in sorted(links | mentions)
            if not list(root.glob(str(target.relative_to(root))))
        ]
    return problems


def check_configs(path: Path) -> list[str]:
    """Config blocks that do not parse, or that name functions or settings that do not exist."""
    problems = []
    for block in read_blocks(path.read_text(encoding="utf8")):
        if block.language in {"ini", "cfg"} and block.run:
            problems += [f"{path}:{block.line}: {problem}" for problem in check_config(block.code)]
    return problems


def parse_config(text: str) -> Config:
    """A part of a config, with the sections above each of its sections, which Config wants to see."""
    present = SECTION.findall(text)
    needed = {name.rsplit(".", depth)[0] for name in present for depth in range(1, name.count(".") + 1)}
    # Config makes sections of positional arguments by itself, and refuses them before the section that they belong to.
    missing = [name for name in sorted(needed - set(present)) if not name.endswith("*")]
    parents = "".join(f"[{name}]\n" for name in missing)
    return Config().from_str(parents + text, interpolate=False)


def check_config(text: str) -> list[str]:
    """What is wrong with a part of a config."""
    try:
        config = parse_config(text)
    except (ValueError, configparser.Error) as error:
        return [f"does not parse: {error}"]
    problems = []
    for name, section in _sections(config, ""):
        for key in [key for key in section if key.startswith("@")]:
            if not spacy.registry.has(key[1:], section[key]):
                problems.append(f"[{name}] {key}: no function '{section[key]}' is registered")
            else:
                problems += _unknown_arguments(name, section, spacy.registry.get(key[1:], section[key]))
        if "factory" in section:
            problems += _check_component(name, section)
    return problems


def _check_component(name: str, section: dict[str, Any]) -> list[str]:
    nlp = spacy.blank("en")
    if not nlp.has_factory(section["factory"]):
        return [f"[{name}] factory: no factory '{section['factory']}' is registered"]
    known = {"factory", *nlp.get_factory_meta(section["factory"]).default_config}
    return [f"[{name}] {key}: no such setting" for key in sorted(section.keys() - known)]


def _unknown_arguments(name: str, section: dict[str, Any], function: Any) -> list[str]:
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return []
    keys = [key for key in section if not key.startswith("@") and key != "*"]
    return [f"[{name}] {key}: no such argument" for key in keys if key not in parameters]


def _sections(section: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield name, section
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _sections(value, f"{name}.{key}" if name else key)


def _failing_line(error: Exception, path: Path, block: Block) -> int:
    """The line of the page on which an exception arose."""
    if isinstance(error, SyntaxError) and error.lineno:
        return error.lineno
    lines = [block.line]
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            lines.append(traceback.tb_lineno)
        traceback = traceback.tb_next
    return lines[-1]
