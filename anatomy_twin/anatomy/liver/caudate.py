"""Segment I of the liver, the caudate lobe, from landmarks: no portal branch that a scan shows tells where it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.anatomy.liver.landmarks import Landmarks
from anatomy_twin.core import LabelMap
from anatomy_twin.kernels.distance import distance_mm

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

REACH_MM: Final = 25.0  # its thickness from the cava on: transverse diameters of healthy lobes are 2 to 3 cm
# the paracaval part ends at about the right border of the cava (Couinaud 1994)
BESIDE_MM: Final = 3.0
BELOW_MM: Final = 25.0  # the papillary process and the bridge to segment VI hang down behind the fork
ROUND_DEG: Final = 135.0  # what lies behind the cava is the right lobe's bare area
SHARE: Final = (0.02, 0.10)  # of the liver; 2 to 10 % in healthy livers


@dataclass(frozen=True, eq=False)
class Caudate:
    """The voxels of segment I (none where it cannot be placed), what was done in words, and rules against it."""

    mask: Mask
    note: str
    rules: tuple[str, ...]


def find_caudate(
    labels: LabelMap, liver: Mask, frame: Landmarks, fork_mm: Floats | None, left_mm: Floats | None
) -> Caudate:
    """Return the liver between vena cava, portal fork and the fissure of the ligamentum venosum.

    Parameters
    ----------
    liver : bool [k, j, i] of ``labels``. frame : its landmarks.
    fork_mm : the portal fork (3,). left_mm : the end of the transverse part of the left portal branch (3,); the
        ligamentum venosum runs from there to the mouth of the left hepatic vein.

    The rule: within 25 mm of the vena cava, behind the plane through the portal fork, the end of the transverse part of
    the left portal branch and the front of the cava at the mouth of the hepatic veins, below that mouth and at most
    25 mm below the fork, before the cava or to its left, and not further to the right than its right border. Always an
    estimate.
    """
    none = np.zeros_like(liver)
    if "inferior_vena_cava" not in labels:
        return Caudate(none, "segment I is placed by the vena cava, which was not found", ("landmark",))
    if fork_mm is None or left_mm is None:
        return Caudate(none, "segment I lies behind the portal fork, which was not found", ("landmark",))
    geometry = labels.geometry
    cava = labels.mask("inferior_vena_cava")
    places = np.argwhere(liver & (distance_mm(cava, geometry.spacing_mm, REACH_MM + 5.0) <= REACH_MM))
    if not len(places):
        return Caudate(none, "segment I lies beside the vena cava, which lies apart from the liver", ("landmark",))
    world = geometry.to_world(places)
    points = geometry.to_world(np.argwhere(cava))
    mouth = _mouth_mm(frame, points)
    wide = _half_width_mm(points, frame)
    normal = np.cross(left_mm - fork_mm, mouth - fork_mm)
    if np.linalg.norm(normal) < 1e-6:
        return Caudate(none, "segment I cannot be placed: its landmarks lie on one line", ("landmark",))
    normal = normal / np.linalg.norm(normal)
    normal = normal if normal[1] > 0 else -normal  # towards the back
    middle = np.interp(world[:, 2], frame.level_mm, frame.cava_mm[:, 0])
    to_right = -frame.side * (world[:, 0] - middle)
    angle, _ = frame.polar(world)
    chosen = ((world - fork_mm) @ normal > 0) & (world[:, 2] < mouth[2]) & (world[:, 2] > fork_mm[2] - BELOW_MM)
    chosen &= (to_right < wide + BESIDE_MM) & (np.abs(angle) <= ROUND_DEG)
    mask = none.copy()
    mask[tuple(places[chosen].T)] = True
    share = float(np.count_nonzero(mask)) / float(np.count_nonzero(liver))
    note = f"segment I: within {REACH_MM:g} mm of the vena cava, behind portal fork and fissure; "
    note += f"{100 * share:.1f} % of the liver"
    if not SHARE[0] <= share <= SHARE[1]:
        note += f", where {100 * SHARE[0]:g} to {100 * SHARE[1]:g} % are usual"
        return Caudate(mask, note, ("estimated", "volume"))
    return Caudate(mask, note, ("estimated",))


def _mouth_mm(frame: Landmarks, cava_mm: Floats) -> Floats:
    """Return the front of the cava where the left (or middle, or right) hepatic vein joins it."""
    for name in ("left", "middle", "right"):
        if name in frame.veins:
            return np.asarray(frame.veins[name][0])
    top = float(frame.level_mm[-1])
    slab = cava_mm[np.abs(cava_mm[:, 2] - top) < 6.0]
    slab = slab if len(slab) else cava_mm
    return np.array([float(slab[:, 0].mean()), float(np.percentile(slab[:, 1], 5.0)), top])


def _half_width_mm(cava_mm: Floats, frame: Landmarks) -> float:
    inside = (cava_mm[:, 2] >= frame.level_mm[0]) & (cava_mm[:, 2] <= frame.level_mm[-1])
    part = cava_mm[inside] if inside.any() else cava_mm
    off = part[:, 0] - np.interp(part[:, 2], frame.level_mm, frame.cava_mm[:, 0])
    return float(np.percentile(np.abs(off), 95.0))
