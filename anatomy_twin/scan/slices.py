"""The stored values of every slice, read by threads or decoded by child processes, in the order of the slices."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import threading
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, Monitor, check_cancelled
from anatomy_twin.errors import ScanError, TwinError
from anatomy_twin.scan.codestream import check_stream
from anatomy_twin.scan.decode import CodedFrame
from anatomy_twin.scan.pixels import COPY_AGAIN, NATIVE, SEND_AGAIN, PixelFormat, checked_format, padding_value
from anatomy_twin.scan.prescan import prescan
from anatomy_twin.scan.slice_header import SliceHeader
from anatomy_twin.worker import run_each

_MOST_DECODERS = 4
_MOST_THREADS = 4
_SLICES_AT_ONCE = 8
# a frame of more pixels than this may not be more times larger than its stream: that is a bomb
_PLAIN_PIXELS = 2**22
_LARGEST_RATIO = 2000
Result = TypeVar("Result")


def read_slices(
    headers: tuple[SliceHeader, ...],
    array: NDArray[Any],
    put: Callable[[int, NDArray[Any], PixelFormat], Result],
    monitor: Monitor = SILENT,
) -> tuple[list[Result], str, int]:
    """Read the stored values of every slice and hand them on.

    Parameters
    ----------
    headers : the slices.
    array : [slice, row, column], int16 or float32. Plain 16-bit values are read straight into their slice of it: what
        is handed on may be a view of it.
    put : is given the number of a slice, its stored values [row, column] and their coding; calls for different slices
        may come in any order and side by side.
    monitor : told the progress, asked for cancelling.

    Returns what ``put`` returned, in slice order; the sha256 of the file, or over the sha256 of the files in slice
    order where there are several; and in how many slices bits above the stored ones were dropped. Plain values are
    read by several threads (reading and hashing hold no lock), compressed ones are decoded in child processes. Raises
    ``ScanError`` naming the first slice whose file changed, is damaged or cannot be decoded.
    """
    wheres = [f"slice {k} of {len(headers)}" for k in range(1, len(headers) + 1)]
    formats = [checked_format(header, where) for header, where in zip(headers, wheres, strict=True)]
    if len({form.signed for form in formats}) > 1:
        raise ScanError("some slices hold signed values and others do not", advice=SEND_AGAIN)
    jobs = list(zip(headers, formats, wheres, strict=True))
    alike = len({form.stored for form in formats}) == 1
    first_of = {header.path: k for k, header in reversed(list(enumerate(headers)))}
    decoded = _decoded([job for job in jobs if job[0].transfer_syntax not in NATIVE])
    plain = all(header.transfer_syntax in NATIVE for header in headers)
    stop, cut = threading.Event(), list[SliceHeader]()

    def read(numbers: range) -> list[tuple[Result, bytes]]:
        found = []
        with _Files() as files:
            for k in numbers:
                if stop.is_set():
                    break
                header, form, where = jobs[k]
                stream = files.open(header, where)
                digest = hashlib.sha256() if first_of[header.path] == k else None
                if header.transfer_syntax in NATIVE:
                    values = _native(stream, header, form, array[k], digest, where)
                else:
                    _hash_all(stream, digest)
                    values = next(decoded)
                result = put(k, _cut(values, header, form, alike, where, cut), form)
                found.append((result, digest.digest() if digest is not None else b""))
        return found

    parts = [range(k, min(k + _SLICES_AT_ONCE, len(jobs))) for k in range(0, len(jobs), _SLICES_AT_ONCE)]
    threads = min(_MOST_THREADS, os.cpu_count() or 1, len(parts)) if plain else 1
    found: list[tuple[Result, bytes]] = []
    with contextlib.closing(decoded), ThreadPoolExecutor(threads) as pool:
        try:
            for future in [pool.submit(read, numbers) for numbers in parts]:
                check_cancelled(monitor)
                found += future.result()
                monitor.progress(len(found) / len(jobs))
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
    sums = [digest for _, digest in found if digest]
    sha256 = sums[0] if len(sums) == 1 else hashlib.sha256(b"".join(sums)).digest()
    return [result for result, _ in found], sha256.hex(), len(cut)


class _Files:
    """Keeps the last file open: the frames of one follow each other."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._stream: BinaryIO | None = None
        self._stamp, self._where = (0, 0), ""

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._stream is not None:
            try:
                if kind is None:
                    self._check(self._where)
            finally:
                self._stream.close()

    def _check(self, where: str) -> None:
        """Refuse a file that is not the one whose header was read, or is written while it is read."""
        if isinstance(self._stream, io.BytesIO) or self._stream is None:
            return
        status = os.fstat(self._stream.fileno())
        if (status.st_size, status.st_mtime_ns) != self._stamp:
            raise ScanError("a file changed while it was read", where=where, advice="wait until the copy is complete")

    def open(self, header: SliceHeader, where: str) -> BinaryIO:
        """Return the file of a slice (what it inflates to, if deflated), unless it changed since its header was read.

        Reads are not buffered, so that pixels go straight to their place.
        """
        if header.path == self._path and self._stream is not None:
            return self._stream
        if self._stream is not None:
            self._check(self._where)
            self._stream.close()
        assert header.pixels is not None
        try:
            stream: BinaryIO = header.path.open("rb", buffering=0)
        except OSError as error:
            raise ScanError("a slice cannot be read", where=where, advice=COPY_AGAIN) from error
        self._path, self._stream, self._stamp, self._where = header.path, stream, header.pixels.stamp, where
        self._check(where)
        if header.pixels.deflated:
            inflated = prescan(header.path, where).inflated
            stream.close()
            self._stream = io.BytesIO(inflated or b"")
        return self._stream


