"""The encoder upstream: used, trained, frozen, replaced; and named when it is missing or of another width."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy_transformers.data_classes import TransformerData

from spacy_crf_ner.errors import ComponentError, SpacyCrfNerError
from tests.pipeline.pipelines import (
    CNN,
    TEXTS,
    TRAIN,
    WIDTH,
    crf_ner,
    examples_of,
    initialize,
    make_listening_nlp,
    make_nlp,
    model_of,
    outcome,
    outcomes,
    train,
    update,
)
from tests.pipeline.transformers import make_transformer_nlp
from tests.tiny import entities

UPSTREAM = {"listening": "tok2vec", "transforming": "transformer"}
MISSING = (
    "Component 'crf_ner' gets its token vectors from an upstream component that has not run on this Doc: "
)


@pytest.fixture(scope="session")
def transforming_folder(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crf_ner on a transformer, both trained on TRAIN."""
    nlp = make_transformer_nlp(tiny_encoder)
    examples = examples_of(nlp)
    losses = update(nlp, examples, initialize(nlp, examples, learn_rate=0.01), steps=25)
    assert losses[-1] < 0.1
    path = tmp_path_factory.mktemp("transforming")
    nlp.to_disk(path)
    return path


@pytest.fixture
def transforming(transforming_folder: Path) -> Language:
    """A crf_ner on a transformer, both trained on TRAIN; new ones for each test."""
    return spacy.load(transforming_folder)


@pytest.fixture(params=sorted(UPSTREAM))
def nlp(request: pytest.FixtureRequest) -> Language:
    """Both kinds of listening pipelines."""
    loaded = request.getfixturevalue(request.param)
    assert isinstance(loaded, Language)
    return loaded


def upstream_of(nlp: Language) -> str:
    return nlp.pipe_names[0]


def test_a_listening_component_knows_what_it_has_learned(nlp: Language) -> None:
    for text, expected in TRAIN:
        assert [(ent.start_char, ent.end_char, ent.label_) for ent in nlp(text).ents] == list(expected)


def test_pipe_gives_what_single_calls_give(nlp: Language) -> None:
    singly = [entities(nlp(text)) for text in TEXTS]
    assert [[entity[:3] for entity in one] for one in outcomes(nlp, batch_size=3)] == singly


