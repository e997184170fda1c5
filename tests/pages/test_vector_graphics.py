"""Plots as a part of a page: in its colours, with its text, and the same each time."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest

from spacy_crf_ner.errors import SpacyCrfNerError
from spacy_crf_ner.pages import evaluation_page, require_plots
from spacy_crf_ner.pages.evaluation_figures import (
    precision_recall_plot,
    reliability_plot,
    threshold_plot,
    training_plot,
)
from spacy_crf_ner.pages.vector_graphics import LINES, plot
from tests.pages.documents import Document
from tests.pages.reports import full_report, small_report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = [
    {"threshold": 0.9, "precision": 1.0, "recall": 0.2, "f1": 1 / 3},
    {"threshold": 0.5, "precision": 0.8, "recall": 0.6, "f1": 0.686},
    {"threshold": 0.2, "precision": 0.5, "recall": 0.7, "f1": 0.583},
]
BINS = [
    {"low": 0.0, "high": 0.5, "confidence": None, "precision": None, "count": 0},
    {"low": 0.5, "high": 1.0, "confidence": 0.7, "precision": 0.6, "count": 5},
]
SERIES = {"ner": [(0, 5.0), (10, 2.5)], "tok2vec": [(0, 1.0)]}
PLOTS = {
    "precision-recall": lambda: precision_recall_plot(POINTS),
    "thresholds": lambda: threshold_plot(POINTS),
    "reliability": lambda: reliability_plot(BINS),
    "losses": lambda: training_plot("losses", "Losses", SERIES, "Loss", shares=False),
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_an_image_with_a_title_in_the_colours_of_the_page(name: str) -> None:
    document = Document(PLOTS[name]())
    assert document.problems == []
    tag, attributes = document.elements[0]
    assert (tag, attributes["role"]) == ("svg", "img")
    assert attributes["aria-label"]
    assert "width" not in attributes
    html = str(PLOTS[name]())
    assert "var(--line-0)" in html
    assert "var(--muted)" in html
    # Black is what paths without a colour are, which are definitions of others.
    assert set(re.findall(r"#[0-9a-f]{6}\b", html)) <= {"#000000"}


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_refers_to_its_own_ids_alone_and_is_the_same_each_time(name: str) -> None:
    html = str(PLOTS[name]())
    ids = Document(html).ids
    assert len(ids) == len(set(ids))
    assert all(one.startswith(f"{name}-") for one in ids)
    assert set(re.findall(r"""(?:url\(|href=")#([^)"]+)""", html)) <= set(ids)
    assert "http" not in html
    assert html == str(PLOTS[name]())


def test_the_text_of_a_plot_is_text() -> None:
    assert "Recall, %" in Document(PLOTS["precision-recall"]()).text
    assert "@font-face" not in PLOTS["precision-recall"]()


def test_the_title_tells_what_the_curve_shows() -> None:
    assert "at 0.500, where it is 68.6 %" in PLOTS["thresholds"]()
    assert "recall is 70.0 % and precision 50.0 %" in PLOTS["precision-recall"]()
    assert "of 5 predictions" in PLOTS["reliability"]()


def test_a_threshold_has_the_numbers_of_what_it_keeps() -> None:
    (path,) = re.findall(r'<path d="([^"]*)"[^>]*stroke: var\(--line-0\)', PLOTS["thresholds"]())
    places = [tuple(map(float, pair)) for pair in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path)]
    # Down to the next point precision is that of this one; then it falls.
    heights = [height for _, height in places]
    assert heights[0] == heights[1] < heights[2] == heights[3] < heights[4]
    assert places[1][0] == places[2][0] < places[0][0]


def test_more_series_than_colours_differ_by_their_dashes() -> None:
    series = {str(number): [(0, 1.0), (1, float(number))] for number in range(len(LINES) + 1)}
    html = training_plot("many", "Many", series, "Loss", shares=False)
    assert html.count("stroke-dasharray") == 1


def test_the_title_is_escaped() -> None:
    (element,) = [
        one for one in Document(plot("x", '"><b>', lambda figure: None)).elements if one[0] == "svg"
    ]
    assert element[1]["aria-label"] == '"><b>'


def test_settings_of_the_user_have_no_effect_and_are_kept() -> None:
    before = str(PLOTS["losses"]())
    with mpl.rc_context({"lines.linewidth": 9.0, "svg.fonttype": "path", "font.size": 30.0}):
        assert str(PLOTS["losses"]()) == before
        assert mpl.rcParams["lines.linewidth"] == 9.0


@pytest.mark.slow
def test_a_plot_needs_no_pyplot_and_a_page_without_plots_no_matplotlib() -> None:
    lines = [
        "import sys",
        "from tests.pages.reports import full_report, small_report",
        "from spacy_crf_ner.pages import evaluation_page",
        "evaluation_page(small_report())",
        "assert 'matplotlib' not in sys.modules",
        "evaluation_page(full_report())",
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules",
    ]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    require_plots()
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_svg", None)
    for needs_it in (require_plots, lambda: evaluation_page(full_report())):
        with pytest.raises(SpacyCrfNerError, match=r"pip install 'spacy-crf-ner\[report\]'"):
            needs_it()
    assert "No text" not in evaluation_page(small_report())


def test_a_plot_is_drawn_on_the_figure_that_it_gets() -> None:
    def draw(figure: Figure) -> None:
        figure.add_subplot().plot([0, 1], [0, 1], color=LINES[3])

    assert "var(--line-3)" in plot("x", "X", draw)
