"""The manifest of a case: what it is called, which version it has, how it is found."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from anatomy_twin.errors import StoreError
from anatomy_twin.store.folder import inside, printable
from anatomy_twin.store.sealed_json import LARGEST_JSON_BYTES

FORMAT: Final = "anatomy_twin case"
SCHEMA_VERSION: Final = 5
# 1 knew neither trees, territories and tetrahedra nor all of a certificate; 2 no measurements, no display and no way to
# combine the cuts of a resection; 3 neither transforms with a field nor confirmations
# nor how robust a plan is; 4 no chambers of a heart and nothing of its rhythm
READABLE_VERSIONS: Final = (1, 2, 3, 4, 5)
MANIFEST: Final = "case.json"
TIMINGS: Final = "run/timings.json"


def read_manifest(folder: Path) -> bytes:
    """Return the bytes of the manifest; ``StoreError`` if the folder is no case."""
    if not folder.is_dir():
        raise StoreError("there is no such case", where=folder.name, advice="check the path")
    file = inside(folder, MANIFEST, folder.name)
    if not file.is_file():
        raise StoreError(f"folder holds no {MANIFEST}", where=folder.name, advice="give the folder of a saved case")
    if file.stat().st_size > LARGEST_JSON_BYTES:
        raise StoreError(f"{MANIFEST} is too large", where=folder.name)
    return file.read_bytes()


def check_manifest(manifest: dict[str, Any], where: str) -> None:
    """Raise ``StoreError`` if a manifest is not of the kind and version that this program reads."""
    if manifest.get("format") != FORMAT:
        raise StoreError(f"{MANIFEST} is not that of a case", where=where)
    version = manifest.get("schema_version")
    if type(version) is not int or version not in READABLE_VERSIONS:
        newer = isinstance(version, int) and version > SCHEMA_VERSION
        told, read = printable(repr(version), 20), f"{READABLE_VERSIONS[0]} to {SCHEMA_VERSION}"
        raise StoreError(f"case has schema version {told}, this program reads {read}", where=where,
                         advice="update this program" if newer else "open it with the program that wrote it")


def stamp_of(place: Path) -> str:
    """Return what is another one whenever the case at a place is; "" where no case lies there.

    Of a folder it is the checksum of the manifest, which stands for every byte of the case.
    """
    try:
        if place.is_file():
            facts = place.stat()
            return f"file {facts.st_size} {facts.st_mtime_ns}"
        return hashlib.sha256(read_manifest(place)).hexdigest()
    except (StoreError, OSError):
        return ""
