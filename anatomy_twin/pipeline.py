"""The whole chain from a scan to an assessed plan. Each stage takes a case and returns a new one with its provenance.

This is the only module that knows all rooms of the chain; the command line and the window call it.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from anatomy_twin import __version__
from anatomy_twin.anatomy import build_anatomy
from anatomy_twin.assess import assess, is_lesion
from anatomy_twin.core import (
    SILENT,
    AblationPlan,
    Anatomy,
    Case,
    FrozenMapping,
    LabelMap,
    Monitor,
    Patient,
    Plan,
    ThermalResult,
    Volume,
    check_cancelled,
)
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import DataError, PlanError, StoreError, UsageError
from anatomy_twin.plan import Proposal, check_plan, load_device, propose, require_in_body
from anatomy_twin.scan import load_volume
from anatomy_twin.scan.grid_file import describe_grid, is_grid_file
from anatomy_twin.scan.label_file import read_label_file
from anatomy_twin.scan.label_match import Target as LabelTarget
from anatomy_twin.scan.label_match import match_note
from anatomy_twin.scan.label_object import read_label_object
from anatomy_twin.scan.label_place import with_place_checked
from anatomy_twin.search import confirm_duration
from anatomy_twin.segmentation import add_target, editing, segment
from anatomy_twin.simulation import simulate
from anatomy_twin.store import load_labels as load_seg_nrrd
from anatomy_twin.units import Point, check_range

Target = str | Point
LIBRARIES = ("numpy", "scipy", "numba", "scikit-image", "SimpleITK", "pydicom", "vtk", "pyvista")


@dataclass
class _Clock:
    seconds: float = 0.0


@contextmanager
def _stage(name: str, monitor: Monitor) -> Iterator[_Clock]:
    check_cancelled(monitor)
    monitor.stage(name)
    clock, start = _Clock(), time.perf_counter()
    yield clock
    clock.seconds = time.perf_counter() - start
    monitor.progress(1.0)


def load_labels(
    path: str | Path, like: Volume | None = None, names: Mapping[int, str] | None = None
) -> LabelMap:
    """Read labels of another program, or of this one.

    Parameters
    ----------
    path : a ``.seg.nrrd`` file; a DICOM SEG or RT structure set; a NIfTI, NRRD or MetaImage file of label numbers.
        The content counts, not the name.
    like : the volume that the labels belong to. They are put onto its grid, re-indexed or cropped ones too, and never
        resampled; ``scan.label_match.match_note`` has the rule by which they are taken or refused. A structure set
        needs it.
    names : names of label numbers, for files that do not state them.

    Returns a ``LabelMap`` whose notes say how the labels were matched and what was left out. Segments bear the
    catalog's names where label or code is known there, their own otherwise.

    Raises ``ScanError`` or ``StoreError`` when the file holds no labels, is damaged, belongs to another scan or does
    not lie on the volume's grid; ``UsageError`` for a structure set without ``like``, or for ``names`` where the file
    has its own.
    """
    file = Path(path)
    grid = is_grid_file(file)
    if grid and not file.name.endswith(".seg.nrrd") and not describe_grid(file).keys:
        return read_label_file(file, like, names)
    if names and file.is_file():
        raise UsageError("the file names its labels itself", where=file.name, advice="leave the names (--names) out")
    if not grid and not file.name.endswith(".seg.nrrd"):
        return read_label_object(file, like)
    labels = load_seg_nrrd(file)
    target = LabelTarget.of(like)
    if like is None or target is None:
        return labels
    note = match_note("segmentation", (), labels.geometry.frame_of_reference_uid, target, file.name)
    try:
        placed = labels_on_grid(labels, like.geometry)
    except DataError as error:
        raise StoreError(error.what, where=file.name, advice=error.advice) from error
    others = tuple(line for line in labels.notes if line != note)
    return with_place_checked(replace(placed, notes=(note, *others)), like, file.name)


def import_scan(
    path: str | Path, *, series_uid: str | None = None, repair: bool = False, modality: str | None = None,
    patient: Patient | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Read the best (or the named) series of a folder, or a volume file, into a new case (see ``load_volume``)."""
    with _stage("reading the scan", monitor) as clock:
        volume = load_volume(path, series_uid=series_uid, repair=repair, modality=modality, monitor=monitor)
        for warning in volume.warnings:
            monitor.warn(warning)
    case = Case.new(volume=volume, patient=patient)
    return _recorded(case, "reading the scan", volume.facts, clock)


