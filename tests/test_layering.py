"""The structure of the package that DESIGN promises, and that each check finds a violation of it."""

from pathlib import Path

import pytest

from . import layering

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "spacy_crf_ner"
# Everything with Python in it that people read; what a tool generates lies elsewhere.
READ_BY_PEOPLE = ("benchmarks", "projects", "scripts", "spacy_crf_ner", "tests")

CHECKS = [
    layering.check_arrows,
    layering.check_own_imports,
    layering.check_cycles,
    layering.check_third_party,
    layering.check_names,
    layering.check_docstrings,
]

# A package in which nothing is wrong: one import along each arrow, in every form that the style allows.
SOUND = {
    "__init__.py": '"""Root."""\nfrom .about import __version__\n\n__all__ = ["__version__"]\n',
    "about.py": (
        '"""Version."""\n__version__ = "1"\n\n\n'
        'def kernels() -> None:\n    """Kernels."""\n    from .kernels import best\n'
    ),
    "errors.py": '"""Errors."""\nfrom collections.abc import Sequence\n',
    "functional/__init__.py": '"""Maths."""\nfrom .paths import best\n\n__all__ = ["best"]\n',
    "functional/paths.py": '"""Paths."""\nimport torch\n\nfrom ..errors import X\nfrom . import scores\n',
    "functional/scores.py": '"""Scores."""\nimport torch.nn.functional as F\nimport math\n',
    "tags/__init__.py": '"""Tags."""\nimport numpy as np\nfrom ..errors import X\n',
    "layers/__init__.py": '"""Layers."""\n',
    "layers/chain.py": (
        '"""Layer."""\nfrom thinc.api import Model\nfrom ..functional import best\n\n\n'
        'def build() -> None:\n    """Build."""\n    import jinja2\n\n    def inner() -> None: ...\n'
    ),
    "models/__init__.py": '"""Models."""\nfrom ..layers.chain import build\n',
    "pipeline/__init__.py": '"""Pipeline."""\nfrom ..layers.chain import build\nfrom ..tags import TagSet\n',
    "kernels/__init__.py": '"""Kernels."""\nfrom ..functional import best\n',
    "cli/__init__.py": (
        '"""Commands."""\nfrom ..errors import X\nfrom ..about import __version__\n\n\n'
        'def run() -> None:\n    """Run."""\n    from ..pipeline import x\n'
    ),
}


