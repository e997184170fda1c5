"""Messages of the room `training`: R."""


class TrainingErrors:
    """Templates for `str.format`."""

    # optimizers, freezing: R0xx

    # PEFT: R1xx

    # augmenters, corpora: R2xx

    # pretraining: R3xx

    # distillation: R4xx

    # search: R5xx
