"""Train a student with the commands that users type, and compare it with its teacher."""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc

from harness.corpus import Corpus, Post, make_examples, read_corpus, save_part

from .students import Student
from .vectors import save_word_vectors

CONFIGS = Path(__file__).parent.parent.parent / "configs"
BEST = "model-best"


@dataclass(frozen=True)
class Data:
    """Annotated posts, raw texts, and a hash over both."""

    corpus: Corpus
    raw: list[str]
    sha256: str

    @classmethod
    def read(cls, folder: Path, raw: Path, limit: int | None) -> Data:
        """Read them.

        folder (Path): The folder of the published WNUT17 files.
        raw (Path): A file with a text a line.
        limit (int | None): Keep only the first so many posts and texts (for small runs).
        RETURNS (Data): Both.
        """
        corpus = read_corpus(folder, limit)
        text = raw.read_text(encoding="utf8")
        digest = hashlib.sha256(corpus.sha256.encode("ascii") + text.encode("utf8"))
        return cls(corpus, [line for line in text.split("\n") if line.strip()][:limit], digest.hexdigest())


def describe_teacher(folder: Path) -> dict[str, str]:
    """Name a pipeline without its place on this machine, and hash its files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode("utf8"))
        digest.update(path.read_bytes())
    return {"name": folder.name, "sha256": digest.hexdigest()}


def train_student(
    args: Namespace, data: Data, student: Student, way: str, seed: int, place: Path
) -> dict[str, float]:
    """Train a student in processes of their own.

    args (Namespace): The command line: `teacher`, `steps`, `threads`.
    data (Data): What is learned from.
    student (Student): Config and settings.
    way (str): "distilled" or "alone".
    seed (int): The training's.
    place (Path): Folder of the student; what several share, as the teacher's scores, is beside it.
    RETURNS (dict[str, float]): Seconds, those of the teacher included if it is the first that it teaches.
    RAISES (CalledProcessError): A command failed.
    """
    place.mkdir(parents=True, exist_ok=True)
    shared = place.parent
    files = {"train": shared / "train.spacy", "dev": shared / "dev.spacy", "raw": shared / "raw.txt"}
    save_part(data.corpus.train, files["train"])
    save_part(data.corpus.dev, files["dev"])
    files["raw"].write_text("\n".join(data.raw), encoding="utf8")
    settings = {
        "system.seed": seed,
        "training.max_steps": args.steps,
        "training.optimizer.learn_rate.total_steps": args.steps,
        "training.patience": 0,
        "training.eval_frequency": max(1, args.steps // 10),
        **student.settings,
    }
    if student.vectors:
        settings["paths.vectors"] = str(_vectors(args, data, student.vectors, shared))
    config = CONFIGS / f"{student.base}.cfg"
    # The teacher's scores stay where they are for the next student.
    output = shared / "distilled" if way == "distilled" else place
    seconds = _timed(_command(args, way, config, output, files, settings), args.threads)
    if output != place:
        (output / BEST).replace(place / BEST)
    return {way: seconds}


def _command(
    args: Namespace, way: str, config: Path, output: Path, files: dict[str, Path], settings: dict[str, Any]
) -> list[str]:
    if way == "distilled":
        command = ["crf-ner", "distill", args.teacher, config, files["raw"], "--output", output]
        command += ["--gold", files["train"], "--dev", files["dev"]]
    else:
        command = ["train", config, "--output", output]
        command += ["--paths.train", files["train"], "--paths.dev", files["dev"]]
    for name, value in settings.items():
        command += [f"--{name}", value if isinstance(value, str) else json.dumps(value)]
    return [str(part) for part in command]


def _vectors(args: Namespace, data: Data, width: int, shared: Path) -> Path:
    """Word vectors of this width from the teacher, made once."""
    path = shared / f"vectors-{width}"
    if not path.exists():
        torch.set_num_threads(args.threads)
        teacher = spacy.load(args.teacher)
        raw = ([token.text for token in doc] for doc in teacher.tokenizer.pipe(data.raw))
        save_word_vectors(teacher, [*raw, *(post.words for post in data.corpus.train)], width, path)
    return path


def _timed(command: Sequence[str], threads: int) -> float:
    start = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    subprocess.run([sys.executable, "-m", "spacy", *command], check=True, env=environment)
    return time.perf_counter() - start


def compare(args: Namespace, data: Data, best: Path) -> dict[str, Any]:
    """Scores, speed and size of teacher and student.

    args (Namespace): The command line: `teacher`, `turns`, `threads`.
    data (Data): What is evaluated on, and run through.
    best (Path): Folder of the student.
    RETURNS (dict[str, Any]): By "teacher" and "student": `dev` and `test` with p, r and f as fractions;
        `words_per_second`, with posts in the text's order, and `words_per_second_sorted`, by length: medians of the
        turns, which the two take one after the other; `bytes` on disk.
    """
    torch.set_num_threads(args.threads)
    pipelines = {"teacher": spacy.load(args.teacher), "student": spacy.load(best)}
    found: dict[str, dict[str, Any]] = {}
    by_length = sorted(data.corpus.test, key=lambda post: len(post.words))
    for name, nlp in pipelines.items():
        found[name] = {"bytes": sum(path.stat().st_size for path in nlp.path.rglob("*") if path.is_file())}
        for part, posts in (("dev", data.corpus.dev), ("test", data.corpus.test)):
            scores = nlp.evaluate(make_examples(nlp.vocab, posts))
            found[name][part] = {key: scores[f"ents_{key}"] for key in ("p", "r", "f")}
    for key, posts in (("words_per_second", data.corpus.test), ("words_per_second_sorted", by_length)):
        speeds: dict[str, list[float]] = {name: [] for name in pipelines}
        for _ in range(args.turns):
            for name, nlp in pipelines.items():
                speeds[name].append(_words_per_second(nlp, posts))
        for name in pipelines:
            found[name][key] = statistics.median(speeds[name])
    return found


def _words_per_second(nlp: Language, posts: Sequence[Post]) -> float:
    docs = [Doc(nlp.vocab, words=post.words) for post in posts]
    start = time.perf_counter()
    words = sum(len(doc) for doc in nlp.pipe(docs))
    return words / (time.perf_counter() - start)
