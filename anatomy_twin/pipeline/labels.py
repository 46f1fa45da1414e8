"""Labels of a case: read, found, corrected, confirmed, and what stands on them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from anatomy_twin.core import (
    SILENT,
    Anatomy,
    Case,
    FrozenMapping,
    LabelMap,
    Monitor,
    Volume,
)
from anatomy_twin.core.regrid import labels_on_grid
from anatomy_twin.errors import DataError, StoreError, UsageError
from anatomy_twin.pipeline.record import recorded, timed_stage
from anatomy_twin.pipeline.targets import Target
from anatomy_twin.plan import check_plan
from anatomy_twin.scan.grid_file import describe_grid, is_grid_file
from anatomy_twin.scan.label_file import read_label_file
from anatomy_twin.scan.label_match import Target as LabelTarget
from anatomy_twin.scan.label_match import match_note
from anatomy_twin.scan.label_object import read_label_object
from anatomy_twin.scan.label_place import with_place_checked
from anatomy_twin.segmentation import add_target, editing, segment
from anatomy_twin.store import load_labels as load_seg_nrrd


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


def segment_case(
    case: Case, segmenter: str = "ct-abdomen", monitor: Monitor = SILENT, seeds: Mapping[str, object] | None = None
) -> Case:
    """Segment the primary volume, or with ``seeds`` correct its labels; plans, results and surfaces are dropped."""
    with timed_stage("segmenting organs", monitor) as clock:
        labels = segment(case.volume, segmenter, seeds, case.labels.get(case.primary) if seeds else None, monitor)
        if case.plans:
            monitor.warn(f"the new segmentation replaces the old one; dropped with it: plan {', '.join(case.plans)}")
    fresh = _fresh(case, labels)
    stem, colon, argument = segmenter.partition(":")
    told = f"{stem}{colon}{Path(argument).name}"  # of a card only its name: paths tell of people
    facts = {"segmenter": told, "found": ", ".join(labels.names), "seed": "none (deterministic)"}
    facts |= {"pointed at": ", ".join(seeds)} if seeds else {}
    return recorded(replace(fresh, timings_s=case.timings_s), "segmenting organs", facts, clock)


def labels_case(
    case: Case, path: str | Path, names: Mapping[int, str] | None = None, monitor: Monitor = SILENT
) -> Case:
    """Take labels of another program for the primary volume (see ``load_labels``).

    Plans, results and surfaces of an older segmentation are dropped.
    """
    with timed_stage("reading labels", monitor) as clock:
        labels = load_labels(path, case.volume, names)
        for note in labels.notes:
            monitor.warn(note)
        if case.plans:
            monitor.warn(f"the labels replace the segmentation; dropped with it: plan {', '.join(case.plans)}")
    fresh = _fresh(case, labels)
    facts = {
        "matched": labels.notes[0], "found": ", ".join(labels.names),
        "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(),
    }
    return recorded(replace(fresh, timings_s=case.timings_s), "reading labels", facts, clock)


def _fresh(case: Case, labels: LabelMap) -> Case:
    """Return a case of the same scans with new labels and nothing else; scans after a treatment go with its plans."""
    others = {name: volume for name, volume in case.volumes.items() if name not in case.confirmations}
    kept = {name: one for name, one in case.labels.items() if name in others}
    fresh = Case.new(volume=case.volume, patient=case.patient, name=case.primary, provenance=case.provenance)
    return replace(fresh, volumes=FrozenMapping(others), labels=FrozenMapping({**kept, case.primary: labels}))


def edit_case(
    case: Case, verb: str, name: str, options: Mapping[str, object], monitor: Monitor = SILENT
) -> Case:
    """Edit the segment ``name`` of the primary volume by a verb of ``segmentation.editing`` with its options.

    Plans, results and surfaces of the segmentation before are dropped. Where no voxel changed ("confirm") they stay:
    plans are checked anew, and numbers are to be read off again. Raises ``UsageError`` for an unknown verb and where
    nothing changes.
    """
    if verb not in editing.VERBS:
        raise UsageError(f"no editing verb is called {verb!r}", advice=f"choose one of {', '.join(editing.VERBS)}")
    taken = dict(options, volume=case.volume) if "hu" in options else dict(options)
    with timed_stage("editing labels", monitor) as clock:
        change = editing.VERBS[verb].change(case.label_map, name, **taken)
        if change.empty:
            advice = "it is confirmed already" if verb == "confirm" else "give another place, size or rule"
            raise UsageError(f"{verb} changes nothing of {name}", advice=advice)
        labels = change.applied(case.label_map)
        fresh = _with_states(case, labels) if verb == "confirm" else _with_voxels(case, labels, monitor)
    facts = {"edit": change.name, "changed": "; ".join(change.told)}
    facts |= {key: str(value) for key, value in options.items()}
    return recorded(fresh, "editing labels", facts, clock)


def _with_voxels(case: Case, labels: LabelMap, monitor: Monitor) -> Case:
    if case.plans:
        monitor.warn(f"the labels were edited; dropped with the old ones: plan {', '.join(case.plans)}")
    return replace(
        case, labels={**case.labels, case.primary: labels}, anatomy=Anatomy({}), plans={}, checks={}, results={},
        assessments={}, chambers={}, muscles={}, activations={}, inductions={}, lesion_searches={},
    )


def _with_states(case: Case, labels: LabelMap) -> Case:
    """Return the case with labels that differ in states and notes only."""
    known = {segment.name: segment for segment in labels.segments}
    structures = {
        name: replace(structure, state=known[name].state, note=known[name].note) if name in known else structure
        for name, structure in case.anatomy.structures.items()
    }
    fresh = replace(
        case, labels={**case.labels, case.primary: labels}, anatomy=replace(case.anatomy, structures=structures),
        assessments={},
    )
    return replace(fresh, checks={name: check_plan(fresh, plan) for name, plan in case.plans.items()})


def target_case(
    case: Case, target: Target, *, radius_mm: float | None = None, name: str = "tumour_1", proposed: bool = False,
    monitor: Monitor = SILENT,
) -> Case:
    """Make ``target`` (a segment name or a point in LPS mm) the segment ``name`` of the case.

    Where ``radius_mm`` is given and no lesion can be seen at the point, a sphere of that radius is the target.
    ``proposed`` says that nobody chose the target: it is the only one that the program found.
    Raises ``SegmentationError`` when nothing can be delineated there.
    """
    with timed_stage("outlining the target", monitor) as clock:
        labels = add_target(case.volume, case.label_map, target, radius_mm, name)
        if proposed:
            labels = _with_note(labels, name, f"{target}, proposed by the program and not confirmed by anyone")
        found = labels.segment(name)
        for gone in sorted({*case.label_map.names} - {*labels.names}):
            monitor.warn(f"{gone} is called {name} from now on")
        if found.note:
            monitor.warn(f"target: {found.note}")
    text = target if isinstance(target, str) else ", ".join(f"{value:.1f}" for value in target) + " mm LPS"
    case = case.with_labels(labels, case.anatomy)
    facts = {"asked for": text, "taken": found.note or "the outlined lesion"}
    return recorded(case, "outlining the target", facts, clock)


def _with_note(labels: LabelMap, name: str, note: str) -> LabelMap:
    segments = tuple(replace(s, note=note) if s.name == name else s for s in labels.segments)
    return replace(labels, segments=segments)
