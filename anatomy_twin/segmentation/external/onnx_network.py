"""An ONNX network on onnxruntime: opened, compared with its card, run patch by patch."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.external.onnx_card import Card

MOST_THREADS: Final = 8
_INPUTS: Final = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class Network:
    """A network with one image in, [1, 1, a, b, c], and one map of channels out, [1, channel, a, b, c]."""

    def __init__(self, card: Card) -> None:
        self.card = card
        runtime = _runtime()
        self._errors = _errors_of(runtime)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads()
        options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4
        try:
            self._session = runtime.InferenceSession(
                str(card.network), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except self._errors as error:
            raise UsageError(f"the network of the card cannot be opened: {_short(error)}",
                             where=card.network.name) from error
        self._input, self._type = self._checked_input()
        self.channels = self._checked_output()

    def _checked_input(self) -> tuple[str, Any]:
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise self._wrong(f"it takes {len(inputs)} inputs, not one image")
        (one,) = inputs
        if one.type not in _INPUTS:
            raise self._wrong(f"its input is of {one.type}, not of floats")
        wanted = (1, 1, *self.card.patch)
        if len(one.shape) != 5 or any(
            isinstance(size, int) and size != want for size, want in zip(one.shape, wanted, strict=True)
        ):
            raise self._wrong(f"its input is {_sizes(one.shape)}, the card gives it {_sizes(wanted)}")
        return one.name, _INPUTS[one.type]

    def _checked_output(self) -> int:
        """Return the number of channels, by running the network once where the file does not state it."""
        outputs = self._session.get_outputs()
        if len(outputs) != 1:
            raise self._wrong(f"it has {len(outputs)} outputs, not one map of channels")
        shape = outputs[0].shape
        if len(shape) == 5 and isinstance(shape[1], int):
            channels = shape[1]
        else:
            channels = self.run(np.zeros(self.card.patch, np.float32)).shape[0]
        highest = max(self.card.classes)
        if highest >= channels:
            raise self._wrong(f"it has {channels} channels, the card names channel {highest}")
        return int(channels)

    def run(self, patch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities [channel, a, b, c] of one patch [a, b, c]."""
        try:
            (answer,) = self._session.run(None, {self._input: patch[None, None].astype(self._type)})
        except self._errors as error:
            raise SegmentationError(f"the network failed: {_short(error)}", where=self.card.network.name,
                                    advice="a smaller patch needs less memory") from error
        values = np.asarray(answer)
        if values.ndim != 5 or values.shape[0] != 1 or values.shape[2:] != patch.shape:
            raise self._wrong(f"it answers {_sizes(values.shape)} to a patch of {_sizes(patch.shape)}")
        values = values[0].astype(np.float32)
        if not np.isfinite(values).all():
            raise SegmentationError("the network answers with numbers that are none", where=self.card.network.name)
        return _activated(values, self.card.activation)

    def _wrong(self, what: str) -> UsageError:
        return UsageError(f"network and card do not fit: {what}", where=self.card.network.name)


def threads() -> int:
    """Return how many threads a network may use: OMP_NUM_THREADS where it is set, else the processors, at most 8."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    count = int(told) if told.isascii() and told.isdigit() and len(told) < 5 else os.cpu_count() or 1
    return max(1, min(MOST_THREADS, count))


def _activated(values: NDArray[np.float32], activation: str) -> NDArray[np.float32]:
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=0))
        return powers / powers.sum(axis=0)
    if activation == "sigmoid":
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), dtype=np.float32)
    return values


def _runtime() -> ModuleType:
    """Load onnxruntime, which is not installed by default."""
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError("onnx cards need onnxruntime, which is not installed",
                         advice='install it with: pip install "anatomy-twin[onnx]"') from error
    return onnxruntime


def _errors_of(runtime: ModuleType) -> tuple[type[Exception], ...]:
    """Return the errors of onnxruntime: they have no common ancestor but Exception."""
    state = runtime.capi.onnxruntime_pybind11_state
    own = [kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, RuntimeError, ValueError, MemoryError)


def _short(error: Exception) -> str:
    """Return the first line of an error without paths."""
    line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return " ".join("..." if "/" in word or "\\" in word else word for word in line.split())[:160]


def _sizes(shape: Any) -> str:
    return " x ".join(str(size) if isinstance(size, int) else "any" for size in shape)
