r"""Distil a transformer into small networks, on WNUT17 and raw tweets: what F1 is kept, at what speed.

Each run is what a user types: `python -m spacy crf-ner distill`, and for comparison `python -m spacy train` of the same
student with the same settings on the annotated posts alone. Then teacher and student take turns at `nlp.pipe` over the
test part. Every run appends one row to the results file; a run whose row is there already is skipped.

    python benchmarks/distillation.py --wnut17 FOLDER --raw palm.10000 --teacher SAVED/recipe-wnut17-0
    python benchmarks/distillation.py --table          # only write the page

The teacher is a pipeline that `strategies.py --save` has kept; what each student is: distillation_bench/students.py.
`--keep` keeps what was trained. `--quick` distils a few posts in a few updates, prints the page and writes nothing.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import nullcontext
from pathlib import Path

from harness.results import Row, append_row, fingerprint, has_row, read_rows, run_into, surroundings

RESULTS = Path(__file__).parent / "results" / "distillation.jsonl"
STEPS = 4000
QUICK_STEPS, QUICK_POSTS = 4, 20
WAYS = ("distilled", "alone")


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the page."""
    run_into(run, parse_arguments(argv), RESULTS)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    from distillation_bench.students import STUDENTS

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="only write the page from the rows")
    parser.add_argument("--wnut17", type=Path, help="folder of the published WNUT17 files")
    parser.add_argument("--raw", type=Path, help="texts without annotation, a line each")
    parser.add_argument("--teacher", type=Path, help="folder of a trained pipeline")
    parser.add_argument("--students", nargs="+", default=[*STUDENTS], choices=[*STUDENTS], metavar="STUDENT")
    parser.add_argument("--ways", nargs="+", default=[*WAYS], choices=WAYS)
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=[0, 1], help="one run a student, way and seed"
    )
    parser.add_argument("--steps", type=int, default=STEPS, help=f"updates (default: {STEPS})")
    parser.add_argument("--limit-docs", type=int, help="read only so many posts and texts (small runs)")
    parser.add_argument("--turns", type=int, default=3, help="turns of each pipeline at the test part")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch and of BLAS")
    parser.add_argument("--keep", type=Path, help="folder for what is trained, one folder a run")
    parser.add_argument(
        "--out", type=Path, help=f"the rows; the page is beside them (default: {RESULTS.name})"
    )
    parser.add_argument("--quick", action="store_true", help="a little of everything, to try it out")
    args = parser.parse_args(argv)
    if args.quick:
        args.steps, args.limit_docs, args.turns = QUICK_STEPS, QUICK_POSTS, 1
    for option in ("wnut17", "raw", "teacher"):
        if not args.table and getattr(args, option) is None:
            parser.error(f"--{option} is needed")
    return args


def run(args: argparse.Namespace, out: Path) -> None:
    """Train and compare what has no row yet, and write the page after each row."""
    from distillation_bench.page import page
    from harness.table import write_page

    path = out.with_suffix(".md")
    if not args.table:
        keep = nullcontext(args.keep) if args.keep else tempfile.TemporaryDirectory()
        with keep as folder:
            for seed in args.seeds:
                for student in args.students:
                    for way in args.ways:
                        run_one(args, out, Path(folder), student, way, seed)
                        write_page(path, read_rows(out), page)
    write_page(path, read_rows(out), page)
    if args.quick:
        print(page(read_rows(out)))


def run_one(args: argparse.Namespace, out: Path, folder: Path, student: str, way: str, seed: int) -> None:
    """One run, unless its row is there already."""
    from distillation_bench.runs import BEST, Data, compare, describe_teacher, train_student
    from distillation_bench.students import STUDENTS

    data = Data.read(args.wnut17, args.raw, args.limit_docs)
    teacher = describe_teacher(args.teacher)
    what = STUDENTS[student]
    protocol = {"steps": args.steps, "limit_docs": args.limit_docs, "data_sha256": data.sha256}
    row: Row = {
        "kind": way,
        "student": student,
        "seed": seed,
        "protocol_id": fingerprint(protocol, teacher["sha256"]),
        "settings_id": fingerprint(what.base, what.settings, what.vectors),
    }
    label = f"{student}, {way}, seed {seed}"
    if has_row(read_rows(out), **row):
        print(f"{label}: already in {out.name}, skipped", flush=True)
        return
    place = folder / f"{student}-{way}-{seed}"
    seconds = train_student(args, data, what, way, seed, place)
    found = compare(args, data, place / BEST)
    append_row(
        out,
        row
        | {"protocol": protocol, "base": what.base, "settings": what.settings, "vectors": what.vectors}
        | {"teacher": teacher, "seconds": seconds, "compared": found}
        | surroundings(args.threads),
    )
    own, of_teacher = found["student"], found["teacher"]
    print(
        f"{label}: test F1 {100 * own['test']['f']:.2f} of {100 * of_teacher['test']['f']:.2f}, "
        f"{own['words_per_second'] / of_teacher['words_per_second']:.1f} times the words/s",
        flush=True,
    )


if __name__ == "__main__":
    main()
