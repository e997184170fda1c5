"""Entities, tokens and texts of CoNLL-U files."""

from pathlib import Path
from typing import Any

import pytest

from spacy_crf_ner.data.conllu import find_conllu_layout, read_conllu, read_conllu_as
from spacy_crf_ner.data.records import Mention, Record
from spacy_crf_ner.data.tag_schemes import Tagging
from spacy_crf_ner.errors import DataError


def line_of(number: str, form: str, misc: str = "_", *more: str) -> str:
    return "\t".join([number, form, *["_"] * 7, misc, *more]) + "\n"


def sentence_of(*tokens: tuple[str, str]) -> str:
    """Words with what is in MISC, numbered from 1."""
    return "".join(line_of(str(number), *token) for number, token in enumerate(tokens, start=1)) + "\n"


def written(path: Path, content: str) -> Path:
    path = path / "some.conllu"
    path.write_text(content, encoding="utf8", newline="")
    return path


def read(path: Path, content: str, **options: Any) -> list[Record]:
    return list(read_conllu(written(path, content), **options))


def entities(record: Record) -> list[tuple[str, str]]:
    return [(record.text[mention.start : mention.end], mention.label) for mention in record.mentions]


def test_a_record_is_a_sentence_with_its_text_and_entities(tmp_path: Path) -> None:
    content = "# sent_id = 1\n# text = Anna sings.\n" + sentence_of(
        ("Anna", "NER=B-PER"), ("sings", "NER=O|SpaceAfter=No"), (".", "NER=O")
    )
    assert read(tmp_path, content) == [
        Record(
            tmp_path / "some.conllu",
            3,
            "Anna sings.",
            (Mention(0, 4, "PER", 3),),
            ("Anna", "sings", "."),
            (True, False, False),
        )
    ]


@pytest.mark.parametrize("content", ["{}", "\ufeff{}", "{}\n \n"])
def test_line_ends_and_blank_lines_do_not_matter(tmp_path: Path, content: str) -> None:
    text = content.format(sentence_of(("a", "NER=B-X")) + "\n" + sentence_of(("b", "_"))[:-2])
    for end in ("\n", "\r\n"):
        records = read(tmp_path, text.replace("\n", end))
        assert [(record.text, len(record.mentions)) for record in records] == [("a", 1), ("b", 0)]


@pytest.mark.parametrize(
    ("misc", "gap"),
    [
        ("_", " "),
        ("SpaceAfter=No", ""),
        ("X=Y|SpaceAfter=No", ""),
        ("SpacesAfter=\\s\\s", "  "),
        ("SpacesAfter=\\n\\t\\r", "\n\t\r"),
        ("SpacesAfter=\\u00A0", "\u00a0"),
        ("SpacesAfter=\\p", " "),
        ("SpaceAfter=Yes", " "),
    ],
)
def test_misc_tells_the_whitespace_after_a_token(tmp_path: Path, misc: str, gap: str) -> None:
    (record,) = read(tmp_path, sentence_of(("a", misc), ("b", misc)))
    assert record.text == f"a{gap}b"
    spelled = zip(record.words or (), record.spaces or (), strict=True)
    assert "".join(word + " " * space for word, space in spelled) == record.text


def test_the_comment_tells_the_text_before_misc_does(tmp_path: Path) -> None:
    (record,) = read(tmp_path, "# text = ab  10 000\n" + sentence_of(("a", "_"), ("b", "_"), ("10 000", "_")))
    assert (record.text, record.words) == ("ab  10 000", ("a", "b", " ", "10 000"))
    assert record.repaired == ()


@pytest.mark.parametrize("text", ["a c", "a b c", "x a b", "a"])
def test_a_comment_with_another_text_is_told_and_not_taken(tmp_path: Path, text: str) -> None:
    (record,) = read(tmp_path, f"# text = {text}\n" + sentence_of(("a", "_"), ("b", "_")))
    assert record.text == "a b"
    ((path, line, shown, label, reason),) = record.repaired
    assert (path.name, line, shown, label) == ("some.conllu", 1, text, "")
    assert reason == "the comment `# text` does not consist of the tokens; text made of the tokens"


