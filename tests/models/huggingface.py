"""Tiny random encoders of several families, in the files of Hugging Face. All ASCII words can be spelled."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from tests.tiny import TINY_TEXTS

LENGTH = 128
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": LENGTH + 2,
}
WORDS = sorted({word for text in TINY_TEXTS for word in text.split() if len(word) > 1})


def word_pieces(kind: type[Any]) -> Any:
    """BERT's tokenizer, and ELECTRA's: whole words, or letters."""
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    words = sorted({word.lower() for word in WORDS})
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *letters, *(f"##{letter}" for letter in letters), *words]
    backend = Tokenizer(
        models.WordPiece({piece: index for index, piece in enumerate(pieces)}, unk_token="[UNK]")
    )
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    add_special_tokens(backend, "[CLS]", "[SEP]")
    return kind(tokenizer_object=backend, model_max_length=LENGTH)


def byte_level(kind: type[Any], special: list[str], *ends: str, **settings: Any) -> Any:
    """The byte-level BPE of GPT-2, RoBERTa and DeBERTa: a byte is a piece, the first of a word together with the space
    before it.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ġ", letter) for letter in alphabet if letter.isascii()]
    pieces = [*special, *alphabet, *("".join(pair) for pair in merges)]
    backend = Tokenizer(models.BPE({piece: index for index, piece in enumerate(pieces)}, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    if ends:
        add_special_tokens(backend, *ends)
    return kind(tokenizer_object=backend, model_max_length=LENGTH, **settings)


def unigrams(kind: type[Any], special: list[str], template: str, **settings: Any) -> Any:
    """The SentencePiece models of XLNet and DeBERTa-v2: pieces with a mark where a word begins."""
    letters = [chr(code) for code in range(33, 127)]
    pieces = [*special, "▁", *(f"▁{word}" for word in WORDS), *letters]
    backend = Tokenizer(
        models.Unigram([(piece, -float(index)) for index, piece in enumerate(pieces)], special.index("<unk>"))
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    ids = [(piece, index) for index, piece in enumerate(special) if piece in template]
    backend.post_processor = processors.TemplateProcessing(single=template, special_tokens=ids)
    return kind(tokenizer_object=backend, model_max_length=LENGTH, **settings)


def add_special_tokens(backend: Tokenizer, start: str, end: str) -> None:
    """Put one piece before each text and one after it."""
    ids = [(piece, backend.token_to_id(piece)) for piece in (start, end)]
    backend.post_processor = processors.TemplateProcessing(single=f"{start} $A {end}", special_tokens=ids)


def without_warnings(model: str) -> Any:
    """A class of transformers whose file, as torch says when it is imported, uses a deprecated function."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
        return getattr(transformers, model)


def make_bert() -> tuple[Any, Any]:
    tokenizer = word_pieces(transformers.BertTokenizerFast)
    return transformers.BertModel(transformers.BertConfig(vocab_size=len(tokenizer), **SIZES)), tokenizer


def make_electra() -> tuple[Any, Any]:
    tokenizer = word_pieces(transformers.ElectraTokenizerFast)
    config = transformers.ElectraConfig(vocab_size=len(tokenizer), embedding_size=8, **SIZES)
    return transformers.ElectraModel(config), tokenizer


def make_roberta() -> tuple[Any, Any]:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = byte_level(transformers.RobertaTokenizerFast, special)
    # Of the three it alone does not count the space as a part of the word.
    tokenizer.backend_tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    config = transformers.RobertaConfig(vocab_size=len(tokenizer), pad_token_id=1, **SIZES)
    return transformers.RobertaModel(config), tokenizer


def make_deberta() -> tuple[Any, Any]:
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    tokenizer = byte_level(transformers.DebertaTokenizerFast, special, "[CLS]", "[SEP]")
    config = transformers.DebertaConfig(
        vocab_size=len(tokenizer), relative_attention=True, pos_att_type=["c2p", "p2c"], **SIZES
    )
    return without_warnings("DebertaModel")(config), tokenizer


def make_deberta_v2() -> tuple[Any, Any]:
    special = ["[PAD]", "[CLS]", "[SEP]", "<unk>", "[MASK]"]
    tokenizer = unigrams(transformers.DebertaV2TokenizerFast, special, "[CLS] $A [SEP]", unk_token="<unk>")
    config = transformers.DebertaV2Config(
        vocab_size=len(tokenizer), relative_attention=True, pos_att_type=["c2p", "p2c"], **SIZES
    )
    return without_warnings("DebertaV2Model")(config), tokenizer


def make_xlnet() -> tuple[Any, Any]:
    special = ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>", "<eod>", "<eop>"]
    # Its special pieces come last, and it pads on the left.
    tokenizer = unigrams(transformers.XLNetTokenizerFast, special, "$A:0 <sep>:0 <cls>:2")
    config = transformers.XLNetConfig(vocab_size=len(tokenizer), d_model=16, n_layer=1, n_head=2, d_inner=32)
    return transformers.XLNetModel(config), tokenizer


def make_gpt2() -> tuple[Any, Any]:
    tokenizer = byte_level(transformers.GPT2TokenizerFast, ["<|endoftext|>"])
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=16,
        n_layer=1,
        n_head=2,
        n_positions=LENGTH,
        bos_token_id=0,
        eos_token_id=0,
    )
    return transformers.GPT2Model(config), tokenizer


FAMILIES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "bert": make_bert,
    "roberta": make_roberta,
    "xlnet": make_xlnet,
    "electra": make_electra,
    "deberta": make_deberta,
    "deberta-v2": make_deberta_v2,
    "gpt2": make_gpt2,
}


def save(family: str, folder: Path) -> None:
    """Write a tiny random encoder.

    family (str): A key of FAMILIES.
    folder (Path): Made here, for `--paths.encoder`.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, tokenizer = FAMILIES[family]()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # spacy-transformers copies the SentencePiece model of these, which the tokenizers of our files do not read.
    name = tokenizer.vocab_files_names.get("vocab_file", "")
    if name.endswith(".model"):
        (folder / name).write_bytes(b"unread")
