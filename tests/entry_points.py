"""Checks of what an installed distribution registers with spaCy and Thinc.

Each check returns the problems found, one line of text for each, so that tests can show that it finds them in samples.
"""

import configparser
import importlib
import pkgutil
import re
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path

import spacy
import thinc.api

# `spacy-crf-ner.<Name>.v<N>`, built by `..._v<N>`: a released version never changes, so each says which it is.
VERSIONED = re.compile(r"spacy-crf-ner\.[A-Za-z]\w*\.v(?P<version>[1-9]\d*)")
REGISTRIES = {"spacy": spacy.registry, "thinc": thinc.api.registry}
# Names of these are given in configs and on the command line without the project's prefix.
UNVERSIONED_GROUPS = frozenset({"spacy_factories", "spacy_cli"})


def read_setup_cfg(path: Path) -> set[tuple[str, str, str]]:
    """The entry points that a setup.cfg declares, as (group, name, value)."""
    # Names hold dots and capitals, which configparser would otherwise change, and only `=` separates them.
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, encoding="utf8")
    found = set()
    for group, lines in parser["options.entry_points"].items():
        for line in lines.strip().splitlines():
            name, _, value = line.partition("=")
            found.add((group, name.strip(), value.strip()))
    return found


def check_metadata(declared: Iterable[tuple[str, str, str]], installed: Iterable[EntryPoint]) -> list[str]:
    """Entry points that setup.cfg declares and the installation lacks, or the other way round."""
    wanted, present = set(declared), {(item.group, item.name, item.value) for item in installed}
    missing = [f"[{group}] {name} = {value}: not installed" for group, name, value in wanted - present]
    stale = [f"[{group}] {name} = {value}: not in setup.cfg" for group, name, value in present - wanted]
    return sorted(missing + stale)


def check_entry_point(item: EntryPoint) -> list[str]:
    """An entry point whose object cannot be imported, or that its registry does not hold under its name."""
    try:
        function = item.load()
    except (ImportError, AttributeError) as error:
        return [f"[{item.group}] {item.name}: cannot load {item.value} ({error})"]
    if item.group == "spacy_factories":
        return _check_factory(item)
    library, _, registry_name = item.group.partition("_")
    registry = getattr(REGISTRIES[library], registry_name, None) if library in REGISTRIES else None
    if registry is None:
        return [f"[{item.group}] {item.name}: neither spaCy nor Thinc has such a registry"]
    if item.name not in registry:
        return [f"[{item.group}] {item.name}: not in the registry"]
    if registry.get(item.name) is not function:
        return [f"[{item.group}] {item.name}: another function is registered under this name"]
    return []


def check_version(item: EntryPoint) -> list[str]:
    """A registered name that is not `spacy-crf-ner.<Name>.v<N>`, or whose builder does not end in `_v<N>`."""
    if item.group in UNVERSIONED_GROUPS:
        return []
    match = VERSIONED.fullmatch(item.name)
    if match is None:
        return [f"[{item.group}] {item.name}: expected a name like spacy-crf-ner.Name.v1"]
    suffix = f"_v{match['version']}"
    if not item.value.endswith(suffix):
        return [
            f"[{item.group}] {item.name}: expected a builder whose name ends in {suffix}, not {item.value}"
        ]
    return []


def check_public_names(package: str) -> list[str]:
    """Names in the `__all__` of a package, and of the modules below it, that do not exist or stand there twice."""
    root = importlib.import_module(package)
    names = [package, *(found.name for found in pkgutil.walk_packages(root.__path__, package + "."))]
    problems = []
    for name in names:
        module = importlib.import_module(name)
        public: list[str] = getattr(module, "__all__", [])
        problems += [
            f"{name}.__all__: '{entry}' does not exist" for entry in public if not hasattr(module, entry)
        ]
        problems += [
            f"{name}.__all__: '{entry}' twice" for entry in sorted(set(public)) if public.count(entry) > 1
        ]
    return problems


def _check_factory(item: EntryPoint) -> list[str]:
    nlp = spacy.blank("en")
    if not nlp.has_factory(item.name):
        return [f"[{item.group}] {item.name}: spaCy knows no such factory"]
    registered = spacy.registry.factories.get(item.name)
    if registered is not item.load():
        return [f"[{item.group}] {item.name}: another function is registered under this name"]
    return []