def test_a_multiword_token_has_the_entities_of_its_words(tmp_path: Path) -> None:
    lines = [
        line_of("1", "Anna", "NER=B-PER"),
        line_of("2-3", "Berg's", "SpaceAfter=No"),
        line_of("2", "Berg", "NER=I-PER"),
        line_of("3", "'s", "NER=O"),
        line_of("4-5", "inParis"),
        line_of("4", "in", "NER=O"),
        line_of("5", "Paris", "NER=B-LOC"),
        line_of("6-7", "dunno"),
        line_of("6", "du", "NER=O"),
        line_of("7", "nno", "NER=_"),
        line_of("7.1", "ghost", "NER=B-PER"),
        line_of("8-9", "Romething"),
        line_of("8", "Rome", "NER=B-LOC"),
        line_of("9", "thing", "NER=_"),
    ]
    (record,) = read(tmp_path, "".join(lines))
    assert record.words == ("Anna", "Berg's", "inParis", "dunno", "Romething")
    assert record.text == "Anna Berg'sinParis dunno Romething"
    assert entities(record) == [("Anna Berg's", "PER"), ("inParis", "LOC"), ("Romething", "LOC")]
    assert [mention.line for mention in record.mentions] == [1, 5, 12]
    assert record.unknown == ((19, 24),)
    stretched = "it is only a part of a multiword token, and stretched to all of it"
    assert [(one.line, one.text) for one in record.repaired] == [
        (1, "Anna Berg's"),
        (5, "inParis"),
        (12, "Romething"),
    ]
    assert all(one.reason.startswith(stretched) for one in record.repaired)


def test_a_multiword_token_whose_words_are_all_of_an_entity_is_not_stretched(tmp_path: Path) -> None:
    lines = [line_of("1-2", "AnnaBerg"), line_of("1", "Anna", "NER=B-PER"), line_of("2", "Berg", "NER=I-PER")]
    (record,) = read(tmp_path, "".join(lines))
    assert (entities(record), record.repaired) == ([("AnnaBerg", "PER")], ())


def test_a_tag_on_the_line_of_a_multiword_token_is_a_problem(tmp_path: Path) -> None:
    lines = [line_of("1-2", "ab", "NER=B-X"), line_of("1", "a", "NER=O"), line_of("2", "b", "NER=O")]
    (record,) = read(tmp_path, "".join(lines))
    (problem,) = record.problems
    assert (problem.line, problem.text, problem.label) == (1, "ab", "B-X")
    assert problem.reason == "the tag is on the line of a multiword token, and not on those of its words"


def test_invalid_sequences_are_mentions_and_are_told(tmp_path: Path) -> None:
    (record,) = read(tmp_path, sentence_of(("a", "NER=B-X"), ("b", "NER=O"), ("c", "NER=I-X")))
    assert entities(record) == [("a", "X"), ("c", "X")]
    (repaired,) = record.repaired
    assert (repaired.line, repaired.text) == (3, "c")
    assert repaired.reason == "in IOB2 an entity does not begin with I-X here; read as conlleval does"


def test_without_entities_in_the_file_all_is_unknown(tmp_path: Path) -> None:
    content = sentence_of(("a", "_"), ("b", "SpaceAfter=No"))
    assert [record.unknown for record in read(tmp_path, content)] == [((0, 3),)]
    assert find_conllu_layout(tmp_path / "some.conllu").tag_from is None


@pytest.mark.parametrize(
    ("explicit", "unknown"), [("NER=O", ((2, 3),)), ("NER=B-Y", ()), ("NER=_", ((4, 5),))]
)
def test_words_without_a_tag_are_outside_unless_others_say_so(
    tmp_path: Path, explicit: str, unknown: tuple[tuple[int, int], ...]
) -> None:
    (record,) = read(tmp_path, sentence_of(("a", "NER=B-X"), ("b", "_"), ("c", explicit)))
    assert record.unknown == unknown


def test_documents_are_those_of_the_file(tmp_path: Path) -> None:
    one = sentence_of(("a", "_"))
    content = f"{one}# newdoc id = x y\n# newpar\n{one}{one}# newdoc\n{one}# newdocument\n{one}"
    assert [record.document for record in read(tmp_path, content)] == [
        "",
        "some.conllu#x y",
        "some.conllu#x y",
        "some.conllu#2",
        "some.conllu#2",
    ]


@pytest.mark.parametrize(
    ("misc", "found"),
    [
        (("NER=B-X", "NER=O"), "NER"),
        (("name=B-X", "name=O"), "name"),
        (("name=B-X", "NE=S-X"), "NE"),
        (("NE=yes", "name=B-X"), "name"),
        (("NER=PER", "name=B-X"), "NER"),
        (("name=Anna", "name=Berg"), None),
        (("Entity=(e1-person-1)", "_"), None),
    ],
)
def test_the_key_of_entities_is_found(tmp_path: Path, misc: tuple[str, str], found: str | None) -> None:
    content = sentence_of(*zip("ab", misc, strict=True))
    assert find_conllu_layout(written(tmp_path, content)).tag_from == found


