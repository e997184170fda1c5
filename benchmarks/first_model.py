r"""From raw CoNLL files to an installed package with a report: six commands, how long each takes, what it prints.

The commands are run as they are shown, one after the other, in a folder that holds the published WNUT17 files and
nothing else, with a new environment that the package is installed into.

    python benchmarks/first_model.py --wnut17 FOLDER
    python benchmarks/first_model.py --table          # only write the page

`--keep FOLDER` keeps what was made. `--quick` trains in a few updates, prints the page and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
import time
import venv
from contextlib import nullcontext
from pathlib import Path

from harness.results import Row, append_row, read_rows, run_into, surroundings

RESULTS = Path(__file__).parent / "results" / "first_model.jsonl"
FILES = ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")
INIT = (
    "python -m spacy crf-ner init config.cfg --encoder cnn"
    " --train corpus/wnut17train.spacy --dev corpus/emerging.dev.spacy"
)
COMMANDS = (
    "python -m spacy crf-ner convert wnut17train.conll emerging.dev.conll emerging.test.annotated -o corpus",
    INIT,
    "python -m spacy train config.cfg --output training",
    "python -m spacy crf-ner evaluate training/model-best corpus/emerging.test.spacy --html report.html",
    "python -m spacy package training/model-best . --name wnut17 --build wheel",
    "python -m pip install en_wnut17-0.0.0/dist/en_wnut17-0.0.0-py3-none-any.whl",
)
USE = (
    'python -c "import spacy; print([(ent.text, ent.label_, round(ent._.crf_prob, 2)) for ent in'
    " spacy.load('en_wnut17')('Watching Game of Thrones in London with Sarah').ents])\""
)
QUICK = " --training.max_steps 4 --training.eval_frequency 2"
# What a progress bar draws, the colours of a terminal, where pip looks for packages, and which were there already.
LEFT_OUT = re.compile(
    r"\x1b\[[0-9;]*m|^.*\r(?!\n)|^(?:Requirement already satisfied|Looking in|WARNING: Location).*\n",
    re.MULTILINE,
)


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="only write the page from the rows")
    parser.add_argument("--wnut17", type=Path, help="folder of the published WNUT17 files")
    parser.add_argument("--keep", type=Path, help="empty folder for what is made")
    parser.add_argument(
        "--out", type=Path, help=f"the rows; the page is beside them (default: {RESULTS.name})"
    )
    parser.add_argument("--quick", action="store_true", help="a few updates, to try it out")
    args = parser.parse_args(argv)
    if not args.table and args.wnut17 is None:
        parser.error("--wnut17 names the folder of the published WNUT17 files")
    run_into(run, args, RESULTS)


def run(args: argparse.Namespace, results: Path) -> None:
    """Run all commands, unless only the page is wanted, and write the page."""
    if not args.table:
        place = nullcontext(args.keep) if args.keep else tempfile.TemporaryDirectory()
        with place as folder:
            append_row(results, run_commands(Path(folder).resolve(), args.wnut17, quick=args.quick))
    text = page(read_rows(results)[-1])
    results.with_suffix(".md").write_text(text, encoding="utf8")
    print(text)


def run_commands(folder: Path, corpus: Path, *, quick: bool) -> Row:
    """Run the commands in a folder.

    RETURNS (Row): A row for all: `steps`, each with `command`, `seconds` and `output`; and what the package then finds.
    RAISES (SystemExit): If a command fails, with what it printed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(corpus / name, folder / name)
    environment = new_environment(folder / ".venv")
    steps = []
    for command in (*COMMANDS, USE):
        typed = command + QUICK if quick and " train " in command else command
        begin = time.perf_counter()
        done = subprocess.run(  # noqa: S602
            typed,
            shell=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        seconds = time.perf_counter() - begin
        # As bytes: what progress bars draw ends with the carriage returns that text would lose.
        output = LEFT_OUT.sub("", done.stdout.decode("utf8")).replace(str(folder), "...").strip()
        print(f"$ {typed}\n{output}\n({seconds:.1f} s)\n", flush=True)
        if done.returncode:
            raise SystemExit(f"the command ended with status {done.returncode}: {typed}")
        steps.append({"command": typed, "seconds": seconds, "output": output})
    report = (folder / "report.html").stat().st_size
    return {"steps": steps, "report_bytes": report, **surroundings(os.cpu_count() or 1)}


def new_environment(path: Path) -> dict[str, str]:
    """A new environment, in which the packages of this one can be seen: what is installed into it stays in it.

    RETURNS (dict[str, str]): The variables of a shell in which it is active.
    """
    venv.create(path, with_pip=False)
    folders = sysconfig.get_paths("venv", vars={"base": str(path), "platbase": str(path)})
    below = sysconfig.get_path("purelib")
    line = f"import site; site.addsitedir({below!r})\n"
    Path(folders["purelib"], "below.pth").write_text(line, encoding="utf8")
    search = os.pathsep.join((folders["scripts"], os.environ["PATH"]))
    return {**os.environ, "PATH": search, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONIOENCODING": "utf8"}


def page(row: Row) -> str:
    """The page of a row, in Markdown."""
    commands = row["steps"][:-1]
    origin = (
        f"`benchmarks/first_model.py` printed this on {row['date']}: {row['machine']}, {row['threads']} threads,"
        f" no GPU; spaCy {row['versions']['spacy']}, torch {row['versions']['torch']}. WNUT17, as published."
    )
    lines = [
        "# From raw CoNLL files to an installed package",
        "",
        origin,
        "",
        "| | command | seconds |",
        "|---:|---|---:|",
        *(
            f"| {number} | `{step['command']}` | {step['seconds']:.0f} |"
            for number, step in enumerate(commands, start=1)
        ),
        f"| | together | {sum(step['seconds'] for step in commands):.0f} |",
        "",
        f"The report has {row['report_bytes'] / 1000:.0f} kB. What is printed, but for pip's list of what was there:",
        "",
        "```console",
    ]
    for step in row["steps"]:
        lines += [f"$ {step['command']}", step["output"]]
    return "\n".join([*lines, "```", ""])


if __name__ == "__main__":
    main()
