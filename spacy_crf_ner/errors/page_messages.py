"""Messages of the room `pages`: V."""


class PageErrors:
    """Templates for `str.format`."""

    V001 = (
        "The plots of a page need the package matplotlib, which cannot be imported: {reason}. Install the extra "
        "`report`: `pip install 'spacy-crf-ner[report]'`."
    )
