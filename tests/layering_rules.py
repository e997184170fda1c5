"""The structure that tests/layering.py checks: the rooms and who may import whom, sizes, what is light to import."""

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60

# The rooms, and the rooms that each may import. Every room may import `about`, and itself.
_MODEL_SIDE = ("errors", "functional", "tags", "kernels", "layers", "models")
ROOMS: dict[str, frozenset[str]] = {
    "__init__": frozenset(),
    "about": frozenset(),
    "errors": frozenset(),
    "files": frozenset({"errors"}),
    "functional": frozenset({"errors"}),
    "tags": frozenset({"errors"}),
    "kernels": frozenset({"errors", "functional", "tags"}),
    "layers": frozenset({"errors", "functional", "tags", "kernels"}),
    "models": frozenset({"errors", "functional", "tags", "kernels", "layers"}),
    # It gets its model from the config; of the mathematics it needs `Potentials`, which the model hands to it.
    "pipeline": frozenset({"errors", "functional", "tags", "layers"}),
    # It adapts encoders, and a student learns the scores of its teacher: both are inside of models.
    "training": frozenset({*_MODEL_SIDE, "files", "pipeline"} - {"kernels"}),
    # Calibration fits temperatures to the probabilities that a component's scores have under each of them.
    "evaluation": frozenset({"errors", "functional", "tags", "layers", "pipeline"}),
    "data": frozenset({"errors", "files", "pipeline"}),
    # Of what others have measured and explained they make HTML, and Markdown that goes with a model: of plain dicts.
    "pages": frozenset({"errors", "files"}),
    "sharing": frozenset({"errors", "files"}),
    "distributed": frozenset({"errors", "pipeline"}),
    "cli": frozenset(
        {
            *_MODEL_SIDE,
            "files",
            "pipeline",
            "training",
            "evaluation",
            "data",
            "distributed",
            "pages",
            "sharing",
        }
    ),
}
# Own imports that belong inside functions, where they are forbidden otherwise: the version is read from `about` before
# torch is installed, or without waiting for it, and every `python -m spacy` imports `cli`, whatever it is to do.
LATE: dict[str, frozenset[str]] = {
    "about": frozenset({"kernels"}),
    "cli": ROOMS["cli"],
}

# What `pip install spacy-crf-ner` always brings and what is light enough to import at the top of a file. Any other
# package is optional, or as slow to import as `transformers`: it belongs inside the function that needs it.
REQUIRED = frozenset(
    {
        "catalogue",
        "confection",
        "numpy",
        "spacy",
        "spacy_transformers",
        "srsly",
        "thinc",
        "torch",
        "tqdm",
        "typer",
        "wasabi",
    }
)
# Rooms that stay usable on their own, with the packages that they may import at all, at the top or further down.
ONLY: dict[str, frozenset[str]] = {
    "__init__": frozenset(),
    "about": frozenset(),
    "errors": frozenset(),
    "functional": frozenset({"torch"}),
    "tags": frozenset({"numpy"}),
}

# Names that say nothing about what is inside.
VAGUE_NAMES = frozenset({"common", "helpers", "misc", "util", "utils"})
