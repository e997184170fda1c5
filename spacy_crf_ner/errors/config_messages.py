"""Messages about configs that `crf-ner init` makes, in the room `training`: I."""


class ConfigErrors:
    """Templates for `str.format`."""

    I001 = "Expected `{option}` to be one of {known}, got '{got}'."
    I002 = (
        "Expected `--lang` to be the code of a language that spaCy knows, such as 'en' or 'de', got {got!r}. Give 'xx' "
        "for texts of several languages or of another one that has spaces between its words."
    )
    I003 = (
        "Expected `--encoder {got}` to be a folder with an encoder as Hugging Face saves it, but {reason}. Name such a "
        "folder, a model of the Hugging Face Hub, or one of the small networks {networks}."
    )
    I004 = (
        "Expected `--preset` without `{option}`, got '{got}' for it, too: '{preset}' {reason}. Leave one of the two "
        "out."
    )
    I005 = (
        "Expected `{option}` to be a .spacy file or a folder that holds some, got '{got}', which {reason}. "
        "`python -m spacy crf-ner convert` makes .spacy files from other formats."
    )
    I006 = (
        "Expected `{option}` to be a name that a config can hold, got {got!r}: without line breaks, other control "
        "characters and '$', not empty, and not longer than names of files are. Rename or move what it names."
    )
    I007 = (
        "Expected the ready configs in {folder}, but none is there: the installation is damaged. Install spacy-crf-ner "
        "again."
    )
    I008 = "Expected {path} to be a new file, but it exists. Give another name, or `--force` to replace it."
    I009 = (
        "Expected to write the config to {path}, but {reason}. Give the name of a file that can be written."
    )
