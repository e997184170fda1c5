"""A pipeline to be shared, in its three forms; to be read and not to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sharing import packages


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory."""
    return packages.save_pipeline(tmp_path_factory.mktemp("sharing") / "pipeline")


@pytest.fixture(scope="session")
def wheel(pipeline: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel in the dist/ of a package folder."""
    return packages.make_wheel(packages.make_package(pipeline, tmp_path_factory.mktemp("package")))
