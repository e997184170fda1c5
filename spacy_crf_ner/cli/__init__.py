"""Our group of spaCy's command line, `python -m spacy crf-ner <command>`; one file a command.

Every `python -m spacy` imports this, whatever it is to do: the files of commands import what is slow inside functions.
"""

import typer

from .calibrate import calibrate_pipeline
from .check import check_data
from .convert import convert_files
from .distill import distill_pipeline
from .evaluate import evaluate_pipeline
from .explain import explain_text
from .info import print_info
from .init import init_config
from .params import print_params
from .pretrain_encoder import pretrain_encoder
from .push import push_model
from .save_adapter import save_adapter
from .show import show_entities
from .tune import tune_config

__all__ = ["app"]

# What is no option of a command is a setting of the config, such as --training.max_steps 10.
OVERRIDES = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(name="crf-ner", no_args_is_help=True, rich_markup_mode=None)


# Without it, typer would take a group of one command for that command.
@app.callback()
def crf_ner() -> None:
    """Commands around components with a linear-chain CRF.

    Training, packaging and thresholds are with spaCy's own: `spacy train`, `spacy package`, `spacy find-threshold`.
    """


app.command("calibrate")(calibrate_pipeline)
app.command("check")(check_data)
app.command("convert")(convert_files)
app.command("distill", context_settings=OVERRIDES)(distill_pipeline)
app.command("evaluate")(evaluate_pipeline)
app.command("explain", context_settings=OVERRIDES)(explain_text)
app.command("info")(print_info)
app.command("init")(init_config)
app.command("params", context_settings=OVERRIDES)(print_params)
app.command("pretrain-encoder")(pretrain_encoder)
app.command("push")(push_model)
app.command("save-adapter")(save_adapter)
app.command("show", context_settings={"ignore_unknown_options": True})(show_entities)
app.command("tune", context_settings=OVERRIDES)(tune_config)