def write_package(folder: Path, changes: dict[str, str] | None = None) -> Path:
    """The sound package under `folder`, with the files in `changes` replaced or added."""
    root = folder / "sample_package"
    for name, source in {**SOUND, **(changes or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf8")
    return root


@pytest.mark.parametrize("check", CHECKS)
def test_the_package_keeps_to_the_design(check):
    assert PACKAGE.is_dir()
    problems = check(PACKAGE)
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("folder", READ_BY_PEOPLE)
def test_files_and_functions_are_short_enough_to_read(folder):
    problems = layering.check_sizes(REPOSITORY / folder)
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("pattern", ["*.pyx", "*.pxd", "*.cpp", "*.hpp"])
def test_files_of_other_languages_are_short_enough_to_read(pattern):
    lengths = {
        path.name: len(path.read_text(encoding="utf8").splitlines()) for path in PACKAGE.rglob(pattern)
    }
    assert {name: lines for name, lines in lengths.items() if lines > layering.MAX_FILE_LINES} == {}


@pytest.mark.parametrize("check", [*CHECKS, layering.check_sizes])
def test_a_sound_package_passes_every_check(check, tmp_path):
    assert check(write_package(tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("functional/extra.py", "from ..tags import TagSet", "'functional' must not import 'tags'"),
        ("functional/extra.py", "from .. import tags", "'functional' must not import 'tags'"),
        ("functional/extra.py", "import sample_package.layers.chain", "must not import 'layers.chain'"),
        ("tags/extra.py", "from ..functional.paths import best", "'tags' must not import 'functional.paths'"),
        ("tags/extra.py", "from sample_package.layers import chain", "'tags' must not import 'layers.chain'"),
        ("layers/extra.py", "from ..models import x", "'layers' must not import 'models'"),
        ("pipeline/extra.py", "from ..models import x", "'pipeline' must not import 'models'"),
        ("models/extra.py", "from ..pipeline import x", "'models' must not import 'pipeline'"),
        ("pipeline/extra.py", "from ..cli import x", "'pipeline' must not import 'cli'"),
        ("errors.py", "from . import tags", "'errors' must not import 'tags'"),
        ("about.py", "from .errors import X", "'about' must not import 'errors'"),
        ("about.py", "from .kernels import best", "'about' must not import 'kernels'"),
        ("about.py", "def f():\n    from .pipeline import x", "'about' must not import 'pipeline'"),
        ("tags/extra.py", "from .. import __version__", "'tags' must not import '__init__'"),
        ("tags/extra.py", "if True:\n    from ..layers import x", "'tags' must not import 'layers'"),
        ("tags/extra.py", "def f():\n    from ..layers import x", "'tags' must not import 'layers'"),
        ("attic/extra.py", "", "'attic' is no room of the design"),
    ],
)
def test_an_import_against_the_arrows_is_found(name, line, problem, tmp_path):
    problems = layering.check_arrows(write_package(tmp_path, {name: line}))
    assert len(problems) == 1
    assert problem in problems[0]
    assert Path(name).name in problems[0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("def f():\n    from ..errors import X", "own import of 'errors' inside a function"),
        ("class A:\n    def f(self):\n        from . import paths", "own import of 'tags' inside a function"),
        (
            "f = lambda: 0\n\n\nasync def g():\n    if f():\n        from .. import errors",
            "inside a function",
        ),
        ("import sample_package.errors", "import 'errors' relatively"),
        ("from sample_package import errors", "import 'errors' relatively"),
    ],
)
def test_an_own_import_that_is_scoped_or_absolute_is_found(line, problem, tmp_path):
    problems = layering.check_own_imports(write_package(tmp_path, {"tags/extra.py": line}))
    assert len(problems) == 1
    assert problem in problems[0]


def test_an_import_of_a_compiled_module_is_no_cycle(tmp_path):
    changes = {"tags/__init__.py": "from .a import x", "tags/a.py": "from . import _c", "tags/_c.pyx": ""}
    assert layering.check_cycles(write_package(tmp_path, changes)) == []


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"tags/a.py": "from . import b", "tags/b.py": "from .a import x"}, "tags.a, tags.b"),
        ({"tags/a.py": "from .a import x"}, "tags.a"),
        ({"tags/__init__.py": "from .a import x", "tags/a.py": "from . import x"}, "tags, tags.a"),
        (
            {
                "tags/a.py": "from .b import x",
                "tags/b.py": "from .c import x",
                "tags/c.py": "from . import a",
            },
            "tags.a, tags.b, tags.c",
        ),
        ({"tags/a.py": "def f():\n    from . import b", "tags/b.py": "from . import a"}, "tags.a, tags.b"),
    ],
)
def test_an_import_cycle_is_found(changes, names, tmp_path):
    # What leads into a circle or out of it is no part of it.
    changes = {**changes, "tags/user.py": "from . import a"}
    root = write_package(tmp_path, changes)
    assert layering.check_cycles(root) == [f"sample_package: import cycle among {names}"]


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("functional/extra.py", "import numpy", "'functional' must not import 'numpy'"),
        (
            "functional/extra.py",
            "def f():\n    from spacy.tokens import Doc",
            "'functional' must not import 'spacy'",
        ),
        ("tags/extra.py", "import torch", "'tags' must not import 'torch'"),
        ("errors.py", "import torch", "'errors' must not import 'torch'"),
        ("__init__.py", "import spacy", "'__init__' must not import 'spacy'"),
        ("layers/extra.py", "import cupy", "'cupy' is optional"),
        (
            "pipeline/extra.py",
            "try:\n    import ray.data\nexcept ImportError:\n    pass",
            "'ray' is optional",
        ),
        ("models/extra.py", "from transformers import AutoModel", "'transformers' is optional"),
    ],
)
def test_a_package_that_a_room_must_not_import_is_found(name, line, problem, tmp_path):
    problems = layering.check_third_party(write_package(tmp_path, {name: line}))
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    "name", ["tags/util.py", "layers/utils.py", "pipeline/helpers.py", "tags/common/__init__.py"]
)
def test_a_name_that_says_nothing_is_found(name, tmp_path):
    problems = layering.check_names(write_package(tmp_path, {name: '"""Things."""\n'}))
    assert len(problems) == 1
    assert name in problems[0]


def test_a_file_is_found_from_301_lines_on(tmp_path):
    assert layering.check_sizes(write_package(tmp_path, {"tags/a.py": "x = 1\n" * 300})) == []
    problems = layering.check_sizes(write_package(tmp_path, {"tags/a.py": "x = 1\n" * 301}))
    assert len(problems) == 1
    assert "301 lines, more than 300" in problems[0]


@pytest.mark.parametrize("head", ["def f():", "async def f():", "@cache\ndef f():"])
def test_a_function_is_found_from_61_lines_on(head, tmp_path):
    room_left = layering.MAX_FUNCTION_LINES - len(head.splitlines())
    source = "\n".join([head, *["    x = 1"] * room_left, ""])
    assert layering.check_sizes(write_package(tmp_path, {"tags/a.py": source})) == []
    problems = layering.check_sizes(write_package(tmp_path, {"tags/a.py": source + "    x = 2\n"}))
    assert len(problems) == 1
    assert "f has 61 lines, more than 60" in problems[0]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1\n", ["the module"]),
        ('"""M."""\ndef f(): ...\n', ["f"]),
        ('"""M."""\nclass A:\n    def f(self): ...\n', ["A", "A.f"]),
        ('"""M."""\nclass A:\n    """A."""\n    @property\n    def f(self): ...\n', ["A.f"]),
        ('"""M."""\ndef _f(): ...\nclass _A:\n    def f(self): ...\n', []),
        ('"""M."""\nclass A:\n    """A."""\n    def __init__(self): ...\n    def _f(self): ...\n', []),
        ('"""M."""\nclass A:\n    """A."""\n    @f.setter\n    def f(self, x): ...\n', []),
        ('"""M."""\ndef f():\n    """F."""\n    def inner(): ...\n', []),
        ("", ["the module"]),
    ],
)
def test_a_missing_docstring_is_found(source, names, tmp_path):
    problems = layering.check_docstrings(write_package(tmp_path, {"tags/a.py": source}))
    assert [problem.split(": ")[-1].removesuffix(" has no docstring") for problem in problems] == names
