"""Which parts of a wall are fibrosis or scar: from late-enhancement MR, from bipolar voltage, or as made-up texture."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import binary_erosion, map_coordinates
from scipy.sparse import diags
from scipy.sparse.linalg import splu

from anatomy_twin.anatomy.heart.laplace import on_surface
from anatomy_twin.anatomy.heart.regions import point_areas, smoothed_normals
from anatomy_twin.anatomy.heart.surface import place
from anatomy_twin.anatomy.heart.ways import ways_over
from anatomy_twin.catalog import load
from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.core.heart import SUBSTRATE_CLASSES, Chamber, Substrate
from anatomy_twin.errors import DataError, MeshError
from anatomy_twin.units import check_positive, check_range

MOST_OUTSIDE: Final = 0.1  # of the wall: more, and the image shows something else
FARTHEST_MM: Final = 10.0  # from a mapping point to the wall that it speaks for
_NORMALS_MM: Final = 2.0
HEALTHY, INTERSTITIAL, DENSE = range(len(SUBSTRATE_CLASSES))


def through_wall(
    chamber: Chamber, volume: Volume, from_mm: float | None = None, to_mm: float | None = None
) -> NDArray[np.float64]:
    """Return the largest value (N,) of an image along the way through the wall at each point of its surface.

    Parameters
    ----------
    chamber : its surface is that of the blood.
    volume : late-enhancement MR in the same coordinates.
    from_mm, to_mm : where the way starts and ends, outward positive; default those of the catalog.

    Raises
    ------
    MeshError : more than a tenth of the wall lies outside of the image: they are not aligned.
    """
    rule = load("atrial_substrate")["through_wall"]
    start = check_range("from_mm", rule["from_mm"] if from_mm is None else from_mm, -10.0, 10.0)
    stop = check_range("to_mm", rule["to_mm"] if to_mm is None else to_mm, start, 15.0)
    depth = np.linspace(start, stop, max(int(np.ceil((stop - start) / rule["step_mm"])) + 1, 1))
    normal = smoothed_normals(chamber.surface, _NORMALS_MM)
    places = chamber.surface.points_mm[:, None] + depth[:, None] * normal[:, None]
    outside = ~volume.geometry.contains(places).any(axis=1)
    if outside.mean() > MOST_OUTSIDE:
        raise MeshError(f"{100.0 * outside.mean():.0f} % of the wall lies outside of the image",
                        where=place(chamber.surface.points_mm[outside].mean(axis=0)),
                        advice="register the image to the scan of the atrium first")
    index = np.moveaxis(volume.geometry.to_index(places), -1, 0)
    along = map_coordinates(np.asarray(volume.array, np.float64), index, order=1, mode="nearest")
    return np.asarray(along.max(axis=1))


def blood_of(
    volume: Volume, blood: NDArray[np.bool_], geometry: VolumeGeometry, in_mm: float = 3.0
) -> tuple[float, float]:
    """Return mean and standard deviation of the blood: of the voxels of a mask at least ``in_mm`` from its border.

    Raises ``DataError`` where the mask is on another grid or nothing is left of it.
    """
    if not volume.geometry.is_close(geometry) or blood.shape != geometry.shape:
        raise DataError("the mask of blood is not on the grid of the image", advice="resample it")
    rounds = max(int(np.ceil(in_mm / min(geometry.spacing_mm))), 1)
    inner = binary_erosion(blood, iterations=rounds)
    if not inner.any():
        raise DataError(f"nothing of the blood is {in_mm:g} mm from its border", advice="give a whole atrium")
    values = np.asarray(volume.array, np.float64)[inner]
    return float(values.mean()), float(values.std())


def by_intensity_ratio(
    chamber: Chamber, values: ArrayLike, blood_mean: float, thresholds: str | tuple[float, float] = "benito"
) -> Substrate:
    """Return classes by the image intensity ratio: values of the wall over the mean of the blood.

    ``thresholds`` names a set of the catalog or gives the lower bounds of interstitial fibrosis and dense scar.
    """
    ratio = _values(chamber, values) / check_positive("blood_mean", blood_mean)
    low, high, source = _bounds("intensity_ratio", thresholds)
    return _graded(ratio, ratio > low, ratio > high, "intensity ratio", "", source)


def by_deviations(
    chamber: Chamber, values: ArrayLike, blood_mean: float, blood_deviation: float,
    thresholds: str | tuple[float, float] = "blood_pool",
) -> Substrate:
    """Return classes by how many standard deviations the wall is above the mean of the blood."""
    above = (_values(chamber, values) - check_range("blood_mean", blood_mean)) / check_positive(
        "blood_deviation", blood_deviation)
    low, high, source = _bounds("deviations", thresholds)
    return _graded(above, above > low, above > high, "deviations above blood", "", source)


def by_voltage(
    chamber: Chamber, voltages_mv: ArrayLike, thresholds: str | tuple[float, float] = "atrium"
) -> Substrate:
    """Return classes by bipolar voltage (N,), mV; nan where nothing was measured counts as healthy and is told."""
    found = np.asarray(voltages_mv, dtype=np.float64)
    unknown = np.isnan(found) if found.shape == (len(chamber.surface.points_mm),) else np.zeros(0, bool)
    if unknown.all():
        raise DataError(f"voltages of shape {found.shape} for {len(chamber.surface.points_mm)} points",
                        advice="give one each, see `spread_over`")
    measured = _values(chamber, np.where(unknown, np.inf, found), finite=False)
    low, high, source = _bounds("bipolar_voltage_mv", thresholds)
    bare = 100.0 * unknown.mean()
    notes = (f"{bare:.0f} % of the wall has no voltage and counts as healthy",) if bare else ()
    return _graded(found, measured < low, measured < high, "bipolar voltage", "mV", source, notes)


def spread_over(
    chamber: Chamber, points_mm: ArrayLike, values: ArrayLike, farthest_mm: float = FARTHEST_MM
) -> NDArray[np.float64]:
    """Return values (N,) at the points of a wall from those at mapping points, nan farther than ``farthest_mm``.

    Each point takes the weighted mean (1 / squared distance) of the up to five nearest mapping points.

    Raises ``DataError`` for arrays that do not fit and for mapping points of which none is near the wall.
    """
    from scipy.spatial import cKDTree

    at, known = np.asarray(points_mm, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if at.ndim != 2 or at.shape[1:] != (3,) or known.shape != at.shape[:1] or not np.isfinite(at).all():
        raise DataError(f"values {known.shape} at points {at.shape}", advice="give points (n, 3) and one value each")
    good = np.isfinite(known)
    if not good.any():
        raise DataError("no mapping point has a value")
    count = min(5, int(good.sum()))
    away, nearest = cKDTree(at[good]).query(chamber.surface.points_mm, k=count)
    away, nearest = away.reshape(-1, count), nearest.reshape(-1, count)
    weight = np.where(away <= farthest_mm, 1.0 / np.maximum(away, 0.1) ** 2, 0.0)
    total = weight.sum(axis=1)
    if not (total > 0).any():
        raise DataError(f"no mapping point is within {farthest_mm:g} mm of the wall",
                        where=place(at[good].mean(axis=0)), advice="see whether map and surface have the same axes")
    mean = (weight * known[good][nearest]).sum(axis=1) / np.where(total > 0, total, 1.0)
    return np.asarray(np.where(total > 0, mean, np.nan))


def texture(
    chamber: Chamber, share: float | str, seed: int, patch_mm: float | None = None, dense_share: float | None = None,
) -> Substrate:
    """Return made-up fibrosis: patches of a random field on the wall, their share of it exact to a point.

    The field is that of F. Lindgren, H. Rue, J. Lindstrom (J R Stat Soc B 2011;73:423): (1 / l^2 - Laplace) applied to
    it is white noise, so that patches are of about ``patch_mm`` on any mesh. Veins and the ring of the valve stay
    healthy where they are known.

    Parameters
    ----------
    chamber : the wall.
    share : of the wall that is not vein or ring, 0 to 1, or a stage: "I" to "IV" (Utah), "1" to "4" (DECAAF).
    seed : of the pattern.
    patch_mm, dense_share : size of patches, and which share of the fibrosis is dense; default those of the catalog.
    """
    rules = load("atrial_substrate")
    stages = {**rules["stages"]["utah"]["shares"], **rules["stages"]["decaaf"]["shares"]}
    if isinstance(share, str) and share not in stages:
        raise DataError(f"unknown stage {share!r}", advice=f"use one of {', '.join(stages)} or a share from 0 to 1")
    wanted = check_range("share", stages[share] if isinstance(share, str) else share, 0.0, 1.0)
    length = check_positive("patch_mm", rules["texture"]["patch_mm"] if patch_mm is None else patch_mm)
    some = rules["texture"]["dense_share"] if dense_share is None else dense_share
    dense = check_range("dense_share", some, 0.0, 1.0)
    areas = point_areas(chamber.surface)
    noise = np.random.default_rng(seed).normal(size=len(areas)) * np.sqrt(areas)
    system = (diags(areas / (0.5 * length) ** 2) + on_surface(chamber.surface).stiffness).tocsc()
    field = splu(system).solve(noise)
    wall = _wall(chamber)
    order = np.flatnonzero(wall)[np.argsort(-field[wall], kind="stable")]
    covered = np.cumsum(areas[order]) / areas[wall].sum()
    classes = np.zeros(len(areas), np.int64)
    for part, number in ((wanted, INTERSTITIAL), (wanted * dense, DENSE)):
        classes[order[: _nearest_count(covered, part)]] = number
    named = f"stage {share}, " if isinstance(share, str) else ""
    return Substrate(classes, field, "made-up texture", "", f"{named}{100.0 * wanted:g} % of the wall, seed {seed}",
                     ("this fibrosis is made up",))


def share_of(chamber: Chamber, substrate: Substrate, at_least: int = INTERSTITIAL) -> float:
    """Return which share (0 to 1) of the wall's area, without veins and the valve's ring, is of a class or worse."""
    areas, wall = point_areas(chamber.surface), _wall(chamber)
    return float(areas[wall & (substrate.classes >= at_least)].sum() / areas[wall].sum())


def stage_of(share: float, scheme: str = "utah") -> str:
    """Return the stage ("I" to "IV" of Utah, "1" to "4" of DECAAF) of a share of fibrosis."""
    stages = load("atrial_substrate")["stages"]
    if scheme not in stages:
        raise DataError(f"unknown scheme {scheme!r}", advice=f"use one of {', '.join(stages)}")
    names, bounds = list(stages[scheme]["shares"]), stages[scheme]["bounds"]
    # Utah counts a bound to the stage below it, DECAAF to the one above
    return str(names[int(np.searchsorted(bounds, share, side="left" if scheme == "utah" else "right"))])


def around_scar_mm(chamber: Chamber, substrate: Substrate) -> NDArray[np.float64]:
    """Return (N,) how far each point is from the nearest dense scar along the wall, inf where there is none."""
    scar = np.flatnonzero(substrate.classes >= DENSE)
    if not scar.size:
        return np.full(len(substrate.classes), np.inf)
    return ways_over(chamber.surface).distance_mm(scar)


def _wall(chamber: Chamber) -> NDArray[np.bool_]:
    if chamber.regions is None:
        return np.ones(len(chamber.surface.points_mm), bool)
    out = [name for name in chamber.region_names if name.startswith("pulmonary_vein") or name == "mitral_annulus"]
    return ~chamber.in_regions(out)


def _nearest_count(covered: NDArray[np.float64], share: float) -> int:
    """Return how many first points cover a share as nearly as possible."""
    after = int(np.searchsorted(covered, share))
    if after >= len(covered):
        return len(covered)
    before = covered[after - 1] if after else 0.0
    return after + 1 if covered[after] - share < share - before else after


def _values(chamber: Chamber, values: ArrayLike, *, finite: bool = True) -> NDArray[np.float64]:
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (len(chamber.surface.points_mm),) or (finite and not np.isfinite(found).all()):
        raise DataError(f"values of shape {found.shape} for {len(chamber.surface.points_mm)} points, or not finite",
                        advice="give one finite number for each")
    return found


def _bounds(kind: str, thresholds: str | tuple[float, float]) -> tuple[float, float, str]:
    sets: dict[str, Any] = load("atrial_substrate")[kind]["sets"]
    if isinstance(thresholds, str):
        if thresholds not in sets:
            raise DataError(f"unknown thresholds {thresholds!r}",
                            advice=f"use one of {', '.join(sets)} or two numbers")
        chosen = sets[thresholds]
        doubt = f"; unverified: {', '.join(chosen['unverified'])}" if chosen["unverified"] else ""
        return float(chosen["interstitial"]), float(chosen["dense"]), f"{thresholds}{doubt}"
    low, high = (check_range("threshold", value) for value in thresholds)
    falling = kind == "bipolar_voltage_mv"
    if (high > low) if falling else (high < low):
        raise DataError(f"thresholds {low:g} and {high:g} are in the wrong order",
                        advice="give that of interstitial fibrosis first")
    return low, high, f"thresholds {low:g} and {high:g}"


def _graded(
    values: NDArray[np.float64], some: NDArray[np.bool_], much: NDArray[np.bool_], name: str,
    unit: str, source: str, notes: tuple[str, ...] = (),
) -> Substrate:
    classes = np.where(much, DENSE, np.where(some, INTERSTITIAL, HEALTHY))
    return Substrate(classes, values, name, unit, source, notes)
