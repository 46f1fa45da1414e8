"""Electrocardiograms: twelve leads of ventricles in a stated torso, and what is measured in them.

Potentials are those of ``electrograms`` in a medium without end; there is no torso surface, lung or bone. Electrode
places and the position of a heart that was not scanned in place are assumed (``catalog/torso.json``).

Leads: I = LA - RA, II = LL - RA, III = LL - LA, aVR = RA - (LA + LL) / 2 and so on, V1 to V6 over the mean of RA, LA
and LL (Wilson's terminal).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import load
from anatomy_twin.core import FrozenMapping
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro.electrograms import Electrograms, electrode_weights
from anatomy_twin.simulation.electro.spread import Spread
from anatomy_twin.units import check_point

LIMBS: Final = ("RA", "LA", "LL")
CHEST: Final = ("V1", "V2", "V3", "V4", "V5", "V6")
LEADS: Final = ("I", "II", "III", "aVR", "aVL", "aVF", *CHEST)
FASTEST_SHARE: Final = 0.05  # of the steepest change: below it nothing is activated any more
FARTHEST_MM: Final = 500.0  # from the heart to an electrode on a limb
FLAT_SHARE: Final = 0.02  # of a lead's QRS: a T wave lower than this is flat
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TorsoOrientation:
    """How a heart lies: ``rotation`` (3, 3) from its own coordinates to LPS, ``centre_mm`` the middle of its muscle
    in its own coordinates, ``source`` in one line where that comes from."""

    rotation: Floats
    centre_mm: Floats
    source: str

    def __post_init__(self) -> None:
        turn = read_only(self.rotation, "rotation", ndim=2, dtype=np.float64)
        if turn.shape != (3, 3) or not np.allclose(turn @ turn.T, np.eye(3), atol=1e-6) or np.linalg.det(turn) < 0.0:
            raise SimulationError("the position of the heart is no rotation", advice="give a right-handed one (3, 3)")
        object.__setattr__(self, "rotation", turn)
        object.__setattr__(self, "centre_mm", read_only(self.centre_mm, "centre_mm", ndim=1, dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Ecg:
    """Voltages ``leads_mv`` (12, T) of ``LEADS`` at ``times_ms`` (T,); ``assumed`` are lines for the reader."""

    times_ms: Floats
    leads_mv: Floats
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_ms", read_only(self.times_ms, "times_ms", ndim=1, dtype=np.float64))
        object.__setattr__(self, "leads_mv", read_only(self.leads_mv, "leads_mv", ndim=2, dtype=np.float64))
        if self.leads_mv.shape != (len(LEADS), self.times_ms.size):
            raise SimulationError(f"leads of shape {self.leads_mv.shape} for {self.times_ms.size} moments")

    def lead(self, name: str) -> Floats:
        """Return the voltage (T,) of a lead."""
        if name not in LEADS:
            raise SimulationError(f"no lead is called {name!r}", advice=f"use one of {', '.join(LEADS)}")
        return np.asarray(self.leads_mv[LEADS.index(name)])


@dataclass(frozen=True, slots=True)
class EcgMeasures:
    """What an electrocardiogram measures.

    ``qrs_start_ms`` and ``qrs_ms``: begin and width of the QRS, while any lead changes by more than 5 % of the steepest
    change; ``axis_deg`` its mean axis in the frontal plane (0 to the left, 90 to the feet) and its name; ``t_waves``
    per lead "upright", "inverted" or "flat", by the largest deflection after the QRS.
    """

    qrs_start_ms: float
    qrs_ms: float
    axis_deg: float
    axis_name: str
    t_waves: Mapping[str, str] = field(default_factory=FrozenMapping)


def as_scanned(points_mm: Floats) -> TorsoOrientation:
    """Return the orientation of a heart that was scanned in place: its coordinates are the patient's."""
    return TorsoOrientation(np.eye(3), points_mm.mean(axis=0), "as it was scanned")


def laid_in_torso(points_mm: Floats, up: Floats, septal: Floats) -> TorsoOrientation:
    """Return the usual orientation of a heart that was not scanned in place.

    Parameters
    ----------
    points_mm : (N, 3), its muscle; up : from the apex of the left ventricle to its base; septal : from the left to the
        right ventricle (``anatomy.heart.segments.heart_axes``).
    """
    lies = load("torso")["heart"]
    own = _frame(up, septal)
    usual = _frame(np.array(lies["apex_to_base"]), np.array(lies["left_to_right_ventricle"]))
    return TorsoOrientation(usual @ own.T, points_mm.mean(axis=0), f"assumed: {lies['note']}")


