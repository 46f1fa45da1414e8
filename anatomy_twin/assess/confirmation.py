"""A scan after an ablation is held against the target of the scan before: margin with its error, rim, verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.assess.confirmation_errors import Errors, judge, outline_mm, voxels_mm
from anatomy_twin.assess.confirmation_margin import RIM_MM, Measured, measure, subcapsular_mm
from anatomy_twin.assess.confirmation_zone import compared_with_plan, zone_of
from anatomy_twin.assess.margin import resolvable
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Case,
    Confirmation,
    LabelMap,
    Monitor,
    Quantity,
    Volume,
    next_stage,
    part_of,
)
from anatomy_twin.core.confirmation import BORDERLINE, COMPLETE, INCOMPLETE, UNCERTAIN, ZONE
from anatomy_twin.errors import DataError, PlanError, SegmentationError
from anatomy_twin.registration import LocalError, Registration, local_error, register
from anatomy_twin.units import check_range

Floats = NDArray[np.float64]
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

    The margin is the least signed distance of the target's surface to the zone's (the minimal ablative margin),
    where living organ lies behind it: none is asked for outside of the organ (see ``confirmation_margin``). Its
    interval holds the errors of the registration, of both outlines and of the voxels (see ``confirmation_errors``).

    Returns
    -------
    Confirmation : put it into the case with ``case.with_confirmation``.

    Raises
    ------
    PlanError : no such plan or target, or a target too small for a margin. DataError : the scan is that of before.
    ScanError : the scans cannot be registered. SegmentationError : no ablation zone is seen.
    """
    contraction = check_range("contraction_percent", contraction_percent, 0.0, 50.0)
    if name in (case.primary, *case.labels) and name not in case.confirmations:
        raise DataError(f"the case has a scan called {name!r}", advice="choose another name")
    chosen, wanted = _chosen(case, plan, target)
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    before, after = case.volume.canonical(), post_volume.canonical()
    if post_labels is None and np.array_equal(before.array, after.array):
        raise DataError("this is the scan from before, voxel by voxel", advice="give the scan after the ablation")
    given = None if post_labels is None else post_labels.reindexed(*post_labels.geometry.canonical_axes())
    warnings: list[str] = []
    given, known = _with_liver(after, given, landmarks, registration, segmenter, warnings, monitor)
    found = registration or register(before, after, labels, known, landmarks, monitor=monitor)
    next_stage(monitor, "measuring the ablation zone")
    local = local_error(before, after, labels, found.transform, wanted, _organ(labels, wanted))
    registration_mm, told = _at_target(found, local, warnings)
    try:
        zone = zone_of(case, labels, after, given, wanted, found, chosen)
    except SegmentationError as error:
        if local is None or local.alike:
            raise
        raise SegmentationError(f"{error.what}, and the tissue around the target does not match", where=error.where,
                                advice="check that both scans are of the same patient, best portal phase") from error
    errors = Errors(registration_mm, outline_mm(zone.labels, ZONE, zone.edge_mm), outline_mm(labels, wanted),
                    voxels_mm(labels.geometry, after.geometry))  # fmt: skip
    blur_mm = errors.capsule_mm(zone.edge_mm is None)  # a zone that was found ends at the capsule that was carried over
    with part_of(monitor, 0.3, 0.9):
        measured = measure(labels, wanted, zone.mask, zone.organ, after.geometry, found, contraction, blur_mm)
    if measured.depth_mm > blur_mm:  # else the corner of zone and capsule is known to half a voxel only
        errors = replace(errors, voxels_mm=voxels_mm(labels.geometry, after.geometry, measured.way))
    low, high = errors.around(measured.thin_mm, measured.thick_mm)
    verdict, reason = judge(measured.margin_mm, low, high)
    if measured.thin_mm < measured.thick_mm - 0.5:
        reason += f"; a layer of up to {blur_mm:.1f} mm below the capsule may live"
    if verdict == COMPLETE:
        verdict, reason = _doubted(labels, wanted, zone.labels, verdict, reason)
    quantities = (
        _error_quantity(registration_mm, told), _margin_quantity(measured, verdict, errors),
        *_coverage(measured, labels, wanted),
        Quantity("zone_ml", "Ablation zone on the scan after", round(zone.volume_ml, 1), "ml", note=zone.note),
        *compared_with_plan(case, chosen, zone, found),
    )
    edges, shares = _histogram(measured.distances_mm)
    monitor.progress(1.0)
    return Confirmation(
        name, wanted, chosen.name if chosen else "", told, registration_mm, found.quality.p95_mm, verdict, reason,
        measured.margin_mm, low, high, measured.place_mm, measured.place_after_mm, edges, shares, contraction,
        quantities, (CONTRACTION,), (*warnings, *found.warnings, *zone.warnings),
        case.synthetic or post_volume.synthetic, after, zone.labels, found.transform, errors.total_mm, errors.parts(),
        blur_mm,
    )


