"""Models on the Hugging Face Hub."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from ..errors import Errors, SharingError

MAIN = "main"
# Stricter than the Hub, which has a few further rules of its own.
REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def check_repo_id(repo_id: str) -> None:
    """Find out whether a repository can have this name, and that there is what talks to the Hub.

    repo_id (str): `owner/name`.
    RAISES (SharingError): It cannot, or huggingface_hub is not installed.
    """
    if not REPO_ID.fullmatch(repo_id):
        raise SharingError(Errors.H006.format(got=repo_id))
    try:
        import huggingface_hub  # noqa: F401, PLC0415
    except ImportError as error:
        raise SharingError(Errors.H010.format(reason=error)) from error


def wheel_address(repo_id: str, branch: str | None, wheel: str) -> str:
    """Where pip gets a wheel from.

    repo_id (str): `owner/name`.
    branch (str | None): The branch; None is the main one.
    wheel (str): Its file name.
    RETURNS (str): The URL.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415

    # Another server than that of Hugging Face may be the Hub, which HF_ENDPOINT says.
    return f"{HfApi().endpoint}/{repo_id}/resolve/{quote(branch or MAIN, safe='')}/{quote(wheel)}"


def upload(folder: Path, repo_id: str, *, private: bool, branch: str | None, message: str) -> str:
    """Put all files of a folder into a repository, which is made if it is not there, in one commit.

    folder (Path): The files, as `write_files` wrote them.
    repo_id (str): `owner/name`.
    private (bool): Whether the repository has to be private; otherwise a new one is as its owner's settings say.
    branch (str | None): The branch, made if it is not there; None is the main one.
    message (str): Of the commit.
    RETURNS (str): The URL of the repository.
    RAISES (SharingError): The Hub cannot be reached or refuses, or the repository exists and is public.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    # Its token is that of HF_TOKEN, or of a login: never an argument, which other users of the machine could read.
    api = HfApi()
    try:
        url = api.create_repo(repo_id, private=True if private else None, exist_ok=True)
        # A repository that was there stays as it is.
        if private and not api.model_info(repo_id).private:
            raise SharingError(Errors.H009.format(repo_id=repo_id))
        if branch is not None and branch != MAIN:
            api.create_branch(repo_id, branch=branch, exist_ok=True)
        api.upload_folder(repo_id=repo_id, folder_path=folder, revision=branch, commit_message=message)
    except SharingError:
        raise
    # Without a connection, with a token that is not valid, and of what the Hub refuses.
    except (HfHubHTTPError, _connection_error(), OSError, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise SharingError(Errors.H011.format(repo_id=repo_id, reason=reason)) from error
    return str(url)


def _connection_error() -> type[Exception]:
    """What huggingface_hub raises without a connection from its version 1.0 on; before, it is an OSError."""
    try:
        from httpx import HTTPError  # noqa: PLC0415
    except ImportError:
        return OSError
    return HTTPError
