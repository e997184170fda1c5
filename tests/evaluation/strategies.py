"""Judged Docs for hypothesis: annotation without overlaps, and predictions that may be anything."""

from itertools import pairwise

from hypothesis import strategies as st

from spacy_crf_ner.evaluation import JudgedDoc
from tests.evaluation.judged import LABELS, SpanTuple, judged

TEXT = "a bc d ef g hi"
N_TOKENS = len(TEXT.split())

LABEL = st.sampled_from(LABELS)
EDGES = st.lists(st.integers(0, N_TOKENS), min_size=2, max_size=2, unique=True).map(sorted)
# Few values, so that some are equal.
PROBABILITY = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))


@st.composite
def annotations(draw: st.DrawFn) -> list[SpanTuple]:
    """Spans from left to right, none of which overlap."""
    edges = sorted(draw(st.sets(st.integers(0, N_TOKENS))))
    spans = [(start, end, draw(LABEL)) for start, end in pairwise(edges)]
    return [span for span in spans if draw(st.booleans())]


@st.composite
def predictions(draw: st.DrawFn, gold: list[SpanTuple]) -> list[SpanTuple]:
    """Some of the annotated spans, and any others; two may be on the same tokens."""
    right = [span for span in gold if draw(st.booleans())]
    others = [(*draw(EDGES), draw(LABEL)) for _ in range(draw(st.integers(0, 3)))]
    return sorted(right + others)


@st.composite
def judged_docs(draw: st.DrawFn, without_probability: bool = True) -> list[JudgedDoc]:
    """Docs with predictions that have a probability, or, if that is wanted, none."""
    probability = st.one_of(st.none(), PROBABILITY) if without_probability else PROBABILITY
    docs = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        gold = draw(annotations())
        predicted = draw(predictions(gold))
        probabilities = [draw(probability) for _ in predicted]
        docs.append(judged(gold, predicted, TEXT, probabilities=probabilities, number=number))
    return docs
