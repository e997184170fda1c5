"""Every error and warning of the package: the exception tree, then the message templates.

    SpacyCrfNerError (ValueError)
      PotentialsError            scores, lengths or masks that do not fit together
        ImpossibleSequenceError  a sequence that no allowed path satisfies
      TagError                   labels, schemes, spans or tags that contradict each other
      ComponentError             settings, annotations or files a component cannot work with
        LossError                a loss or gradient that is not finite
      EvaluationError            data on which nothing can be measured
      KernelError                an implementation that was asked for and is not there

A template says what was expected, what arrived, and what to do or which setting to change.
"""

from collections.abc import Sequence


class SpacyCrfNerError(ValueError):
    """Base of all errors that this package raises on purpose."""


class PotentialsError(SpacyCrfNerError):
    """Scores, lengths, masks or tags of a batch whose shapes, types or values do not fit together."""


class ImpossibleSequenceError(PotentialsError):
    """A sequence that no allowed path satisfies.

    indices (Sequence[int]): Positions in the batch of the sequences concerned.
    """

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = tuple(indices)
        super().__init__(Errors.P007.format(indices=", ".join(str(index) for index in self.indices)))

    def __reduce__(self) -> tuple[type["ImpossibleSequenceError"], tuple[tuple[int, ...]]]:
        return type(self), (self.indices,)


class TagError(SpacyCrfNerError):
    """Labels, schemes, spans or tags that contradict each other."""


class ComponentError(SpacyCrfNerError):
    """Settings, annotations or files that a pipeline component cannot work with."""


class LossError(ComponentError):
    """A loss or a gradient that is not a finite number."""


class EvaluationError(SpacyCrfNerError):
    """Predictions or annotations on which nothing can be measured."""


class KernelError(SpacyCrfNerError):
    """An implementation of the recursions that was asked for and is not there."""


