"""Plots by matplotlib that become a part of a page: as SVG with real text, in the colours of the page."""

import io
import re
from collections.abc import Callable
from typing import Any

from ..errors import Errors, SpacyCrfNerError

# Inches, at 72 points each.
WIDTH, HEIGHT = 5.4, 3.7
# Colours that nothing else has, and what they become on the page, where they follow its theme.
MUTED, RULE = "#010204", "#010205"
LINES = tuple(f"#0102{16 + index:02x}" for index in range(6))
VARIABLES = {MUTED: "--muted", RULE: "--rule"}
VARIABLES.update({colour: f"--line-{index}" for index, colour in enumerate(LINES)})
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "spacy-crf-ner",
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "text.color": MUTED,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "lines.linewidth": 1.8,
    "font.size": 9.5,
}
ID = re.compile(r"""(?<=\bid=")|(?<=\bhref="#)|(?<=url\(#)""")
FONT = re.compile(r"font: ([\d.]+px) [^;\"]*")


def require_plots() -> None:
    """Raise if plots cannot be drawn.

    RAISES (SpacyCrfNerError): matplotlib is absent.
    """
    try:
        import matplotlib.backends.backend_svg  # noqa: F401, PLC0415
    except ImportError as error:
        raise SpacyCrfNerError(Errors.V001.format(reason=error)) from error


def plot(name: str, title: str, draw: Callable[[Any], None]) -> str:
    """Draw a figure.

    name (str): Unique on the page: its ids begin with it.
    title (str): What it shows, for those who do not see it.
    draw (Callable[[Figure], None]): Adds axes and lines to the empty figure. No text may come from data, since
        matplotlib takes some for formulas.
    RETURNS (Markup): The element `svg`, which is not escaped again.
    RAISES (SpacyCrfNerError): matplotlib is absent.
    """
    require_plots()
    import matplotlib as mpl  # noqa: PLC0415
    from markupsafe import Markup, escape  # noqa: PLC0415
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    file = io.StringIO()
    # Without pyplot, which holds all figures, and without the settings of the user.
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        figure: Any = Figure(figsize=(WIDTH, HEIGHT), facecolor="none", layout="constrained")
        draw(figure)
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(file, metadata={"Date": None, "Creator": None})
    body = re.sub(
        r"<(metadata|style)\b.*?</\1>|<!--.*?-->|<title>.*?</title>", "", file.getvalue(), flags=re.S
    )
    body = FONT.sub(r"font-size: \1", ID.sub(f"{name}-", body[body.index("<svg") :]))
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    size = f"{72 * WIDTH:g} {72 * HEIGHT:g}"
    head = f'<svg class="plot" role="img" aria-label="{escape(title)}" viewBox="0 0 {size}">'
    return Markup(re.sub(r"<svg\b[^>]*>", lambda _: head, body, count=1).strip())


def share_axis(axes: Any, *, x: bool = False, y: bool = False) -> None:
    """Let axes run from 0 to 100 %, with room for the lines at both ends.

    axes (Axes): The axes.
    x (bool): Whether the horizontal one does.
    y (bool): Whether the vertical one does.
    """
    ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    names = [f"{100 * tick:.0f}" for tick in ticks]
    if x:
        axes.set_xlim(-0.01, 1.01)
        axes.set_xticks(ticks, names)
    if y:
        axes.set_ylim(-0.01, 1.01)
        axes.set_yticks(ticks, names)
