"""The names of what is compared, apart from the code, which is slow to import."""

FULL, MISSING, OUTSIDE, DICTIONARY = "full", "half-missing", "half-outside", "half-dictionary"
AS_GOLD, KNOWN, UNTOLD = "wrong-as-gold", "wrong-known", "wrong-untold"

# What the page says about them; in the order of its table.
SYSTEMS = {
    FULL: "all annotation",
    MISSING: "half of the entities are unknown: their tokens are without annotation",
    OUTSIDE: "the tokens of the same entities are annotated as being in no entity",
    DICTIONARY: (
        "nothing is known but the other half of the entities; the loss is `spacy-crf-ner.expected_entity_ratio.v1`"
    ),
    AS_GOLD: "`half-missing`, and wrong spans that are annotated as entities",
    KNOWN: "`half-missing`, and the same spans are known to be wrong (`incorrect_spans_key`)",
    UNTOLD: "`half-missing`, and the tokens of the same spans are without annotation",
}
