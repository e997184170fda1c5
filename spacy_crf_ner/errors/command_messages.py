"""Messages of the room `cli`: O, of options and arguments."""


class CommandErrors:
    """Templates for `str.format`."""

    O001 = (
        "Expected a pipeline with a component of the factory `crf_ner`, which alone can answer {option}, but its "
        "components are: {components}. Name another pipeline, or train such a component; one that is disabled has to "
        "be enabled first."
    )
    O002 = (
        "Expected texts of at most {limit} characters, which is spaCy's `nlp.max_length`, but {source} has {got}. Cut "
        "it into shorter texts: files are read line by line without `--whole-files`."
    )
    O003 = (
        "`--gpu-id {use_gpu}` asks for a GPU, but it cannot be used ({reason}). Compute on the CPU with `--gpu-id -1`, "
        "or install CuPy for your version of CUDA, such as `pip install 'spacy[cuda12x]'`."
    )
    O004 = (
        "Expected the pipeline {name} to annotate texts, but that fails ({reason}). Its components are: "
        "{components}. Train or initialize them, take out the one that fails, or name another pipeline."
    )
    O005 = (
        "Expected a text in UTF-8, but character {position} of {source} is none: a byte of another encoding, or half "
        "of a surrogate pair. Correct it, or convert the text to UTF-8."
    )
    O010 = "Expected {path} to be annotated text, but by its name it is {kind}. If it is not, say so with `--format`."
    O011 = (
        "{path} is the output of a training, which holds several pipelines. Name one of them, such as {best}."
    )
    O012 = "{path} holds Docs. The pipeline is named first, and then the data."
    O013 = "{path} is a file. Pipelines are folders; `crf-ner params` reads configs, too."
    O014 = "Expected {path} to be a config, as for `spacy train`, but it is no text ({reason}). Name another file."
    O015 = (
        "Expected `--json` to be a file, but got {path}, which is standard output: this command prints tables there. "
        "Name a file."
    )
