"""Static word vectors for a student, from its teacher's transformer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vectors import Vectors
from tqdm import tqdm

BATCH = 256


def save_word_vectors(teacher: Language, texts: Iterable[Iterable[str]], width: int, path: Path) -> int:
    """What the teacher's transformer makes of each word alone, in spaCy's format, for `paths.vectors`.

    teacher (Language): A pipeline with a component `transformer`, whose tokenizer ignores case.
    texts (Iterable[Iterable[str]]): Words of texts; those of the tokenizer's own vocabulary are added.
    width (int): Width of the vectors: as many principal components are kept.
    path (Path): The folder.
    RETURNS (int): How many words there are.
    """
    transformer = teacher.get_pipe("transformer")
    pieces = transformer.model.tokenizer.get_vocab()
    words = {piece for piece in pieces if piece.isalpha()}
    words.update(word.lower() for text in texts for word in text if not word.isspace())
    ordered = sorted(words, key=lambda word: (len(word), word))
    vectors = []
    for start in tqdm(range(0, len(ordered), BATCH), desc="Word vectors", unit="batches"):
        docs = [Doc(teacher.vocab, words=[word]) for word in ordered[start : start + BATCH]]
        for data in transformer.predict(docs).doc_data:
            states = data.model_output.last_hidden_state
            rows = data.align.data.reshape(-1)
            # A character that the tokenizer drops has no pieces.
            vectors.append(states.reshape(-1, states.shape[-1])[rows].sum(axis=0) / max(1, len(rows)))
    table = np.stack(vectors)
    table -= table.mean(axis=0)
    _, _, axes = np.linalg.svd(table[:: max(1, len(table) // 10_000)], full_matrices=False)
    table = table @ axes[:width].T
    table /= table.std()
    nlp = spacy.blank("en")
    keys = [nlp.vocab.strings.add(word) for word in ordered]
    nlp.vocab.vectors = Vectors(data=np.ascontiguousarray(table, dtype="float32"), keys=keys, attr="LOWER")
    nlp.to_disk(path)
    return len(ordered)
