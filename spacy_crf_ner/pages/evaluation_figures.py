"""The plots of the report: what probabilities are worth, and how training went."""

from collections.abc import Mapping, Sequence
from typing import Any

from .vector_graphics import LINES, MUTED, RULE, plot, share_axis

# F1 at which lines are drawn behind the precision-recall curve.
F1_LINES = (0.2, 0.4, 0.6, 0.8)
# Numbers by training step.
Points = Sequence[tuple[int, float]]


def precision_recall_plot(points: Sequence[Mapping[str, float]]) -> str:
    """RETURNS (Markup): Precision by recall, with lines of equal F1 behind.

    points (Sequence[Mapping[str, float]]): "precision" and "recall", by falling thresholds.
    """
    last = points[-1]

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        axes.grid(visible=False)
        for f1 in F1_LINES:
            # From precision 1 to recall 1, with more points where the line is steep.
            lowest = f1 / (2 - f1)
            recalls = [lowest + (1 - lowest) * (step / 40) ** 2 for step in range(41)]
            precisions = [f1 * recall / (2 * recall - f1) for recall in recalls]
            axes.plot(recalls, precisions, color=RULE, linewidth=0.8)
            axes.text(1.0, lowest + 0.012, f"F1 {100 * f1:.0f}", ha="right", fontsize=8, color=MUTED)
        recall, precision = ([point[name] for point in points] for name in ("recall", "precision"))
        axes.plot(recall, precision, color=LINES[0])
        axes.plot(last["recall"], last["precision"], "o", color=LINES[0], markersize=6)
        share_axis(axes, x=True, y=True)
        axes.set_xlabel("Recall, %")
        axes.set_ylabel("Precision, %")

    title = (
        f"Precision by recall, for {len(points)} thresholds. With all predictions, recall is "
        f"{100 * last['recall']:.1f} % and precision {100 * last['precision']:.1f} %."
    )
    return plot("precision-recall", title, draw)


def threshold_plot(points: Sequence[Mapping[str, float]]) -> str:
    """RETURNS (Markup): Precision, recall and F1 by the threshold.

    points (Sequence[Mapping[str, float]]): "threshold", "precision", "recall" and "f1", by falling thresholds.
    """
    best = max(points, key=lambda point: point["f1"])

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        thresholds = [point["threshold"] for point in points]
        for index, name in enumerate(("precision", "recall", "f1")):
            values = [point[name] for point in points]
            # What is said of a threshold holds down to the next point.
            axes.step(thresholds, values, where="post", color=LINES[index])
        axes.plot(best["threshold"], best["f1"], "o", color=LINES[2], markersize=6)
        share_axis(axes, x=True, y=True)
        axes.set_xlabel("Least probability that is kept, %")
        axes.set_ylabel("%")

    title = (
        f"Precision, recall and F1 by threshold. F1 is best at {best['threshold']:.3f}, where it is "
        f"{100 * best['f1']:.1f} %."
    )
    return plot("thresholds", title, draw)


def reliability_plot(bins: Sequence[Mapping[str, Any]]) -> str:
    """RETURNS (Markup): The share of right predictions by their probability, over how many there are.

    bins (Sequence[Mapping[str, Any]]): "low", "high", "confidence", "precision" and "count" of each.
    """
    filled = [one for one in bins if one["count"]]

    def draw(figure: Any) -> None:
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        lows, widths = [one["low"] for one in filled], [one["high"] - one["low"] for one in filled]
        style = {"align": "edge", "color": LINES[0], "linewidth": 0}
        axes.bar(lows, [one["precision"] for one in filled], widths, alpha=0.3, **style)
        confidences, precisions = ([one[name] for one in filled] for name in ("confidence", "precision"))
        axes.plot(confidences, precisions, "o-", color=LINES[0], markersize=4.5, linewidth=1.2)
        below.bar(lows, [one["count"] for one in filled], widths, alpha=0.6, **style)
        share_axis(axes, y=True)
        share_axis(below, x=True)
        below.locator_params(axis="y", nbins=2, integer=True)
        below.set_xlabel("Probability, %")
        axes.set_ylabel("Right, %")
        below.set_ylabel("Number")

    total = sum(one["count"] for one in filled)
    return plot("reliability", f"Share of right predictions by probability, of {total} predictions.", draw)


def training_plot(name: str, title: str, series: Mapping[str, Points], unit: str, *, shares: bool) -> str:
    """RETURNS (Markup): Numbers by training step, a line for each series.

    name (str): Unique on the page.
    title (str): For those who do not see it.
    series (Mapping[str, Points]): Updates and numbers of each.
    unit (str): Name of the vertical axis.
    shares (bool): Whether this axis runs from 0 to 100 %.
    """

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        for index, points in enumerate(series.values()):
            # More lines than colours: the second round is dashed.
            dashes = (0, (4, 2)) if index >= len(LINES) else "solid"
            steps, values = [step for step, _ in points], [value for _, value in points]
            marker = "o" if len(points) == 1 else None
            axes.plot(
                steps, values, color=LINES[index % len(LINES)], linestyle=dashes, marker=marker, markersize=4
            )
        if shares:
            share_axis(axes, y=True)
        else:
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.locator_params(axis="x", integer=True)
        axes.set_xlabel("Updates")
        axes.set_ylabel(unit)

    return plot(name, title, draw)
