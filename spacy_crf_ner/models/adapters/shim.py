"""The bridge between Thinc and an encoder that may have adapters."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import srsly
from spacy_transformers.data_classes import HFObjects
from spacy_transformers.layers.hf_shim import HFShim
from thinc.api import Shim

from .attachment import attach_new, attach_saved, check_room, detach, is_adapted, merge
from .files import AdapterFiles, dump_adapter
from .library import import_peft
from .methods import METHODS, AdapterMethod

# Beside the keys of spacy-transformers, which ignores it.
ADAPTER_KEY = "spacy_crf_ner_adapter"
# Its methods have no types.
BRIDGE: Any = HFShim


class PeftShim(HFShim):
    """Adds to spacy-transformers' bridge how adapters are attached, merged, saved and loaded.

    Bytes are those of spacy-transformers. Where adapters are not merged, the bytes of their files come with them.

    method (AdapterMethod): What is attached when training starts.
    """

    def __init__(
        self,
        model: HFObjects,
        method: AdapterMethod,
        mixed_precision: bool,
        grad_scaler_config: dict[str, Any],
    ) -> None:
        self.method = method
        super().__init__(model, mixed_precision=mixed_precision, grad_scaler_config=grad_scaler_config)

    @property
    def is_adapted(self) -> bool:
        """Whether there are adapters."""
        return is_adapted(self._model)

    @property
    def num_virtual_tokens(self) -> int:
        """Positions before every sequence."""
        return getattr(self._model.active_peft_config, "num_virtual_tokens", 0) if self.is_adapted else 0

    @property
    def lengthens(self) -> bool:
        """Whether the encoder's output has rows for virtual tokens."""
        return self.is_adapted and METHODS[self._model.active_peft_config.peft_type].lengthens

    def attach(self, files: AdapterFiles | None = None, source: str = "") -> None:
        """Attach adapters, unless there are some. Other weights do not train from now on.

        files (Dict[str, bytes] | None): Adapters that were saved; None for new ones.
        source (str): Where they come from, for messages.
        RAISES (SpacyCrfNerError): As of attach_new and attach_saved; the encoder is as it was.
        """
        if self.is_adapted:
            return
        # What fails half-way has already put layers into the encoder.
        encoder = copy.deepcopy(self._model)
        self._set(
            attach_new(encoder, self.method)
            if files is None
            else attach_saved(encoder, files, self.method, source)
        )

    def _set(self, model: Any) -> None:
        self._model = model
        self._hfmodel = replace(self._hfmodel, transformer=model)
        room = check_room(model.get_base_model(), self.num_virtual_tokens)
        if room is not None:
            # spacy-transformers cuts windows at this length.
            tokenizer = self._hfmodel.tokenizer
            tokenizer.model_max_length = min(tokenizer.model_max_length, room)

    def with_own_id(self) -> PeftShim:
        """Give a copy an id of its own, so that an optimizer does not take the two for one.

        RETURNS (PeftShim): Itself.
        """
        with Shim.global_id_lock:
            Shim.global_id += 1
            self.id = Shim.global_id
        return self

    def to_bytes(self) -> bytes:
        """Serialize the encoder, with its adapters merged or beside it. Training can go on.

        RETURNS (bytes): MessagePack.
        """
        if not self.is_adapted:
            return bytes(BRIDGE.to_bytes(self))
        merges = self.method.merge
        encoder = merge(self._model) if merges else detach(self._model)
        plain = copy.copy(self)
        plain._model = encoder
        plain._hfmodel = replace(self._hfmodel, transformer=encoder)
        data: bytes = BRIDGE.to_bytes(plain)
        if merges:
            return data
        return bytes(
            srsly.msgpack_dumps({**srsly.msgpack_loads(data), ADAPTER_KEY: dump_adapter(self._model)})
        )

    def from_bytes(self, bytes_data: bytes) -> PeftShim:
        """Load an encoder, and its adapters where there are some.

        bytes_data (bytes): What `to_bytes` made, or that of spacy-transformers.
        RETURNS (PeftShim): Itself.
        RAISES (SpacyCrfNerError): Adapters, but no peft; adapters of another method than the config's.
        """
        files = srsly.msgpack_loads(bytes_data).get(ADAPTER_KEY)
        if files is not None:
            import_peft()
        loaded = copy.copy(self)
        BRIDGE.from_bytes(loaded, bytes_data)
        if files is not None:
            loaded.attach(files, "the saved transformer")
        self.__dict__.update(loaded.__dict__)
        return self
