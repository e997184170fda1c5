"""Files with a token on each line, as they should be: columns in all schemes, CoNLL-U; and data sets with the like."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.data.fuzzing.annotated import Given, Sentence, make_sentences

# The letters for the first, an inner, the last and the only token of an entity.
SCHEME_LETTERS = {
    "IO": "IIII",
    "IOB1": "IIII",
    "IOB2": "BIIB",
    "BIOES": "BIES",
    "BILOU": "BILU",
    "BMES": "BMES",
    "BMEWO": "BMEW",
}
MERGING = ("IO", "BARE")
TAG_FORMS = ("{letter}-{label}", "{letter}_{label}", "{label}-{letter}")


def tags_of(sentence: Sentence, scheme: str, form: str = "{letter}-{label}") -> list[str]:
    """The tags of a sentence.

    sentence (Sentence): The sentence.
    scheme (str): A name in SCHEME_LETTERS, or "BARE".
    form (str): How a letter and a label make a tag.
    RETURNS (list[str]): As many as words.
    """
    tags = ["O"] * len(sentence.words)
    ends = {end: label for _, end, label in sentence.entities}
    for start, end, label in sentence.entities:
        for position in range(start, end):
            if scheme == "BARE":
                tags[position] = label
                continue
            place = 3 if end - start == 1 else 0 if position == start else 2 if position == end - 1 else 1
            letter = SCHEME_LETTERS[scheme][place]
            # The one use of B in IOB1 is to separate neighbours.
            if scheme == "IOB1" and position == start and ends.get(start) == label:
                letter = "B"
            tags[position] = form.format(letter=letter, label=label)
    return tags


def make_columns(random: Random, scheme: str | None = None, forms: Sequence[str] = TAG_FORMS) -> Given:
    """A file of columns.

    random (Random): What chooses.
    scheme (str | None): The scheme; None for any.
    forms (Sequence[str]): How tags may be written.
    RETURNS (Given): One file.
    """
    scheme = scheme or random.choice([*SCHEME_LETTERS, "BARE"])
    separator = random.choice(["\t", " ", "\t", ","])
    sentences = make_sentences(random, odd=True, apart=scheme in MERGING)
    sentences = tuple(_for_separator(one, separator) for one in sentences)
    form = random.choice(forms)
    end, blank = random.choice(["\n", "\r\n"]), random.choice(["", "", "\t"])
    blank = blank if separator == "\t" else ""
    more = [separator.join(["x"] * random.randint(0, 2))] if random.randint(0, 1) else []
    lines: list[str] = []
    for sentence in sentences:
        pairs = zip(sentence.words, tags_of(sentence, scheme, form), strict=True)
        lines += [separator.join([word, *filter(None, more), tag]) for word, tag in pairs]
        lines.append(blank)
    options = {"file_format": "columns", "scheme": scheme, "separator": separator}
    text = end.join(lines) + end
    # Without a mark of its own, a file that begins with one as a letter would lose it.
    mark = "\ufeff" if text.startswith("\ufeff") else random.choice(["", "\ufeff"])
    content = (mark + text).encode()
    return Given("columns", {"given.conll": content}, "given.conll", options, sentences)


def _for_separator(sentence: Sentence, separator: str) -> Sentence:
    """The sentence without words that the file could not hold, or that would be a comment."""
    words = tuple("x" if separator in word or word == "#" else word for word in sentence.words)
    return Sentence(words, sentence.entities)


def make_conllu(random: Random) -> Given:
    """A CoNLL-U file, with the entities in the column MISC.

    random (Random): What chooses.
    RETURNS (Given): One file.
    """
    scheme = random.choice(["IOB2", "BIOES", "BILOU"])
    sentences = make_sentences(random, odd=True)
    comments, documents = random.randint(0, 1), random.randint(0, 1)
    lines: list[str] = []
    for number, sentence in enumerate(sentences):
        lines += [f"# newdoc id = d{number}"] * documents
        lines += [f"# sent_id = {number}", f"# text = {sentence.text}"] * comments
        lines += _conllu_lines(random, sentence, tags_of(sentence, scheme))
        lines.append("")
    options = {"file_format": "conllu", "scheme": scheme, "tag_column": "NER"}
    if not any(sentence.entities for sentence in sentences):
        options["scheme"] = "auto"
    content = ("\n".join(lines) + "\n").encode()
    return Given("conllu", {"given.conllu": content}, "given.conllu", options, sentences)


def _conllu_lines(random: Random, sentence: Sentence, tags: Sequence[str]) -> list[str]:
    lines = []
    for number, (word, tag) in enumerate(zip(sentence.words, tags, strict=True), start=1):
        misc = random.choice([f"NER={tag}", f"Gloss=x|NER={tag}"])
        lines.append("\t".join([str(number), word, "_", "NOUN", "_", "_", "0", "root", "_", misc]))
        if random.randint(0, 5) == 0:
            lines.append("\t".join([f"{number}.1", "gone", *"________"]))
    return lines


def make_datasets(random: Random) -> Given:
    """A folder that `save_to_disk` of `datasets` wrote; one of a few, since that takes its time.

    random (Random): What chooses.
    RETURNS (Given): Its files.
    """
    return saved_datasets()[random.randrange(len(saved_datasets()))]


@functools.cache
def saved_datasets() -> list[Given]:
    """A few data sets; those of which two bits of the number say so have a split, or tags that are strings."""
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    given = []
    for seed in range(8):
        sentences = make_sentences(Random(seed), odd=True)
        tags = [tags_of(one, "IOB2") for one in sentences]
        names = sorted({tag for row in tags for tag in row})
        feature = Value("string") if seed % 2 else ClassLabel(names=names)
        features = Features({"tokens": Sequence(Value("string")), "ner_tags": Sequence(feature)})
        rows = tags if seed % 2 else [[names.index(tag) for tag in row] for row in tags]
        dataset = Dataset.from_dict(
            {"tokens": [list(one.words) for one in sentences], "ner_tags": rows}, features=features
        )
        with tempfile.TemporaryDirectory() as folder:
            saved = DatasetDict({"train": dataset}) if seed % 4 >= 2 else dataset
            saved.save_to_disk(folder)
            files = {
                path.relative_to(folder).as_posix(): path.read_bytes()
                for path in sorted(Path(folder).rglob("*"))
                if path.is_file()
            }
        options = {"file_format": "datasets", "scheme": "IOB2"}
        given.append(Given("datasets", files, "", options, sentences))
    return given
