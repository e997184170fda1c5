"""The methods, each with its settings: what `[components.transformer.model.peft]` resolves to.

Making one needs no peft: a config must be resolvable where a pipeline is only used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ...errors import Errors, SpacyCrfNerError
from .encoders import has_transposed_weights, linear_layers, model_type, takes
from .library import import_peft

ALL_LINEAR = "all-linear"
# The name of the layers above the last hidden state, which no token vector goes through.
POOLER = "pooler.dense"

# For encoders that peft has no default for.
LORA_TARGETS = {
    "camembert": ["query", "value"],
    "distilbert": ["q_lin", "v_lin"],
    "mpnet": ["attn.q", "attn.v"],
}
# Beside the layers, those of them that are scaled before and not behind, as they end a feed-forward network.
IA3_TARGETS = {
    "camembert": (["key", "value", "output.dense"], ["output.dense"]),
    "distilbert": (["k_lin", "v_lin", "lin2"], ["lin2"]),
    "electra": (["key", "value", "output.dense"], ["output.dense"]),
    "mpnet": (["attn.k", "attn.v", "output.dense"], ["output.dense"]),
    "xlm-roberta": (["key", "value", "output.dense"], ["output.dense"]),
}


@dataclass(frozen=True)
class AdapterMethod:
    """What all methods have.

    name (str): As peft calls its type.
    merge (bool): Whether the adapters become a part of the encoder's weights when it is saved.
    num_virtual_tokens (int): Positions that the method puts before every sequence.
    lengthens (bool): Whether the encoder's output has rows for them.
    """

    name: ClassVar[str]
    lengthens: ClassVar[bool] = False
    merge: bool = False
    num_virtual_tokens: int = 0

    def make_config(self, encoder: Any) -> Any:
        """Settings in peft's terms.

        encoder (PreTrainedModel): The encoder that adapters will be attached to.
        RETURNS (PeftConfig): New settings, which peft may change.
        RAISES (SpacyCrfNerError): Settings that do not fit the encoder; peft is not installed.
        """
        raise NotImplementedError("make_config")


@dataclass(frozen=True)
class Lora(AdapterMethod):
    """Settings of `build_lora_v1`."""

    name: ClassVar[str] = "LORA"
    r: int = 8
    alpha: float = 16.0
    dropout: float = 0.1
    target_modules: Sequence[str] | str | None = None

    def make_config(self, encoder: Any) -> Any:
        """As of AdapterMethod."""
        peft = import_peft()
        targets = (
            LORA_TARGETS.get(model_type(encoder)) if self.target_modules is None else self.target_modules
        )
        return peft.LoraConfig(
            task_type="FEATURE_EXTRACTION",
            r=self.r,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=targets if isinstance(targets, str | None) else list(targets),
            exclude_modules=[POOLER] if targets == ALL_LINEAR and POOLER in linear_layers(encoder) else None,
            fan_in_fan_out=has_transposed_weights(encoder),
        )


@dataclass(frozen=True)
class IA3(AdapterMethod):
    """Settings of `build_ia3_v1`."""

    name: ClassVar[str] = "IA3"
    target_modules: Sequence[str] | None = None
    feedforward_modules: Sequence[str] | None = None

    def make_config(self, encoder: Any) -> Any:
        """As of AdapterMethod."""
        peft = import_peft()
        targets, feedforward = self.target_modules, self.feedforward_modules
        if targets is None:
            targets, feedforward = IA3_TARGETS.get(model_type(encoder), (None, None))
        return peft.IA3Config(
            task_type="FEATURE_EXTRACTION",
            target_modules=None if targets is None else list(targets),
            feedforward_modules=None if targets is None else list(feedforward or ()),
            fan_in_fan_out=has_transposed_weights(encoder),
        )


@dataclass(frozen=True)
class PrefixTuning(AdapterMethod):
    """Settings of `build_prefix_tuning_v1`."""

    name: ClassVar[str] = "PREFIX_TUNING"

    def make_config(self, encoder: Any) -> Any:
        """As of AdapterMethod."""
        peft = import_peft()
        if not takes(encoder, "past_key_values"):
            raise SpacyCrfNerError(Errors.M103.format(type=model_type(encoder)))
        return peft.PrefixTuningConfig(
            task_type="FEATURE_EXTRACTION",
            num_virtual_tokens=self.num_virtual_tokens,
            token_dim=encoder.config.hidden_size,
            num_layers=encoder.config.num_hidden_layers,
            num_attention_heads=encoder.config.num_attention_heads,
        )


@dataclass(frozen=True)
class PromptTuning(AdapterMethod):
    """Settings of `build_prompt_tuning_v1`."""

    name: ClassVar[str] = "PROMPT_TUNING"
    lengthens: ClassVar[bool] = True

    def make_config(self, encoder: Any) -> Any:
        """As of AdapterMethod."""
        peft = import_peft()
        # Normal deviates, peft's default, are about twenty times as long as the embeddings of words.
        return peft.PromptTuningConfig(
            task_type="FEATURE_EXTRACTION",
            num_virtual_tokens=self.num_virtual_tokens,
            # ELECTRA and ALBERT have narrower embeddings than hidden states.
            token_dim=encoder.get_input_embeddings().embedding_dim,
            num_layers=encoder.config.num_hidden_layers,
            num_attention_heads=encoder.config.num_attention_heads,
            prompt_tuning_init="SAMPLE_VOCAB",
        )


METHODS: dict[str, type[AdapterMethod]] = {
    method.name: method for method in (Lora, IA3, PrefixTuning, PromptTuning)
}


def build_lora_v1(
    r: int = 8,
    alpha: float = 16.0,
    dropout: float = 0.1,
    target_modules: str | list[str] | None = None,
    merge: bool = True,
) -> AdapterMethod:
    """Low-rank adaptation: to chosen weight matrices W of the encoder, `alpha / r * B A` is added, and A and B train.

    Hu et al. 2022 (https://arxiv.org/abs/2106.09685), equation 3. B begins as 0, so that the encoder begins as it was.

    r (int): Rank of the product: rows of A, columns of B.
    alpha (float): Scale of the product, divided by r.
    dropout (float): Probability of dropping an input of A in training.
    target_modules (str | List[str] | None): Ends of the names of the layers that get adapters; "all-linear" for all
        linear layers; None for what is usual with this type of encoder, query and value of the attention.
    merge (bool): Whether saving adds the products to the weights, so that the saved encoder is one like any other.
    RETURNS (AdapterMethod): The setting `peft` of `PeftTransformerModel`.
    RAISES (SpacyCrfNerError): Settings out of range.
    """
    _check("r", r, r >= 1, "at least 1")
    _check("alpha", alpha, 0 < alpha < float("inf"), "a finite number above 0")
    _check("dropout", dropout, 0 <= dropout < 1, "0 to below 1")
    _check_names("target_modules", target_modules)
    return Lora(merge=merge, r=r, alpha=alpha, dropout=dropout, target_modules=target_modules)


def build_ia3_v1(
    target_modules: list[str] | None = None,
    feedforward_modules: list[str] | None = None,
    merge: bool = True,
) -> AdapterMethod:
    """IA3: keys, values and what is inside of the feed-forward networks are scaled by vectors, which train.

    Liu et al. 2022 (https://arxiv.org/abs/2205.05638), section 3.3. The vectors begin as 1, so that the encoder begins
    as it was.

    target_modules (List[str] | None): Ends of the names of the linear layers that are scaled; None for what is usual
        with this type of encoder, and then `feedforward_modules` is None as well.
    feedforward_modules (List[str] | None): Those of them of which the input is scaled, not the output.
    merge (bool): Whether saving multiplies the weights, so that the saved encoder is one like any other.
    RETURNS (AdapterMethod): The setting `peft` of `PeftTransformerModel`.
    RAISES (SpacyCrfNerError): Names that contradict each other.
    """
    _check_names("target_modules", target_modules)
    known = set(target_modules or ())
    is_subset = known.issuperset(feedforward_modules or ())
    _check("feedforward_modules", feedforward_modules, is_subset, "a part of `target_modules`")
    return IA3(merge=merge, target_modules=target_modules, feedforward_modules=feedforward_modules)


def build_prefix_tuning_v1(num_virtual_tokens: int = 20) -> AdapterMethod:
    """Prefix tuning: in every layer, attention finds keys and values before those of the text, and they train.

    Li and Liang 2021 (https://aclanthology.org/2021.acl-long.353/), without the network that makes prefixes in
    training, as Liu et al. 2022 (P-tuning v2, https://aclanthology.org/2022.acl-short.8/) have it for labelling.

    num_virtual_tokens (int): Length of the prefix, in tokens. So many positions fewer remain for the text.
    RETURNS (AdapterMethod): The setting `peft` of `PeftTransformerModel`.
    RAISES (SpacyCrfNerError): No token.
    """
    _check("num_virtual_tokens", num_virtual_tokens, num_virtual_tokens >= 1, "at least 1")
    return PrefixTuning(num_virtual_tokens=num_virtual_tokens)


def build_prompt_tuning_v1(num_virtual_tokens: int = 20) -> AdapterMethod:
    """Prompt tuning: embeddings that train are put before those of the text, in the first layer only.

    Lester et al. 2021 (https://aclanthology.org/2021.emnlp-main.243/). They begin as embeddings of random word pieces.

    num_virtual_tokens (int): Length of the prompt, in tokens. So many positions fewer remain for the text.
    RETURNS (AdapterMethod): The setting `peft` of `PeftTransformerModel`.
    RAISES (SpacyCrfNerError): No token.
    """
    _check("num_virtual_tokens", num_virtual_tokens, num_virtual_tokens >= 1, "at least 1")
    return PromptTuning(num_virtual_tokens=num_virtual_tokens)


def _check(setting: str, got: Any, is_right: bool, expected: str) -> None:
    if not is_right:
        raise SpacyCrfNerError(Errors.M101.format(setting=setting, expected=expected, got=got))


def _check_names(setting: str, names: str | list[str] | None) -> None:
    is_right = (
        names is None or names == ALL_LINEAR if isinstance(names, str | None) else all(names) and bool(names)
    )
    _check(setting, names, is_right, f'null, "{ALL_LINEAR}" or a list of names')