def _read(stream: BinaryIO, start: int, count: int, where: str) -> bytes:
    target = bytearray(count)
    _read_into(stream, start, memoryview(target), where)
    return bytes(target)


def _read_into(stream: BinaryIO, start: int, target: memoryview, where: str) -> None:
    done = 0
    try:
        stream.seek(start)
        while done < len(target):
            count = stream.readinto(target[done:])  # type: ignore[attr-defined]
            if not count:
                raise ScanError("pixels are cut short", where=where, advice=COPY_AGAIN)
            done += count
    except OSError as error:
        raise ScanError("a slice cannot be read", where=where, advice=COPY_AGAIN) from error


def _hash_all(stream: BinaryIO, digest: Any) -> None:
    if digest is not None:
        stream.seek(0)
        while block := stream.read(2**20):
            digest.update(block)


def _native(
    stream: BinaryIO, header: SliceHeader, form: PixelFormat, out: NDArray[Any], digest: Any, where: str
) -> NDArray[Any]:
    assert header.pixels is not None and header.pixels.place is not None
    place, size = header.pixels.place, header.rows * header.columns * form.bits // 8
    start = place.start + header.frame * size
    straight = form.bits == 16 and out.dtype == np.int16
    target = memoryview(out if straight else np.empty(size, np.uint8)).cast("B")
    if digest is not None and header.frame_count == 1 and not header.pixels.deflated:
        # in one go with the pixels, while they are in the processor's cache
        digest.update(_read(stream, 0, start, where))
        _read_into(stream, start, target, where)
        digest.update(target)
        while block := stream.read(2**20):
            digest.update(block)
    else:
        if header.pixels.deflated and digest is not None:
            digest.update(header.path.read_bytes())
        else:
            _hash_all(stream, digest)
        _read_into(stream, start, target, where)
    kind = np.dtype(f"{'<' if header.pixels.little else '>'}{'i' if form.signed else 'u'}{form.bits // 8}")
    if not header.pixels.little and form.bits == 8 and place.vr == "OW":
        if header.frame * size % 2:
            raise ScanError("a frame begins within a big-endian word", where=where, advice=SEND_AGAIN)
        odd = np.frombuffer(bytes(target) + b"\0" * (size % 2), "<u2").byteswap()
        return np.frombuffer(odd.tobytes(), kind, count=size).reshape(header.rows, header.columns)
    return np.frombuffer(target, kind).reshape(header.rows, header.columns)


