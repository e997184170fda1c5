"""The benchmark of confidence: what it computes for others, and what it writes."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from spacy_crf_ner.evaluation import brier_score, gather
from spacy_crf_ner.functional import marginals
from tests import tiny
from tests.evaluation import corpora
from tests.functional import oracle

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"
FILES = {"train": "wnut17train.conll", "dev": "emerging.dev.conll", "test": "emerging.test.annotated"}
PARTS = {"confidence", "confidence_bench", "harness"}


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import confidence

    threads = torch.get_num_threads()
    yield confidence
    torch.set_num_threads(threads)
    for name in [name for name in sys.modules if name.split(".")[0] in PARTS]:
        del sys.modules[name]


def as_conll(sentences: Any) -> str:
    lines = []
    for text, entities in sentences:
        tags = ["O"] * len(text.split())
        for start, end, label in entities:
            tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
        lines += [f"{word}\t{tag}" for word, tag in zip(text.split(), tags, strict=True)] + [""]
    return "\n".join(lines)


@pytest.fixture
def corpus_folder(benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from harness import corpus

    sentences = tiny.TINY_SENTENCES
    # Of every second sentence dev and test do not have the annotation, so that some predictions are wrong.
    half = [(text, entities if index % 2 else ()) for index, (text, entities) in enumerate(sentences)]
    parts = {"train": sentences, "dev": half, "test": half * 2}
    counts = {
        part: (len(found), sum(len(t.split()) for t, _ in found), sum(len(e) for _, e in found))
        for part, found in parts.items()
    }
    for part, count in counts.items():
        monkeypatch.setitem(corpus.WNUT17.counts, part, count)
    folder = tmp_path / "wnut17"
    folder.mkdir()
    for part, found in parts.items():
        (folder / FILES[part]).write_text(as_conll(found), encoding="utf8")
    return folder


@pytest.fixture
def part(benchmark: ModuleType) -> Any:
    from confidence_bench.scores import Part

    nlp = corpora.pipeline(corpora.scores_by_text(2.0), seed=1)
    held_out = gather(nlp, corpora.crf_ner(nlp), corpora.sampled_examples(nlp, 30, 1.5))
    return Part(held_out, held_out.predict())


def token_values(part: Any, per_token: np.ndarray) -> list[np.ndarray]:
    """Rows of the tokens of each predicted entity, found without the benchmark's help; all texts have 6 tokens."""
    rows = per_token.reshape(-1, 6, per_token.shape[-1])
    return [rows[sequence, span.start : span.end] for sequence, span in part.predictions.spans]


def at_tags(part: Any, per_token: np.ndarray) -> list[np.ndarray]:
    tagset = part.held_out.tagset
    values = []
    for rows, (_, span) in zip(token_values(part, per_token), part.predictions.spans, strict=True):
        size = span.end - span.start
        prefixes = "U" if size == 1 else "B" + "I" * (size - 2) + "L"
        tags = [tagset.tag_id(prefix, span.label) for prefix in prefixes]
        values.append(np.array([row[tag] for row, tag in zip(rows, tags, strict=True)]))
    return values


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_scores_of_single_tokens_are_combined_as_their_names_say(part: Any, temperature: float) -> None:
    from confidence_bench import scores

    softmax = (part.held_out.potentials.emissions.double() / temperature).softmax(1).numpy()
    of_tokens = marginals(part.tempered(temperature)).numpy().astype("float64")
    emitted, marginal = at_tags(part, softmax), at_tags(part, of_tokens)
    expected = {
        scores.softmax_mean: [values.mean() for values in emitted],
        scores.softmax_first: [values[0] for values in emitted],
        scores.softmax_max: [values.max() for values in emitted],
        scores.softmax_top: [rows.max(1).mean() for rows in token_values(part, softmax)],
        scores.marginal_mean: [values.mean() for values in marginal],
        scores.marginal_min: [values.min() for values in marginal],
        scores.marginal_product: [values.prod() for values in marginal],
    }
    assert {*expected, scores.exact, scores.prefix_softmax} == {*scores.METHODS.values()}
    for method, values in expected.items():
        np.testing.assert_allclose(method(part, temperature), values, atol=1e-5)
    longest = max(len(values) for values in emitted)
    assert longest > 2


def test_prefix_scores_are_those_of_the_best_paths_so_far(part: Any) -> None:
    from confidence_bench import scores

    problem = oracle.problems_of(part.held_out.potentials)[0]
    found = scores._prefix_scores(part.held_out.potentials)[:6].numpy()
    for length in (1, 2, 3):
        paths = oracle.all_paths(length, problem.n_tags)
        steps = np.arange(length)
        allowed = problem.allowed_start[paths[:, 0]] & problem.allowed_transitions[
            paths[:, :-1], paths[:, 1:]
        ].all(1)
        totals = problem.start[paths[:, 0]] + problem.emissions[steps, paths].sum(1)
        totals += problem.transitions[paths[:, :-1], paths[:, 1:]].sum(1)
        totals[~allowed] = -np.inf
        best = [totals[paths[:, -1] == tag].max() for tag in range(problem.n_tags)]
        np.testing.assert_allclose(found[length - 1], best, rtol=1e-5)
    values = np.exp(found - found.max(1, keepdims=True))
    values /= values.sum(1, keepdims=True)
    expected = [values[span.start : span.end].max(1).mean() for i, span in part.predictions.spans if i == 0]
    np.testing.assert_allclose(scores.prefix_softmax(part, 1.0)[: len(expected)], expected, atol=1e-5)


