"""Messages of the room `sharing`: H."""


class SharingErrors:
    """Templates for `str.format`."""

    # what is pushed
    H001 = (
        "Expected {path} to be a pipeline: the directory of one, the folder that `spacy package` made, or a wheel "
        "(.whl), but {reason}. Name one of them."
    )
    H002 = (
        "Expected {file} of {path} to be as spaCy writes it, but {reason}. Save the pipeline again with "
        "`nlp.to_disk`, or package it again with `spacy package`."
    )
    H003 = (
        "Expected `--scores {path}` to be a file that `crf-ner evaluate --json` wrote, but {reason}. Measure the "
        "pipeline again, or leave `--scores` out."
    )
    H004 = (
        "Expected `--page {path}` to be a file, but there is none. Name the page that `crf-ner evaluate --html` made, "
        "or leave it out."
    )

    # where it is pushed to
    H005 = (
        "Expected either REPO_ID, the repository on the Hugging Face Hub, or `--local FOLDER`, but got {got}. Give "
        "one of them."
    )
    H006 = (
        "Expected the repository to be `owner/name`, such as `ada/en_places`, of letters, digits, '-', '_' and '.', "
        "but got {got!r}. Change REPO_ID."
    )
    H007 = "Expected `{option}` only for the Hugging Face Hub, but `--local` is given, too. Leave one of them out."
    H008 = "Expected {path} to be a new or empty folder, but it {reason}. Name another one with `--local`, {advice}."
    H009 = (
        "Expected the repository {repo_id} to be private, as `--private` says, but it exists and is public. Nothing "
        "was pushed. Change its visibility on the Hub, name another REPO_ID, or leave `--private` out."
    )
    H010 = (
        "To push to the Hugging Face Hub, huggingface_hub is needed, but it is not installed ({reason}): run `pip "
        "install 'spacy-crf-ner[hub]'`, or write the files to a folder with `--local`."
    )
    H011 = (
        "Expected to push to {repo_id}, but {reason}. No file there was changed. Check the connection, REPO_ID, and "
        "that HF_TOKEN holds a token that may write; `--local` writes the same files to a folder."
    )
