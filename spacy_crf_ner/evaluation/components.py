"""The component of a pipeline that is to be evaluated."""

from spacy.language import Language

from ..errors import Errors, EvaluationError
from ..pipeline import CRFEntityRecognizer


def find_component(nlp: Language, name: str | None = None) -> CRFEntityRecognizer:
    """The `crf_ner` component of a pipeline.

    nlp (Language): The pipeline.
    name (str | None): Its name; may be left out if there is only one.
    RETURNS (CRFEntityRecognizer): The component.
    RAISES (EvaluationError): None, none of that name, or several; or one that is disabled.
    """
    found = {key: pipe for key, pipe in nlp.pipeline if isinstance(pipe, CRFEntityRecognizer)}
    if not found:
        raise EvaluationError(Errors.E004.format(components=", ".join(nlp.pipe_names) or "none"))
    if name is None and len(found) > 1:
        raise EvaluationError(Errors.E005.format(names=", ".join(found)))
    if name is None:
        return next(iter(found.values()))
    if name not in found:
        raise EvaluationError(Errors.E006.format(name=name, names=", ".join(found)))
    return found[name]
