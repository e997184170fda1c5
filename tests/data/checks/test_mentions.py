"""The texts of entities."""

from spacy_crf_ner.data.checks.mentions import MentionCounts, check_consistency, check_unseen_entities
from tests.data.checks.made import counted, doc, levels


def apples(n: int, label: str) -> MentionCounts:
    return counted(MentionCounts(), [doc("Apple sells", (0, 1, label))] * n)


def test_a_text_with_several_labels_is_listed_with_their_numbers() -> None:
    parts = {"train": apples(3, "ORG"), "dev": apples(1, "FOOD")}
    finding = check_consistency(parts)[0]
    assert finding.level == "warn"
    assert finding.message.startswith("1 text with several labels; 1 entity (25 %)")
    assert finding.examples == ("'Apple': ORG 3, FOOD 1",)


def test_a_few_of_many_are_only_told() -> None:
    parts = {"train": apples(99, "ORG"), "dev": apples(1, "FOOD")}
    assert levels(check_consistency(parts)) == [("info", "consistent-labels")]


def test_one_label_for_each_text_is_good() -> None:
    assert levels(check_consistency({"train": apples(3, "ORG")})) == [("good", "consistent-labels")]
    assert check_consistency({"train": MentionCounts()}) == []


def test_entities_that_train_does_not_have_are_counted_whatever_their_case() -> None:
    dev = counted(MentionCounts(), [doc("APPLE and Globex", (0, 1, "ORG"), (2, 3, "ORG"))])
    finding = check_unseen_entities({"train": apples(1, "ORG"), "dev": dev})[0]
    assert finding.message == "50 % of the entities of dev have a text that no entity of train has"
    assert not finding.advice


def test_a_part_without_new_names_measures_what_was_learned_by_heart() -> None:
    finding = check_unseen_entities({"train": apples(1, "ORG"), "dev": apples(4, "ORG")})[0]
    assert finding.message.startswith("0 %")
    assert "names that are new" in finding.advice
    assert check_unseen_entities({"train": apples(1, "ORG")}) == []
