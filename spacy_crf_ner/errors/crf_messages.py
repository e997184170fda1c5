"""Messages of the rooms that compute the CRF: P functional, T tags, K kernels, L layers."""


class CrfErrors:
    """Templates for `str.format`."""

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

    L010 = (
        "Loss: `{setting}` is to be computed by the rule {rule!r} from counts of the labels in the training examples, "
        "but the component has none: `nlp.initialize` takes them if the loss asks for them or no labels are given, and "
        "they are saved with the component. Initialize it with this loss, or give numbers by label as `{setting}` in "
        "`[components.*.loss]`."
    )

    L030 = (
        "Expected `{name}` to be a finite number above 0, but got {got}: 1.0 leaves the scores as they are."
    )

    L031 = "Expected `{name}` to be a probability {expected}, but got {got}."
