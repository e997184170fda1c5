"""That what the Markdown files show is true, and that each check finds what is not."""

import textwrap
from pathlib import Path

import pytest
import spacy

from . import documentation

REPOSITORY = Path(__file__).resolve().parent.parent
README = REPOSITORY / "README.md"
PAGES = [README, REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def write_page(folder: Path, text: str) -> Path:
    path = folder / "PAGE.md"
    path.write_text(textwrap.dedent(text), encoding="utf8")
    return path


def relative_name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """What an example writes stays out of the repository."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=relative_name)
def test_the_paths_on_a_page_exist(page):
    problems = documentation.check_paths(page, REPOSITORY)
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("page", PAGES, ids=relative_name)
def test_the_configs_on_a_page_resolve(page):
    problems = documentation.check_configs(page)
    assert not problems, "\n" + "\n".join(problems)


def test_the_readme_shows_how_to_use_the_component():
    blocks = documentation.read_blocks(README.read_text(encoding="utf8"))
    code = [block for block in blocks if block.language == "python" and block.run]
    assert any("crf_ner" in block.code for block in code)
    assert any(block.output is not None for block in code)


@pytest.mark.parametrize("page", PAGES, ids=relative_name)
def test_the_python_of_a_page_runs_and_prints_what_it_shows(page, empty_folder):
    problems = documentation.check_python(page)
    assert not problems, "\n" + "\n".join(problems)


def test_the_readme_shows_every_setting_of_the_component_with_its_default():
    blocks = documentation.read_blocks(README.read_text(encoding="utf8"))
    shown = next(block.code for block in blocks if 'factory = "crf_ner"' in block.code)
    settings = documentation.parse_config(shown)["components"]["ner"]
    defaults = spacy.blank("en").get_factory_meta("crf_ner").default_config
    assert settings.pop("factory") == "crf_ner"
    assert settings.keys() == defaults.keys()
    assert {**settings, "model": None} == {**defaults, "model": None}


def test_blocks_are_read_with_their_output():
    text = textwrap.dedent(
        """\
        ```python
        print(1)
        ```

        prints:

        ```text
        1
        ```

        ```python
        x = 1
        ```

        A sentence. Then:

        and another line

        ```text
        not its output
        ```

        <!-- not run: needs a download -->
        ```python title="other"
        download()
        ```
        ```python
        print(2)
        ```
        ```
        2
        ```
        ```bash
        ls
        ```
        """
    )
    python = [block for block in documentation.read_blocks(text) if block.language == "python"]
    assert [block.output for block in python] == ["1\n", None, None, "2\n"]
    assert [block.line for block in python] == [2, 12, 25, 28]
    assert [block.run for block in python] == [True, True, False, True]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```python\nx = 1\n```\n\n```python\nprint(x)\n```\n```text\n1\n```\n", None),
        ("```python\nprint(1)\n```\n```text\n2\n```\n", "PAGE.md:2: expected\n2\nbut it printed\n1\n"),
        ("```python\nx = 1\n```\n\n```python\n\nprint(x + y)\n```\n", "PAGE.md:7: NameError: name 'y'"),
        ("```python\n\nx = = 1\n```\n", "PAGE.md:3: SyntaxError"),
        (
            "```python\ndef f():\n    raise ValueError('no')\n```\n\n```python\nf()\n```\n",
            "PAGE.md:3: ValueError: no",
        ),
        ("<!-- not run: no network -->\n```python\n1 / 0\n```\n", None),
        ("```python\n1 / 0\n```\n", "PAGE.md:2: ZeroDivisionError"),
    ],
)
def test_python_that_does_not_do_what_the_page_shows_is_found(text, problem, empty_folder):
    problems = documentation.check_python(write_page(empty_folder, text))
    assert len(problems) == (problem is not None)
    assert problem is None or problem in problems[0]


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("Berlin LOC 0.98\n", "Berlin LOC 0.98", True),
        ("Berlin LOC 0.98", "Berlin LOC 0.96", True),
        ("Berlin LOC 0.98", "Berlin LOC 0.95", False),
        ("Berlin LOC 0.98", "Berlin ORG 0.98", False),
        ("version 3\n", "version 4\n", False),
        ("a  \nb\n\n", "a\nb", True),
        ("a\nb", "a b", False),
        ("a ... z 0.5", "a 0.1 0.2\ny z 0.51", True),
        ("a ... z", "a b y", False),
        ("(0.5) [x] *", "(0.5) [x] *", True),
        ("0.5", "", False),
    ],
)
def test_outputs_are_compared_but_for_decimals_and_dots(expected, got, same):
    assert documentation.same_output(expected, got) is same


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("Run `scripts/present`.", None),
        ("Run `bash scripts/absent --all`.", "scripts/absent"),
        ("python -m spacy train configs/absent.cfg --output out", "configs/absent.cfg"),
        ("See docs/absent.md.", "docs/absent.md"),
        ("All of scripts/pres* and configs/absent*.cfg", "configs/absent*.cfg"),
        ("[Here](docs/absent.md#part) and [there](https://example.org/docs/other.md).", "docs/absent.md"),
        ("[This page](#part), https://example.org/scripts/other and site.org/docs/x are no files.", None),
        ("Writes `training/model-best` and other/scripts/thing.", None),
    ],
)
def test_a_path_that_does_not_exist_is_found(line, missing, tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "present").touch()
    problems = documentation.check_paths(write_page(tmp_path, f"Title\n\n{line}\n"), tmp_path)
    expected = [] if missing is None else [f"{tmp_path / 'PAGE.md'}:3: {missing} does not exist"]
    assert problems == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[components.ner]\nfactory = 'ner'\nmoves = null\n", None),
        ("[a.model]\n@architectures = 'spacy.HashEmbedCNN.v2'\nwidth = ${x.y}\n", None),
        ("[training]\nmax_steps\n", "does not parse"),
        ("[a]\nb = 1\n[a]\nc = 2\n", "does not parse"),
        ("[components.ner]\nfactory = 'no_ner'\n", "[components.ner] factory: no factory 'no_ner'"),
        ("[components.ner]\nfactory = 'ner'\nmovs = null\n", "[components.ner] movs: no such setting"),
        (
            "[a.model]\n@architectures = 'spacy.No.v1'\n",
            "[a.model] @architectures: no function 'spacy.No.v1'",
        ),
        ("[a]\n@optimizers = 'Adam.v1'\nlr = 0.1\n", "[a] lr: no such argument"),
        ("[a]\n@nonsense = 'Adam.v1'\n", "[a] @nonsense: no function"),
    ],
)
def test_a_config_that_does_not_resolve_is_found(text, problem, tmp_path):
    text = text.replace("'", '"')
    problems = documentation.check_configs(write_page(tmp_path, f"Title\n\n```ini\n{text}```\n"))
    assert len(problems) == (problem is not None)
    assert problem is None or problem.replace('"', "'") in problems[0].replace('"', "'")
    assert all("PAGE.md:4: " in line for line in problems)