def torso_electrodes(orientation: TorsoOrientation) -> FrozenMapping[str, tuple[float, float, float]]:
    """Return the places of the nine electrodes in the heart's own coordinates, mm."""
    places = load("torso")["electrodes_mm"]
    return FrozenMapping({
        name: check_point(name, orientation.centre_mm + orientation.rotation.T @ np.array(place, float))
        for name, place in places.items()
    })


def lead_weights(
    spread: Spread, points_mm: Floats, volumes_mm3: Floats, orientation: TorsoOrientation
) -> FrozenMapping[str, Floats]:
    """Return the weights (N,) of the nine electrodes in the medium of the catalog, see ``electrode_weights``."""
    places = torso_electrodes(orientation)
    found = electrode_weights(spread, points_mm, volumes_mm3, places, surround_s_m=float(load("torso")["medium_s_m"]),
                              farthest_mm=FARTHEST_MM)
    return FrozenMapping(dict(zip(places, found, strict=True)))


def ecg_of(potentials: Electrograms, orientation: TorsoOrientation) -> Ecg:
    """Return twelve leads from the potentials of the nine electrodes (``torso_electrodes``)."""
    at = {name: potentials.of(name) for name in (*LIMBS, *CHEST)}
    right, left, foot = (at[name] for name in LIMBS)
    terminal = (right + left + foot) / 3.0
    leads = [left - right, foot - right, foot - left, right - 0.5 * (left + foot), left - 0.5 * (right + foot),
             foot - 0.5 * (right + left), *(at[name] - terminal for name in CHEST)]
    return Ecg(potentials.times_ms, np.array(leads), (
        "electrodes of an assumed torso in a medium without borders: amplitudes are not calibrated",
        f"position of the heart: {orientation.source}",
    ))


def measures_of(ecg: Ecg, until_ms: float | None = None) -> EcgMeasures:
    """Return what an electrocardiogram of one beat measures.

    ``until_ms``: when all muscle is activated, where that is known; the QRS is looked for within 40 ms of it, else in
    the first 200 ms after it begins. Raises ``SimulationError`` where nothing moves.
    """
    times, leads = ecg.times_ms, ecg.leads_mv
    change = np.abs(np.gradient(leads, times, axis=1)).max(axis=0)
    if not change.max() > 0.0:
        raise SimulationError("the electrocardiogram is flat", advice="see whether anything was activated")
    begin = int(np.argmax(change > FASTEST_SHARE * change.max()))
    latest = times[begin] + 200.0 if until_ms is None else until_ms + 40.0
    early = times <= latest
    moving = np.flatnonzero(early & (change > FASTEST_SHARE * change[early].max()))
    first, last = int(moving[0]), int(moving[-1])
    qrs = slice(first, last + 1)
    middle = np.trapezoid(leads[:, qrs], times[qrs], axis=1)
    one, foot = middle[LEADS.index("I")], middle[LEADS.index("aVF")]
    # aVF is taken over the mean of two limbs, by which it is lower than a lead between two limbs by sqrt(3) / 2
    axis = float(np.degrees(np.arctan2(foot * 2.0 / np.sqrt(3.0), one)))
    waves = {}
    for number, name in enumerate(LEADS):
        after = leads[number, last + 1 :]
        height = float(after[np.argmax(np.abs(after))]) if after.size else 0.0
        flat = abs(height) < FLAT_SHARE * np.ptp(leads[number, qrs])
        waves[name] = "flat" if flat else "upright" if height > 0.0 else "inverted"
    return EcgMeasures(float(times[first]), float(times[last] - times[first]), axis, axis_name(axis),
                       FrozenMapping(waves))


def axis_name(axis_deg: float) -> str:
    """Return what an axis in the frontal plane is called: normal is -30 to 90 degrees."""
    turn = (axis_deg + 180.0) % 360.0 - 180.0
    if -30.0 <= turn <= 90.0:
        return "normal"
    if -90.0 <= turn < -30.0:
        return "left axis deviation"
    return "right axis deviation" if turn > 90.0 else "extreme axis"


def _frame(up: NDArray[Any], septal: NDArray[Any]) -> Floats:
    """Return unit vectors as columns: up, towards the right ventricle at a right angle to it, and up x that."""
    first = np.asarray(up, np.float64) / np.linalg.norm(up)
    second = np.asarray(septal, np.float64) - (septal @ first) * first
    if np.linalg.norm(second) < 1e-6:
        raise SimulationError("the axes of a heart are parallel")
    second /= np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)], axis=1)
