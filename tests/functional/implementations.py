"""Every implementation of the recursions: what the tests of this room ask of one they ask of all.

The fixture `recursions` runs through this list, which is the one place to add another.
"""

from spacy_crf_ner.functional import LOG_SPACE, SCALED, Recursions

IMPLEMENTATIONS: dict[str, Recursions] = {"log space": LOG_SPACE, "scaled": SCALED}