def _decoded(jobs: list[tuple[SliceHeader, PixelFormat, str]]) -> Generator[NDArray[Any], None, None]:
    """Decode the compressed frames in order, in child processes that may die on a broken stream."""
    if not jobs:
        return
    pixels = max(header.rows * header.columns for header, _, _ in jobs)
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-") as scratch:  # a child that dies cleans nothing up
        answers = run_each(
            "anatomy_twin.scan.decode:decode_frame", _coded_frames(jobs),
            memory_bytes=2**30 + 32 * pixels, cpu_s=3 + len(jobs) * (0.05 + 4e-6 * pixels), wall_s=20 + 4e-6 * pixels,
            processes=max(1, min(_MOST_DECODERS, os.cpu_count() or 1, len(jobs) // 8)),
            env={"OPENBLAS_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1", "TMPDIR": scratch},
        )  # fmt: skip
        with contextlib.closing(answers):
            for _, _, where in jobs:
                try:
                    yield next(answers)
                except TwinError as error:
                    what = error.what if isinstance(error, ScanError) else "pixels cannot be decoded"
                    raise ScanError(what, where=error.where or where, advice=SEND_AGAIN) from error


def _coded_frames(jobs: Iterable[tuple[SliceHeader, PixelFormat, str]]) -> Iterator[CodedFrame]:
    with _Files() as files:
        for header, form, where in jobs:
            stream = files.open(header, where)
            data = b"".join(_read(stream, start, count, where) for start, count in _pieces(stream, header, where))
            pixels = header.rows * header.columns
            if pixels > max(_PLAIN_PIXELS, _LARGEST_RATIO * len(data)):
                raise ScanError(f"{len(data)} bytes of compressed pixels claim a matrix of {header.rows}x"
                                f"{header.columns}", where=where, advice=SEND_AGAIN)
            frame = CodedFrame(data, header.transfer_syntax, header.rows, header.columns, form.bits, form.stored,
                               form.high, form.signed)
            check_stream(frame, where)
            yield frame


def _pieces(stream: BinaryIO, header: SliceHeader, where: str) -> list[tuple[int, int]]:
    """Return the fragments of one frame: all, the one of its number, or those that the offset table gives it."""
    assert header.pixels is not None and header.pixels.place is not None
    table, *fragments = header.pixels.place.fragments or ((0, 0),)
    if header.frame_count == 1 and fragments:
        return fragments
    if header.frame_count == len(fragments):
        return [fragments[header.frame]]
    count = header.frame_count
    if fragments and table[1] == 4 * count:
        # offsets count from the first fragment's own head of 8 bytes (PS3.5 section A.4)
        starts = np.frombuffer(_read(stream, *table, where), "<u4").astype(np.int64) + fragments[0][0]
        ends = np.append(starts[1:], fragments[-1][0] + 1)
        first, last = int(starts[header.frame]), int(ends[header.frame])
        found = fragments[bisect_left(fragments, (first, 0)) : bisect_left(fragments, (last, 0))]
        if found and found[0][0] == first:
            return found
    raise ScanError(f"{count} frames in {len(fragments)} pieces of compressed pixels cannot be told apart",
                    where=where, advice=SEND_AGAIN)


def _cut(
    values: NDArray[Any], header: SliceHeader, form: PixelFormat, alike: bool, where: str, cut: list[SliceHeader]
) -> NDArray[Any]:
    """Check the size, and drop bits above the stored ones (old overlays live there) if all slices store as many.

    Adds the header to ``cut`` where that changes a value.
    """
    rows, columns = header.rows, header.columns
    if values.shape != (rows, columns) or values.dtype.kind not in "iu":
        raise ScanError(f"decoded pixels are {'x'.join(map(str, values.shape))}, the header tells {rows}x{columns}",
                        where=where, advice=SEND_AGAIN)
    if form.stored == form.bits:
        return values
    low, top = form.limits
    if int(values.min()) >= low and int(values.max()) <= top:
        return values
    if not alike or header.transfer_syntax not in NATIVE:
        raise ScanError(f"values need more than the {form.stored} bits that the header tells", where=where,
                        advice=SEND_AGAIN)
    whole = values.astype(np.int64)
    used = whole & ((1 << form.stored) - 1)
    kept = np.where(used > top, used - (1 << form.stored), used) if form.signed else used
    # signed values whose unused bits are 0 lose nothing
    if not np.any((used != whole) & (kept != whole)):
        return kept
    padding = padding_value(header, form)
    if padding is not None and not low <= padding <= top and bool(np.any(whole == padding)):
        raise ScanError(f"padding values need more than the {form.stored} bits that the header tells", where=where,
                        advice=SEND_AGAIN)
    cut.append(header)
    return kept
