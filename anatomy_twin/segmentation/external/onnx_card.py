"""The card of a network: a small JSON file that says what an ONNX file wants and what its answers mean.

Example::

    {
     "name": "liver and tumours",
     "network": "liver.onnx",
     "modality": "CT",
     "spacing_mm": [1.5, 1.5, 1.5],
     "orientation": "RAS",
     "window": [-160, 240],
     "scale": [0, 1],
     "patch": [96, 96, 96],
     "overlap": 0.5,
     "trim": 8,
     "activation": "softmax",
     "classes": {"1": "liver", "2": "tumour_1"}
    }
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from anatomy_twin.errors import TwinError, UsageError
from anatomy_twin.units import check_positive, check_range

LARGEST_CARD_BYTES: Final = 2**20
LARGEST_NETWORK_BYTES: Final = 2**31
LARGEST_PATCH_VOXELS: Final = 256**3
MOST_CLASSES: Final = 255
ACTIVATIONS: Final = ("softmax", "sigmoid", "none")
NEEDED: Final = ("name", "network", "spacing_mm", "orientation", "patch", "classes")
KEYS: Final = (*NEEDED, "modality", "window", "scale", "mean", "sd", "overlap", "trim", "activation", "threshold")
_OPPOSITE: Final = {"L": "R", "R": "L", "A": "P", "P": "A", "S": "I", "I": "S"}


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says, checked. Three numbers are in the order of the network's axes.

    ``orientation``: where each axis of the network's input points to ("RAS": right, front, head). Grey values are cut
    to ``window`` and mapped linearly so that its ends become ``scale``; then ``mean`` is taken off and the rest divided
    by ``sd``. ``patch`` voxels at a time, which overlap by the share ``overlap``; of each ``trim`` voxels at the sides
    are not used (what the network sees only in part). ``activation`` turns what the network puts out into
    probabilities: "softmax" and "none" (they are some already) have one winner per voxel, channel 0 being nothing;
    with "sigmoid" each channel stands for itself and counts from ``threshold`` on. ``classes``: channel -> name.
    """

    name: str
    network: Path
    spacing_mm: tuple[float, float, float]
    orientation: str
    patch: tuple[int, int, int]
    classes: Mapping[int, str]
    modality: str = "CT"
    window: tuple[float, float] = (-1024.0, 3071.0)
    scale: tuple[float, float] = (0.0, 1.0)
    mean: float = 0.0
    sd: float = 1.0
    overlap: float = 0.5
    trim: int = 0
    activation: str = "softmax"
    threshold: float = 0.5

    @property
    def outside(self) -> float:
        """What the network is given where there is no scan: the low end of the window."""
        return (self.scale[0] - self.mean) / self.sd


def read_card(path: str | Path) -> Card:
    """Read and check a card.

    Raises ``UsageError`` in one line that names the card and the key that is wrong. The network file must lie in the
    folder of the card or below it.
    """
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_CARD_BYTES:
            raise _wrong(file, "it is too large for a card")
        content = json.loads(file.read_text(encoding="utf-8"), parse_constant=_no_constant)
    except OSError as error:
        raise UsageError("there is no such card", where=file.name, advice="give a JSON card: onnx:CARD.json") from error
    except (ValueError, RecursionError) as error:
        raise _wrong(file, "it is no JSON") from error
    if not isinstance(content, dict):
        raise _wrong(file, "it is no JSON object")
    unknown = [str(key)[:40] for key in content if key not in KEYS]
    if unknown:
        raise _wrong(file, f"{unknown[0]!r} is no key of a card", f"use {', '.join(KEYS)}")
    missing = [key for key in NEEDED if key not in content]
    if missing:
        raise _wrong(file, f"{missing[0]!r} is missing")
    try:
        return _card(content, file)
    except TwinError as error:
        if error.where == file.name:
            raise
        raise _wrong(file, error.what, error.advice) from error
    except OverflowError as error:
        raise _wrong(file, "a number is too large") from error


def _no_constant(text: str) -> float:
    raise ValueError(text)


def _wrong(file: Path, what: str, advice: str = "") -> UsageError:
    return UsageError(f"the card cannot be used: {what}", where=file.name, advice=advice)


