"""The entry point that spaCy's command line imports, which hangs our group below it.

Apart from the commands, which can be imported without spaCy this way.
"""

from spacy.cli._util import app as spacy_app

from . import app

__all__ = ["app"]

# Once in a process, as a module is run once.
spacy_app.add_typer(app)
