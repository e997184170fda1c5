"""Where a model is published: in a folder, or in a repository on the Hugging Face Hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import Errors, SharingError
from .hub import check_repo_id, wheel_address


@dataclass(frozen=True)
class Place:
    """Where the files go.

    repo_id (str): Repository on the Hub, `owner/name`; empty for a folder.
    folder (Path | None): A folder instead.
    private (bool): Whether the repository has to be private.
    branch (str | None): Its branch; None is the main one.
    message (str | None): What the commit says.
    force (bool): Whether what an earlier push wrote to the folder is replaced.
    """

    repo_id: str = ""
    folder: Path | None = None
    private: bool = False
    branch: str | None = None
    message: str | None = None
    force: bool = False

    def check(self) -> None:
        """Find out whether it is one place, before anything is read.

        RAISES (SharingError): Neither or both, a name that no repository has, settings of the Hub for a folder, or no
            huggingface_hub for a repository.
        """
        if bool(self.repo_id) == (self.folder is not None):
            raise SharingError(Errors.H005.format(got="both" if self.repo_id else "neither"))
        if self.repo_id:
            check_repo_id(self.repo_id)
            return
        for option, given in (("private", self.private), ("branch", self.branch), ("message", self.message)):
            if given:
                raise SharingError(Errors.H007.format(option=f"--{option}"))

    def address(self, wheel: Path) -> str:
        """What pip takes to install a wheel from there.

        wheel (Path): The wheel.
        RETURNS (str): A URL, or a path within the folder.
        """
        return wheel_address(self.repo_id, self.branch, wheel.name) if self.repo_id else f"./{wheel.name}"
