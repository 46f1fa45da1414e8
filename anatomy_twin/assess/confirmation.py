"""A scan after an ablation is held against the target of the scan before: margin with its error, rim, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.assess.boundary import Boundary, mask_boundary, signed_distance_to
from anatomy_twin.assess.confirmation_zone import compared_with_plan, zone_of
from anatomy_twin.assess.margin import resolvable
from anatomy_twin.assess.margin_field import MarginField, prepare_margin
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Case,
    Confirmation,
    LabelMap,
    Monitor,
    Quantity,
    Volume,
    VolumeGeometry,
    next_stage,
    part_of,
)
from anatomy_twin.core.confirmation import BORDERLINE, COMPLETE, INCOMPLETE, UNCERTAIN
from anatomy_twin.errors import DataError, PlanError, SegmentationError
from anatomy_twin.registration import Registration, register
from anatomy_twin.units import check_point, check_range

Floats = NDArray[np.float64]
RIM_MM: Final = 5.0
GRID_MM: Final = 1.0
LONGEST_MM: Final = 30.0
CONTRACTION: Final = "contraction of the coagulated tissue (linear)"


def confirm_ablation(
    case: Case, post_volume: Volume, plan: AblationPlan | str | None = None, *, target: str | None = None,
    post_labels: LabelMap | None = None, landmarks: Any = None, registration: Registration | None = None,
    contraction_percent: float = 0.0, segmenter: str = "ct-abdomen", name: str = "after", monitor: Monitor = SILENT,
) -> Confirmation:
    """Tell from a scan after an ablation whether the target was destroyed with its margin.

    Parameters
    ----------
    case : the twin of before, segmented; its target is what counts.
    post_volume : the scan after, best in the portal phase.
    plan : the plan that was carried out, or its name; its simulated zone, if there is one, is compared. Without, the
        only ablation of the case.
    target : the segment that was treated; by default that of the plan, else the only tumour.
    post_labels : outlines on ``post_volume``. "ablation_zone" is taken as it is; else the zone is found as liver that
        takes up no contrast medium. A liver among them measures the registration's error.
    landmarks : pairs of points for the error of the registration (see ``register``).
    registration : of the case's scan to ``post_volume``, where it was made before.
    contraction_percent : how much shorter coagulated tissue is than it was, in percent of length; 0 to 50. The zone
        is taken that much larger, about its middle. It is an assumption, no measurement, and said as such.
    segmenter : finds the liver of the scan after where no labels give it and no landmarks are there; "" for none, then
        the error is not checked and the verdict uncertain.
    name : of the scan after among the case's volumes.

    The margin is the least signed distance of the target's surface to the zone's (the minimal ablative margin). Where
    the target lies within 5 mm of the liver's surface and the zone reaches that surface, the rim is left out.

    Returns
    -------
    Confirmation : put it into the case with ``case.with_confirmation``.

    Raises
    ------
    PlanError : no such plan or target, or a target too small for a margin.
    ScanError : the scans cannot be registered. SegmentationError : no ablation zone is seen.
    """
    contraction = check_range("contraction_percent", contraction_percent, 0.0, 50.0)
    if name in (case.primary, *case.labels) and name not in case.confirmations:
        raise DataError(f"the case has a scan called {name!r}", advice="choose another name")
    chosen, wanted = _chosen(case, plan, target)
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    after = post_volume.canonical()
    given = None if post_labels is None else post_labels.reindexed(*post_labels.geometry.canonical_axes())
    warnings: list[str] = []
    given, known = _with_liver(after, given, landmarks, registration, segmenter, warnings, monitor)
    found = registration or register(case.volume.canonical(), after, labels, known, landmarks, monitor=monitor)
    next_stage(monitor, "measuring the ablation zone")
    zone = zone_of(labels, after, given, wanted, found)
    with part_of(monitor, 0.3, 0.9):
        measured = _measure(labels, wanted, zone.mask, after.geometry, found, contraction)
    verdict, reason = judge(measured.margin_mm, found.error_mm)
    if verdict == COMPLETE:
        verdict, reason = _doubted(labels, wanted, zone.labels, verdict, reason)
    error = found.error_mm
    quantities = (
        _error_quantity(found), _margin_quantity(measured, error, labels), *_coverage(measured, labels, wanted),
        Quantity("zone_ml", "Ablation zone on the scan after", round(zone.volume_ml, 1), "ml", note=zone.note),
        *compared_with_plan(case, chosen, zone, found),
    )
    edges, shares = _histogram(measured.distances_mm)
    monitor.progress(1.0)
    return Confirmation(
        name, wanted, chosen.name if chosen else "", found.quality.text, error, found.quality.p95_mm, verdict, reason,
        measured.margin_mm, None if error is None else measured.margin_mm - error,
        None if error is None else measured.margin_mm + error, measured.place_mm, measured.place_after_mm, edges,
        shares, contraction, quantities, (CONTRACTION,), (*warnings, *found.warnings, *zone.warnings),
        case.synthetic or post_volume.synthetic, after, zone.labels, found.transform,
    )


def judge(margin_mm: float, error_mm: float | None) -> tuple[str, str]:
    """Return the verdict on a margin with the error of its registration, and the reason in one line.

    At least the margin of the catalogue is "complete with margin", from 0 mm "borderline", below "incomplete";
    "uncertain" where the error is not known or its interval crosses one of the two limits.
    """
    wanted = float(catalog.load("limits")["margins"]["ablative_margin_mm"]["value"])

    def of(value: float) -> str:
        return COMPLETE if value >= wanted else BORDERLINE if value >= 0 else INCOMPLETE

    if error_mm is None:
        return UNCERTAIN, f"margin {margin_mm:.1f} mm, but the error of the registration is not checked"
    low, high = of(margin_mm - error_mm), of(margin_mm + error_mm)
    shown = f"margin {margin_mm:.1f} mm, {margin_mm - error_mm:.1f} to {margin_mm + error_mm:.1f} mm"
    if low == high:
        return low, f"{shown} with the error of the registration"
    return UNCERTAIN, f"{shown} with the error of the registration: from {low} to {high}"


def _chosen(
    case: Case, plan: AblationPlan | str | None, target: str | None
) -> tuple[AblationPlan | None, str]:
    """Return the plan, if any, and the name of the target."""
    found = case.plan(plan) if isinstance(plan, str) else plan
    ablations = [one for one in case.plans.values() if isinstance(one, AblationPlan)]
    if found is None and len(ablations) == 1 and target in (None, ablations[0].target):
        found = ablations[0]
    if found is not None and not isinstance(found, AblationPlan):
        raise PlanError(f"plan {found.name!r} is no ablation", advice="name an ablation")
    labels = case.label_map
    tumours = [one for one in labels.names if one.rstrip("0123456789") == "tumour_"]
    wanted = target or (found.target if found else tumours[0] if len(tumours) == 1 else "")
    if not wanted:
        raise PlanError("which target was treated is not said", advice=f"name one of {', '.join(tumours) or 'none'}")
    if wanted not in labels:
        raise PlanError(f"no structure is called {wanted!r}", advice=f"there are {', '.join(labels.names)}")
    reason = resolvable(labels, wanted)
    if reason:
        raise PlanError(f"the margin cannot be measured: {reason}", advice="take a finer scan")
    return found, wanted


def _with_liver(
    after: Volume, given: LabelMap | None, landmarks: Any, registration: Registration | None, segmenter: str,
    warnings: list[str], monitor: Monitor,
) -> tuple[LabelMap | None, LabelMap | None]:
    """Return the labels of the scan after to keep, and those that show its liver (found here where none do)."""
    if registration is not None or landmarks is not None or not segmenter or (given is not None and "liver" in given):
        return given, given
    from anatomy_twin.segmentation import segment

    try:
        labels = segment(after, segmenter, monitor=monitor)
    except SegmentationError as error:
        warnings.append(f"the liver of the scan after was not found: {error.what}")
        return given, given
    return labels if given is None else given, labels


@dataclass(frozen=True, eq=False)
class _Measured:
    """Margins of the target's surface and what is not covered. Places in LPS mm of the scans before and after."""

    margin_mm: float
    place_mm: tuple[float, float, float]
    place_after_mm: tuple[float, float, float]
    distances_mm: Floats
    subcapsular_percent: float
    target_percent: float
    target_left_ml: float
    rim_percent: float | None
    rim_left_ml: float


