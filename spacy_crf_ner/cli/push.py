"""`python -m spacy crf-ner push`: a trained pipeline with a model card, on the Hugging Face Hub or in a folder."""

from __future__ import annotations

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer
from wasabi import msg

from ..errors import SpacyCrfNerError
from .printing import DELAY

if TYPE_CHECKING:
    from tqdm import tqdm

    from ..sharing import Model, Notes, Place, Scores

MESSAGE = "Update {name} to version {version}"
NO_WHEEL = (
    "There is no wheel, so that pip cannot install the pipeline: `python -m spacy package {path} OUTPUT --build wheel` "
    "makes one, and `push` takes its folder."
)
# What others would like to know.
WANTED = {"license": "may it be used", "author": "who made it", "description": "what it is for"}


def push_model(
    source: Path = typer.Argument(
        ..., exists=True, help="Wheel or folder that `spacy package` made, or directory of a pipeline"
    ),
    repo_id: str | None = typer.Argument(None, help="Repository on the Hugging Face Hub: owner/name"),
    local: Path | None = typer.Option(
        None, "--local", help="Write the files to this new folder, and push nothing"
    ),
    scores_path: Path | None = typer.Option(
        None, "--scores", "-s", help="Scores for the card: what `crf-ner evaluate --json` saved"
    ),
    page: Path | None = typer.Option(
        None, "--page", help="Page of `crf-ner evaluate --html`, to be put beside the card"
    ),
    data: str | None = typer.Option(None, "--data", help="Text for the card: what it was trained on"),
    limitations: str | None = typer.Option(
        None, "--limitations", help="Text for the card: what else it cannot do"
    ),
    private: bool = typer.Option(False, "--private", help="Only for you: the repository has to be private"),
    branch: str | None = typer.Option(
        None, "--branch", "-b", help="Branch of the repository [default: main]"
    ),
    message: str | None = typer.Option(None, "--message", "-m", help="What the commit says"),
    force: bool = typer.Option(
        False, "--force", "-F", help="Replace what an earlier push wrote to the folder"
    ),
) -> None:
    """Publish a trained pipeline with a model card.

    The card says what the pipeline finds, how to install and use it, how good it is, how it was made, and what it
    cannot do, as far as the pipeline and --scores tell. The Hub's token is that of the environment variable HF_TOKEN,
    or of a login with `hf auth login`. All files are one commit.
    """
    from ..sharing import Place

    try:
        place = Place(repo_id or "", local, private, branch, message, force)
        _push(source, place, scores_path, page, data, limitations)
    except (SpacyCrfNerError, OSError) as error:
        msg.fail(str(error), exits=1)


def _push(
    source: Path,
    place: Place,
    scores_path: Path | None,
    page: Path | None,
    data: str | None,
    limitations: str | None,
) -> None:
    """Publish, and print.

    RAISES (SharingError): Something that was given is not what it should be, or the Hub does not take it.
    """
    from ..sharing import Notes, check_folder, check_page, read_model, read_scores, scores_of_training

    place.check()
    check_page(page)
    model = read_model(source)
    if place.folder is not None:
        check_folder(place.folder, model, force=place.force)
    scores = read_scores(scores_path) if scores_path is not None else scores_of_training(model.meta)
    _warn(model, scores)
    card = _write_card(model, scores, Notes(data, limitations), place, page)
    if place.folder is not None:
        _write(model, card, place.folder, page)
    else:
        _upload(model, card, place, page)


def _write_card(model: Model, scores: Scores | None, notes: Notes, place: Place, page: Path | None) -> str:
    from ..sharing import PAGE, write_card

    address = None if model.wheel is None else place.address(model.wheel)
    shown = None if page is None else PAGE
    return write_card(model, scores, notes, address=address, repo_id=place.repo_id or None, page=shown)


def _write(model: Model, card: str, folder: Path, page: Path | None) -> None:
    from ..sharing import write_folder

    with _bar(model, page, "Writing") as bar:
        write_folder(folder, model, card, page, lambda _name: bar.update())
    msg.good(f"Saved {model.name} {model.version} with its card to {folder}")


def _upload(model: Model, card: str, place: Place, page: Path | None) -> None:
    from ..sharing import upload, write_files

    message = place.message or MESSAGE.format(name=model.name, version=model.version)
    with TemporaryDirectory() as name:
        with _bar(model, page, "Reading") as bar:
            write_files(Path(name), model, card, page, lambda _name: bar.update())
        url = upload(Path(name), place.repo_id, private=place.private, branch=place.branch, message=message)
    msg.good(f"Pushed {model.name} {model.version} with its card to {url}")
    if model.wheel is not None:
        msg.text("Install it with:")
        print(f"pip install {place.address(model.wheel)}")


def _bar(model: Model, page: Path | None, title: str) -> tqdm[None]:
    from tqdm import tqdm

    # The card, and what is put beside it.
    others = 1 + (model.wheel is not None) + (page is not None)
    return tqdm(total=len(list(model.files())) + others, desc=title, unit="files", delay=DELAY)


def _warn(model: Model, scores: Scores | None) -> None:
    """Say what a reader of the card will miss, and what they should perhaps not see."""
    from ..sharing import find_local_paths, one_line

    missing = [f"{key} ({question})" for key, question in WANTED.items() if not model.meta.get(key)]
    if missing:
        msg.warn(f"meta.json does not say: {', '.join(missing)}. Fill it in, and package the pipeline again.")
    if scores is None:
        msg.warn(
            "The card has no scores: measure them with `crf-ner evaluate --json`, and give them with --scores."
        )
    if model.wheel is None:
        msg.warn(NO_WHEEL.format(path=shlex.quote(str(model.path))))
    places = find_local_paths(model.config)
    if places:
        shown = "; ".join(one_line(f"{name} = {value}") for name, value in places.items())
        msg.warn("config.cfg names places on this machine, which all will see (the card does not):", shown)
