"""Scar and its border zone in the muscle of ventricles: from late-enhancement MR, by shape, or made up by a seed.

Of a substrate's classes "dense" is scar that does not conduct and "interstitial" the border zone, which conducts badly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from anatomy_twin.anatomy.heart.substrate import DENSE, HEALTHY, INTERSTITIAL, MOST_OUTSIDE
from anatomy_twin.catalog import load
from anatomy_twin.core import Volume
from anatomy_twin.core.heart import Myocardium, Substrate
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.units import Point, check_point, check_positive, check_range

LEAST_REMOTE: Final = 50  # voxels of healthy muscle for a mean and a deviation


@dataclass(frozen=True, slots=True)
class Channel:
    """A strand of surviving muscle through a scar: a tube from one point to another.

    The first ``border_share`` of its length is border zone, the rest as healthy as muscle outside: a front that comes
    early may be blocked where the border zone begins and pass from the other end.
    """

    from_mm: Point
    to_mm: Point
    radius_mm: float
    border_share: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "from_mm", check_point("from_mm", self.from_mm))
        object.__setattr__(self, "to_mm", check_point("to_mm", self.to_mm))
        check_positive("radius_mm", self.radius_mm)
        check_range("border_share", self.border_share, 0.0, 1.0)

    def holds(self, points_mm: NDArray[np.float64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Tell which points (N, 3) lie in the tube, and which of these in its border zone."""
        start, way = np.asarray(self.from_mm), np.subtract(self.to_mm, self.from_mm)
        share = np.clip((points_mm - start) @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
        inside = np.linalg.norm(points_mm - start - share[:, None] * way, axis=1) <= self.radius_mm
        return inside, inside & (share <= self.border_share)


def ellipsoid_scar(
    muscle: Myocardium, centre_mm: ArrayLike, radii_mm: ArrayLike, border_mm: float = 3.0, *,
    axes: ArrayLike | None = None, channel: Channel | None = None,
) -> Substrate:
    """Return a scar in the shape of an ellipsoid within a border zone, with a channel where one is given.

    Parameters
    ----------
    muscle : its voxels' middles are told apart.
    centre_mm, radii_mm : of the scar, in LPS mm; along ``axes`` (3, 3), rows unit vectors, default those of the world.
    border_mm : by how much the border zone reaches further along each axis.
    channel : muscle within it is alive.

    Raises ``DataError`` for radii that are not above zero, and where no muscle lies in the scar.
    """
    centre = np.asarray(check_point("centre_mm", centre_mm))
    radii = np.asarray(radii_mm, np.float64)
    frame = np.eye(3) if axes is None else np.asarray(axes, np.float64)
    if radii.shape != (3,) or not (np.isfinite(radii).all() and (radii > 0.0).all()):
        raise DataError(f"radii of a scar are {radii_mm}", advice="give three lengths above zero")
    if frame.shape != (3, 3) or not np.allclose(frame @ frame.T, np.eye(3), atol=1e-6):
        raise DataError("axes of a scar are not unit vectors at right angles")
    border = check_range("border_mm", border_mm, 0.0, 30.0)
    points = muscle.points_mm()
    along = (points - centre) @ frame.T
    inner, outer = (np.linalg.norm(along / (radii + more), axis=1) for more in (0.0, border))
    classes = np.where(inner <= 1.0, DENSE, np.where(outer <= 1.0, INTERSTITIAL, HEALTHY))
    if not (classes == DENSE).any():
        raise DataError("no muscle lies in the scar", where="{:.1f}, {:.1f}, {:.1f} mm".format(*centre))
    notes = ["this scar is made up"]
    if channel is not None:
        inside, slow = (part & (classes == DENSE) for part in channel.holds(points))
        if not inside.any():
            raise DataError("the channel does not pass through the scar", advice="move it")
        classes = np.where(slow, INTERSTITIAL, np.where(inside, HEALTHY, classes))
        notes.append("with a channel")
    size = " x ".join(f"{value:g}" for value in radii)
    return Substrate(classes, inner, "distance in radii", "", f"ellipsoid of {size} mm, border zone {border:g} mm",
                     tuple(notes))


def made_up_scar(
    muscle: Myocardium, share: float, seed: int, *, part: str | None = None, patch_mm: float = 8.0,
    dense_share: float = 0.6,
) -> Substrate:
    """Return patches of scar by a seed: a smoothed random field, of which the highest ``share`` is diseased.

    ``part`` limits it to a named part (such as "aha_8"), of which ``share`` is meant then; ``dense_share`` of what is
    diseased is scar, what lies around it border zone.
    """
    wanted = check_range("share", share, 0.0, 1.0)
    within = np.ones(muscle.count, bool)
    if part is not None:
        within = named_part(muscle, part)
    noise = np.random.default_rng(seed).normal(size=muscle.mask.shape)
    size = check_positive("patch_mm", patch_mm)
    field = gaussian_filter(noise, [0.5 * size / step for step in muscle.geometry.spacing_mm])[muscle.mask]
    order = np.flatnonzero(within)[np.argsort(-field[within], kind="stable")]
    classes = np.zeros(muscle.count, np.int64)
    count = round(wanted * order.size)
    classes[order[:count]] = INTERSTITIAL
    classes[order[: round(check_range("dense_share", dense_share, 0.0, 1.0) * count)]] = DENSE
    where = f" of {part}" if part else ""
    return Substrate(classes, field, "made-up texture", "", f"{100.0 * wanted:g} %{where}, seed {seed}",
                     ("this scar is made up",))


def by_remote_muscle(
    muscle: Myocardium, volume: Volume, remote: str | NDArray[np.bool_],
    thresholds: str | tuple[float, float] = "two_and_five",
) -> Substrate:
    """Return classes by how many standard deviations late enhancement is above that of remote healthy muscle.

    Parameters
    ----------
    volume : late-enhancement MR in the same coordinates.
    remote : a named part of the muscle without scar, or bool (N,).
    thresholds : a set of the catalog, or the lower bounds of border zone and scar in deviations.

    Raises ``MeshError`` where more than a tenth of the muscle is outside of the image; ``DataError`` for remote muscle
    of too few voxels and thresholds that are not there or in the wrong order.
    """
    points = muscle.points_mm()
    outside = ~volume.geometry.contains(points)
    if outside.mean() > MOST_OUTSIDE:
        raise MeshError(f"{100.0 * outside.mean():.0f} % of the muscle lies outside of the image",
                        advice="register the image to the ventricles first")
    index = volume.geometry.to_index(points).T
    values = map_coordinates(np.asarray(volume.array, np.float64), index, order=1, mode="nearest")
    healthy = named_part(muscle, remote) if isinstance(remote, str) else np.asarray(remote, bool)
    if healthy.shape != (muscle.count,) or np.count_nonzero(healthy) < LEAST_REMOTE:
        raise DataError(f"remote muscle of {np.count_nonzero(healthy)} voxels", advice=f"give {LEAST_REMOTE} or more")
    mean, deviation = float(values[healthy].mean()), float(values[healthy].std())
    above = (values - mean) / check_positive("deviation of remote muscle", deviation)
    low, high, source = _bounds(thresholds)
    classes = np.where(above > high, DENSE, np.where(above > low, INTERSTITIAL, HEALTHY))
    return Substrate(classes, above, "deviations above remote muscle", "", source)


def named_part(muscle: Myocardium, name: str) -> NDArray[np.bool_]:
    """Return the voxels (N,) of a named part; ``DataError`` where there is none."""
    if name not in muscle.parts:
        raise DataError(f"{muscle.name!r} has no part {name!r}", advice=f"it has {', '.join(muscle.parts)}")
    return np.asarray(muscle.parts[name])


def _bounds(thresholds: str | tuple[float, float]) -> tuple[float, float, str]:
    sets: dict[str, Any] = load("ventricular_substrate")["deviations"]["sets"]
    if isinstance(thresholds, str):
        if thresholds not in sets:
            raise DataError(f"unknown thresholds {thresholds!r}", advice=f"use one of {', '.join(sets)} or two numbers")
        chosen = sets[thresholds]
        return float(chosen["interstitial"]), float(chosen["dense"]), f"{thresholds}; {chosen['source']}"
    low, high = (check_range("threshold", value) for value in thresholds)
    if high < low:
        raise DataError(f"thresholds {low:g} and {high:g} are in the wrong order", advice="give the border zone first")
    return low, high, f"thresholds {low:g} and {high:g} deviations"
