"""Messages of the room `pipeline` and of components: C errors, W warnings."""


class PipelineErrors:
    """Templates for `str.format`."""

    # pipeline
    C001 = (
        "Component '{name}' has no labels. Give them with `add_label`, in `[initialize.components.{name}] labels`, "
        "or initialize it with examples whose reference Docs hold entities."
    )
    C002 = (
        "Component '{name}' does not know the label(s) {labels} of the training examples: it knows {known}. Add "
        "them with `add_label` before training, or correct `[initialize.components.{name}] labels`."
    )
    C003 = (
        "Component '{name}' gets its token vectors from an upstream component that has not run on this Doc: "
        "{text!r}. Its model listens to '{upstream}': put that component before '{name}' in `[nlp] pipeline`, do not "
        "disable or exclude it (if it is frozen in training, list it in `training.annotating_components`), or give "
        "'{name}' its own copy with `replace_listeners`."
    )
    C004 = (
        "Component '{name}' expected token vectors of width {expected} from '{upstream}', but got {got}. It was "
        "trained with another encoder: load the encoder it was trained with, or train '{name}' again "
        "(`[components.{name}.model.tok2vec] width` must equal the width of '{upstream}')."
    )
    C005 = (
        "Component '{name}': the {what} is not finite ({value}). Lower `training.optimizer.learn_rate`, add "
        "warm-up steps, set `training.optimizer.grad_clip` (1.0 is usual), or turn off `mixed_precision` of the "
        "encoder."
    )
    C006 = (
        "Component '{name}': expected `{setting}` to be {expected}, but got {got!r}. Change "
        "`[components.{name}] {setting}`."
    )
    C007 = (
        "Component '{name}' cannot be loaded from {path}: {reason}. The directory is incomplete or damaged: copy it "
        "again or repeat the training or installation that made it."
    )
    C008 = (
        "Component '{name}' was saved with `{setting}` = {saved!r}, but the config says {configured!r}. The saved "
        "weights only fit the former: set `[components.{name}] {setting}` to {saved!r}."
    )
    C009 = (
        "Component '{name}' is not initialized. Call `nlp.initialize()`, load trained weights with `spacy.load`, "
        "or train it."
    )
    C010 = (
        "Component '{name}': {n_labels} labels make {expected} tags in the {scheme} scheme, but its model has "
        "nO={got}. Set `[components.{name}.model] nO = null`, and it is inferred."
    )
    C011 = (
        "Component '{name}' does not know the loss {got!r}: {expected}. Change `[components.{name}] loss`, or give it "
        "a block of its own, `[components.{name}.loss]` with `@losses`."
    )
    C012 = (
        "Component '{name}': no annotation of this Doc satisfies all constraints: {text!r}. There is nothing left for "
        "token {position}, {token!r}. Change the constraint (`[components.{name}] constraint`) or the entities on the "
        "Doc, or set `[components.{name}] overwrite` to true to ignore the latter."
    )
    C013 = (
        "Component '{name}' takes sentence by sentence, but this Doc has no sentences: {text!r}. Put a component that "
        "sets them, such as `sentencizer` or `senter`, before '{name}' (in training, list it in "
        '`training.annotating_components`), or set `[components.{name}] segments` to "doc".'
    )
    C014 = (
        "Component '{name}': expected its constraint to return None or a NumPy array, {expected}, but got {got}. "
        "Change `[components.{name}] constraint`."
    )
    C015 = "Component '{name}': expected `{argument}` to be {expected}, but got {got!r}."
    C016 = (
        "Component '{name}': an annotation contradicts itself. These entities are also in `doc.spans[{key!r}]`, which "
        "holds spans that are known to be wrong (`[components.{name}] incorrect_spans_key`): {spans}. Take them out of "
        "one of the two."
    )
    C017 = (
        "Component '{name}': expected `doc.spans[{key!r}].attrs[\"scores\"]` to hold a probability for each of its {n} "
        "spans (`[components.{name}] soft_spans_key`), but got {got} in this Doc: {text!r}."
    )
    C018 = (
        "Component '{name}': expected `token._.crf_label_probs` to be a dict with the probabilities of labels or of "
        '"O", 0 to 1 and at most 1 in sum, but got {got!r} for the token {token!r}.'
    )
    C019 = "Component '{name}' cannot learn from the reference Docs of a batch: {reason} Correct their annotation."

    C030 = (
        "Component '{name}' cannot learn from a teacher with other tags: the teacher has {teacher}, the component "
        "{own}. Set `[components.{name}] scheme` and `[initialize.components.{name}] labels` to the teacher's, in its "
        "order."
    )
    C031 = (
        "Component '{name}' cannot learn from a teacher with other tokens: of {text!r} the teacher made {teacher} "
        "tokens, and this pipeline {own}. Give it the teacher's `[nlp] lang` and `[nlp.tokenizer]`."
    )


class Warnings:
    """Templates for `warnings.warn`, category `UserWarning`."""

    W001 = (
        "Component '{name}': {count} entities of the training examples cannot be represented on the tokens of the "
        "pipeline's tokenizer; their tokens count as unannotated. The first: {shown}. Correct the character offsets, "
        "or the tokenizer; `python -m spacy debug data` and `Example.get_aligned_ner` help to find them."
    )