def _measure(
    labels: LabelMap, target: str, zone_mask: NDArray[np.bool_], grid_after: VolumeGeometry, found: Registration,
    contraction_percent: float,
) -> _Measured:
    """Carry the target's surface into the scan after and measure it against the zone there."""
    zone = mask_boundary(zone_mask, grid_after)
    middle = grid_after.to_world(np.argwhere(zone_mask).mean(axis=0))
    # the zone larger by a factor about its middle is the zone as it is, seen from points drawn in by that factor
    factor = 1.0 / (1.0 - contraction_percent / 100.0)

    def drawn_in(points: Floats) -> Floats:
        return np.asarray(middle + (found.to_moving(points) - middle) / factor)

    around = _grid_around(labels, target)
    field = prepare_margin(labels, target, around, RIM_MM)
    distances = factor * signed_distance_to(zone, drawn_in(field.points_mm))
    # the rim ends at the surface of the organ where the zone reaches it (see ``ablative_margin``); with the error, so
    # that a margin that the organ ends beyond 5 mm does not fall short of 5 mm within its interval
    shallow = field.depth_mm < RIM_MM + field.slack_mm + (found.error_mm or 0.0)
    ends = shallow & (distances >= np.maximum(field.depth_mm - field.slack_mm, 0.0))
    counted = np.flatnonzero(~ends) if (~ends).any() else np.arange(distances.size)
    worst = counted[int(np.argmin(np.round(distances[counted], 4)))]
    place = field.points_mm[worst]
    return _Measured(
        float(distances[worst]), check_point("place_mm", np.round(place, 1)),
        check_point("place_after_mm", np.round(found.to_moving(place), 1)), distances[counted],
        100.0 * float((field.depth_mm < RIM_MM).mean()), *_left(field, zone, drawn_in),
    )


