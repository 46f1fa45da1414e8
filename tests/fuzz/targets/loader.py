"""The whole loader on one file, in this process: what it would do in child processes it does here, where it can.

Decoders of compressed pixels other than run-length coding are native code that may end the process; the loader calls
them in child processes for that reason, and here they are left out.
"""

from __future__ import annotations

import contextlib
import importlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from anatomy_twin.errors import ScanError, TwinError
from anatomy_twin.scan import grid_file, load_volume, slices
from anatomy_twin.scan.codestream import RLE
from tests.fuzz.targets.prescan import WORDS as DICOM_WORDS

WORDS = (*DICOM_WORDS, b"NRRD0004\n", b"type: short\n", b"sizes: 2 2 2\n", b"encoding: raw\n", b"space: LPS\n",
         b"ObjectType = Image\n", b"NDims = 3\n", b"DimSize = 2 2 2\n", b"ElementDataFile = LOCAL\n",
         b"ElementType = MET_SHORT\n", b"n+1\0", b"\x5c\x01\0\0", b"PK\x03\x04", b"PK\x01\x02",
         b"ustar\0")  # fmt: skip


def one_input(data: bytes) -> None:
    """Load a file of these bytes; only refusals may come of what is no volume."""
    path = _folder() / "input"
    path.write_bytes(data)
    try:
        with _in_this_process():
            volume = load_volume(path)
    except TwinError as error:
        if not error.line.isprintable():
            raise AssertionError(f"not printable: {error.line!r}") from error
        return
    for line in (*volume.warnings, *volume.facts.values()):
        assert line.isprintable(), line


@cache
def _folder() -> Path:
    return Path(_kept.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))


_kept = contextlib.ExitStack()


@contextlib.contextmanager
def _in_this_process() -> Iterator[None]:
    """Let the loader do in this process what it leaves to child processes, for the time of the block."""
    unpack = importlib.import_module("anatomy_twin.archive.unpack")  # a function of the package has this name too
    replaced = [(grid_file, "run_limited", _here), (unpack, "run_limited", _here), (slices, "run_each", _each_here)]
    kept = [getattr(module, name) for module, name, _ in replaced]
    for module, name, function in replaced:
        setattr(module, name, function)
    try:
        yield
    finally:
        for (module, name, _), function in zip(replaced, kept, strict=True):
            setattr(module, name, function)


def _here(function: str, *args: Any, **_limits: Any) -> Any:
    return _named(function)(*args)


def _each_here(function: str, frames: Iterable[Any], **_limits: Any) -> Iterator[Any]:
    for frame in frames:
        if frame.transfer_syntax not in RLE:
            raise ScanError("left to a child process")
        yield _named(function)(frame)


def _named(function: str) -> Callable[..., Any]:
    module, name = function.split(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def seeds() -> dict[str, bytes]:
    """Good and broken slices, an enhanced object, volume files, archives; all small."""
    import gzip
    import io
    import zipfile

    from tests.fuzz.dicom_bytes import BIG, DEFLATED, EXPLICIT, IMPLICIT, JPEG_LS, RLE, good
    from tests.fuzz.dicom_codecs import codecs
    from tests.fuzz.dicom_headers import descriptions
    from tests.fuzz.dicom_values import numbers
    from tests.fuzz.seeds import slices_of
    from tests.support.enhanced_series import slab, write_enhanced

    named = (("explicit", EXPLICIT), ("implicit", IMPLICIT), ("big", BIG), ("deflated", DEFLATED), ("rle", RLE),
             ("jpeg-ls", JPEG_LS))  # fmt: skip
    found = {name: good(syntax).files[2] for name, syntax in named}
    with tempfile.TemporaryDirectory() as folder:
        truth, frames = slab(shape=(2, 4, 4))
        write_enhanced(Path(folder) / "enhanced.dcm", truth, frames)
        found["enhanced"] = (Path(folder) / "enhanced.dcm").read_bytes()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a/slice.dcm", found["explicit"])
    found["zip"] = stream.getvalue()
    values = bytes(range(16))
    head = b"NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nspace: left-posterior-superior\nendian: little\n"
    head += b"space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n"
    found["nrrd"] = head + b"encoding: raw\n\n" + values
    found["nrrd-gzip"] = head + b"encoding: gzip\n\n" + gzip.compress(values, mtime=0)
    found["metaimage"] = (b"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
                          b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 1\n"
                          b"DimSize = 2 2 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n") + values
    found["nifti"] = _nifti(values)
    found["nifti-gzip"] = gzip.compress(found["nifti"], mtime=0)
    chosen = [*descriptions()[::9], *numbers()[::9], *[case for case in codecs() if case.name.startswith("rle")][::5]]
    return {**found, **slices_of(chosen, largest=3000)}


def _nifti(values: bytes) -> bytes:
    import nibabel
    import numpy as np

    image = nibabel.Nifti1Image(np.frombuffer(values, "<i2").reshape(2, 2, 2), np.eye(4))
    return bytes(image.to_bytes())
