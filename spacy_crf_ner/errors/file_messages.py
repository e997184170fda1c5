"""Messages of the room `files`: F."""


class FileErrors:
    """Templates for `str.format`."""

    F001 = "Expected {path} to be a file, new or to be replaced, but it is a folder. Choose another name, or remove it."
    F002 = (
        "Expected {path} to be a .spacy file, or a folder with such files, got {got}. Name another path, or make such "
        "files of other formats with `crf-ner convert`."
    )
    F003 = (
        "Expected {path} to hold Docs in spaCy's format, but they cannot be read: {reason}. Write it again: with "
        "`DocBin.to_disk`, or from the annotation's own format with `crf-ner convert`."
    )
    F004 = "Expected {path} to hold annotated Docs, but it holds no Docs at all."
    F005 = "Expected to be able to write {path}, but {reason}. Choose another place for the file."
