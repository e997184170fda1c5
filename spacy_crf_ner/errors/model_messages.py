"""Messages of the room `models`: M."""


class ModelErrors:
    """Templates for `str.format`."""

    # encoders
    M001 = (
        "Concatenate: expected at least one encoder, but got {got}. Add sections such as "
        "`[components.*.model.tok2vec.*.features]` to the config."
    )
    M002 = (
        "{layer}: expected `{setting}` to be {expected}, but got {got}. Change `{setting}` in the section of the "
        "config that names the architecture."
    )
    M003 = (
        "{layer}: cannot tell the width of the vectors below it: expected a sample with at least one token. Initialize "
        "the pipeline with Examples that hold tokens, or set the width of `embed`."
    )
    M004 = "{layer}: expected an initialized layer, but it has no weights. Call `nlp.initialize()`, or load weights."
    M005 = (
        "{layer}: the stored weights do not fit the settings of the config. Load them with the settings they were "
        "trained with. {reason}."
    )
    M006 = (
        "{layer}: expected token vectors of width {expected}, with which it was trained, but `embed` and `characters` "
        "give {got}. Load the encoder it was trained with, or train the component again."
    )

    # adapters
    M100 = (
        "Adapters need the library peft, which cannot be imported: {reason}. Install the extra `peft`: pip "
        "install 'spacy-crf-ner[peft]'."
    )
    M101 = (
        "Adapters: expected `{setting}` to be {expected}, but got {got!r}. Change `{setting}` in the section "
        "`peft` of the transformer's model."
    )
    M102 = (
        "Adapters cannot be attached to an encoder of the type {type!r}: {reason}. Set `target_modules` in the "
        "section `peft` of the transformer's model to some of its linear layers: {known}."
    )
    M103 = (
        "Prefix tuning needs an encoder that takes keys and values from outside (`past_key_values`), as BERT, "
        "RoBERTa and ELECTRA do, but got one of the type {type!r}. Choose another method in the section `peft` "
        "of the transformer's model: LoRA, or prompt tuning."
    )
    M104 = (
        "Adapters: expected {source} to hold adapters for this encoder, in peft's format, but {reason}. Correct"
        " the setting `adapter` of the transformer's model, or set it to null for new ones."
    )
    M105 = (
        "Adapters: {source} holds adapters of the method {saved}, but the section `peft` of the transformer's "
        "model says {configured}. Change it to the former."
    )
    M106 = (
        "Adapters: expected `num_virtual_tokens` to leave room for the text in the {positions} positions of the"
        " encoder, but got {got}. Lower it in the section `peft` of the transformer's model."
    )
    M107 = (
        "Expected a pipeline with adapters, but got none in its components: {components}. LoRA and IA3 are "
        "merged into the encoder on saving, unless `merge` is false in the section `peft` of the transformer's "
        "model."
    )
    M108 = (
        "The adapters of several components could be meant: {names}. Choose one of them with `--component`."
    )
    M109 = "Expected `--component` to name a component with adapters, {names}, but got {name!r}."
