"""Hands values with large arrays (a ``Case``) to another process and back without copying what both have.

Arrays travel beside the pickle (protocol 5): they are written to a file without a name, which the receiver maps,
read-only. What the answer shares with the request is not sent again but named by its number, and comes out as the very
object that was sent. A file without a name is gone when both sides have closed it, however they end; where the system
cannot hand open files on (Windows) it has a name, in a private folder that the sender removes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import mmap
import os
import pickle
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.errors import WorkerError

_ALIGNMENT: Final = 64  # bytes: arrays begin where vector instructions like it
_PIECE: Final = 16 * 2**20  # bytes written at a time
_LEAST: Final = 4096  # bytes of an array that is worth a place of its own


@dataclass(frozen=True, slots=True)
class Parcel:
    """What goes through the pipe: the pickle, and for each array (offset, bytes) in the file.

    A negative offset -1 - n stands for array number n of the parcel that this one answers.
    """

    stream: bytes
    places: tuple[tuple[int, int], ...]

    @property
    def file_bytes(self) -> int:
        """How much of the file the parcel fills."""
        return max((start + count for start, count in self.places if start >= 0), default=0)


@dataclass(eq=False)
class Shared:
    """What both sides have: the value that was sent or received, part by part, and its arrays."""

    parts: list[Any] = field(default_factory=list)
    buffers: list[Any] = field(default_factory=list)

    def numbers(self) -> dict[int, int]:
        """Return {id of a part: its number}."""
        return {id(part): number for number, part in enumerate(self.parts)}

    def places(self) -> dict[tuple[int, int], int]:
        """Return {(address, bytes) of an array: its number}."""
        return {_address(buffer): number for number, buffer in enumerate(self.buffers)}


class ExchangeFile:
    """A private file for arrays: without a name where the system can hand it on, else in a folder of its own."""

    def __init__(self, file: io.FileIO, name: str = "") -> None:
        self._file, self._name = file, name

    @classmethod
    def create(cls) -> ExchangeFile:
        """Return a new one, readable for this user only; ``WorkerError`` where the disk refuses."""
        try:
            if os.name == "posix":
                # it has no name from the start, or loses it at once: nothing is left behind, whoever crashes
                return cls(tempfile.TemporaryFile(prefix="anatomy_twin_", buffering=0))
            folder = tempfile.mkdtemp(prefix="anatomy_twin_")
            name = str(Path(folder) / "arrays")
            return cls(io.FileIO(name, "x+"), name)
        except OSError as error:
            raise _no_room(error) from error

    @classmethod
    def join(cls, ticket: int | str) -> ExchangeFile:
        """Return the file that another process handed on (see ``ticket``)."""
        return cls(io.FileIO(ticket, "r+"), "")

    @property
    def ticket(self) -> int | str:
        """What the other process needs to join: the number of the open file, or its name."""
        return self._name or self._file.fileno()

    @property
    def descriptor(self) -> int:
        """The number of the open file."""
        return self._file.fileno()

    def write(self, buffers: list[Any], places: list[tuple[int, int]]) -> None:
        """Write arrays at their places; ``WorkerError`` where there is no room."""
        try:
            for buffer, (start, count) in zip(buffers, places, strict=True):
                self._file.seek(start)
                with buffer.raw() as raw:
                    done = 0
                    while done < count:
                        # the interpreter is free for other threads while a piece is written
                        done += self._file.write(raw[done : done + _PIECE]) or 0
        except OSError as error:
            raise _no_room(error) from error

    def map(self, count: int) -> memoryview:
        """Return the first ``count`` bytes, read-only, valid for as long as anything refers to them."""
        if not count:
            return memoryview(b"")
        return memoryview(mmap.mmap(self._file.fileno(), count, access=mmap.ACCESS_READ))

    def close(self) -> None:
        """Close the file; what is mapped stays."""
        with contextlib.suppress(OSError):
            self._file.close()
        if self._name:
            with contextlib.suppress(OSError):
                Path(self._name).unlink()
            with contextlib.suppress(OSError):
                Path(self._name).parent.rmdir()


def pack(value: Any, file: ExchangeFile, known: Shared | None = None) -> tuple[Parcel, Shared]:
    """Write the arrays of a value to ``file`` and return what to send through a pipe, and what both sides then have.

    ``known`` is what the other side has already (of the parcel that this one answers). Run it in a thread: writing
    leaves the interpreter to others.
    """
    held = known or Shared()
    stream = io.BytesIO()
    buffers: list[pickle.PickleBuffer] = []
    pickler = _Pickler(stream, held.numbers(), buffers.append)
    pickler.dump(value)
    old = held.places()
    written: dict[tuple[int, int], tuple[int, int]] = {}
    places: list[tuple[int, int]] = []
    fresh: list[tuple[Any, tuple[int, int]]] = []
    end = 0
    for buffer in buffers:
        address = _address(buffer)
        if address in old:
            places.append((-1 - old[address], address[1]))
        elif address in written:
            places.append(written[address])
        else:
            start = -(-end // _ALIGNMENT) * _ALIGNMENT
            end = start + address[1]
            written[address] = (start, address[1])
            places.append(written[address])
            fresh.append((buffer, written[address]))
    file.write([buffer for buffer, _ in fresh], [place for _, place in fresh])
    return Parcel(stream.getvalue(), tuple(places)), Shared(parts_of(value), buffers)


def unpack(parcel: Parcel, file: ExchangeFile, known: Shared | None = None) -> tuple[Any, Shared]:
    """Return the value of a parcel, its arrays mapped read-only, and what both sides have now.

    ``known`` is what this side sent before: parts that came back unchanged are the very objects that were sent.
    """
    held = known or Shared()
    whole = file.map(parcel.file_bytes)
    buffers = [held.buffers[-1 - start] if start < 0 else whole[start : start + count]
               for start, count in parcel.places]  # fmt: skip
    value = _Unpickler(io.BytesIO(parcel.stream), held.parts, buffers).load()
    return value, Shared(parts_of(value), [pickle.PickleBuffer(buffer) for buffer in buffers])


def parts_of(value: Any) -> list[Any]:
    """Return the frozen objects and arrays within a value, each once, in an order that only its structure decides."""
    found: list[Any] = []
    seen: set[int] = set()

    def visit(item: Any, depth: int) -> None:
        if depth > 12 or isinstance(item, (str, bytes, int, float, type(None))):
            return
        if isinstance(item, (tuple, list)):
            for entry in item:
                visit(entry, depth + 1)
            return
        if isinstance(item, Mapping):
            for entry in item.values():
                visit(entry, depth + 1)
            return
        array = isinstance(item, np.ndarray)
        if id(item) in seen or not (array or (dataclasses.is_dataclass(item) and not isinstance(item, type))):
            return
        seen.add(id(item))
        found.append(item)
        if not array:
            for part in dataclasses.fields(item):
                visit(getattr(item, part.name, None), depth + 1)

    visit(value, 0)
    return found


class _Pickler(pickle.Pickler):
    """Names parts that the other side has, and puts arrays in any order of axes beside the stream."""

    def __init__(self, stream: io.BytesIO, numbers: dict[int, int], take: Any) -> None:
        super().__init__(stream, protocol=5, buffer_callback=lambda buffer: take(buffer) if _large(buffer) else True)
        self._numbers = numbers

    def persistent_id(self, obj: Any) -> int | None:
        return self._numbers.get(id(obj)) if self._numbers else None

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is not np.ndarray or obj.flags.c_contiguous or obj.flags.f_contiguous or obj.dtype.hasobject:
            return NotImplemented
        if obj.ndim and obj.size > 1 and not any(obj.strides):  # one value for a whole grid
            return np.broadcast_to, (obj[(slice(0, 1),) * obj.ndim].copy(), obj.shape)
        # a view with its axes turned or reversed: send what lies in memory, and how to look at it
        order = tuple(int(axis) for axis in np.argsort([-abs(step) for step in obj.strides], kind="stable"))
        flips = tuple(obj.strides[axis] < 0 for axis in order)
        plain = obj.transpose(order)[tuple(slice(None, None, -1 if flip else None) for flip in flips)]
        if not plain.flags.c_contiguous:
            return NotImplemented
        return _view, (plain, order, flips)


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: io.BytesIO, parts: list[Any], buffers: list[Any]) -> None:
        super().__init__(stream, buffers=buffers)
        self._parts = parts

    def persistent_load(self, pid: Any) -> Any:
        return self._parts[pid]


def _view(plain: NDArray[Any], order: tuple[int, ...], flips: tuple[bool, ...]) -> NDArray[Any]:
    turned = plain[tuple(slice(None, None, -1 if flip else None) for flip in flips)]
    view: NDArray[Any] = turned.transpose(np.argsort(order))
    return view


def _large(buffer: pickle.PickleBuffer) -> bool:
    with buffer.raw() as raw:
        return raw.nbytes >= _LEAST


def _address(buffer: pickle.PickleBuffer) -> tuple[int, int]:
    flat = np.frombuffer(buffer.raw(), np.uint8)
    return int(flat.__array_interface__["data"][0]), int(flat.size)


def _no_room(error: OSError) -> WorkerError:
    reason = error.strerror or type(error).__name__
    return WorkerError(f"the case cannot be handed to another process: {reason}", where=tempfile.gettempdir(),
                       advice="make room there, or set TMPDIR to a folder with room")
