"""A case as one zip file for transport: the files of its folder, in one order, without times or names of people."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from anatomy_twin.archive import archive_kind, opened, zip_names
from anatomy_twin.errors import StoreError
from anatomy_twin.store.manifest import MANIFEST

SUFFIX: Final = ".zip"
_COMPRESSED: Final = (".nrrd",)  # hold compressed data already
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE: Final = 0o100644 << 16
_FROM_UNIX: Final = 3


def is_zip_name(path: Path) -> bool:
    """Return whether a case of that name is to be one zip file."""
    return path.suffix.lower() == SUFFIX


class ZipWriter:
    """Adds files to a zip; equal files in equal order give equal bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(stream, "w")

    def __enter__(self) -> ZipWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def add(self, relative: str, data: bytes) -> None:
        """Write one file."""
        entry = zipfile.ZipInfo(relative, _NO_TIME)
        entry.create_system, entry.external_attr = _FROM_UNIX, _PLAIN_FILE
        entry.compress_type = zipfile.ZIP_STORED if relative.endswith(_COMPRESSED) else zipfile.ZIP_DEFLATED
        self._zip.writestr(entry, data)


def check_zip_target(target: Path) -> None:
    """Raise ``StoreError`` if something else than the zip of a case is where one shall be written."""
    if target.is_symlink() or target.is_dir():
        raise StoreError("a folder or link is where the file shall be", where=target.name, advice="choose another name")
    if target.exists() and not (archive_kind(target) == "zip" and MANIFEST in zip_names(target)):
        raise StoreError("the file that is there is no case", where=target.name, advice="choose another name")


@contextlib.contextmanager
def case_folder(place: Path) -> Iterator[Path]:
    """Give the folder of a case: the place itself, or the content of an archive for the time of a ``with`` block.

    In an archive the case may lie at the top or be its only folder, as packing tools leave it.
    """
    if not place.is_file():
        yield place
        return
    if archive_kind(place) is None:
        raise StoreError("file is neither a case nor an archive of one", where=place.name[:80],
                         advice="give the folder of a saved case, or its zip")
    with opened(place) as content:
        inner = [path for path in content.iterdir() if path.is_dir()]
        folder = content
        if not (content / MANIFEST).is_file() and len(inner) == 1:
            folder = inner[0]
        try:
            yield folder
        except StoreError as error:
            if error.where != folder.name:
                raise
            raise StoreError(error.what, where=place.name[:80], advice=error.advice) from error
