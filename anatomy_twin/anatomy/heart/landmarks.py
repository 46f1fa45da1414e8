"""Which opening of a left atrium is which: the valve is the largest, veins are named by how all lie together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.heart.surface import measured
from anatomy_twin.catalog import load
from anatomy_twin.core.heart import Chamber
from anatomy_twin.errors import MeshError

VALVE: Final = "mitral_valve"
FARTHEST_TURN_DEG: Final = 60.0  # a heart lies up to so much otherwise than the typical one
LETTERS: Final = ("LR", "PA", "SI")
_LEFT: Final = ("pulmonary_vein_left_superior", "pulmonary_vein_left_inferior")
_RIGHT: Final = ("pulmonary_vein_right_superior", "pulmonary_vein_right_inferior")
_SETS: Final = {
    3: ((("pulmonary_vein_left_common",), _RIGHT), (_LEFT, ("pulmonary_vein_right_common",))),
    4: ((_LEFT, _RIGHT),),
    5: ((_LEFT, (*_RIGHT, "pulmonary_vein_right_middle")), ((*_LEFT, "pulmonary_vein_left_middle"), _RIGHT)),
}


@dataclass(frozen=True, slots=True)
class Fit:
    """How typical landmarks lie on a surface: names of its veins in order, the turn onto it (columns: its left, back
    and up in LPS), and the mean distance that is left, mm."""

    names: tuple[str, ...]
    turn: NDArray[np.float64]
    error_mm: float


def named_openings(chamber: Chamber) -> tuple[Chamber, Fit]:
    """Return the chamber with its openings named, and how the typical landmarks lie on it.

    The largest opening is the valve. Of all ways to name the veins the one is taken that fits typical places best, with
    the axes as they are; ``notes`` tell where another turn would fit much better (the axes are wrong then).
    Openings that have names keep them.

    Raises
    ------
    MeshError : fewer than three or more than five openings beside the valve.
    """
    veins = chamber.openings[1:]
    if len(veins) not in _SETS:
        raise MeshError(f"{len(veins)} openings beside the valve: pulmonary veins not found",
                        advice="a left atrium has three to five, cut open; close others")
    places = np.array([measured(chamber, one).centre_mm for one in chamber.openings])
    if all(one.name for one in chamber.openings):
        names = tuple(one.name for one in veins)
        return chamber, _fitted(places, names, None)
    fits = [_fitted(places, names, np.eye(3)) for names in _ways_to_name(len(veins))]
    best = min(fits, key=lambda fit: fit.error_mm)
    free = min((_fitted(places, fit.names, None) for fit in fits), key=lambda fit: fit.error_mm)
    notes = list(chamber.notes)
    if _angle_deg(free.turn) > FARTHEST_TURN_DEG and free.error_mm < 0.7 * best.error_mm:
        notes.append(f"veins may be named wrongly: by its shape this atrium's axes are {_axes(free.turn)}, not LPS")
    openings = [replace(chamber.openings[0], name=VALVE)]
    openings += [replace(one, name=name) for one, name in zip(veins, best.names, strict=True)]
    return replace(chamber, openings=tuple(openings), notes=tuple(notes)), _fitted(places, best.names, None)


def likely_axes(chamber: Chamber) -> str:
    """Return the directions in which x, y and z of a left atrium grow by its shape alone ("LPS" where all is right)."""
    places = np.array([measured(chamber, one).centre_mm for one in chamber.openings])
    if len(places) - 1 not in _SETS:
        raise MeshError(f"{len(places) - 1} openings beside the valve: pulmonary veins not found",
                        advice="a left atrium has three to five, cut open; close others")
    fits = (_fitted(places, names, None) for names in _ways_to_name(len(places) - 1))
    return _axes(min(fits, key=lambda fit: fit.error_mm).turn)


def typical_mm(name: str) -> NDArray[np.float64]:
    """Return the typical place of a landmark in LPS, about the middle of the veins."""
    entry: dict[str, Any] = load("left_atrium")["landmarks_mm"]
    if name in entry:
        return np.array(entry[name], dtype=np.float64)
    side = name.rsplit("_", 1)[0]  # a common vein, or one in the middle
    return np.mean([entry[f"{side}_superior"], entry[f"{side}_inferior"]], axis=0)


def _ways_to_name(count: int) -> Iterator[tuple[str, ...]]:
    for left, right in _SETS[count]:
        yield from permutations((*left, *right))


def _fitted(places: NDArray[np.float64], names: tuple[str, ...], turn: NDArray[np.float64] | None) -> Fit:
    """Fit typical landmarks: their middle and size, and their turn if it is not given (Kabsch, Acta Cryst 1976)."""
    typical = np.array([typical_mm(VALVE), *(typical_mm(name) for name in names)])
    source, target = typical - typical.mean(axis=0), places - places.mean(axis=0)
    if turn is None:
        u, _, v = np.linalg.svd(target.T @ source)
        turn = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ v))]) @ v
    turned = source @ turn.T
    size = max(float((turned * target).sum() / (turned**2).sum()), 0.0)
    return Fit(names, turn, float(np.linalg.norm(size * turned - target, axis=1).mean()))


def _angle_deg(turn: NDArray[np.float64]) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0))))


def _axes(turn: NDArray[np.float64]) -> str:
    """Return the letters of the axes that a turn is nearest to."""
    best, letters = -np.inf, ""
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.zeros((3, 3))
        matrix[range(3), order] = signs
        if np.linalg.det(matrix) > 0 and (score := float((matrix * turn).sum())) > best:
            best = score
            letters = "".join(LETTERS[axis][0 if sign > 0 else 1] for axis, sign in zip(order, signs, strict=True))
    return letters
