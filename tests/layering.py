"""Checks of the package's structure on its source text: who imports whom, sizes, names, docstrings.

Each check takes a folder and returns the violations found, one line of text for each, so that tests can show that it
finds them in samples. Nothing is imported or run.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .layering_rules import LATE, MAX_FILE_LINES, MAX_FUNCTION_LINES, ONLY, REQUIRED, ROOMS, VAGUE_NAMES

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A source file of the package.

    parts (tuple[str, ...]): Dotted name below the package; empty for the package itself.
    is_package (bool): Whether the file is an `__init__.py`.
    """

    path: Path
    parts: tuple[str, ...]
    is_package: bool
    source: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Dotted name below the package, `__init__` for the package itself."""
        return ".".join(self.parts) or "__init__"

    @property
    def room(self) -> str:
        """The folder below the package, or the name of a file that lies there itself."""
        return self.parts[0] if self.parts else "__init__"

    @property
    def package(self) -> tuple[str, ...]:
        """The folder that `from . import` looks into."""
        return self.parts if self.is_package else self.parts[:-1]


@dataclass(frozen=True)
class Import:
    """One imported module: own ones by their dotted name below the package, others by their top-level name."""

    module: Module
    line: int
    target: str
    own: bool
    relative: bool
    scoped: bool

    @property
    def where(self) -> str:
        """File and line, for a message."""
        return f"{self.module.path}:{self.line}"


def read_modules(root: Path) -> list[Module]:
    """All source files of the package in the folder `root`, in a stable order."""
    modules = []
    for path in sorted(root.rglob("*.py")):
        source = path.read_text(encoding="utf8")
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        tree = ast.parse(source, filename=str(path))
        modules.append(Module(path, parts[:-1] if is_package else parts, is_package, source, tree))
    return modules


def find_imports(root: Path) -> list[Import]:
    """All imports of the package, those inside functions and under `if TYPE_CHECKING` included."""
    modules = read_modules(root)
    # Compiled modules are imported like others.
    compiled = {path.relative_to(root).with_suffix("").parts for path in root.rglob("*.pyx")}
    known = {module.parts for module in modules} | compiled
    found = []
    for module in modules:
        for node, scoped in _walk_scopes(module.tree):
            for target, own, relative in _targets(node, module, root.name, known):
                found.append(Import(module, node.lineno, target, own, relative, scoped))
    return found


def check_arrows(root: Path) -> list[str]:
    """Own imports against the arrows of ROOMS; rooms that ROOMS does not know."""
    problems = [
        f"{module.path}: '{module.room}' is no room of the design; add it to ROOMS with what it may import"
        for module in read_modules(root)
        if module.room not in ROOMS
    ]
    for item in find_imports(root):
        source, target = item.module.room, item.target.split(".")[0]
        allowed = {source, "about"} | ROOMS.get(source, frozenset())
        if item.own and target not in allowed and not _may_be_late(item):
            problems.append(f"{item.where}: '{source}' must not import '{item.target}'")
    return problems


def check_own_imports(root: Path) -> list[str]:
    """Own imports inside functions, where they hide cycles, and own imports that are not relative."""
    own = [item for item in find_imports(root) if item.own]
    scoped = [item for item in own if item.scoped and not _may_be_late(item)]
    absolute = [f"{item.where}: import '{item.target}' relatively" for item in own if not item.relative]
    return [f"{item.where}: own import of '{item.target}' inside a function" for item in scoped] + absolute


def check_cycles(root: Path) -> list[str]:
    """Modules that import each other in a circle."""
    edges: dict[str, set[str]] = {module.name: set() for module in read_modules(root)}
    for item in find_imports(root):
        if item.own and item.target in edges:
            edges[item.module.name].add(item.target)
    remaining = set(edges)
    while True:
        # A module on a circle always has, among those that remain, both one that it imports and one that imports it.
        imported = {target for name in remaining for target in edges[name]}
        kept = {name for name in remaining if edges[name] & remaining and name in imported}
        if kept == remaining:
            break
        remaining = kept
    return [f"{root.name}: import cycle among {', '.join(sorted(remaining))}"] if remaining else []


def check_third_party(root: Path) -> list[str]:
    """Packages that a room must not import, and optional packages at the top of a file."""
    problems = []
    for item in find_imports(root):
        if item.own or item.target in sys.stdlib_module_names:
            continue
        allowed = ONLY.get(item.module.room)
        if allowed is not None and item.target not in allowed:
            problems.append(f"{item.where}: '{item.module.room}' must not import '{item.target}'")
        elif not item.scoped and item.target not in REQUIRED:
            problems.append(
                f"{item.where}: '{item.target}' is optional; import it inside the function that needs it"
            )
    return problems


def check_names(root: Path) -> list[str]:
    """Files and folders whose name does not say what is inside."""
    return [
        f"{module.path}: name it after what is inside"
        for module in read_modules(root)
        if module.parts and module.parts[-1] in VAGUE_NAMES
    ]


def check_sizes(root: Path) -> list[str]:
    """Files and functions (decorators and docstrings included) that are too long to be read at once."""
    problems = []
    for module in read_modules(root):
        lines = len(module.source.splitlines())
        if lines > MAX_FILE_LINES:
            problems.append(f"{module.path}: {lines} lines, more than {MAX_FILE_LINES}")
        for node in ast.walk(module.tree):
            if not isinstance(node, FunctionNode):
                continue
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            lines = (node.end_lineno or first) - first + 1
            if lines > MAX_FUNCTION_LINES:
                problems.append(
                    f"{module.path}:{first}: {node.name} has {lines} lines, more than {MAX_FUNCTION_LINES}"
                )
    return problems


def check_docstrings(root: Path) -> list[str]:
    """Modules and public classes, functions and methods without a docstring."""
    problems = []
    for module in read_modules(root):
        if not ast.get_docstring(module.tree):
            problems.append(f"{module.path}: the module has no docstring")
        for name, node in _public(module.tree, ""):
            if not ast.get_docstring(node):
                problems.append(f"{module.path}:{node.lineno}: {name} has no docstring")
    return problems


def _may_be_late(item: Import) -> bool:
    return item.scoped and item.target.split(".")[0] in LATE.get(item.module.room, frozenset())


def _walk_scopes(node: ast.AST, scoped: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, scoped
        else:
            yield from _walk_scopes(child, scoped or isinstance(child, FunctionNode | ast.Lambda))


def _targets(
    node: ast.Import | ast.ImportFrom, module: Module, root_name: str, known: set[tuple[str, ...]]
) -> Iterator[tuple[str, bool, bool]]:
    """What a statement imports, as (target, own, relative)."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            parts = tuple(alias.name.split("."))
            own = parts[0] == root_name
            yield (".".join(parts[1:]) or "__init__") if own else parts[0], own, False
        return
    parts = tuple(node.module.split(".")) if node.module else ()
    if node.level:
        base = (*module.package[: len(module.package) - node.level + 1], *parts)
    elif parts[0] == root_name:
        base = parts[1:]
    else:
        yield parts[0], False, False
        return
    relative = node.level > 0
    submodules = {(*base, alias.name) for alias in node.names} & known
    for submodule in sorted(submodules):
        yield ".".join(submodule), True, relative
    if len(submodules) < len(node.names):
        yield ".".join(base) or "__init__", True, relative


def _public(
    node: ast.Module | ast.ClassDef, prefix: str
) -> Iterator[tuple[str, FunctionNode | ast.ClassDef]]:
    for child in node.body:
        if not isinstance(child, FunctionNode | ast.ClassDef) or child.name.startswith("_"):
            continue
        name = prefix + child.name
        if not _is_continuation(child):
            yield name, child
        if isinstance(child, ast.ClassDef):
            yield from _public(child, name + ".")


def _is_continuation(node: FunctionNode | ast.ClassDef) -> bool:
    """Overloads and the setter or deleter of a property, which are documented once, elsewhere."""
    names = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
    return bool(names & {"overload", "setter", "deleter"})
