"""What the authors of real corpora, or those who have counted them, say is in their files."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Published:
    """A file or folder of a corpus, and what is in it.

    path (str): Where it is in the folder of the corpora.
    texts (int): Sentences, or texts.
    tokens (int | None): Tokens; None if the tokenizer makes them, or if nobody has counted them.
    entities (int): Annotations.
    labels (dict[str, int]): Annotations by label, as far as somebody has counted them.
    invalid (int): Invalid sequences of tags; each is read as one entity more, and listed.
    misaligned (int): Mentions that do not begin and end where tokens do.
    nested (int): Mentions inside of others.
    lang (str): Language of the tokenizer.
    """

    path: str
    texts: int
    tokens: int | None
    entities: int
    labels: dict[str, int] = field(default_factory=dict)
    invalid: int = 0
    misaligned: int = 0
    nested: int = 0
    lang: str = "en"


WNUT_LABELS = ("person", "location", "group", "creative-work", "product", "corporation")


def _labels(*counts: int) -> dict[str, int]:
    return dict(zip(WNUT_LABELS, counts, strict=True))


def _disease(count: int) -> dict[str, int]:
    return {"Disease": count}


PUBLISHED = (
    Published("wnut17/wnut17train.conll", 3_394, 62_730, 1_975, _labels(660, 548, 264, 140, 142, 221)),
    Published("wnut17/emerging.dev.conll", 1_009, 15_733, 836, _labels(470, 74, 39, 105, 114, 34)),
    Published("wnut17/emerging.test.annotated", 1_287, 23_394, 1_079, _labels(429, 150, 165, 142, 127, 66)),
    Published(
        "wikigold/wikigold.conll.txt",
        1_384 + 195 + 117,
        32_533 + 4_116 + 2_358,
        2_995 + 317 + 246,
        {"LOC": 830 + 72 + 112, "PER": 801 + 100 + 33, "ORG": 769 + 82 + 47, "MISC": 595 + 63 + 54},
    ),
    Published("weibo-zh/weiboNER_2nd_conll.train", 1_350, 73_778, 1_885, {"GPE.NOM": 8}, 10, lang="zh"),
    Published("weibo-zh/weiboNER_2nd_conll.dev", 270, 14_509, 389, {"GPE.NOM": 1}, lang="zh"),
    Published("weibo-zh/weiboNER_2nd_conll.test", 270, 14_842, 414, {"GPE.NOM": 2}, 4, lang="zh"),
    Published("ncbi-disease/train.tsv", 5_432, 136_086, 5_145, _disease(5_145)),
    Published("ncbi-disease/devel.tsv", 923, 23_969, 787, _disease(787)),
    Published("ncbi-disease/test.tsv", 940, 24_497, 960, _disease(960)),
    Published("ncbi-disease-bioes/devel.tsv", 923, 23_969, 787, _disease(787)),
    Published(
        "ncbi-disease-brat",
        20,
        None,
        158,
        {"SpecificDisease": 90, "Modifier": 39, "DiseaseClass": 20, "CompositeMention": 9},
    ),
    Published(
        "doccano/sample.jsonl",
        48,
        None,
        83,
        {"PRODUCT_TYPE": 43, "BOARDGAME_NAME": 18, "PRODUCT_MATERIAL": 14, "PRODUCT_PRICE": 8},
        misaligned=3,
        # In 10 mentions: two are in the same one.
        nested=11,
        lang="es",
    ),
    Published("doccano/relation_extraction.jsonl", 1, None, 4, {"PERSON": 2, "ORG": 1, "DATE": 1}),
    Published("ud-english-ewt/en_ewt-ud-dev.conllu", 2_001, None, 0),
    Published("ud-english-ewt/en_ewt-ud-test.conllu", 2_077, None, 0),
    Published("ud-chinese-gsdsimp/zh_gsdsimp-ud-dev.conllu", 500, 12_663, 0, lang="zh"),
    Published("ud-chinese-gsdsimp/zh_gsdsimp-ud-test.conllu", 500, 12_012, 0, lang="zh"),
)
# Texts that nobody has annotated: a file that no format fits.
RAW = "wnut17-raw/palm.10000"


def convert_published(corpora: Path, published: Published, output: Path) -> dict[str, Any]:
    """Convert a file as users do, with no options but the language.

    corpora (Path): The folder of the corpora.
    published (Published): Which file.
    output (Path): The folder for the Docs.
    RETURNS (dict[str, Any]): What the command counted.
    """
    convert_command(
        [corpora / published.path, "-o", output, "--lang", published.lang, "--json", output / "counts.json"]
    )
    counts: dict[str, Any] = json.loads((output / "counts.json").read_text(encoding="utf8"))
    return counts


def convert_command(arguments: Iterable[str | Path]) -> str:
    """Run `python -m spacy crf-ner convert` in this process.

    arguments (Iterable[str | Path]): Its arguments.
    RETURNS (str): What it printed.
    RAISES (SystemExit): It refuses them.
    """
    from spacy.cli import app
    from spacy.util import registry

    registry.cli.get_all()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        app(["crf-ner", "convert", *(str(one) for one in arguments)], standalone_mode=False)
    return printed.getvalue()
