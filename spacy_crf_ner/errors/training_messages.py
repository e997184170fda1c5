"""Messages of the room `training`: R."""


class TrainingErrors:
    """Templates for `str.format`."""

    # optimizers and freezing

    # adapters (from 100)

    # augmenters and corpora (from 200)

    # pretraining (from 300)

    # distillation (from 400)

    # search (from 500)
