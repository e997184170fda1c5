"""Messages of the room `models`: M."""


class ModelErrors:
    """Templates for `str.format`."""
