"""The head of a model card, YAML that the Hugging Face Hub reads: tags, language, license, scores."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .facts import Facts
from .markdown import one_line
from .scores import Scores

# The Hub's name for texts of several languages, for which spaCy has xx.
SEVERAL = {"xx": "multilingual", "mul": "multilingual"}
# As the Hub names licenses; it refuses a card with any other name.
KNOWN_LICENSES = """
    afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 cc cc-by-2.0
    cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
    cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0
    cdla-permissive-2.0 cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 gfdl gpl gpl-2.0 gpl-3.0 isc lgpl
    lgpl-2.1 lgpl-3.0 lppl-1.3c mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openrail osl-3.0 pddl postgresql unlicense
    wtfpl zlib
"""
LICENSES = frozenset(KNOWN_LICENSES.split())
# The Hub wants to know a data set; ours may be no public one.
DEVELOPMENT = "development data of the training"
MEASURES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}


def make_front_matter(name: str, meta: Mapping[str, Any], facts: Facts, scores: Scores | None) -> str:
    """The YAML between two lines of dashes.

    name (str): Of the package.
    meta (Mapping[str, Any]): meta.json.
    facts (Facts): What was found out.
    scores (Scores | None): How good it is.
    RETURNS (str): The lines, with both lines of dashes.
    """
    lang = one_line(meta["lang"])
    head: dict[str, Any] = {
        "tags": ["spacy", "token-classification", *(["spacy-crf-ner"] if facts.crf else [])],
        "language": [SEVERAL.get(lang, lang)],
        **dict(_license(meta)),
        "library_name": "spacy",
        "pipeline_tag": "token-classification",
    }
    if scores is not None:
        head["model-index"] = [{"name": one_line(name), "results": [_result(scores)]}]
    lines = "\n".join(_yaml(head))
    return f"---\n{lines}\n---\n"


def _license(meta: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How the Hub names it: one that it does not know is `other`, with a name of its own."""
    given = one_line(meta.get("license") or "")
    if not given:
        return
    # CC BY-SA 4.0, Apache License 2.0, GNU GPL 3.0
    name = re.sub(
        r"[^a-z0-9.]+", "-", re.sub(r"\b(gnu|license|version|v(?=\d))\b", " ", given.lower())
    ).strip("-")
    if name in LICENSES:
        yield "license", name
    else:
        yield "license", "other"
        yield "license_name", name or "other"


def _result(scores: Scores) -> dict[str, Any]:
    metrics = []
    for measure, title in MEASURES.items():
        value = getattr(scores.total, measure)
        if value is not None:
            metrics.append({"type": measure, "value": round(value, 6), "name": f"NER {title}"})
    data = DEVELOPMENT if scores.data is None else one_line(scores.data)
    return {
        "task": {"type": "token-classification", "name": "NER"},
        "dataset": {"type": "other", "name": data},
        "metrics": metrics,
    }


def _yaml(value: Any) -> Iterator[str]:
    """Lines of YAML. Strings are in quotes as in JSON: without them `no` is a Boolean, and `1.0` a number."""
    if isinstance(value, dict):
        for key, one in value.items():
            if isinstance(one, (dict, list)):
                yield f"{key}:"
                yield from (f"  {line}" for line in _yaml(one))
            else:
                yield f"{key}: {json.dumps(one, ensure_ascii=False)}"
    elif isinstance(value, list):
        for one in value:
            first, *others = _yaml(one)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)
    else:
        yield json.dumps(value, ensure_ascii=False)
