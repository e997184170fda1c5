"""An article in the form of wikigold."""

SENTENCES = (
    "Anna I-PER\nSchmidt I-PER\nsings O\nin O\nParis I-LOC\n. O\n",
    "Acme I-ORG\nTools I-ORG\nleft O\nthe O\nold O\ntown O\nof O\nBerlin I-LOC\nUbuntu I-MISC\n",
    "it O\nrains O\nall O\nday O\n",
)
WIKIGOLD_ARTICLE = "\n".join(SENTENCES) + "\n-DOCSTART- O\n\n"
# Sentences, tokens and entities of twenty such articles, of which two go to dev and two to test.
WIKIGOLD_COUNTS = {part: (3 * n, 19 * n, 5 * n) for part, n in (("train", 16), ("dev", 2), ("test", 2))}
