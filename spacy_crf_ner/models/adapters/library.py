"""The optional library peft, imported when adapters are there or are to be made."""

from typing import Any

from ...errors import Errors, SpacyCrfNerError


def import_peft() -> Any:
    """The library.

    RETURNS (module): peft.
    RAISES (SpacyCrfNerError): It is not installed.
    """
    try:
        import peft  # noqa: PLC0415
    except ImportError as error:
        raise SpacyCrfNerError(Errors.M100.format(reason=error)) from error
    return peft
