"""What a parameter is, told from its name: embeddings, an encoder's layer, pooler, CRF, or head."""

import re
from functools import cache
from typing import NamedTuple

EMBEDDINGS, LAYER, POOLER, CRF, HEAD = "embeddings", "layer", "pooler", "crf", "head"

# The layers of Hugging Face's encoders: BERT and its kin `encoder.layer.3`, XLNet `layer.3`, GPT-2 `h.3`, ModernBERT
# `layers.3`, T5 `encoder.block.3`, ALBERT `albert_layer_groups.0`; XLM names the parts of its layers one by one.
LAYER_INDEX = re.compile(
    r"(?:^|\.)(?:layers?|h|encoder\.blocks?|albert_layer_groups|attentions|ffns|layer_norm[12])"
    r"\.(?P<index>\d+)(?:\.|$)"
)
# Embeddings of words, positions and relative positions, with what normalises or projects them (DeBERTa's `encoder.`).
# Not `embedding` itself: those of our character encoders and of PEFT's prompts are new, and are head.
EMBEDDING_PARTS = re.compile(
    r"embeddings|word_embedding|embed_|embedding_|(?:^|\.)encoder\.(?:LayerNorm|conv)\."
    r"|(?:^|\.)(?:shared|wte|wpe|mask_emb|layer_norm_emb|relative_attention_bias)(?:\.|$)"
)
POOLER_PARTS = re.compile(r"(?:^|\.)pooler(?:\.|$)")
CRF_NAMES = frozenset({"transitions", "start", "end"})
# Thinc's biases are called `b`, torch's end with `bias` or begin with it (LSTM); IA3's factors are at home at 1.
UNDECAYED = re.compile(r"^b$|bias$|(?:^|\.)bias_[^.]*$|(?:^|\.)ia3_")


class ParameterGroup(NamedTuple):
    """What a parameter belongs to.

    kind (str): EMBEDDINGS, LAYER, POOLER, CRF or HEAD.
    layer (int | None): Its number, counted from 0, next to the embeddings; None for other kinds.
    """

    kind: str
    layer: int | None = None

    def __str__(self) -> str:
        return self.kind if self.layer is None else f"{self.kind} {self.layer}"


@cache
def group_of(name: str) -> ParameterGroup:
    """Tell the group of a parameter.

    Names with dots are torch's, those without are of Thinc's layers, of which all but the CRF are head: what an encoder
    made of Thinc's layers holds is trained from the beginning.

    name (str): As `named_parameters` of a torch module has it, in whatever PEFT wraps it, or as Thinc has it.
    RETURNS (ParameterGroup): The group; HEAD for what no rule knows.
    """
    if name in CRF_NAMES:
        return ParameterGroup(CRF)
    match = LAYER_INDEX.search(name)
    if match:
        return ParameterGroup(LAYER, int(match["index"]))
    if POOLER_PARTS.search(name):
        return ParameterGroup(POOLER)
    return ParameterGroup(EMBEDDINGS if EMBEDDING_PARTS.search(name) else HEAD)


def has_weight_decay(name: str, n_axes: int) -> bool:
    """Whether a parameter may decay: weights may, biases and the gains of normalisation may not.

    Those are all vectors, whatever their names, but for the biases of XLNet's attention and of Thinc's maxout.

    name (str): As `group_of` takes it.
    n_axes (int): The number of its axes.
    RETURNS (bool): False for biases, gains of normalisation and IA3's factors.
    """
    return n_axes > 1 and not UNDECAYED.search(name)
