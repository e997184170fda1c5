"""Messages of the room `models`: M."""


class ModelErrors:
    """Templates for `str.format`."""
    M001 = (
        "Concatenate: expected at least one encoder, but got {got}. Add sections such as "
        "`[components.*.model.tok2vec.*.features]` to the config."
    )
    M002 = (
        "{layer}: expected `{setting}` to be {expected}, but got {got}. Change `{setting}` in the section of the config "
        "that names the architecture."
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
