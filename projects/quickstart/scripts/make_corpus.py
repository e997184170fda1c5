"""Write the quickstart's corpus: own sentences about made-up people and companies, as spaCy's binary training data.

Names and templates are divided between train, dev and test before any sentence is made, so that a model is scored on
names and on wording that it never saw. What it can learn is how a sentence tells that Jordan is a country here and a
person there.
"""

from collections import Counter
from pathlib import Path
from typing import Annotated

import spacy
import typer
from corpus_names import SPLITS
from corpus_sentences import Sentence, make_corpus, surface_forms, surfaces
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import filter_spans
from wasabi import msg

PROJECT = Path(__file__).resolve().parent.parent


def to_doc(nlp: Language, sentence: Sentence) -> Doc:
    """A Doc with the entities of a sentence.

    nlp (Language): Its tokenizer is what will be used in training.
    sentence (Sentence): Text and entities in characters.
    RETURNS (Doc): With every token's entity annotation set.
    RAISES (ValueError): If an entity does not begin and end with a token, or overlaps another.
    """
    doc = nlp.make_doc(sentence.text)
    spans = []
    for start, end, label in sentence.entities:
        span = doc.char_span(start, end, label=label)
        if span is None:
            raise ValueError(
                f"the tokens of {sentence.text!r} do not fit its entity {sentence.text[start:end]!r}"
            )
        spans.append(span)
    if len(filter_spans(spans)) != len(spans):
        raise ValueError(f"the entities of {sentence.text!r} overlap: {spans}")
    doc.set_ents(spans, default="outside")
    return doc


def write_docs(docs: list[Doc], path: Path) -> None:
    """Write Docs in spaCy's binary format; the same Docs give the same bytes."""
    # Only what was annotated: other attributes would claim that there are no tags, lemmas or parses to learn.
    DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=docs).to_disk(path)


def print_stats(corpus: dict[str, list[Sentence]], docs: dict[str, list[Doc]]) -> None:
    """Print what is in each split, and how much of it is new to a model that has read the training split."""
    labels = Counter(label for sentences in corpus.values() for _, label in surfaces(sentences))
    train = surface_forms(corpus["train"])
    train_words = {word for name in train for word in name.split()}
    columns = []
    for split in SPLITS:
        forms = surface_forms(corpus[split])
        found = Counter(label for _, label in surfaces(corpus[split]))
        words = [word for name in forms for word in name.split()]
        column: dict[str, object] = {
            "Sentences": len(corpus[split]),
            "  without entities": sum(not sentence.entities for sentence in corpus[split]),
            "Tokens": sum(len(doc) for doc in docs[split]),
            "Entities": found.total(),
            **{f"  {label}": found[label] for label in sorted(labels)},
            "Different names": len(forms),
            "  with two labels or more": sum(len(of_name) > 1 for of_name in forms.values()),
            "  not in train": f"{sum(name not in train for name in forms) / len(forms):.0%}",
            "Words of names not in train": f"{sum(word not in train_words for word in words) / len(words):.0%}",
        }
        columns.append(column)
    rows = [(key, *(column[key] for column in columns)) for key in columns[0]]
    msg.table(rows, header=("", *SPLITS), divider=True, aligns=("l", "r", "r", "r"))


def main(
    output: Annotated[Path, typer.Argument(help="Folder for train.spacy, dev.spacy and test.spacy")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same corpus, byte for byte")] = 0,
    n_train: Annotated[int, typer.Option(help="About how many sentences to train on")] = 620,
    n_dev: Annotated[int, typer.Option(help="About how many sentences to choose the best model by")] = 150,
    n_test: Annotated[int, typer.Option(help="About how many sentences for the final score")] = 180,
) -> None:
    """Write the quickstart's corpus and print what is in it."""
    corpus = make_corpus(PROJECT, dict(zip(SPLITS, (n_train, n_dev, n_test), strict=True)), seed)
    nlp = spacy.blank("en")
    docs = {split: [to_doc(nlp, sentence) for sentence in corpus[split]] for split in SPLITS}
    output.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        write_docs(docs[split], output / f"{split}.spacy")
    print_stats(corpus, docs)
    msg.good(f"Wrote {', '.join(f'{split}.spacy' for split in SPLITS)}", str(output))


if __name__ == "__main__":
    typer.run(main)
