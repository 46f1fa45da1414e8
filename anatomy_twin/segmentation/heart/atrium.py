"""The left atrium in parts: body, appendage, and the first stretch of each vein under its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.segmentation.ground.working_grid import (
    Mask,
    boxed_components,
    close_mm,
    dilate_mm,
    distance_mm,
    largest_component,
    open_mm,
)

NARROW_SHARE: Final = 0.70  # of the half width of the atrium: veins and appendage are narrower, the body is wider
STUMP_MM: Final = 10.0  # of a vein beyond the body
APART_MM: Final = 3.5  # nearer to the body veins run together
LEAST_ML: Final = 0.35
APPENDAGE_ML: Final = 1.5


@dataclass(frozen=True, eq=False)
class Atrium:
    """The left atrium on a grid: ``whole`` with appendage and stumps, and its parts by name."""

    whole: Mask
    parts: dict[str, Mask]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Limb:
    """A part that leaves the body: mask, middle and mouth in mm [k, j, i], volume, whether it ends in the pool."""

    mask: Mask
    middle: NDArray[np.float64]
    mouth: NDArray[np.float64]
    ml: float


def divide_atrium(pools: Sequence[Mask], step: float) -> Atrium:
    """Divide the pool of the left atrium.

    Parameters
    ----------
    pools : the pool of the atrium and those that open into it, each bool [k, j, i] on an equal grid of ``step`` mm.

    The body is what an opening by 70 % of its half width leaves. What hangs on it are limbs: the one in front on the
    left is the appendage, the others are veins and end 10 mm from the body.
    """
    pool = np.logical_or.reduce(pools)
    widest = float(distance_mm(~pool, step, 30.0).max())
    body = largest_component(open_mm(pool, NARROW_SHARE * widest, step))
    away = distance_mm(body, step, 90.0)
    limbs = []
    least = max(2, int(LEAST_ML * 1000.0 / step**3))
    for box, part in (found for one in pools for found in boxed_components(one & (away > APART_MM), least)):
        mask = np.zeros_like(pool)
        mask[box] = part
        root = mask & (away < float(away[box][part].min()) + 3.0)
        limbs.append(_Limb(mask, _middle(mask, step), _middle(root, step), part.sum() * step**3 / 1000.0))
    middle = _middle(body, step)
    appendage = _appendage(limbs, middle)
    whole = body | (pool & (away <= APART_MM))
    parts: dict[str, Mask] = {}
    veins = [limb for limb in limbs if limb is not appendage]
    named, notes = _named_veins(veins, middle)
    if appendage is not None:
        apart = np.logical_or.reduce([appendage.mask, *(limb.mask for many in named.values() for limb in many)])
        lobe = appendage.mask | _neck(appendage.mask, pool & (away > APART_MM) & ~apart, whole, step)
        parts["left_atrial_appendage"] = lobe
        whole |= lobe
    for name, many in named.items():
        stump = np.any([limb.mask & (away <= STUMP_MM) for limb in many], axis=0)
        if stump.any():
            parts[name] = stump
            whole |= stump
    if appendage is None:
        notes.append("no appendage stands out from the left atrium")
    return Atrium(close_mm(whole, step, step) & (pool | whole), parts, tuple(notes))


def _neck(lobe: Mask, rest: Mask, body: Mask, step: float) -> Mask:
    """Return what of the ``rest`` of the pool joins a lobe to the body: the neck may belong to the pool of either."""
    neck = np.zeros_like(rest)
    beside, next_to = (dilate_mm(part, 1.5 * step, step) for part in (lobe, body))
    for box, part in boxed_components(rest, 1):
        if (part & beside[box]).any() and (part & next_to[box]).any():
            neck[box] |= part
    return neck


def _middle(mask: Mask, step: float) -> NDArray[np.float64]:
    return np.array([axis.mean() for axis in np.nonzero(mask)]) * step


def _appendage(limbs: list[_Limb], middle: NDArray[np.float64]) -> _Limb | None:
    """Return the limb that reaches to the front on the left side."""
    fits = [limb for limb in limbs
            if limb.middle[2] > middle[2] + 10.0 and limb.middle[1] < middle[1] - 8.0 and limb.ml > APPENDAGE_ML]
    return min(fits, key=lambda limb: limb.middle[1], default=None)


def _named_veins(veins: list[_Limb], middle: NDArray[np.float64]) -> tuple[dict[str, list[_Limb]], list[str]]:
    """Name the veins by side and height of their mouths."""
    result: dict[str, list[_Limb]] = {}
    notes = []
    for side in ("left", "right"):
        own = [limb for limb in veins if (limb.mouth[2] > middle[2]) == (side == "left") and
               abs(limb.mouth[2] - middle[2]) > 8.0]
        own = sorted(own, key=lambda limb: -limb.mouth[0])
        largest = sorted(own, key=lambda limb: -limb.ml)[:3 if side == "right" else 2]
        own = [limb for limb in own if limb in largest]
        if len(own) == 1 and side == "left":
            names = ["left_common"]
        else:
            names = [f"{side}_superior", f"{side}_inferior"]
            if len(own) == 3:
                names.insert(1, "right_middle")
        result.update({f"pulmonary_vein_{name}": [limb] for name, limb in zip(names, own, strict=False)})
        usual = 2
        if len(own) != usual:
            notes.append(f"{len(own)} {side} pulmonary vein{'' if len(own) == 1 else 's'} told apart")
    return result, notes