def test_the_place_of_entities_can_be_told(tmp_path: Path) -> None:
    content = line_of("1", "a", "NER=B-X|Kind=E-Y", "B-Z") + line_of("2", "b", "_", "_")
    found = {key: read(tmp_path, content, tag_from=key)[0] for key in (None, "NER", "Kind", 10, -1)}
    labels = {key: [mention.label for mention in record.mentions] for key, record in found.items()}
    assert labels == {None: ["Z"], "NER": ["X"], "Kind": ["Y"], 10: ["Z"], -1: ["Z"]}
    bare = find_conllu_layout(tmp_path / "some.conllu", tag_from="Kind", scheme="BARE")
    assert bare.tagging == Tagging("BARE", "bare")
    assert [entities(one) for one in read_conllu_as(tmp_path / "some.conllu", bare)] == [[("a", "E-Y")]]


ONE = line_of("1", "a")


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, r"some\.conllu to hold tokens.*no token in it"),
        ("# text = a\n\n# text = b\n", {}, "no token in it"),
        ("a b c\n", {}, r"some\.conllu to be CoNLL-U, but line 1 is not: it has 1 columns .*not 10.*'a b c'"),
        (ONE + line_of("x", "b"), {}, "line 2 is not: its first column is 'x'"),
        (ONE + line_of("3", "b"), {}, "line 2 is not: the word after number 1 is numbered 3"),
        (ONE + line_of("1", "b"), {}, "line 2 is not: the word after number 1 is numbered 1"),
        (line_of("2-1", "a"), {}, "line 1 is not: the word after number 0 is numbered 2-1"),
        (line_of("1-2", "ab") + line_of("1-3", "abc"), {}, "line 2 is not: .* numbered 1-3"),
        (
            line_of("1-2", "ab") + ONE,
            {},
            "line 1 is not: the words of the multiword token 1-2 are not complete",
        ),
        (line_of("1-2", "ab") + ONE + "\n" + ONE, {}, "line 1 is not: the words of the multiword token 1-2"),
        (line_of("1", ""), {}, "line 1 is not: its second column, the word, is empty"),
        (line_of("1", "a", "A=1|B=2"), {"tag_from": "NER"}, "under the key 'NER' .*keys there are: A, B"),
        (ONE, {"tag_from": "NER"}, "keys there are: none"),
        (line_of("1", "a", "_", "O") + line_of("2", "b"), {}, "line 2 is not: it has 10 columns, and none"),
        (line_of("1", "a", "NER=(PER*"), {}, "line 1 has '.PER.', which looks like brackets"),
        (line_of("1", "a", "NER=B-X"), {"scheme": "IO"}, "scheme IO .*line 1 has 'B-X'"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, content: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, content, **options)


# Sentences and documents of the treebanks, as published beside them.
TREEBANKS = {
    "ud-english-ewt/en_ewt-ud-dev.conllu": (2_001, 318, 25_147, 359),
    "ud-english-ewt/en_ewt-ud-test.conllu": (2_077, 316, 25_094, 354),
    "ud-chinese-gsdsimp/zh_gsdsimp-ud-dev.conllu": (500, 1, 12_663, 0),
    "ud-chinese-gsdsimp/zh_gsdsimp-ud-test.conllu": (500, 1, 12_012, 0),
}


@pytest.mark.parametrize("name", TREEBANKS)
def test_real_texts_are_made_of_the_tokens_and_of_misc(corpora: Path, tmp_path: Path, name: str) -> None:
    lines = (corpora / name).read_text(encoding="utf8").split("\n")
    texts = [line.removeprefix("# text = ") for line in lines if line.startswith("# text = ")]
    untold = "\n".join(line for line in lines if not line.startswith("# text = "))
    n_sentences, n_documents, n_words, n_multiword = TREEBANKS[name]
    layout = find_conllu_layout(corpora / name)
    assert (layout.n_sentences, layout.tags) == (n_sentences, {"_": n_words})
    for path in (corpora / name, written(tmp_path, untold)):
        records = list(read_conllu_as(path, layout))
        assert [record.text for record in records] == texts
        assert len({record.document for record in records}) == n_documents
        for record in records:
            spelled = zip(record.words or (), record.spaces or (), strict=True)
            assert "".join(word + " " * space for word, space in spelled) == record.text
            assert (record.unknown, record.repaired) == (((0, len(record.text)),), ())
    words = [word for one in read_conllu(corpora / name) for word in one.words or () if word.strip()]
    two = sum(line.split("\t")[0].count("-") for line in lines if line[:1].isdigit())
    assert two == n_multiword
    assert n_words - 2 * n_multiword <= len(words) <= n_words - n_multiword