def _card(content: dict[str, Any], file: Path) -> Card:
    patch = _three(content, "patch")
    if not all(type(size) is int and size > 0 for size in patch) or math.prod(patch) > LARGEST_PATCH_VOXELS:
        raise UsageError("'patch' is not three whole numbers", advice=f"at most {LARGEST_PATCH_VOXELS} voxels in all")
    spacing = tuple(check_range("spacing_mm", value, 0.1, 20.0) for value in _three(content, "spacing_mm"))
    trim = content.get("trim", 0)
    if type(trim) is not int or not 0 <= trim < min(patch) / 2:
        raise UsageError("'trim' is no number of voxels below half a patch")
    low, high = _pair(content, "window", (-1024.0, 3071.0))
    if low >= high:
        raise UsageError("'window' is empty", advice="give the lower end first")
    activation = _text(content, "activation", "softmax")
    if activation not in ACTIVATIONS:
        raise UsageError(f"'activation' is {activation!r}", advice=f"choose {', '.join(ACTIVATIONS)}")
    return Card(
        _text(content, "name"), _network(_text(content, "network"), file), (spacing[0], spacing[1], spacing[2]),
        _orientation(_text(content, "orientation")), (patch[0], patch[1], patch[2]),
        _classes(content["classes"], activation), _modality(_text(content, "modality", "CT")), (low, high),
        _pair(content, "scale", (0.0, 1.0)), check_range("mean", content.get("mean", 0.0)),
        check_positive("sd", content.get("sd", 1.0)), check_range("overlap", content.get("overlap", 0.5), 0.0, 0.9),
        trim, activation, check_range("threshold", content.get("threshold", 0.5), 0.001, 0.999),
    )


def _text(content: dict[str, Any], key: str, default: str = "") -> str:
    value = content.get(key, default)
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        raise UsageError(f"{key!r} is no short text")
    return value


def _three(content: dict[str, Any], key: str) -> list[Any]:
    value = content[key]
    if not isinstance(value, list) or len(value) != 3:
        raise UsageError(f"{key!r} is not three numbers")
    return value


def _pair(content: dict[str, Any], key: str, default: tuple[float, float]) -> tuple[float, float]:
    value = content.get(key, default)
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise UsageError(f"{key!r} is not two numbers")
    return check_range(key, value[0]), check_range(key, value[1])


def _orientation(text: str) -> str:
    if len(text) != 3 or any(letter not in _OPPOSITE for letter in text) or len(
        {frozenset((letter, _OPPOSITE[letter])) for letter in text}
    ) != 3:
        raise UsageError("'orientation' is not three of L, R, A, P, S, I", advice='for instance "RAS"')
    return text


def _modality(text: str) -> str:
    if text not in ("CT", "MR", "PT"):
        raise UsageError("'modality' is none of CT, MR, PT")
    return text


def _classes(value: Any, activation: str) -> dict[int, str]:
    if not isinstance(value, dict) or not 0 < len(value) <= MOST_CLASSES:
        raise UsageError("'classes' names no classes", advice='write {"1": "liver", "2": "spleen"}')
    result: dict[int, str] = {}
    for key, name in value.items():
        if not (key.isascii() and key.isdigit() and len(key) <= 4):
            raise UsageError(f"'classes' has the number {key[:20]!r}", advice="number the network's channels from 0")
        if int(key) == 0 and activation != "sigmoid":
            raise UsageError("'classes' names channel 0, which is nothing", advice="leave it out")
        if not isinstance(name, str) or not 0 < len(name.strip()) <= 64 or not name.isprintable():
            raise UsageError(f"'classes' gives channel {key} no short name")
        if int(key) in result or name.strip() in result.values():
            raise UsageError(f"'classes' names {name.strip()!r} or its number twice")
        result[int(key)] = name.strip()
    return result


def _network(text: str, file: Path) -> Path:
    relative = Path(text)
    folder = file.resolve().parent
    path = (folder / relative).resolve()
    if relative.is_absolute() or not path.is_relative_to(folder):
        raise UsageError("'network' leads out of the folder of the card", advice="put the file beside the card")
    if not path.is_file():
        raise UsageError(f"its network {relative.name} is not there", advice="put the file beside the card")
    if path.stat().st_size > LARGEST_NETWORK_BYTES:
        raise UsageError(f"its network {relative.name} is larger than 2 GB")
    return path