def _left(field: MarginField, zone: Boundary, drawn_in: Any) -> tuple[float, float, float | None, float]:
    """Return percent covered and ml not covered of the target, and the same of its rim."""
    told: list[tuple[float | None, float]] = []
    for part in (field.inside, field.rim):
        places = field.geometry.to_world(np.argwhere(part))
        dead = zone.sample(drawn_in(places)) > 0 if len(places) else np.zeros(0, bool)
        left_ml = int(np.count_nonzero(~dead)) * field.geometry.voxel_volume_ml
        told.append((100.0 * float(dead.mean()) if dead.size else None, left_ml))
    (inside, inside_ml), (rim, rim_ml) = told
    return float(inside or 0.0), inside_ml, rim, rim_ml


def _grid_around(labels: LabelMap, target: str) -> VolumeGeometry:
    """A fine grid, parallel to the labels, that holds the target and its rim."""
    geometry = labels.geometry
    index = np.argwhere(labels.mask(target))
    spacing = np.asarray(geometry.spacing_mm)
    low, high = index.min(axis=0) - (RIM_MM + 3.0) / spacing, index.max(axis=0) + (RIM_MM + 3.0) / spacing
    size = np.ceil((high - low) * spacing / GRID_MM).astype(int) + 1
    start = geometry.to_world(low)
    return VolumeGeometry((int(size[0]), int(size[1]), int(size[2])), (GRID_MM,) * 3, geometry.direction,
                          (float(start[0]), float(start[1]), float(start[2])), geometry.frame_of_reference_uid)


def _doubted(labels: LabelMap, target: str, after: LabelMap, verdict: str, reason: str) -> tuple[str, str]:
    """A margin read off an outline that is flagged can miss a limit, it cannot meet it."""
    flagged = [name for name, where in ((target, labels), ("ablation_zone", after))
               if where.segment(name).state == "check"]  # fmt: skip
    if not flagged:
        return verdict, reason
    shown = " and ".join(str(catalog.term(name)["label"]).lower() for name in flagged)
    return UNCERTAIN, f"{reason}; the outline of {shown} is to be confirmed first"


def _error_quantity(found: Registration) -> Quantity:
    value = found.error_mm
    return Quantity("registration_error_mm", "Error of the registration", None if value is None else round(value, 1),
                    "mm", verdict="not checked" if value is None else "", note=found.quality.text)


def _margin_quantity(measured: _Measured, error_mm: float | None, labels: LabelMap) -> Quantity:
    limit = catalog.load("limits")["margins"]["ablative_margin_mm"]
    wanted = float(limit["value"])
    verdict = {COMPLETE: "met", BORDERLINE: "borderline", INCOMPLETE: "not met", UNCERTAIN: "not checked"}
    half = 0.5 * max(labels.geometry.spacing_mm)
    told = "not checked" if error_mm is None else f"{error_mm:.1f} mm"
    note = f"error of the registration {told}; the scan before resolves about {half:.1f} mm"
    if measured.subcapsular_percent > 0:
        note += (f"; {measured.subcapsular_percent:.0f} % of the target's surface lie within {RIM_MM:g} mm of the "
                 "surface of the organ: left out where the zone reaches that surface")  # fmt: skip
    return Quantity(
        "minimal_margin_mm", "Minimal ablative margin", round(measured.margin_mm, 1) + 0.0, "mm",
        f"at least {wanted:g} mm, borderline from 0 mm", verdict[judge(measured.margin_mm, error_mm)[0]],
        limit["source"], measured.place_mm, note,
    )


def _coverage(measured: _Measured, labels: LabelMap, target: str) -> tuple[Quantity, ...]:
    organ = labels.segment(target).part_of or "tissue"
    within = f"{organ} within {RIM_MM:g} mm of {target}"
    rim = None if measured.rim_percent is None else float(np.floor(10.0 * measured.rim_percent) / 10.0)
    return (
        Quantity("target_percent", "Target covered", float(np.floor(10.0 * measured.target_percent) / 10.0), "%",
                 note=f"{measured.target_left_ml:.2f} ml of {target} are not covered"),
        Quantity("rim_percent", f"{RIM_MM:g} mm rim covered", rim, "%", note=f"percent of {within}",
                 verdict="not checked" if rim is None else ""),
        Quantity("rim_left_percent", "Rim not covered", None if rim is None else round(100.0 - rim, 1), "%",
                 verdict="not checked" if rim is None else "", place_mm=measured.place_mm, note="worst at this place"),
        Quantity("rim_left_ml", "Rim not covered, volume", round(measured.rim_left_ml, 2), "ml", note=f"of {within}"),
    )  # fmt: skip


def _histogram(distances_mm: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return edges of 1 mm and percent of the target's surface in each bar."""
    held = np.clip(distances_mm, -LONGEST_MM, LONGEST_MM - 1e-6)
    low, high = int(np.floor(held.min())), int(np.floor(held.max())) + 1
    counts, edges = np.histogram(held, bins=np.arange(low, high + 1))
    shares = 100.0 * counts / held.size
    return tuple(float(edge) for edge in edges), tuple(round(float(share), 2) for share in shares)
