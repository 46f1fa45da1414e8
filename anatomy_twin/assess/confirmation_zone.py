"""The ablation zone on the scan after: given or found, and compared with what was simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Case, Code, LabelMap, Quantity, Segment, Volume, VolumeGeometry
from anatomy_twin.core.confirmation import ZONE
from anatomy_twin.errors import DataError, SegmentationError
from anatomy_twin.kernels.distance import distance_mm
from anatomy_twin.kernels.field_spline import sample_at
from anatomy_twin.registration import Registration
from anatomy_twin.segmentation.abdomen.ablation_zone import find_ablation_zone

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
FORMER_BLUR_MM: Final = 1.2
FORMER_HU: Final = 25.0
FORMER_OFF_MM: Final = 3.0
FORMER_ML: Final = 0.3


@dataclass(frozen=True, eq=False)
class Zone:
    """The zone on the scan after and the labels that hold it, and what they rest on.

    ``organ``: where the organ of before lies; ``edge_mm``: the measured error of the outline.
    """

    mask: Mask
    labels: LabelMap
    volume_ml: float
    note: str
    warnings: tuple[str, ...]
    organ: Mask | None = None
    edge_mm: float | None = None


def zone_of(
    case: Case, labels: LabelMap, after: Volume, given: LabelMap | None, target: str, found: Registration,
    plan: AblationPlan | None = None,
) -> Zone:
    """Return the zone that the user gave, else the one that is found on the scan.

    ``labels`` are those of the case, canonical. The zone that was simulated for ``plan`` tells where to look for it.
    """
    if given is not None and not given.geometry.is_close(after.geometry, 0.01):
        raise DataError("the labels of the scan after are not on its grid")
    organ = labels.segment(target).part_of
    liver = None
    if organ and organ in labels:
        liver = _back(labels.mask(organ) | labels.mask(target), labels.geometry, after, found)
    if given is not None and ZONE in given:
        mask = given.mask(ZONE)
        return Zone(mask, given, float(given.volume_ml(ZONE)), "outline that was given", (), liver)
    if liver is None:
        raise SegmentationError(f"{target} is part of no organ: its ablation zone cannot be found",
                                advice="give an outline called ablation_zone")  # fmt: skip
    expected = _back(labels.mask(target), labels.geometry, after, found)
    result = case.results.get(plan.name) if plan is not None else None
    planned = None
    if result is not None and result.coagulated.any():
        planned = _back(result.coagulated, result.geometry, after, found) & liver
    former = _dark_before(case.volume.canonical(), labels, target, organ)
    old = _back(former, labels.geometry, after, found) if former.any() else None
    if old is not None and planned is not None:
        old &= ~planned
    one = find_ablation_zone(after, liver, expected, planned, old)
    warnings = tuple(f"the ablation zone is to be looked at: {rule}" for rule in one.rules)
    return Zone(one.mask, _with_zone(given, after, one.mask, one.rules, one.note),
                int(np.count_nonzero(one.mask)) * after.geometry.voxel_volume_ml, one.note, warnings, liver,
                one.edge_mm)


def _dark_before(before: Volume, labels: LabelMap, target: str, organ: str) -> Mask:
    """What was clearly darker than the organ before already, without the target: cysts, former zones, other tumours."""
    inside = labels.mask(organ)
    spacing = before.geometry.spacing_mm
    smooth = ndimage.gaussian_filter(np.asarray(before.array, np.float32), [FORMER_BLUR_MM / step for step in spacing])
    values = smooth[inside]
    middle = float(np.median(values))
    noise = 1.4826 * float(np.median(np.abs(values - middle)))
    own = distance_mm(labels.mask(target), spacing, FORMER_OFF_MM + 1.0) <= FORMER_OFF_MM
    deep = inside & (distance_mm(~inside, spacing, FORMER_OFF_MM + 1.0) > FORMER_OFF_MM)
    dark = deep & ~own & (smooth < middle - max(FORMER_HU, 3.0 * noise))
    pieces, count = ndimage.label(dark)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * before.geometry.voxel_volume_ml
    sizes[0] = 0.0
    return np.asarray((sizes >= FORMER_ML)[pieces])


def _back(mask: Mask, grid: VolumeGeometry, after: Volume, found: Registration) -> Mask:
    """Return a mask on a grid of the scan before on the grid of the scan after."""
    index = np.argwhere(mask)
    corners = grid.to_world(_corners(index.min(axis=0) - 2, index.max(axis=0) + 2))
    place = after.geometry.to_index(found.to_moving(corners))
    room = 15.0 / np.asarray(after.geometry.spacing_mm)  # the box is carried by its corners, what is in it may bulge
    low = np.clip(np.floor(place.min(axis=0) - room), 0, after.geometry.shape).astype(int)
    high = np.clip(np.ceil(place.max(axis=0) + room) + 1, 0, after.geometry.shape).astype(int)
    result = np.zeros(after.geometry.shape, bool)
    size = np.maximum(high - low, 0)
    if not size.all():
        return result
    source = np.ascontiguousarray(mask.astype(np.float32))[None]
    for k in range(low[0], high[0]):
        plane = np.moveaxis(np.indices((1, size[1], size[2])), 0, -1).reshape(-1, 3) + np.array([k, low[1], low[2]])
        places = found.to_fixed(after.geometry.to_world(plane))
        values = sample_at(source, np.asarray(grid.inverse_affine), places, 0.0)[:, 0]
        result[k, low[1] : high[1], low[2] : high[2]] = values.reshape(size[1], size[2]) >= 0.5
    return result


def _corners(low: NDArray[np.int64], high: NDArray[np.int64]) -> Floats:
    sides = np.stack([low, high]).T
    return np.array(np.meshgrid(*sides, indexing="ij"), float).reshape(3, -1).T


def _with_zone(given: LabelMap | None, after: Volume, mask: Mask, rules: tuple[str, ...], note: str) -> LabelMap:
    """Return the labels of the scan after with the zone in a layer of its own."""
    layers = np.zeros((0, *mask.shape), np.uint8) if given is None else given.array
    term = catalog.term(ZONE)
    segment = Segment(
        ZONE, layers.shape[0], 1, Code(term["scheme"], term["code"], term["meaning"]), tuple(term["colour"]),
        "check" if rules else "ok", term["part_of"], note, rules,
    )
    stack = np.concatenate([layers, mask[None].astype(layers.dtype)])
    return LabelMap(stack, after.geometry, (*(given.segments if given else ()), segment), given.notes if given else ())


def compared_with_plan(
    case: Case, plan: AblationPlan | None, zone: Zone, found: Registration
) -> tuple[Quantity, ...]:
    """Return how the zone and the simulated one agree: overlap (Dice) and lengths along and across the applicator."""
    result = case.results.get(plan.name) if plan is not None else None
    if plan is None or result is None or not result.coagulated.any():
        return ()
    grid = _grid_of_both(result.geometry, zone, found)
    places = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3))
    planned = sample_at(np.ascontiguousarray(result.coagulated.astype(np.float32))[None],
                        np.asarray(result.geometry.inverse_affine), places, 0.0)[:, 0] >= 0.5  # fmt: skip
    seen = sample_at(np.ascontiguousarray(zone.mask.astype(np.float32))[None],
                     np.asarray(zone.labels.geometry.inverse_affine), found.to_moving(places), 0.0)[:, 0] >= 0.5
    dice = 2.0 * np.count_nonzero(planned & seen) / max(np.count_nonzero(planned) + np.count_nonzero(seen), 1)
    applicator = plan.applicators[0]
    axis = np.subtract(applicator.tip_mm, applicator.entry_mm)
    axis = axis / np.linalg.norm(axis)
    told = [Quantity("dice_percent", "Overlap with the simulated zone (Dice)", round(100.0 * float(dice), 1), "%",
                     note=f"plan {plan.name}, {result.coagulated_ml:.1f} ml simulated")]  # fmt: skip
    for name, label, part in (("simulated", "Simulated zone", planned), ("seen", "Zone on the scan after", seen)):
        along, across = _lengths(places[part], axis)
        for key, words, value in (("along", "along the applicator", along), ("across", "across it", across)):
            told.append(Quantity(f"{name}_{key}_mm", f"{label}, {words}", round(value, 1), "mm"))
    return tuple(told)


def _grid_of_both(simulated: VolumeGeometry, zone: Zone, found: Registration) -> VolumeGeometry:
    """A grid of 1 mm, parallel to the simulated one, that holds both zones."""
    there = found.to_fixed(zone.labels.geometry.to_world(np.argwhere(zone.mask)[::5]))
    index = np.concatenate([simulated.to_index(there), np.zeros((1, 3)), np.array([simulated.shape]) - 1.0])
    spacing = np.asarray(simulated.spacing_mm)
    low, high = index.min(axis=0) - 3.0 / spacing, index.max(axis=0) + 3.0 / spacing
    size = np.ceil((high - low) * spacing).astype(int) + 1
    start = simulated.to_world(low)
    return VolumeGeometry((int(size[0]), int(size[1]), int(size[2])), (1.0, 1.0, 1.0), simulated.direction,
                          (float(start[0]), float(start[1]), float(start[2])), simulated.frame_of_reference_uid)


def _lengths(points: Floats, axis: Floats) -> tuple[float, float]:
    """Return the length of a cloud of 1 mm voxels along an axis, and the greatest one across it."""
    if not len(points):
        return 0.0, 0.0
    along = points @ axis
    side = np.cross(axis, (1.0, 0.0, 0.0) if abs(axis[0]) < 0.8 else (0.0, 1.0, 0.0))
    side = side / np.linalg.norm(side)
    other = np.cross(axis, side)
    widest = 0.0
    for angle in np.radians(np.arange(0, 180, 10)):
        across = points @ (np.cos(angle) * side + np.sin(angle) * other)
        widest = max(widest, float(np.ptp(across)) + 1.0)
    return float(np.ptp(along)) + 1.0, widest
