"""All implementations by name, and which of them run here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .flair_peer import Flair
from .implementations import OURS, Implementation, our_names
from .layer_peers import LAYER_PEERS
from .reasons import explain
from .structured_peers import STRUCTURED_PEERS
from .tree_peers import TREE_PEERS

PEERS: dict[str, type[Implementation]] = {
    one.name: one for one in (*LAYER_PEERS, *STRUCTURED_PEERS, *TREE_PEERS, Flair)
}

# What else is known and why it is not among them.
NOT_TRIED = {
    "AllenNLP": "allennlp 2.10.1 pins torch below 1.13 and spaCy below 3.4; its layer runs as allencrf",
    "keras-crf, tf2crf": "layers for TensorFlow",
}


@dataclass(frozen=True)
class Found:
    """What runs here.

    implementations (dict[str, type[Implementation]]): By name, ours first.
    versions (dict[str, str]): Of each.
    missing (dict[str, str]): Why the others do not run.
    """

    implementations: dict[str, type[Implementation]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def having(self, op: str) -> dict[str, type[Implementation]]:
        """RETURNS (dict[str, type[Implementation]]): Those that have an operation.

        op (str): The operation.
        """
        return {name: one for name, one in self.implementations.items() if op in one.ops}


def names_for(device: str, wanted: Iterable[str] | None = None) -> list[str]:
    """The names to try.

    device (str): "cpu" or "cuda".
    wanted (Iterable[str] | None): Names asked for; all if None.
    RETURNS (list[str]): Ours for the device first, then the peers.
    RAISES (ValueError): A name that does not exist.
    """
    known = [*our_names(device), *PEERS]
    if wanted is None:
        return known
    wanted = list(wanted)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"expected implementations among {', '.join(known)}, got {', '.join(unknown)}")
    return [name for name in known if name in wanted]


def find(names: Iterable[str]) -> Found:
    """Import implementations.

    names (Iterable[str]): Names.
    RETURNS (Found): Which run here, and why the others do not.
    """
    found = Found()
    for name in names:
        one = OURS[name] if name in OURS else PEERS[name]
        try:
            found.versions[name] = one.load()
        except Exception as error:  # noqa: BLE001 - a peer may fail in any way when it is imported
            found.missing[name] = explain(error)
            continue
        found.implementations[name] = one
    return found
