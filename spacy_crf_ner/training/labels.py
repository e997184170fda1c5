"""New labels for a component that is trained already."""

from collections.abc import Callable

from spacy.language import Language

from ..errors import Errors, TrainingError

NAME = "spacy-crf-ner.add_labels.v1"


def build_add_labels_v1(component: str, labels: list[str]) -> Callable[[Language], Language]:
    """A callback for `[initialize.before_init]` or `after_init` that adds labels to a trained component.

    A component with `source` keeps its weights, and `spacy train` does not initialize it: labels that the training data
    holds and the component does not know are an error, unless they are added.

    component (str): The component's name in the pipeline.
    labels (list[str]): The labels; those that it knows already change nothing.
    RETURNS (Callable[[Language], Language]): The callback.
    RAISES (TrainingError): When called: there is no such component, or it takes no labels.
    """

    def add_labels(nlp: Language) -> Language:
        # Before the initialization, components with `source` are disabled.
        pipe = nlp.get_pipe(component) if component in nlp.component_names else None
        add_label = getattr(pipe, "add_label", None)
        if add_label is None:
            known = ", ".join(nlp.component_names) or "none"
            raise TrainingError(Errors.R206.format(name=NAME, component=component, known=known))
        for label in labels:
            add_label(label)
        return nlp

    return add_labels
