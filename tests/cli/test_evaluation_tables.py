"""What `crf-ner evaluate` prints of measures that not every pipeline has."""

import pytest

from spacy_crf_ner.cli.evaluation_tables import MOST_LABELS, print_log, print_report
from spacy_crf_ner.evaluation import JudgedDoc, TrainingStep, measure_entities
from tests.evaluation.judged import judged

CONFUSION = "Annotated, and predicted as"


def printed(capsys: pytest.CaptureFixture[str], *docs: JudgedDoc) -> str:
    print_report("model", measure_entities(docs, samples=2))
    return " ".join(capsys.readouterr().out.split())


def test_labels_that_are_taken_for_one_another_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    gold = [(0, 2, "PER"), (2, 4, "PER"), (4, 5, "L\x1bOC"), (6, 7, "PER")]
    predicted = [(0, 1, "PER"), (2, 4, "L\x1bOC"), (5, 6, "PER"), (6, 7, "PER")]
    found = printed(capsys, judged(gold, predicted))
    assert f"{CONFUSION} L OC PER nothing" in found
    assert "L OC . . 1 PER 1 2 . nothing . 1 ." in found
    assert "Of those with the right label, 1 have a wrong boundary." in found
    assert "Probabilities" not in found


def test_labels_that_are_never_mistaken_need_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert CONFUSION not in printed(capsys, judged([(0, 2, "PER"), (3, 4, "LOC")], [(0, 1, "PER")]))


@pytest.mark.parametrize(("n_labels", "shown"), [(MOST_LABELS, True), (MOST_LABELS + 1, False)])
def test_a_table_of_too_many_labels_is_left_to_files(
    n_labels: int, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"L{index}" for index in range(n_labels)]
    docs = [judged([(0, 1, name)], [(0, 1, names[0])]) for name in names]
    assert (CONFUSION in printed(capsys, *docs)) is shown


def test_probabilities_are_told_if_there_are_any(capsys: pytest.CaptureFixture[str]) -> None:
    right = judged([(0, 1, "PER")], [(0, 1, "PER"), (2, 3, "PER")], probabilities=[0.75, None])
    found = printed(capsys, right)
    assert "Probabilities of 1 entities 0 to 1" in found
    assert "Area under precision and recall 1.0000" in found
    assert "Calibration error 0.2500 Brier score 0.0625" in found
    wrong = judged([(0, 1, "PER")], [(2, 3, "PER")], probabilities=[0.75])
    assert "Area under precision and recall - Calibration error 0.7500" in printed(capsys, wrong)


def test_of_equal_scores_in_training_the_last_is_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    scores = [(0, 0.25), (200, 0.5), (400, 0.5), (600, None)]
    print_log([TrainingStep(1, step, score, {}, {}) for step, score in scores])
    assert "Training: best score 50.00 % at step 400, of 4 evaluations" in capsys.readouterr().out
    print_log([TrainingStep(1, 0, None, {}, {})])
    assert "Training: 1 evaluations without a score" in capsys.readouterr().out