@pytest.mark.parametrize("text", [" ", "\n\n", "  \t ", "☃ 🙂", "北京"])
def test_docs_of_whitespace_or_of_unknown_characters_are_ordinary(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert all(not ent[0].is_space and not ent[-1].is_space for ent in doc.ents)


def test_docs_longer_than_the_windows_of_the_transformer_are_ordinary(transforming: Language) -> None:
    doc = transforming(" ".join([TRAIN[1][0]] * 50))
    assert len(doc) == 300
    assert len(doc.ents) > 50


@pytest.mark.parametrize("text", ["London", " ".join(["London"] * 50)])
def test_a_disabled_encoder_is_an_error_that_names_it_and_the_text(nlp: Language, text: str) -> None:
    name = upstream_of(nlp)
    with nlp.select_pipes(disable=[name]), pytest.raises(ComponentError, match=MISSING) as caught:
        nlp(text)
    assert repr(text[:60]) in str(caught.value)
    assert "do not disable or exclude it" in str(caught.value)
    assert "`replace_listeners`" in str(caught.value)


def test_the_encoder_is_named_where_its_name_is_known() -> None:
    nlp = make_listening_nlp()
    nlp.config["components"]["crf_ner"]["model"]["tok2vec"]["upstream"] = "tok2vec"
    named = type(nlp).from_config(nlp.config)
    train(named, steps=1)
    with named.select_pipes(disable=["tok2vec"]), pytest.raises(ComponentError, match="listens to 'tok2vec'"):
        named("London")


def test_a_missing_encoder_is_an_error_also_in_a_batch(nlp: Language) -> None:
    heard = nlp("London")
    docs = [heard, nlp.make_doc(""), nlp.make_doc("Berlin")]
    with pytest.raises(ComponentError, match=MISSING + "'Berlin'"):
        crf_ner(nlp).predict(docs)


def test_an_encoder_after_its_listener_is_an_error(listening_bytes: bytes) -> None:
    trained = make_listening_nlp().from_bytes(listening_bytes)
    nlp = spacy.blank("xx")
    nlp.add_pipe("crf_ner", source=trained)
    nlp.add_pipe("tok2vec", source=trained)
    with pytest.raises(ComponentError, match=MISSING + "'London'.* put that component before 'crf_ner'"):
        nlp("London")


def test_docs_without_tokens_are_trained_on_among_others(nlp: Language) -> None:
    data = [("", ()), ("Anna likes Paris.", ((0, 4, "PERSON"), (11, 16, "LOC"))), ("", ())]
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.01
    losses = update(nlp, examples_of(nlp, data), optimizer, steps=8)
    assert losses[-1] < losses[0]


def test_docs_without_tokens_alone_are_trained_on_in_vain(nlp: Language) -> None:
    assert update(nlp, examples_of(nlp, [("", ())]), nlp.resume_training(), steps=2) == [0, 0]


def test_docs_without_tokens_need_no_encoder(nlp: Language) -> None:
    with nlp.select_pipes(disable=[upstream_of(nlp)]):
        assert len(nlp("")) == 0
    docs = [nlp("London"), nlp.make_doc("")]
    assert len(crf_ner(nlp).predict(docs)) == 2


def test_a_component_with_its_own_encoder_needs_no_other(overfitted: Language) -> None:
    assert overfitted.pipe_names == ["crf_ner"]
    assert len(overfitted(TEXTS[0]).ents) == 2


def other_tensor(doc: Doc) -> None:
    doc.tensor = np.zeros((len(doc), 8), dtype="float32")


def other_trf_data(doc: Doc) -> None:
    doc._.trf_data = TransformerData.zeros(len(doc), 8, xp=np)


@pytest.mark.parametrize(
    ("fixture", "spoil"), [("listening", other_tensor), ("transforming", other_trf_data)]
)
def test_vectors_of_another_width_are_an_error_that_names_both(
    fixture: str, spoil: Callable[[Doc], None], request: pytest.FixtureRequest
) -> None:
    nlp = request.getfixturevalue(fixture)
    doc = nlp.make_doc("London")
    spoil(doc)
    expected = rf"'crf_ner' expected token vectors of width {WIDTH} from '\*', but got 8\."
    with pytest.raises(ComponentError, match=expected + r".*\[components.crf_ner.model.tok2vec\] width"):
        crf_ner(nlp).predict([doc])


def test_training_behind_an_encoder_of_another_width_is_an_error(listening_bytes: bytes) -> None:
    trained = make_listening_nlp().from_bytes(listening_bytes)
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec", config={"model": {**CNN, "width": 8}})
    nlp.get_pipe("tok2vec").initialize(lambda: examples_of(nlp))
    nlp.add_pipe("crf_ner", source=trained)
    with pytest.raises(SpacyCrfNerError, match=f"token vectors of width {WIDTH}, .* `tok2vec` gives 8"):
        nlp.update(examples_of(nlp), sgd=nlp.create_optimizer())


def test_a_frozen_encoder_that_annotates_is_trained_upon(nlp: Language) -> None:
    name = upstream_of(nlp)
    data = [("Anna likes Paris.", ((0, 4, "PERSON"), (11, 16, "LOC")))]
    before = nlp.get_pipe(name).model.to_bytes()
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    losses = update(nlp, examples_of(nlp, data), optimizer, steps=25, exclude=[name], annotates=[name])
    assert losses[-1] < 0.3 * losses[0]
    assert nlp.get_pipe(name).model.to_bytes() == before


def test_a_frozen_encoder_that_does_not_annotate_is_an_error(nlp: Language) -> None:
    name = upstream_of(nlp)
    with pytest.raises(ValueError, match="annotating components"):
        nlp.update(examples_of(nlp), sgd=nlp.create_optimizer(), exclude=[name])


def test_training_reaches_the_encoder(nlp: Language) -> None:
    encoder = nlp.get_pipe(upstream_of(nlp)).model
    before = encoder.to_bytes()
    data = [("Anna likes Paris.", ((0, 4, "PERSON"), (11, 16, "LOC")))]
    # spaCy applies the gradient of an upstream component with the update after.
    update(nlp, examples_of(nlp, data), nlp.create_optimizer(), steps=2)
    assert encoder.to_bytes() != before


def test_the_transformer_is_replaced_by_a_copy(transforming: Language) -> None:
    expected = outcomes(transforming, texts=[text for text in TEXTS if text])
    assert any(expected)
    transforming.replace_listeners("transformer", "crf_ner", ["model.tok2vec"])
    transforming.remove_pipe("transformer")
    found = [outcome(doc) for doc in transforming.pipe([text for text in TEXTS if text])]
    for one, other in zip(found, expected, strict=True):
        assert [entity[:3] for entity in one] == [entity[:3] for entity in other]


def test_a_model_may_hold_its_own_transformer_or_cnn() -> None:
    nlp = make_nlp(model=model_of({**CNN, "width": 12}))
    assert train(nlp)[-1] < 0.05
