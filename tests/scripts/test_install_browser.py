"""scripts/install-browser installs what is missing, once, and explains what it cannot do.

It gets a PATH with little on it, and an apt-get that writes down how it is called: nothing is installed here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "install-browser"
# It makes the programs that the real one would install, unless a test says that it fails.
APT_GET = """#!/usr/bin/env bash
echo "apt-get $*" >>"$LOG"
[[ $1 == install ]] || exit 0
for name in ${INSTALLS-chromium chromedriver}; do
    printf '#!/bin/sh\\n' >"$FOLDER/$name" && "$CHMOD" +x "$FOLDER/$name"
done
exit "${APT_STATUS:-0}"
"""
SUDO = """#!/usr/bin/env bash
echo "sudo $*" >>"$LOG"
[[ $1 == -n ]] && shift
"$@"
"""

pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")


class Machine:
    """A machine with few programs.

    log (Path): What was called.
    """

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.log = folder / "log"
        self.programs.mkdir()
        for name in ("bash", "env", "dirname", "true"):
            path = shutil.which(name)
            assert path is not None
            (self.programs / name).symlink_to(path)

    def add(self, name: str, source: str = "#!/bin/sh\n") -> None:
        """Put a program onto the PATH."""
        path = self.programs / name
        path.write_text(source, encoding="utf8")
        path.chmod(0o755)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        environment = {
            "PATH": str(self.programs),
            "FOLDER": str(self.programs),
            "CHMOD": str(shutil.which("chmod")),
            "LOG": str(self.log),
            **variables,
        }
        command = [str(SCRIPT), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    @property
    def calls(self) -> list[str]:
        """What was called."""
        return self.log.read_text(encoding="utf8").splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("browser", ["chromium", "google-chrome"])
def test_a_browser_that_is_there_is_left_alone(machine: Machine, browser: str) -> None:
    for name in (browser, "chromedriver"):
        machine.add(name)
    machine.add("apt-get", APT_GET)
    for arguments in ((), ("--check",)):
        result = machine.run(*arguments)
        assert result.returncode == 0, result.stderr
        assert f"bin/{browser}, " in result.stdout
    assert machine.calls == []


@pytest.mark.parametrize("there", ["chromium", "chromedriver", "unrelated"])
def test_what_is_missing_is_installed_by_apt_get(machine: Machine, there: str) -> None:
    machine.add(there)
    machine.add("apt-get", APT_GET)
    machine.add("sudo", SUDO)
    result = machine.run()
    assert result.returncode == 0, result.stderr
    calls = [call for call in machine.calls if call.startswith("apt-get")]
    assert calls == [
        "apt-get update --quiet",
        "apt-get install --quiet --yes --no-install-recommends chromium chromium-driver",
    ]
    # Whoever is not root asks sudo, which must not ask back.
    asked = [call for call in machine.calls if call.startswith("sudo")]
    assert all(call.startswith("sudo -n ") for call in asked)
    assert bool(asked) == (os.geteuid() != 0)
    assert "bin/chromium, " in result.stdout


@pytest.mark.parametrize(
    ("with_apt_get", "variables", "message"),
    [
        (False, {}, "there is no apt-get to install them with"),
        (True, {"APT_STATUS": "100"}, "apt-get could not install chromium chromium-driver"),
        (True, {"INSTALLS": "chromium"}, "but they are not on the PATH"),
    ],
)
def test_what_cannot_be_installed_is_named(
    machine: Machine, with_apt_get: bool, variables: dict[str, str], message: str
) -> None:
    if with_apt_get:
        machine.add("apt-get", APT_GET)
        machine.add("sudo", SUDO)
    result = machine.run(**variables)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Install Chromium or Google Chrome" in result.stderr


def test_the_check_installs_nothing(machine: Machine) -> None:
    machine.add("apt-get", APT_GET)
    result = machine.run("--check")
    assert (result.returncode, machine.calls) == (1, [])
    assert "the browser or its driver is missing" in result.stderr


@pytest.mark.parametrize("arguments", [("--force",), ("--check", "--check")])
def test_other_arguments_are_explained(machine: Machine, arguments: tuple[str, ...]) -> None:
    result = machine.run(*arguments)
    assert result.returncode == 2
    assert "usage: scripts/install-browser [--check]" in result.stderr