def _organ(labels: LabelMap, target: str) -> str:
    organ = labels.segment(target).part_of
    return organ if organ in labels else ""


def _at_target(found: Registration, local: LocalError | None, warnings: list[str]) -> tuple[float | None, str]:
    """Return the error of the registration at the target (95 %), and the line on it.

    Landmarks tell it best, then patches around the target, then the surfaces of an organ.
    """
    quality = found.quality
    if quality.kind == "landmarks":
        return quality.p95_mm, quality.text
    if local is None:
        return quality.p95_mm, quality.text
    around = f"{local.count} patches around the target"
    if not local.alike:
        off = f"patches are {local.shift_mm:.1f} mm off, " if np.isfinite(local.shift_mm) else "of the patches "
        warnings.append(f"the tissue around the target does not match ({off}{100.0 * local.far:.0f} % fit nowhere "
                        "near): the registration failed there, or the scan is of another patient")  # fmt: skip
        return None, f"not checked: {around} do not fit; {quality.text}"
    text = f"at the target {local.error_mm:.1f} mm by {around}"
    return local.error_mm, text if quality.kind == "not checked" else f"{quality.text}; {text}"


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


def _doubted(labels: LabelMap, target: str, after: LabelMap, verdict: str, reason: str) -> tuple[str, str]:
    """A margin read off an outline that is flagged can miss a limit, it cannot meet it."""
    flagged = [name for name, where in ((target, labels), (ZONE, after))
               if where.segment(name).state == "check"]  # fmt: skip
    if not flagged:
        return verdict, reason
    shown = " and ".join(str(catalog.term(name)["label"]).lower() for name in flagged)
    return UNCERTAIN, f"{reason}; the outline of {shown} is to be confirmed first"


def _error_quantity(value: float | None, told: str) -> Quantity:
    return Quantity("registration_error_mm", "Error of the registration", None if value is None else round(value, 1),
                    "mm", verdict="not checked" if value is None else "", note=told)


def _margin_quantity(measured: Measured, verdict: str, errors: Errors) -> Quantity:
    limit = catalog.load("limits")["margins"]["ablative_margin_mm"]
    wanted = float(limit["value"])
    shown = {COMPLETE: "met", BORDERLINE: "borderline", INCOMPLETE: "not met", UNCERTAIN: "not checked"}
    note = f"errors: {errors.text()}"
    if measured.subcapsular_percent > 0:
        note += (f"; {measured.subcapsular_percent:.0f} % of the target's surface lie within {subcapsular_mm():g} mm "
                 "of the surface of the organ: no margin is asked for outside of it")  # fmt: skip
    return Quantity(
        "minimal_margin_mm", "Minimal ablative margin", round(measured.margin_mm, 1) + 0.0, "mm",
        f"at least {wanted:g} mm, borderline from 0 mm", shown[verdict], limit["source"], measured.place_mm, note,
    )


def _coverage(measured: Measured, labels: LabelMap, target: str) -> tuple[Quantity, ...]:
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
