"""How robust plans are, as folders of open files: numbers in JSON, shares on a grid as NRRD, on the target as VTP."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, Final

import numpy as np

from anatomy_twin.core import Robustness
from anatomy_twin.errors import StoreError, TwinError
from anatomy_twin.store.codec import decode, encode
from anatomy_twin.store.nrrd import decode_nrrd, encode_nrrd
from anatomy_twin.store.results import Jobs, Read
from anatomy_twin.store.sealed_json import dump, parse
from anatomy_twin.store.vtp import decode_vtp, encode_vtp, point_values

_ON_GRID: Final = ("coagulated", "inside")
_ON_SURFACE: Final = ("uncovered", "short")
_ROWS: Final = ("margins_mm", "target_percents")
_MAYBE: Final = tuple[float | None, ...]  # a margin of nothing coagulated is no number


def robustness_jobs(found: Robustness, folder: str) -> Jobs:
    """Return {relative path: function that gives its bytes} of one robustness."""
    plain = _plain_hints()
    content = {name: encode(hint, getattr(found, name)) for name, hint in plain.items()}
    content["planned_margin_mm"] = _finite(found.planned_margin_mm)
    for name in _ROWS:
        content[name] = [_finite(value) for value in getattr(found, name)]
    jobs: Jobs = {
        f"{folder}/robustness.json": lambda: dump(content),
        f"{folder}/target.vtp": lambda: encode_vtp(found.surface, {name: getattr(found, name) for name in _ON_SURFACE}),
    }
    for name in _ON_GRID:
        array = getattr(found, name)
        jobs[f"{folder}/{name}.nrrd"] = lambda array=array: encode_nrrd(array, found.geometry)
    return jobs


def read_robustness(relative: str, read: Read) -> Robustness:
    """Return the robustness whose numbers are the file ``relative``; ``read`` gives the checked bytes of a file."""
    content: Any = parse(read(relative), relative)
    plain, folder = _plain_hints(), relative.rpartition("/")[0]
    if not isinstance(content, dict) or set(content) != {*plain, *_ROWS, "planned_margin_mm"}:
        raise StoreError("a robustness has other fields than this program knows", where=relative)
    values = {name: decode(hint, content[name], relative) for name, hint in plain.items()}
    rows: dict[str, Any] = {
        name: np.array([_or_nothing(value) for value in decode(_MAYBE, content[name], relative)]) for name in _ROWS
    }
    planned = decode(float | None, content["planned_margin_mm"], relative)
    target = f"{folder}/target.vtp"
    data = read(target)
    files = {name: decode_nrrd(read(f"{folder}/{name}.nrrd"), f"{folder}/{name}.nrrd") for name in _ON_GRID}
    grid = files["coagulated"].geometry
    if any(not file.geometry.is_close(grid, 1e-6) for file in files.values()):
        raise StoreError("the shares of a robustness are not on one grid", where=relative)
    try:
        return Robustness(
            **values, planned_margin_mm=_or_nothing(planned), geometry=grid, surface=decode_vtp(data, target),
            coagulated=files["coagulated"].array, inside=files["inside"].array.astype(bool),
            **point_values(data, target, _ON_SURFACE),
            **rows,
        )
    except TwinError as error:
        raise StoreError(f"robustness cannot be read: {error.what}", where=relative) from error


def _plain_hints() -> dict[str, Any]:
    apart = {"planned_margin_mm", "surface", "geometry", *_ON_GRID, *_ON_SURFACE, *_ROWS}
    hints = typing.get_type_hints(Robustness)
    return {part.name: hints[part.name] for part in dataclasses.fields(Robustness) if part.name not in apart}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _or_nothing(value: float | None) -> float:
    return -np.inf if value is None else value
