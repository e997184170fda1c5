"""A corpus of a dozen sentences, a transformer of width 16, and how to train our configs on them in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch
from spacy.tokens import Doc
from transformers import BertConfig, BertModel, BertTokenizerFast

CONFIGS = Path(__file__).parent.parent / "configs"
# The configs that need nothing but entities, and the component that encodes in each.
ENCODERS = {
    "crf_ner_bilstm": "tok2vec",
    "crf_ner_cnn": "tok2vec",
    "crf_ner_frozen_trf": "transformer",
    "crf_ner_idcnn": "tok2vec",
    "crf_ner_lora": "transformer",
    "crf_ner_trf": "transformer",
}
# What the tiny encoder needs of single configs.
TINY_SETTINGS: dict[str, dict[str, Any]] = {
    "crf_ner_frozen_trf": {
        "components.ner.model.tok2vec.dropout": 0.0,
        "training.optimizer.learn_rate.initial_rate": 0.03,
    },
    "crf_ner_lora": {
        "components.transformer.model.peft.target_modules": "all-linear",
        "components.transformer.model.peft.r": 16,
        "components.transformer.model.peft.dropout": 0.0,
        "components.transformer.model.transformer_config": {"hidden_dropout_prob": 0.0},
        "components.ner.model.learn_rate_scale": 3.0,
        "training.dropout": 0.0,
        "training.optimizer.learn_rate.initial_rate": 0.04,
    },
}

TINY_LABELS = ("GPE", "ORG", "PERSON")

# Words, then the entities as (first token, token after the last, label).
TINY_SENTENCES: tuple[tuple[str, tuple[tuple[int, int, str], ...]], ...] = (
    ("Anna Schmidt lives in Berlin .", ((0, 2, "PERSON"), (4, 5, "GPE"))),
    ("Acme Tools opened a shop in New York .", ((0, 2, "ORG"), (6, 8, "GPE"))),
    ("Yesterday it rained all day .", ()),
    ("In Paris , Boris met Carla Rossi .", ((1, 2, "GPE"), (3, 4, "PERSON"), (5, 7, "PERSON"))),
    ("Globex hired Anna Schmidt .", ((0, 1, "ORG"), (2, 4, "PERSON"))),
    ("Boris works for Acme Tools in Berlin .", ((0, 1, "PERSON"), (3, 5, "ORG"), (6, 7, "GPE"))),
    ("The shop in New York is closed .", ((3, 5, "GPE"),)),
    ("Carla Rossi left Globex .", ((0, 2, "PERSON"), (3, 4, "ORG"))),
    ("Nobody works in the rain .", ()),
    ("Paris", ((0, 1, "GPE"),)),
    ("Anna Schmidt and Boris met in Paris .", ((0, 2, "PERSON"), (3, 4, "PERSON"), (6, 7, "GPE"))),
    ("Acme Tools left Berlin .", ((0, 2, "ORG"), (3, 4, "GPE"))),
)
TINY_TEXTS = tuple(text for text, _ in TINY_SENTENCES)


def make_tiny_docs() -> list[Doc]:
    """New Docs of the tiny corpus, in one vocab of their own, with entities set and no token unannotated."""
    vocab = spacy.blank("en").vocab
    docs = []
    for text, entities in TINY_SENTENCES:
        words = text.split()
        tags = ["O"] * len(words)
        for start, end, label in entities:
            tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
        docs.append(Doc(vocab, words=words, ents=tags))
    return docs


def save_tiny_encoder(path: Path) -> None:
    """Write a random BERT of width 16 whose word pieces spell every ASCII word.

    path (Path): The folder, created here. It holds at most 128 word pieces at a time.
    """
    path.mkdir()
    words = sorted({word.lower() for text in TINY_TEXTS for word in text.split() if len(word) > 1})
    characters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *characters, *(f"##{character}" for character in characters), *words]
    vocab = path / "vocab.txt"
    vocab.write_text("\n".join(pieces) + "\n", encoding="utf8")
    tokenizer = BertTokenizerFast(vocab_file=str(vocab), do_lower_case=True, model_max_length=128)
    tokenizer.save_pretrained(path)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(path)


def overrides(name: str, corpus: Path, encoder: Path, steps: int) -> dict[str, Any]:
    """What to set in one of our configs so that a few updates on the tiny corpus teach it something.

    name (str): One of ENCODERS.
    corpus (Path): A .spacy file, for training and evaluation.
    encoder (Path): The tiny encoder; only configs with a transformer use it.
    steps (int): Number of updates.
    RETURNS (Dict[str, Any]): Values by the dotted names of their settings.
    """
    settings: dict[str, Any] = {
        "paths.train": str(corpus),
        "paths.dev": str(corpus),
        "training.max_steps": steps,
        "training.eval_frequency": max(1, steps // 2),
        "training.optimizer.learn_rate.initial_rate": 0.01,
        "training.optimizer.learn_rate.warmup_steps": 2,
        "training.optimizer.learn_rate.total_steps": steps + 1,
    }
    if ENCODERS[name] == "transformer":
        settings.update({"paths.encoder": str(encoder), "training.accumulate_gradient": 1})
    settings.update(TINY_SETTINGS.get(name, {}))
    return settings


def as_arguments(settings: dict[str, Any]) -> list[str]:
    """The same overrides as arguments of a command."""
    return [part for key, value in settings.items() for part in (f"--{key}", str(value))]


def entities(doc: Doc) -> list[tuple[int, int, str]]:
    """The entities of a Doc as (first token, token after the last, label)."""
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


def encoding(pipe: Any, doc: Doc) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What an encoder makes of a Doc.

    pipe (Tok2Vec | Transformer): The encoder.
    doc (Doc): The Doc.
    RETURNS (ndarray): Token vectors, or the last hidden state of the transformer.
    """
    output = pipe.predict([doc])
    return output[0] if isinstance(output, list) else output.model_output.last_hidden_state
