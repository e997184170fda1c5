"""Our group of spaCy's command line, `python -m spacy crf-ner <command>`; one file a command.

Every `python -m spacy` imports this, whatever it is to do: the files of commands import what is slow inside functions.
"""

import typer

from .calibrate import calibrate_pipeline
from .info import print_info

__all__ = ["app"]

app = typer.Typer(name="crf-ner", no_args_is_help=True, rich_markup_mode=None)


# Without it, typer would take a group of one command for that command.
@app.callback()
def crf_ner() -> None:
    """Commands around components with a linear-chain CRF."""


app.command("calibrate")(calibrate_pipeline)
app.command("info")(print_info)
