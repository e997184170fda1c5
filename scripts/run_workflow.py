"""Run a workflow of a spaCy project and say what each step does, how long it took, and whether it was skipped.

    python scripts/run_workflow.py projects/quickstart all --vars.max_steps 600

Does what `python -m spacy project run WORKFLOW` does; steps whose inputs have not changed are skipped.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from spacy.cli.project.run import project_run
from wasabi import msg
from weasel.util.config import load_project_config, parse_config_overrides


def run_workflow(project: Path, workflow: str, overrides: dict[str, object]) -> dict[str, float]:
    """Run the commands of a workflow in order.

    project (Path): Folder with a project.yml.
    workflow (str): One of its workflows.
    overrides (dict[str, object]): Values for its variables.
    RETURNS (dict[str, float]): How long each command took, in seconds.
    RAISES (SystemExit): If there is no such workflow, or if a command fails, with its status.
    """
    config = load_project_config(project, overrides=overrides)
    workflows = config.get("workflows", {})
    if workflow not in workflows:
        msg.fail(f"{project} has no workflow '{workflow}'", f"Its workflows: {', '.join(workflows)}", exits=1)
    helps = {command["name"]: command.get("help", "") for command in config["commands"]}
    seconds: dict[str, float] = {}
    names = workflows[workflow]
    for number, name in enumerate(names, start=1):
        print(f"\nStep {number} of {len(names)}, {name}: {helps[name]}", flush=True)
        start = time.perf_counter()
        try:
            project_run(project, name, overrides=overrides)
        except SystemExit:
            msg.fail(
                f"Step '{name}' failed, see above",
                "Correct what it names and start again: the steps before it will be skipped.",
            )
            raise
        seconds[name] = time.perf_counter() - start
        msg.good(f"{name}: {seconds[name]:.0f} s")
    return seconds


def main() -> None:
    """Run the workflow that the command line names."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("project", type=Path, help="folder with a project.yml")
    parser.add_argument("workflow", help="name of the workflow")
    arguments, others = parser.parse_known_args()
    seconds = run_workflow(arguments.project, arguments.workflow, parse_config_overrides(others))
    print()
    rows = [*seconds.items(), ("together", sum(seconds.values()))]
    msg.table([(name, f"{taken:.0f}") for name, taken in rows], header=("Step", "Seconds"), divider=True)


if __name__ == "__main__":
    main()
