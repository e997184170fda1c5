"""Name and version of the distribution, in the one place that setup.cfg reads, and which kernels run here."""

from typing import NamedTuple

__title__ = "spacy-crf-ner"
__version__ = "0.1.0"


class KernelInfo(NamedTuple):
    """What computes the CRF on each device, in words.

    cpu (str): Begins with "compiled" for the extension, or else with "torch", and has the reason why.
    cuda (str): What there is for CUDA devices, or why there is nothing.
    """

    cpu: str
    cuda: str


def kernels() -> KernelInfo:
    """What computes the CRF here, with the settings of this process.

    RETURNS (KernelInfo): A text for CPUs, and one for CUDA devices.
    RAISES (SpacyCrfNerError): If SPACY_CRF_NER_KERNELS asks for kernels that are not installed.
    """
    # Late: whoever asks for the version, setup.cfg first of all, has no torch yet or does not want to wait for it.
    from .kernels.dispatch import describe  # noqa: PLC0415

    return KernelInfo(**describe())
