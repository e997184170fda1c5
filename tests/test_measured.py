"""No figure without its benchmark: what README shows as measured stands in a committed result, to the letter."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
RESULTS = REPOSITORY / "benchmarks" / "results"


def table_rows(text: str) -> list[str]:
    """Rows of Markdown tables that hold a figure."""
    return [line for line in text.splitlines() if line.startswith("|") and re.search(r"\d", line)]


def unsupported_rows(readme: str, results: Path) -> list[str]:
    """Rows of the section *Measured* that no result holds."""
    section = re.search(r"^## Measured\n(.*?)(?=^## )", readme, flags=re.DOTALL | re.MULTILINE)
    if section is None:
        return ["no section *Measured*"]
    known = {row for path in results.glob("*.md") for row in table_rows(path.read_text(encoding="utf8"))}
    rows = table_rows(section.group(1))
    return [row for row in rows if row not in known] if rows else ["no figures in the section *Measured*"]


def test_every_figure_in_the_readme_is_a_committed_result() -> None:
    assert unsupported_rows((REPOSITORY / "README.md").read_text(encoding="utf8"), RESULTS) == []


@pytest.mark.parametrize(
    ("readme", "found"),
    [
        ("## Measured\n\n| a | 1.0 |\n\n## More\n", []),
        ("## Measured\n\n| a | 1.1 |\n\n## More\n", ["| a | 1.1 |"]),
        ("## Measured\n\nnothing\n\n## More\n", ["no figures in the section *Measured*"]),
        ("## More\n", ["no section *Measured*"]),
    ],
)
def test_a_figure_without_a_result_is_found(readme: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "accuracy.md").write_text("| x | y |\n|---|---:|\n| a | 1.0 |\n", encoding="utf8")
    assert unsupported_rows(readme, tmp_path) == found