def test_resamples_take_docs_as_a_whole(part: Any) -> None:
    from confidence_bench.measures import draw

    for chosen in draw(part, 5, seed=3):
        counts = np.bincount(chosen, minlength=len(part.docs))
        for doc in set(part.docs.tolist()):
            assert len(set(counts[part.docs == doc].tolist())) == 1
    again = [chosen.tolist() for chosen in draw(part, 5, seed=3)]
    assert again == [chosen.tolist() for chosen in draw(part, 5, seed=3)]
    assert len({tuple(chosen) for chosen in again}) == 5


def test_intervals_hold_the_value_and_differences_are_paired(part: Any) -> None:
    from confidence_bench.measures import MEASURES, Stage, figures
    from confidence_bench.scores import exact

    chances = exact(part, 1.0)
    stages = [Stage("ours", False, {"": 1.0}, chances), Stage("same", False, {"": 1.0}, chances.copy())]
    worse = Stage("worse", False, {"": 1.0}, 1 - chances)
    ours, same, other = figures([*stages, worse], "ours", part, 50)
    assert ours["all"]["difference"] is None
    assert set(ours["all"]["figures"]) == set(MEASURES)
    for name, interval in ours["all"]["figures"].items():
        assert interval["low"] < interval["value"] < interval["high"], name
        assert set(same["all"]["difference"][name].values()) == {0.0}
    assert other["all"]["difference"]["brier"]["low"] > 0
    assert other["all"]["difference"]["aupr"]["high"] < 0


def test_long_entities_are_measured_apart(part: Any) -> None:
    from confidence_bench.measures import Stage, figures
    from confidence_bench.scores import exact

    chances, correct = exact(part, 1.0), part.predictions.correct
    (found,) = figures([Stage("ours", False, {"": 1.0}, chances)], "ours", part, 10)
    long = np.array([span.end - span.start >= 2 for _, span in part.predictions.spans])
    assert 0 < long.sum() < len(long)
    assert found["long"]["figures"]["brier"]["value"] == brier_score(chances[long], correct[long])
    assert found["all"]["figures"]["brier"]["value"] == brier_score(chances, correct)


@pytest.mark.usefixtures("benchmark")
def test_the_calibration_error_by_chance_is_that_of_right_scores() -> None:
    from confidence_bench.measures import chance_error

    assert chance_error(np.array([0.0, 1.0, 1.0]), 20, seed=0) == 0.0
    # One coin: the error is one half whatever it shows.
    assert chance_error(np.array([0.5]), 20, seed=0) == 0.5
    errors = [chance_error(np.full(size, 0.5), 300, seed=0) for size in (25, 100, 400)]
    # The mean distance of a normal deviate from its mean is sqrt(2 / pi) standard deviations.
    expected = [np.sqrt(2 / np.pi) * 0.5 / np.sqrt(size) for size in (25, 100, 400)]
    np.testing.assert_allclose(errors, expected, rtol=0.15)


def test_a_quick_run_trains_measures_and_writes_a_page(
    benchmark: ModuleType,
    corpus_folder: Path,
    tiny_encoder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from confidence_bench.names import FROM_SEQUENCES, PER_LABEL
    from confidence_bench.scores import METHODS

    out, model = tmp_path / "results" / "rows.jsonl", tmp_path / "model"
    shared = ["--corpus", corpus_folder, "--threads", 1, "--quick"]
    train = ["--train", "--output-model", model, "--encoder", tiny_encoder, "--steps", 30, "--out", out]
    benchmark.main([str(part) for part in [*shared, *train]])
    assert (model / "crf_ner" / "cfg").is_file()
    rows = [json.loads(line) for line in out.read_text(encoding="utf8").splitlines()]
    assert [(row["method"], row["calibrated"]) for row in rows] == [
        *((name, False) for name in METHODS),
        *((name, True) for name in METHODS),
        (PER_LABEL, True),
        (FROM_SEQUENCES, True),
    ]
    assert rows[0]["test"]["docs"] == 24
    assert 0 < rows[0]["test"]["correct"] < rows[0]["test"]["predicted"]
    assert str(tmp_path) not in out.read_text(encoding="utf8"), (
        "paths of this machine do not belong into results"
    )

    page = (tmp_path / "results" / "rows.md").read_text(encoding="utf8")
    shown = capsys.readouterr().out
    assert page in shown
    for row in rows:
        error = 100 * row["all"]["figures"]["ece"]["value"]
        assert any(row["method"] in line and f" {error:.1f} (" in line for line in page.splitlines())
    assert "the exact probability is" in page
    assert rows[0]["machine"] in page

    benchmark.main([str(part) for part in [*shared, "--model", model]])
    assert capsys.readouterr().out == page + "\n"
    benchmark.main(["--table", "--out", str(out)])
    assert (tmp_path / "results" / "rows.md").read_text(encoding="utf8") == page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "folder"], "--corpus or $WNUT17_DIR is needed"),
        (["--train", "--corpus", "folder"], "--train needs --output-model"),
        (["--corpus", "folder"], "one of the arguments --model --train --table is required"),
    ],
)
def test_a_command_line_that_lacks_something_is_refused(
    benchmark: ModuleType,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("WNUT17_DIR", raising=False)
    with pytest.raises(SystemExit, match="2"):
        benchmark.main(arguments)
    assert message in capsys.readouterr().err
