r"""Compare the CRF's operations with those of other libraries, and with what the machine could do at best.

Every measurement appends rows to the results file, and the page beside it is written anew from all rows. The sections:

    python benchmarks/crf.py                      # the nine shapes: NLL + gradient, Viterbi, marginals
    python benchmarks/crf.py scaling              # time against length and against tags
    python benchmarks/crf.py memory               # peak memory
    python benchmarks/crf.py pipeline --corpus WNUT17_FOLDER
    python benchmarks/crf.py long-doc             # decode up to 1,000,000 tokens
    python benchmarks/crf.py answers              # what probabilities, k-best, samples, ... cost
    python benchmarks/crf.py numbers              # errors of float32, and how often it does not suffice
    python benchmarks/crf.py table                # only write the page

The peers, of which those that are missing are named as such:

    pip install -c constraints.txt -e '.[bench]'
    pip install --no-deps pytorch-partial-crf==0.2.1 linear-crf-torch==0.0.1      # ask for torch 1
    pip install --no-deps --ignore-requires-python pyt-crf==0.1.2                 # asks for Python 3.12, ran on 3.11
    pip install yapecs torchutil                                                  # torbi asks for torchaudio, too
    pip install --no-deps --no-build-isolation --no-binary torbi torbi==1.3.3

`--quick` does a little of everything, prints the page and writes nothing. With `--device cuda` the torch path, the
Triton kernels and the peers run on the GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.results import read_rows

if TYPE_CHECKING:
    from crf_bench.shapes import Run

RESULTS = Path(__file__).parent / "results" / "crf.jsonl"
SECTIONS = ("shapes", "scaling", "memory", "pipeline", "long-doc", "answers", "numbers", "table")
CPU_SECTIONS = ("pipeline", "long-doc", "answers", "numbers")
CORPUS_VARIABLE = "WNUT17_DIR"
# Along the series only these run: ours, the peer that most projects use, and the fastest ones.
SERIES_PEERS = ("pytorch-crf", "torchlatent", "edsnlp", "pyt-crf", "torbi")
SERIES_SECONDS = 5.0
QUICK_DOCS = 40


def main(argv: list[str] | None = None) -> None:
    """Run what the command line asks for, then write the page."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["case"]:
        print(json.dumps(run_one_case(json.loads(argv[1]))))
        return
    args = parse_arguments(argv)
    if args.worker is not None:
        run_here(args)
    elif args.quick and args.out is None:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / RESULTS.name
            run_sections(args, argv, out)
            print(out.with_suffix(".md").read_text(encoding="utf8"))
    else:
        run_sections(args, argv, args.out or RESULTS)


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line.

    argv (list[str]): Its words.
    RETURNS (Namespace): What they mean.
    RAISES (SystemExit): They mean nothing.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("section", nargs="?", default="shapes", choices=SECTIONS, help="what is measured")
    parser.add_argument(
        "--threads", nargs="+", type=int, help="one process for each number (default: 1 2; 1 with CUDA)"
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where torch computes")
    parser.add_argument("--ops", nargs="+", choices=["nll", "viterbi", "marginals"], help="operations")
    parser.add_argument("--shapes", nargs="+", metavar="BATCH,STEPS,TAGS", help="other shapes than the nine")
    parser.add_argument(
        "--implementations", nargs="+", metavar="NAME", help="ours and peers; all that run here"
    )
    parser.add_argument("--budget", type=float, default=2.0, help="seconds for one of them in one table cell")
    parser.add_argument("--max-gigabytes", type=float, default=8.0, help="leave out what would need more")
    parser.add_argument(
        "--quick", action="store_true", help="small shapes and few repetitions, to try it out"
    )
    parser.add_argument(
        "--kernels", nargs="+", choices=["compiled", "torch"], help="of long-doc, answers and pipeline"
    )
    parser.add_argument("--pipelines", nargs="+", choices=["cnn", "minilm"], help="of the section pipeline")
    parser.add_argument(
        "--corpus",
        type=Path,
        default=os.environ.get(CORPUS_VARIABLE),
        help=f"folder of the published WNUT17 files (default: ${CORPUS_VARIABLE})",
    )
    parser.add_argument(
        "--out", type=Path, help=f"the rows; the page is beside them (default: {RESULTS.name})"
    )
    # The number of threads of a process that the benchmark itself has started.
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    check_arguments(parser, args)
    return args


def check_arguments(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Refuse what argparse alone does not."""
    from crf_bench.cases import parse_shape
    from crf_bench.peers import names_for

    on_cpu = args.device == "cpu"
    args.threads = args.threads or ([1, 2] if on_cpu else [1])
    if not on_cpu and args.section in CPU_SECTIONS:
        parser.error(f"--device {args.device}: the section {args.section} is measured on the CPU only")
    if min(args.threads) < 1:
        parser.error(f"--threads: expected numbers from 1, got {min(args.threads)}")
    if args.section == "pipeline" and args.corpus is None:
        parser.error(f"--corpus or ${CORPUS_VARIABLE} is needed: the folder of the published WNUT17 files")
    try:
        args.shapes = args.shapes and [parse_shape(text) for text in args.shapes]
        args.implementations = args.implementations and names_for(args.device, args.implementations)
    except ValueError as error:
        parser.error(str(error))


def run_sections(args: argparse.Namespace, argv: list[str], out: Path) -> None:
    """Run the section, in a process for each number of threads, and write the page."""
    from crf_bench.processes import run_script
    from crf_bench.tables import write_page

    path = out.with_suffix(".md")
    for threads in args.threads if args.section != "table" else []:
        for kernels in kernels_of(args):
            run_script([*argv, "--out", str(out), "--worker", str(threads)], threads, kernels)
            write_page(path, read_rows(out))
    write_page(path, read_rows(out))


def kernels_of(args: argparse.Namespace) -> list[str]:
    """What each process is told of the kernels: those of a pipeline are chosen when they are imported."""
    from crf_bench.peers import find

    if args.section != "pipeline":
        return ["auto"]
    return args.kernels or ["torch", *find(["compiled"]).implementations]


def run_here(args: argparse.Namespace) -> None:
    """Run the section in this process."""
    {
        "shapes": run_shapes_section,
        "scaling": run_scaling_section,
        "memory": run_memory_section,
        "pipeline": run_pipeline_section,
        "long-doc": run_long_doc_section,
        "answers": run_answers_section,
        "numbers": run_numbers_section,
    }[args.section](args)


def make_run(args: argparse.Namespace, kind: str, names: list[str] | None, max_seconds: float) -> Run:
    """What all shapes of a kind share."""
    from crf_bench.cases import OPS
    from crf_bench.peers import find, names_for
    from crf_bench.shapes import GIGA, Run
    from crf_bench.timing import QUICK, Effort

    found = find(args.implementations or names_for(args.device, names))
    for name, reason in found.missing.items():
        print(f"{name} does not run here: {reason}", flush=True)
    return Run(
        kind=kind,
        found=found,
        ops=args.ops or OPS,
        device=args.device,
        threads=args.worker,
        effort=QUICK if args.quick else Effort(budget_seconds=args.budget),
        max_bytes=args.max_gigabytes * GIGA,
        max_seconds=max_seconds,
        out=args.out,
    )


def run_shapes_section(args: argparse.Namespace) -> None:
    """The nine shapes."""
    from crf_bench.cases import QUICK_SHAPES, SHAPES, SHAPES_KIND
    from crf_bench.shapes import run_shapes

    shapes = args.shapes or (QUICK_SHAPES if args.quick else SHAPES)
    run_shapes(make_run(args, SHAPES_KIND, None, float("inf")), shapes)


def run_scaling_section(args: argparse.Namespace) -> None:
    """Time against length, 25 tags, and against tags, 32 sequences of up to 128 tokens."""
    from crf_bench.cases import LENGTHS, LENGTHS_KIND, TAGS, TAGS_KIND, Shape
    from crf_bench.implementations import our_names
    from crf_bench.shapes import run_shapes

    names = [*our_names(args.device), *SERIES_PEERS]
    lengths, tags = (LENGTHS[:3], TAGS[:2]) if args.quick else (LENGTHS, TAGS)
    seconds = 0.5 if args.quick else SERIES_SECONDS
    run_shapes(make_run(args, LENGTHS_KIND, names, seconds), [Shape(1, length, 25) for length in lengths])
    run_shapes(make_run(args, TAGS_KIND, names, seconds), [Shape(32, 128, number) for number in tags])


def run_memory_section(args: argparse.Namespace) -> None:
    """Peak memory."""
    from crf_bench.cases import OPS, QUICK_SHAPES
    from crf_bench.memory import SHAPES, implementations_for, run_memory

    names = args.implementations or implementations_for(args.device)
    shapes = args.shapes or (QUICK_SHAPES if args.quick else SHAPES)
    run_memory(names, args.ops or OPS, shapes, args.device, args.worker, args.out)


def run_pipeline_section(args: argparse.Namespace) -> None:
    """Shares of the CRF in pipelines."""
    import torch

    from crf_bench.cases import CNN, MINILM, PIPELINES
    from crf_bench.pipeline import Amount, run_pipelines

    torch.set_num_threads(args.worker)
    amount = Amount(warm_up={CNN: 3, MINILM: 1}, updates=2, passes=2) if args.quick else Amount()
    kernels = os.environ["SPACY_CRF_NER_KERNELS"]
    limit = QUICK_DOCS if args.quick else None
    run_pipelines(args.pipelines or PIPELINES, args.corpus, amount, args.worker, kernels, limit, args.out)


def run_long_doc_section(args: argparse.Namespace) -> None:
    """Very long Docs."""
    from crf_bench.long_doc import TOKENS, run_long_doc

    tokens = (1000, 2000) if args.quick else TOKENS
    run_long_doc(tokens, args.kernels or ["compiled", "torch"], args.worker, args.out)


def run_answers_section(args: argparse.Namespace) -> None:
    """Questions to the CRF."""
    from crf_bench.answers import N_DOCS, ROUNDS, run_answers

    rounds, n_docs = (2, 4) if args.quick else (ROUNDS, N_DOCS)
    run_answers(args.kernels or ["compiled", "torch"], args.worker, args.out, rounds, n_docs)


def run_numbers_section(args: argparse.Namespace) -> None:
    """Errors by the spread of the scores."""
    from crf_bench.numbers import SEQUENCES, SPREADS, run_numbers

    sequences, spreads = (20, SPREADS[:2]) if args.quick else (SEQUENCES, SPREADS)
    run_numbers(sequences, spreads, args.worker, args.out)


def run_one_case(case: dict[str, Any]) -> dict[str, Any]:
    """Measure one case of memory, of a long Doc or of all questions; in a process of its own."""
    import torch

    from crf_bench.answers import answers_case
    from crf_bench.cases import ANSWERS_KIND, LONG_DOC_KIND, MEMORY_KIND
    from crf_bench.long_doc import long_doc_case
    from crf_bench.memory import memory_case

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    cases = {MEMORY_KIND: memory_case, LONG_DOC_KIND: long_doc_case, ANSWERS_KIND: answers_case}
    return cases[case["kind"]](case)


if __name__ == "__main__":
    main()