def _recorded(case: Case, stage: str, facts: Mapping[str, str], clock: _Clock) -> Case:
    """Add a line of provenance, and before it the versions in use where they are not those of the line before."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    now = {"anatomy_twin": __version__, "python": platform.python_version(), **versions}
    known = [dict(step.facts) for step in case.provenance if step.stage == "software"]
    if not known or known[-1] != now:
        case = case.with_step("software", now)
    return case.with_step(stage, facts, clock.seconds)


def segment_case(
    case: Case, segmenter: str = "ct-abdomen", monitor: Monitor = SILENT, seeds: Mapping[str, object] | None = None
) -> Case:
    """Segment the primary volume, or with ``seeds`` correct its labels; plans, results and surfaces are dropped."""
    with _stage("segmenting organs", monitor) as clock:
        labels = segment(case.volume, segmenter, seeds, case.labels.get(case.primary) if seeds else None, monitor)
        if case.plans:
            monitor.warn(f"the new segmentation replaces the old one; dropped with it: plan {', '.join(case.plans)}")
    fresh = Case.new(
        volume=case.volume, labels=labels, patient=case.patient, name=case.primary, provenance=case.provenance
    )
    stem, colon, argument = segmenter.partition(":")
    told = f"{stem}{colon}{Path(argument).name}"  # of a card only its name: paths tell of people
    facts = {"segmenter": told, "found": ", ".join(labels.names), "seed": "none (deterministic)"}
    facts |= {"pointed at": ", ".join(seeds)} if seeds else {}
    return _recorded(replace(fresh, timings_s=case.timings_s), "segmenting organs", facts, clock)


def labels_case(
    case: Case, path: str | Path, names: Mapping[int, str] | None = None, monitor: Monitor = SILENT
) -> Case:
    """Take labels of another program for the primary volume (see ``load_labels``).

    Plans, results and surfaces of an older segmentation are dropped.
    """
    with _stage("reading labels", monitor) as clock:
        labels = load_labels(path, case.volume, names)
        for note in labels.notes:
            monitor.warn(note)
        if case.plans:
            monitor.warn(f"the labels replace the segmentation; dropped with it: plan {', '.join(case.plans)}")
    fresh = Case.new(
        volume=case.volume, labels=labels, patient=case.patient, name=case.primary, provenance=case.provenance
    )
    facts = {
        "matched": labels.notes[0], "found": ", ".join(labels.names),
        "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(),
    }
    return _recorded(replace(fresh, timings_s=case.timings_s), "reading labels", facts, clock)


def edit_case(
    case: Case, verb: str, name: str, options: Mapping[str, object], monitor: Monitor = SILENT
) -> Case:
    """Edit the segment ``name`` of the primary volume by a verb of ``segmentation.editing`` with its options.

    Plans, results and surfaces of the segmentation before are dropped. Raises ``UsageError`` for an unknown verb and
    where nothing changes.
    """
    if verb not in editing.VERBS:
        raise UsageError(f"no editing verb is called {verb!r}", advice=f"choose one of {', '.join(editing.VERBS)}")
    taken = dict(options, volume=case.volume) if "hu" in options else dict(options)
    with _stage("editing labels", monitor) as clock:
        change = editing.VERBS[verb].change(case.label_map, name, **taken)
        if change.empty:
            raise UsageError(f"{verb} changes nothing of {name}", advice="give another place, size or rule")
        labels = change.applied(case.label_map)
        if case.plans:
            monitor.warn(f"the labels were edited; dropped with the old ones: plan {', '.join(case.plans)}")
    fresh = replace(
        case, labels={**case.labels, case.primary: labels}, anatomy=Anatomy({}), plans={}, checks={}, results={},
        assessments={},
    )
    facts = {"edit": change.name, "changed": "; ".join(change.told)}
    facts |= {key: str(value) for key, value in options.items()}
    return _recorded(fresh, "editing labels", facts, clock)


def target_case(
    case: Case, target: Target, *, radius_mm: float | None = None, name: str = "tumour_1", proposed: bool = False,
    monitor: Monitor = SILENT,
) -> Case:
    """Make ``target`` (a segment name or a point in LPS mm) the segment ``name`` of the case.

    Where ``radius_mm`` is given and no lesion can be seen at the point, a sphere of that radius is the target.
    ``proposed`` says that nobody chose the target: it is the only one that the program found.
    Raises ``SegmentationError`` when nothing can be delineated there.
    """
    with _stage("outlining the target", monitor) as clock:
        labels = add_target(case.volume, case.label_map, target, radius_mm, name)
        if proposed:
            labels = _with_note(labels, name, f"{target}, proposed by the program and not confirmed by anyone")
        found = labels.segment(name)
        if found.note:
            monitor.warn(f"target: {found.note}")
    text = target if isinstance(target, str) else ", ".join(f"{value:.1f}" for value in target) + " mm LPS"
    case = case.with_labels(labels, case.anatomy)
    facts = {"asked for": text, "taken": found.note or "the outlined lesion"}
    return _recorded(case, "outlining the target", facts, clock)


def mesh_case(case: Case, monitor: Monitor = SILENT) -> Case:
    """Build the surfaces of all segments."""
    with _stage("building surfaces", monitor) as clock:
        anatomy = build_anatomy(case.volume, case.label_map, monitor=monitor)
    triangles = sum(s.certificate.triangle_count for s in anatomy.structures.values() if s.certificate)
    case = case.with_labels(case.label_map, anatomy)
    return _recorded(case, "building surfaces", {"triangles": str(triangles)}, clock)


def propose_case(
    case: Case, *, target: str = "tumour_1", name: str = "A", margin_mm: float = 5.0, device: str = "mwa-generic",
    monitor: Monitor = SILENT,
) -> Case:
    """Add the best proposed ablation of ``target``, checked, as plan ``name``."""
    with _stage("planning the ablation", monitor) as clock:
        best: Proposal = propose(
            case, "ablation", target=target, margin_mm=margin_mm, device=device, count=1, monitor=monitor
        )[0]
        plan = replace(best.plan, name=name)
        check = check_plan(case, plan)
    facts = {"plan": name, "target": target, "device": device, "why": best.why}
    return _recorded(case.with_plan(plan, check), "planning the ablation", facts, clock)


def add_plan(case: Case, plan: Plan, monitor: Monitor = SILENT) -> Case:
    """Add a plan made by hand, with its check: broken rules are kept and shown.

    Raises ``PlanError`` for an unknown target or device and for an applicator outside the body.
    """
    with _stage("checking the plan", monitor) as clock:
        check = check_plan(case, plan, monitor=monitor)
        require_in_body(check)
    return _recorded(case.with_plan(plan, check), "checking the plan", {"plan": plan.name}, clock)


def simulate_case(case: Case, plan_name: str = "A", *, refine: bool = False, monitor: Monitor = SILENT) -> Case:
    """Simulate one plan. With ``refine`` the shortest duration that reaches the margin replaces the planned one."""
    plan = case.plan(plan_name)
    with _stage("simulating the heat", monitor) as clock:
        if refine and isinstance(plan, AblationPlan):
            plan, result = confirm_duration(case, plan, monitor=monitor)
            case = case.with_plan(plan, check_plan(case, plan))
        else:
            result = simulate(case, plan, monitor=monitor)
        for warning in result.warnings:
            monitor.warn(warning)
    return _recorded(case.with_result(result), "simulating the heat", _simulation_facts(result), clock)


def _simulation_facts(result: ThermalResult) -> Mapping[str, str]:
    return FrozenMapping({"plan": result.plan_name, "verdict by": result.verdict_model, **result.parameters})


def assess_case(case: Case, plan_name: str | None = None, monitor: Monitor = SILENT) -> Case:
    """Read the numbers off the anatomy and, where ``plan_name`` is given, off that plan and its result."""
    with _stage("measuring margins", monitor) as clock:
        case = case.with_assessment(assess(case))
        if plan_name is not None:
            plan = case.plan(plan_name)
            assessment = assess(case, plan, case.results.get(plan_name))
            case = case.with_assessment(assessment)
            for quantity in assessment.quantities:
                if quantity.verdict == "not met":
                    text = f"{quantity.label} {quantity.value:g} {quantity.unit}, limit {quantity.limit}"
                    monitor.warn(f"not met: {text}")
    return _recorded(case, "measuring margins", {"plan": plan_name or "none"}, clock)


def _with_note(labels: LabelMap, name: str, note: str) -> LabelMap:
    segments = tuple(replace(s, note=note) if s.name == name else s for s in labels.segments)
    return replace(labels, segments=segments)


def named_target(case: Case, target: Target) -> tuple[str, bool]:
    """Return the segment that a plan for ``target`` is made for, and whether it is outlined already.

    A tumour that is outlined stays as it is, so that plans made for it stay comparable: a point inside it means it.
    Anything else becomes a new tumour with the next free number.
    """
    labels = case.label_map
    tumours = [name for name in labels.names if name.startswith("tumour_") and "candidate" not in name]
    if isinstance(target, str):
        if target in labels and not is_lesion(target):
            raise PlanError(f"{target} is no lesion", advice=f"choose one of {', '.join(candidates(labels)) or 'none'}")
        if not target.startswith("tumour_candidate"):
            return target, True
    else:
        for name in tumours:
            if labels.geometry.contains(target) and labels.mask(name)[labels.geometry.nearest_voxel(target)]:
                return name, True
    taken = {int(name.rsplit("_", 1)[1]) for name in tumours}
    return f"tumour_{next(n for n in range(1, len(taken) + 2) if n not in taken)}", False


def candidates(labels: LabelMap) -> tuple[str, ...]:
    """Return the segments that may be a target: tumours first, then proposals."""
    stems = ("tumour_", "lesion_", "tumour_candidate_")
    known = [name for name in labels.names if name.startswith(stems)]
    return tuple(sorted(known, key=lambda name: ("candidate" in name, name)))


def choose_target(case: Case, target: Target | None) -> Target:
    """Return the target to plan on; ``UsageError`` when it was not named and the scan does not show just one.

    A tumour that the program found is a proposal: where there are none or several the user decides.
    """
    if target is not None:
        return target
    found = candidates(case.label_map)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            "the program found no tumour, which does not mean that there is none",
            advice="give the target's position with --target x,y,z (LPS mm)",
        )
    listed = "; ".join(_describe(case.label_map, name) for name in found)
    raise UsageError(
        f"{len(found)} tumour candidates were found", where=listed, advice="choose one with --target NAME or x,y,z"
    )


def _describe(labels: LabelMap, name: str) -> str:
    x, y, z = centre_mm(labels, name)
    return f"{name}: {labels.volume_ml(name):.1f} ml at {x:.0f},{y:.0f},{z:.0f}"


def centre_mm(labels: LabelMap, name: str) -> Point:
    """Return the centroid of a segment in LPS mm; ``PlanError`` when it has no voxels."""
    indices = labels.mask(name).nonzero()
    if not indices[0].size:
        raise PlanError(f"{name} has no voxels")
    x, y, z = labels.geometry.to_world([axis.mean() for axis in indices])
    return float(x), float(y), float(z)


def run_liver_ablation(
    path: str | Path, *, target: Target | None = None, radius_mm: float | None = None, margin_mm: float = 5.0,
    device: str = "mwa-generic", series_uid: str | None = None, repair: bool = False, modality: str | None = None,
    patient: Patient | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Take a CT to a simulated and assessed microwave ablation of one liver tumour.

    Raises a ``TwinError`` when the scan cannot be read truthfully, when ``target`` is needed and missing, or when no
    path to the target is allowed.
    """
    check_range("margin_mm", margin_mm, 0.0, 30.0)  # what can be refused at once is not refused minutes later
    if radius_mm is not None:
        check_range("the target's radius in mm", radius_mm, 1.0, 60.0)
    load_device(device)
    case = import_scan(
        path, series_uid=series_uid, repair=repair, modality=modality, patient=patient, monitor=monitor
    )
    if case.volume.units == "HU" and target is not None and not isinstance(target, str):
        case.volume.geometry.nearest_voxel(target)
    case = segment_case(case, monitor=monitor)
    chosen = choose_target(case, target)
    case = target_case(case, chosen, radius_mm=radius_mm, proposed=target is None, monitor=monitor)
    case = mesh_case(case, monitor=monitor)
    case = propose_case(case, margin_mm=margin_mm, device=device, monitor=monitor)
    case = simulate_case(case, "A", refine=True, monitor=monitor)
    return assess_case(case, "A", monitor=monitor)


def warm_up() -> None:
    """Compile and cache every kernel with the signatures that the chain uses, so that no case waits for it."""
    from anatomy_twin.assess import warm_up as warm_assess
    from anatomy_twin.plan import warm_up as warm_plan
    from anatomy_twin.segmentation import warm_up as warm_segmentation
    from anatomy_twin.simulation import warm_up as warm_simulation

    for warm in (warm_segmentation, warm_plan, warm_simulation, warm_assess):
        warm()
