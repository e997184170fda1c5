"""Labels that are to be called otherwise, or left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..errors import DataError, Errors
from .alignment import Finding
from .records import Problem, Record


def parse_label_map(pairs: Iterable[str]) -> dict[str, str]:
    """Read which labels are to be changed.

    pairs (Iterable[str]): "old=new", or "old=" to leave a label out.
    RETURNS (dict[str, str]): New labels by old ones; empty for those left out.
    RAISES (DataError): A pair without "=", without an old label, or with one that came before.
    """
    label_map: dict[str, str] = {}
    for pair in pairs:
        old, equals, new = (part.strip() for part in pair.partition("="))
        if not old or not equals or old in label_map:
            raise DataError(Errors.D207.format(got=pair))
        label_map[old] = new
    return label_map


def change_labels(record: Record, label_map: Mapping[str, str]) -> tuple[Record, list[Finding]]:
    """Give the mentions of a Record their new labels.

    record (Record): As it was read.
    label_map (Mapping[str, str]): New labels by old ones; empty for those left out. Other labels stay.
    RETURNS (tuple[Record, list[Finding]]): The Record, and a Finding for each mention that is left out: its tokens are
        outside of entities.
    """
    if not label_map:
        return record, []
    kept, findings = [], []
    for mention in record.mentions:
        if label_map.get(mention.label, "kept"):
            kept.append(mention._replace(label=label_map.get(mention.label, mention.label)))
            continue
        text = record.text[mention.start : mention.end]
        problem = Problem(record.path, mention.line, text, mention.label, "its label is to be left out")
        findings.append(Finding(problem, "left out by --label-map: its tokens are outside", lost=True))
    return replace(record, mentions=tuple(kept)), findings
