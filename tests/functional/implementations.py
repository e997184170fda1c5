"""The implementations of this room: what its tests ask of one they ask of all, through the fixture `recursions`.

The suite that all implementations pass, those of other rooms too, is tests/kernels/test_agreement.py.
"""

from spacy_crf_ner.functional import LOG_SPACE, SCALED, Recursions

IMPLEMENTATIONS: dict[str, Recursions] = {"log space": LOG_SPACE, "scaled": SCALED}
