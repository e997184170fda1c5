"""The CRF benchmark's memory, long Doc and shares of a pipeline."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from spacy_crf_ner.functional import Potentials

pytestmark = pytest.mark.usefixtures("crf_benchmark")


def test_memory_is_measured_beyond_what_was_in_use() -> None:
    from crf_bench.memory import memory_case
    from crf_bench.processes import METHOD_USAGE, Peak

    size = 64 * 2**20
    peak = Peak()
    if peak.method == METHOD_USAGE:
        pytest.skip("without /proc only a new process has a peak of its own")
    held = torch.ones(size // 4)
    assert 0.9 * size < peak.bytes() < 2 * size
    del held
    case = {"implementation": "torch", "op": "marginals", "shape": [2, 5, 3], "device": "cpu"}
    found = memory_case(case)
    assert found["emissions_bytes"] == 2 * 5 * 3 * 4
    assert found["peak_bytes"] >= 0
    assert memory_case(case | {"implementation": "triton"})["error"]


def test_a_long_doc_has_the_entities_that_were_made() -> None:
    from crf_bench.long_doc import LABELS, long_doc_case, make_long
    from spacy_crf_ner.functional import viterbi
    from spacy_crf_ner.tags import TagSet, tags_to_spans

    tagset = TagSet("BILUO", LABELS)
    potentials = make_long(tagset, 500)
    spans = tags_to_spans(tagset, viterbi(potentials)[0].flatten().tolist())
    assert 20 < len(spans) < 60
    found = long_doc_case({"tokens": 500, "calls": 2})
    assert found["entities"] == len(spans)
    assert (found["tags"], found["layout"], len(found["seconds"])) == (25, "packed", 2)


def test_errors_of_float32_are_measured_and_judged(tmp_path: Path) -> None:
    from crf_bench.numbers import compare, constrained, numbers_section, run_numbers
    from spacy_crf_ner.functional import SCALED

    rows = run_numbers(4, (1.0, 5.0), 1, tmp_path / "rows.jsonl")
    assert {(row["tags"], row["spread"]) for row in rows} == {
        (n, spread) for n in (9, 73) for spread in (1.0, 5.0)
    }
    assert "met; at most" in numbers_section(rows)
    assert "missed; at most" in numbers_section([*rows, rows[0] | {"absolute_error": 2e-5}])
    assert "missed; at most" in numbers_section([*rows, rows[0] | {"relative_error": 2e-4}])

    class Wrong:
        name = "wrong"

        def marginals(self, potentials: Potentials) -> tuple[torch.Tensor, torch.Tensor]:
            totals, tokens = SCALED.marginals(potentials)
            return totals * 1.01, tokens + 0.5

    found = compare(constrained(4, 2, 1.0), Wrong())
    assert found["relative_error"] == pytest.approx(0.01, rel=1e-3)
    assert found["absolute_error"] == pytest.approx(0.5, rel=1e-3)


def test_a_clock_counts_nested_calls_of_one_name_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from crf_bench import clock as clocks
    from crf_bench.pipeline import shares

    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(clocks.time, "perf_counter", lambda: now.seconds)
    clock = clocks.Clock()

    def work(seconds: float) -> None:
        now.seconds += seconds

    inner = clock.wrap("encoder", work)
    layer = clock.wrap("layer", work)

    def outer() -> None:
        inner(1.0)
        layer(2.0)
        clock.wrap("component", work)(5.0)

    clock.wrap("component", outer)()
    assert clock.seconds == {"encoder": 1.0, "layer": 2.0, "component": 8.0}
    found = shares(clock, 10.0)
    assert (found["crf"], found["component"]) == pytest.approx((0.2, 0.7))


def test_shares_of_a_small_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from crf_bench import pipeline
    from harness import corpus
    from spacy_crf_ner.pipeline import prediction

    posts = "Anna\tB-person\nsings\tO\n\nin\tO\nParis\tB-location\n\n"
    for name in corpus.WNUT17.files.values():
        (tmp_path / name).write_text(posts, encoding="utf8")
    for part in corpus.WNUT17.files:
        monkeypatch.setitem(corpus.WNUT17.counts, part, (2, 4, 2))
    before = prediction.decode_viterbi
    amount = pipeline.Amount(warm_up={"cnn": 1}, updates=1, passes=1)
    (row,) = pipeline.run_pipelines(["cnn"], tmp_path, amount, 1, "auto", None, tmp_path / "rows.jsonl")
    for what in ("pipe", "update"):
        share = row["shares"][what]
        assert 0 < share["crf"] < 1
        assert share["crf"] == pytest.approx(share["layer"] + share["decoding"] + share["loss"])
        assert share["crf"] < share["component"] < 1
    assert row["shares"]["pipe"]["loss"] == 0 < row["shares"]["update"]["loss"]
    assert row["ratio_to_ner"]["update"] > 0
    assert prediction.decode_viterbi is before


def test_every_question_is_timed_and_told(tmp_path: Path) -> None:
    from crf_bench.answers import COMPONENT_PROBABLE, PROBABLE, answers_section, run_answers

    rows = run_answers(["torch"], 1, tmp_path / "rows.jsonl", rounds=2, n_docs=3)
    assert len(rows[0]["ms"]) == 9
    assert all(ms > 0 for ms in rows[0]["ms"].values())
    table = answers_section(rows, lambda lines: "\n".join(map(" | ".join, lines)), "today")
    assert PROBABLE in table
    assert COMPONENT_PROBABLE in table
    assert "goal under 0.25" in table
