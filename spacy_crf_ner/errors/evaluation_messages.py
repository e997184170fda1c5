"""Messages of the room `evaluation`: E."""


class EvaluationErrors:
    """Templates for `str.format`."""

    # evaluation
    E001 = "Expected `{name}` to be {expected}, but got {got}."
    E002 = (
        "No entity is annotated in the {n_docs} Docs of the data. Give annotated Docs that the pipeline was not "
        "trained on: their entities, in `doc.ents`, tell which predictions are right."
    )
    E003 = (
        "The pipeline predicts no entity on the annotated tokens of the {n_docs} Docs ({left_out} on tokens without "
        "annotation), so that there are no probabilities to be judged. Give more Docs, or train the pipeline longer."
    )
    E004 = (
        "Expected a pipeline with a component of the factory `crf_ner`, but its components are: {components}. A "
        "component that is disabled has to be enabled first."
    )
    E005 = "The pipeline has several `crf_ner` components: {names}. Choose one with `--component`."
    E006 = "Expected `--component` to name one of the pipeline's `crf_ner` components, {names}, but got {name!r}."

    # measures of entities (from 100)
    E100 = "Expected both pipelines to be judged on the same Docs, but got {first} and {second} Docs."
    E101 = (
        "Expected line {line} of {path} to be an evaluation during training, with `epoch`, `step`, `score`, `losses` "
        "and `scores` as `spacy.ConsoleLogger.v3` writes them to its `output_file`, but got {got}. Give another file "
        "with `--log`, or remove the line."
    )
    E102 = (
        "Expected {path} to be the log of a training, as `spacy.ConsoleLogger.v3` writes it to its `output_file`, but "
        "it cannot be read: {reason}. Give another file with `--log`."
    )
