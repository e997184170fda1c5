"""Pipelines on the tiny transformer."""

from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

from tests.pipeline.pipelines import model_of

LISTENER = {
    "@architectures": "spacy-transformers.TransformerListener.v1",
    "grad_factor": 1.0,
    "pooling": {"@layers": "reduce_mean.v1"},
    "upstream": "*",
}


def encoder_config(folder: Path) -> dict[str, Any]:
    """The config of the component `transformer`; Docs are read in windows of 32 word pieces that overlap."""
    return {
        "model": {
            "@architectures": "spacy-transformers.TransformerModel.v3",
            "name": str(folder),
            "tokenizer_config": {"use_fast": True},
            "get_spans": {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 32, "stride": 24},
        }
    }


def make_transformer_nlp(folder: Path, **settings: Any) -> Language:
    """transformer and crf_ner as its listener, without weights but those of the folder."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("transformer", config=encoder_config(folder))
    nlp.add_pipe("crf_ner", config={"model": model_of(LISTENER), **settings})
    return nlp