class Errors:
    """Templates for `str.format`; the letter names the room: P functional, T tags, K kernels, L layers, C pipeline,
    E evaluation.
    """

    # functional
    P001 = "Potentials: expected `{name}` of shape {expected}, but got {got}."
    P002 = "Potentials: expected `{name}` of dtype {expected}, but got {got}."
    P003 = (
        "Potentials: expected `lengths` between 0 and seq_len={seq_len}, but sequence {index} has length "
        "{got}."
    )
    P004 = (
        "Potentials: expected all tensors on one device, but `emissions` are on {expected} and `{name}` is on "
        "{got}."
    )
    P005 = "Expected tags between 0 and {last} up to each sequence's length, but sequence {index} has {got}."
    P006 = (
        "Scores must not be NaN or +inf, but `{name}` holds {got}. If this happens in training, lower "
        "`training.optimizer.learn_rate`, add warm-up steps, or set `grad_clip`."
    )
    P007 = (
        "No allowed path exists for the sequences with these indices in the batch: {indices}. Check "
        "`allowed_tags`, `allowed_transitions`, `allowed_start` and `allowed_end`: at least one tag sequence must "
        "satisfy all of them."
    )
    P008 = (
        "SpanPaths: expected 0 <= start < end <= length of its sequence, but span {index} is [{start}, {end}) in "
        "a sequence of length {length}."
    )
    P009 = "SpanPaths: expected `sequences` between 0 and {last}, but span {index} names sequence {got}."
    P010 = "SpanPaths: expected `{name}` to be {expected}, but got {got}."
    P011 = "SpanPaths: expected tags between 0 and {last} from start to end, but span {index} has {got}."

    P012 = (
        "Potentials: the emissions are packed, one row per token of all sequences, so `lengths` must add up to their "
        "{expected} rows, but they add up to {got}. Padded emissions have three dimensions: (batch, seq_len, n_tags)."
    )
    P013 = "Expected `{name}` to be at least 1, but got {got}."
    P014 = "Expected values for `{name}` of shape {expected}, that of the scores, but got {got}."
    P015 = (
        "Values must be finite, but those for `{name}` hold {got}. What a mask forbids has probability 0: its value "
        "may be any number, such as 0."
    )

    # tags
    T001 = "Expected one of the schemes {expected}, but got {got!r}. Change the component's setting `scheme`."
    T002 = "Labels must be non-empty strings, but got {got!r}."
    T003 = "Each label may be given once, but these are repeated: {got}."
    T004 = "Unknown label {label!r}: the known labels are {known}. Add it with `add_label` before training."
    T005 = "Span {span} does not fit into a sequence of {length} tokens: expected 0 <= start < end <= length."
    T006 = "Spans {first} and {second} overlap: one tag sequence holds only spans that do not."
    T007 = "Expected tag ids between 0 and {last}, but got {got} at position {position}."
    T008 = "Tag {tag!r} at position {position} is not allowed there by the {scheme} scheme."
    T009 = "The {scheme} scheme has no tag with the prefix {prefix!r}: its prefixes are {expected}."

    T010 = (
        "Token {position} is said to be outside of all entities, but a given span gives it the tag {tag!r}."
    )
    T011 = "Expected a sequence of labels, but got the string {got!r}. Put it in a list: [{got!r}]."
    T012 = "Span {span} holds no tokens: expected start < end."
    T013 = "Expected `is_space` to hold one value for each of {length} tokens, but got {got}."
    T014 = "Expected tokens outside of entities between 0 and {last}, but got {got}."

    T016 = "Expected a mask of shape {expected}, but got {got}."

    # kernels
    K001 = "Expected the environment variable {variable} to be one of {expected}, but got {got!r}."
    K002 = (
        "The environment variable {variable} asks for the compiled kernels, but {reason}. Install a wheel of "
        "spacy-crf-ner for this platform, or build it with a C++ compiler: docs/installing.md. Without the variable, "
        "torch computes instead."
    )
    K003 = "Expected `{name}` to be {expected}, but got {got}."
    K004 = (
        "Expected at least one tag, and lengths of at least 0 that fit into the {n_rows} rows of the emissions, but "
        "got {lengths}."
    )

    # layers
    L001 = (
        "LinearChainCRF: expected emissions with {expected} columns, one per tag, but got {got}. The layer "
        "before it must have the same `nO`."
    )
    L002 = "LinearChainCRF: expected a finite `learn_rate_scale` above 0, but got {got}."
    L003 = "A CRF cannot lose tags: it has {old} and cannot be resized to {new}."

    L004 = (
        "CRFTagger: expected token vectors of width {expected}, with which it was trained, but its `tok2vec` gives "
        "{got}. Load the encoder it was trained with, or train the component again."
    )

    L005 = (
        "Loss: expected `{setting}` to be {expected}, but got {got!r}. Change `{setting}` in the component's section "
        "`[components.*.loss]`."
    )
    L006 = (
        "Loss: `{setting}` names the label {label!r}, but the component knows {known}. Correct `{setting}` in the "
        "component's section `[components.*.loss]`, or add the label with `add_label`."
    )
    L007 = "Supervision: expected `{name}` to be {expected}, but got {got}."
    L008 = (
        "Judged span: the masks leave {leave} with tokens [{start}, {end}) of sequence {sequence} as {label}, so that "
        "their probability must be {expected}, but got {got}. Correct it, or what contradicts it: the scheme, "
        "whitespace, or entities that are given."
    )
    L009 = (
        "Soft tokens: the masks leave no path to tags of token {position} of sequence {sequence} that were given "
        "the probability {got}. Correct it, or what contradicts it: the scheme, whitespace, or entities that are given."
    )

    L030 = (
        "Expected `{name}` to be a finite number above 0, but got {got}: 1.0 leaves the scores as they are."
    )

    L031 = "Expected `{name}` to be a probability {expected}, but got {got}."

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


class Warnings:
    """Templates for `warnings.warn`, category `UserWarning`."""

    W001 = (
        "Component '{name}': {count} entities of the training examples cannot be represented on the tokens of the "
        "pipeline's tokenizer; their tokens count as unannotated. The first: {shown}. Correct the character offsets, "
        "or the tokenizer; `python -m spacy debug data` and `Example.get_aligned_ner` help to find them."
    )
