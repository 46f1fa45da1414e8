"""Confirmations and transforms of a case: numbers as JSON; scans, labels and fields are files of their own."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from anatomy_twin.core import Confirmation, LabelMap, Transform, Volume
from anatomy_twin.errors import StoreError
from anatomy_twin.store.codec import decode, encode
from anatomy_twin.store.nrrd import decode_nrrd, encode_nrrd
from anatomy_twin.store.results import Jobs
from anatomy_twin.store.sealed_json import dump

_APART: Final = ("volume", "labels", "transform")  # they stand among those of the case, by the confirmation's name
Pair = tuple[str, str]


def transform_entries(transforms: Mapping[Pair, Transform], jobs: Jobs) -> list[dict[str, Any]]:
    """Return what the manifest says of each transform; fields become jobs."""
    entries = []
    for number, ((fixed, moving), transform) in enumerate(transforms.items(), start=1):
        rows: Any = transform.matrix
        entry: dict[str, Any] = {
            "fixed": fixed, "moving": moving, "matrix": [[float(value) for value in row] for row in rows],
            "error_mm": transform.error_mm, "error_kind": transform.error_kind, "field": None,
        }
        if transform.displacement_mm is not None and transform.grid is not None:
            entry["field"] = relative = f"transforms/{number}.nrrd"
            field, grid = transform.displacement_mm, transform.grid
            jobs[relative] = lambda field=field, grid=grid: encode_nrrd(field, grid, list_kind="vector")
        entries.append(entry)
    return entries


def read_transform(entry: dict[str, Any], read: Callable[[str], bytes], where: str) -> Transform:
    """Return the transform of an entry; those of older versions have neither a field nor words on their error."""
    rows = decode(tuple[tuple[float, ...], ...], entry["matrix"], where)
    error_mm = decode(float | None, entry["error_mm"], where)
    kind = decode(str, entry.get("error_kind", ""), where)
    relative = decode(str | None, entry.get("field"), where)
    if relative is None:
        return Transform(np.array(rows, dtype=float), error_mm, error_kind=kind)
    file = decode_nrrd(read(relative), relative)
    if file.array.ndim != 4:
        raise StoreError("a displacement field has no components", where=relative)
    return Transform(np.array(rows, dtype=float), error_mm, file.array, file.geometry, kind)


def confirmation_bytes(confirmation: Confirmation) -> bytes:
    """Return the numbers and words of a confirmation as JSON."""
    hints = typing.get_type_hints(Confirmation)
    names = [part.name for part in dataclasses.fields(Confirmation) if part.name not in _APART]
    return dump({name: encode(hints[name], getattr(confirmation, name)) for name in names})


def read_confirmation(
    content: Any, where: str, primary: str, volumes: Mapping[str, Volume], labels: Mapping[str, LabelMap],
    transforms: Mapping[Pair, Transform],
) -> Confirmation:
    """Return a confirmation with its scan, labels and transform; ``StoreError`` where one of them is missing."""
    hints = typing.get_type_hints(Confirmation)
    parts = [part for part in dataclasses.fields(Confirmation) if part.name not in _APART]
    names = {part.name for part in parts}
    needed = {part.name for part in parts if part.default is dataclasses.MISSING}  # older files lack the others
    if not isinstance(content, dict) or not needed <= set(content) <= names:
        raise StoreError("a confirmation has other fields than this program knows", where=where)
    values = {name: decode(hints[name], content[name], where) for name in sorted(content)}
    name = values["name"]
    if name not in volumes or name not in labels or (primary, name) not in transforms:
        raise StoreError(f"the scan of confirmation {name[:40]!r} is not in the case", where=where)
    return Confirmation(**values, volume=volumes[name], labels=labels[name], transform=transforms[primary, name])
