"""The architecture of all CRF components: token vectors, dropout, a linear layer, the CRF."""

from collections.abc import Callable
from typing import Any, cast

from spacy.tokens import Doc
from thinc.api import Dropout, Linear, Model, with_array
from thinc.types import Floats2d

from ..errors import Errors, SpacyCrfNerError
from ..functional import Potentials, PotentialsGradient
from ..layers import Emissions, build_linear_chain_crf_v1, grow, resize_linear_chain_crf
from .concatenate import build_concatenate_v1

# Doc -> token vectors (tok2vec, features) -> token scores (output_layer) -> Potentials (crf)
CRFTagger = Model[list[Doc], Potentials]
Backprop = Callable[[PotentialsGradient], list[Doc]]

ENCODER, DROPOUT, OUTPUT, CRF = range(4)


def build_crf_tagger_v1(
    tok2vec: Model[list[Doc], list[Floats2d]],
    features: Model[list[Doc], list[Floats2d]] | None = None,
    nO: int | None = None,
    learn_rate_scale: float = 10.0,
) -> CRFTagger:
    """Score the tags of each token with a linear layer over token vectors, and tag sequences with a linear-chain CRF.

    This is the usual encoder + linear layer + CRF of Huang et al. 2015 (https://arxiv.org/abs/1508.01991). Dropout
    between the encoder and the linear layer follows `[training] dropout`.

    tok2vec (Model[List[Doc], List[Floats2d]]): The encoder, usually a listener. *Shape of its output:* (n_tokens,
        width) per Doc.
    features (Model[List[Doc], List[Floats2d]] | None): A second encoder, whose vectors are joined to those of the
        first: prefixes, suffixes and shapes of words, for instance, which an uncased transformer does not see.
    nO (int | None): Number of tags; inferred from the labels if None.
    learn_rate_scale (float): How much faster than the rest the CRF's transition, start and end scores learn. A learning
        rate times this of about 0.01 is usual: 10 suits a small network trained from scratch at 0.001, 100 or more a
        pretrained encoder that is fine-tuned at 0.00005 to 0.0002.
    RETURNS (Model[List[Doc], Potentials]): The model, with the references `tok2vec`, `output_layer` and `crf`.
    RAISES (SpacyCrfNerError): A factor that is not a positive finite number.
    """
    output_layer: Model[Floats2d, Floats2d] = Linear(nO)
    crf = build_linear_chain_crf_v1(nO, learn_rate_scale)
    encoder = tok2vec if features is None else build_concatenate_v1(tok2vec, features)
    return Model(
        "crf_tagger",
        forward,
        init=init,
        layers=[encoder, Dropout(0.0), with_array(cast(Any, output_layer)), crf],
        refs={"tok2vec": tok2vec, "output_layer": output_layer, "crf": crf},
        attrs={"resize_output": resize_output},
    )


def forward(model: CRFTagger, X: list[Doc], is_train: bool) -> tuple[Potentials, Backprop]:
    """Score a batch.

    model (Model): The model.
    X (List[Doc]): The Docs.
    is_train (bool): Whether backprop will be called.
    RETURNS (tuple[Potentials, Callable]): The scores of each Doc's tokens, and backprop.
    RAISES (SpacyCrfNerError): Token vectors of another width than the model was trained with.
    """
    callbacks = []
    Y: Any = X
    for index, layer in enumerate(model.layers):
        Y, callback = layer(Y, is_train=is_train)
        callbacks.append(callback)
        if index == ENCODER:
            _check_width(model, Y)

    def backprop(dY: Any) -> list[Doc]:
        for callback in reversed(callbacks):
            dY = callback(dY)
        return cast(list[Doc], dY)

    return Y, backprop


def init(model: CRFTagger, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> None:
    """Initialize the layers in order, each on what the one before it makes of the sample.

    model (Model): The model.
    X (List[Doc] | None): Sample Docs.
    Y (List[Floats2d] | None): Arrays with one column per tag, from which the number of tags is inferred.
    """
    inputs: Any = X
    for index, layer in enumerate(model.layers):
        layer.initialize(X=inputs, Y=Y if index == OUTPUT else None)
        if inputs is not None and index != CRF:
            inputs = layer.predict(inputs)


def resize_output(model: CRFTagger, nO: int) -> CRFTagger:
    """Make room for more tags. Known tags keep their weights, and new ones begin with none.

    model (Model): The model, changed in place.
    nO (int): The new number of tags.
    RETURNS (Model): The same model.
    RAISES (SpacyCrfNerError): Fewer tags than before.
    """
    crf = resize_linear_chain_crf(cast(Any, model.layers[CRF]), nO)
    old: Model[Floats2d, Floats2d] = model.get_ref("output_layer")
    output_layer = grow(old, Linear(nO, old.maybe_get_dim("nI")))
    model.layers[OUTPUT] = with_array(cast(Any, output_layer))
    model.layers[CRF] = crf
    model.set_ref("output_layer", output_layer)
    model.set_ref("crf", crf)
    return model


def _check_width(model: CRFTagger, vectors: Emissions) -> None:
    expected = model.get_ref("output_layer").maybe_get_dim("nI")
    if expected is None:
        return
    for array in vectors:
        # Listeners to a transformer give (0, 0) for a Doc without tokens.
        if array.shape[0] > 0 and array.shape[1] != expected:
            raise SpacyCrfNerError(Errors.L004.format(expected=expected, got=array.shape[1]))
