"""The heart of a case: a left atrium from labels or from a file, and its fibrosis from late-enhancement MR."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from anatomy_twin import catalog
from anatomy_twin.anatomy.heart.bricks import bricks_of
from anatomy_twin.anatomy.heart.chamber_file import load_chamber
from anatomy_twin.anatomy.heart.fibres import with_fibres, with_given_fibres
from anatomy_twin.anatomy.heart.from_labels import left_atrium_of
from anatomy_twin.anatomy.heart.regions import with_regions
from anatomy_twin.anatomy.heart.remesh import remeshed
from anatomy_twin.anatomy.heart.substrate import (
    blood_of,
    by_intensity_ratio,
    share_of,
    stage_of,
    texture,
    through_wall,
)
from anatomy_twin.anatomy.heart.surface import closed_over
from anatomy_twin.anatomy.wall_thickness import thickness_on_surface, wall_thickness
from anatomy_twin.core import (
    SILENT,
    Case,
    Chamber,
    Code,
    FrozenMapping,
    LabelMap,
    Monitor,
    Patient,
    Segment,
    SurfaceMesh,
    Transform,
    Volume,
)
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.pipeline.record import recorded, timed_stage
from anatomy_twin.registration import Quality, register
from anatomy_twin.registration.quality import at_surfaces
from anatomy_twin.segmentation import segment

EDGE_MM: Final = 0.8
LATE: Final = "late_enhancement"  # what the volume is called in a case
ATRIUM: Final = "left_atrium"
WALL: Final = "left_atrium_wall"
FARTHEST_OFF_MM: Final = 3.0  # mean: about the thickness of the wall that is read (assumed)
IMAGE_MM: Final = 1.5  # voxels of the image that stands for a scan where there is only a surface
BUILDING: Final = "building the heart"
READING: Final = "reading the fibrosis"
ALIGNING: Final = "aligning the late enhancement"
DRAWN: Final = "no scan: this image is drawn from the surface of a heart chamber"


def heart_of(case: Case, monitor: Monitor = SILENT, edge_mm: float = EDGE_MM) -> Case:
    """Return the case with its left atrium as a chamber: openings, regions, fibres, and fibrosis where it is known.

    Labels come from the primary volume (``cta-heart`` or others with ``left_atrium``, ``left_ventricle`` and a
    ``pulmonary_vein_...`` each). Fibrosis is read from the volume ``late_enhancement``, which is segmented if it has no
    labels yet and registered to the primary one if their frames of reference differ; the error stands with the
    transform. Thickness of the wall is that of a measured ``left_atrium_wall`` among the labels.

    Raises ``MeshError`` as ``left_atrium_of`` and ``remeshed``, ``DataError`` where the late enhancement does not lie
    on the atrium.
    """
    labels = case.label_map
    if ATRIUM not in labels:
        raise UsageError("the labels hold no left_atrium", advice="segment the CT by cta-heart first")
    with timed_stage(BUILDING, monitor) as clock:
        chamber = with_fibres(remeshed(left_atrium_of(labels), edge_mm, monitor))
        chamber = _with_wall(chamber, labels)
        for note in chamber.notes:
            monitor.warn(f"{chamber.name}: {note}")
    case = recorded(case.with_chamber(chamber), BUILDING, _facts(chamber, edge_mm), clock)
    return fibrosis_case(case, monitor) if LATE in case.volumes else case


def fibrosis_case(case: Case, monitor: Monitor = SILENT) -> Case:
    """Return the case with the fibrosis of its left atrium by the intensity ratio in its late-enhancement volume.

    Raises ``DataError`` where the case has no such volume or it does not lie on the atrium.
    """
    chamber, volume = case.chamber(ATRIUM), case.volumes.get(LATE)
    assert isinstance(chamber, Chamber)
    if volume is None:
        raise DataError("the case has no late-enhancement volume", advice="import it with the scan")
    if LATE not in case.labels:
        with timed_stage("segmenting the late enhancement", monitor):
            labels = segment(volume, "lge-left-atrium", monitor=monitor)
        case = replace(case, labels=FrozenMapping({**case.labels, LATE: labels}))
    case = _aligned(case, monitor)
    with timed_stage(READING, monitor) as clock:
        transform, labels = case.transforms[case.primary, LATE], case.labels[LATE]
        surface = chamber.surface
        there = replace(chamber, surface=SurfaceMesh(transform.to_moving(surface.points_mm), surface.triangles))
        mean, _ = blood_of(volume, labels.mask(ATRIUM), volume.geometry)
        substrate = by_intensity_ratio(chamber, through_wall(there, volume), mean)
        substrate = replace(substrate, notes=(*substrate.notes, f"late enhancement: {transform.error_kind}"))
        share = share_of(chamber, substrate)
    facts = {
        "share": f"{100.0 * share:.1f} % of the wall", "stage": f"Utah {stage_of(share)}",
        "by": f"{substrate.value_name}, {substrate.source}", "blood": f"{mean:.0f}", "alignment": transform.error_kind,
    }
    return recorded(case.with_chamber(replace(chamber, substrate=substrate)), READING, facts, clock)


def made_up_fibrosis(case: Case, stage: str, seed: int = 0, monitor: Monitor = SILENT) -> Case:
    """Return the case with made-up fibrosis in its left atrium: a stage ("I" to "IV", "1" to "4") and a seed.

    It says of itself that it is made up, in the case and in every report.
    """
    chamber = case.chamber(ATRIUM)
    assert isinstance(chamber, Chamber)
    with timed_stage("making up fibrosis", monitor) as clock:
        substrate = texture(chamber, stage, seed)
    facts = {"fibrosis": f"made up: {substrate.source}"}
    return recorded(case.with_chamber(replace(chamber, substrate=substrate)), "making up fibrosis", facts, clock)


def chamber_case(
    path: str | Path, case: Case | None = None, *, unit: str | None = None, axes: str = "LPS",
    edge_mm: float = EDGE_MM, patient: Patient | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Return ``case``, or a new one, with the left atrium of a surface file (see ``load_chamber``).

    The surface is remeshed to ``edge_mm``; openings and regions are named, fibres are those of the file or ruled.
    A new case has an image drawn from the surface in place of a scan, and says so.

    Raises ``MeshError`` as ``load_chamber``; ``DataError`` where the surface lies outside the scan of ``case``.
    """
    with timed_stage("reading the chamber", monitor) as clock:
        read = load_chamber(path, ATRIUM, unit=unit, axes=axes, monitor=monitor)
        chamber = with_regions(remeshed(read.chamber, edge_mm, monitor))
        given = read.chamber.fibres
        if given is None:
            chamber = with_fibres(chamber)
        else:
            before, now = (one.surface.points_mm[one.surface.triangles].mean(axis=1) for one in (read.chamber, chamber))
            nearest = cKDTree(before).query(now)[1]
            chamber = with_given_fibres(chamber, given.endo[nearest], given.epi[nearest], given.source)
        for note in chamber.notes:
            monitor.warn(f"{chamber.name}: {note}")
        if case is None:
            volume, labels = _drawn(chamber)
            case = Case.new(volume=volume, labels=labels, patient=patient)
        elif not case.volume.geometry.contains(chamber.surface.points_mm).all():
            raise DataError("the chamber lies outside the scan", where=ATRIUM, advice="see in which axes it was saved")
    return recorded(case.with_chamber(chamber), "reading the chamber", _facts(chamber, edge_mm), clock)


def _facts(chamber: Chamber, edge_mm: float) -> dict[str, str]:
    return {
        "chamber": chamber.name, "edge_mm": f"{edge_mm:g}", "points": str(len(chamber.surface.points_mm)),
        "openings": ", ".join(one.name for one in chamber.openings),
        "fibres": chamber.fibres.source if chamber.fibres is not None else "none", "notes": "; ".join(chamber.notes),
    }


def _aligned(case: Case, monitor: Monitor) -> Case:
    """Return the case with where the late enhancement lies; ``DataError`` where it does not lie on the atrium."""
    pair = (case.primary, LATE)
    if pair in case.transforms:
        return case
    fixed, moving = case.volume, case.volumes[LATE]
    labels, others = case.label_map, case.labels[LATE]
    frames = [volume.geometry.frame_of_reference_uid for volume in (fixed, moving)]
    with timed_stage(ALIGNING, monitor) as clock:
        if frames[0] and frames[0] == frames[1]:
            transform, how = Transform(np.eye(4), None), "one frame of reference"
            quality = at_surfaces(transform, labels, others, [ATRIUM])
        else:
            found = register(fixed, moving, labels, others, deformable=False, region=ATRIUM, monitor=monitor)
            transform, quality, how = found.transform, found.quality, "registered"
        _check_off(quality, how)
        monitor.warn(f"late enhancement: {how}, {quality.text}")
    told = replace(transform, error_mm=quality.mean_mm, error_kind=f"{how}, {quality.text}")
    case = replace(case, transforms=FrozenMapping({**case.transforms, pair: told}))
    return recorded(case, ALIGNING, {"alignment": told.error_kind}, clock)


def _check_off(quality: Quality, how: str) -> None:
    if quality.mean_mm is None or quality.mean_mm > FARTHEST_OFF_MM:
        off = "by an unknown distance" if quality.mean_mm is None else f"by {quality.mean_mm:.1f} mm on average"
        raise DataError(f"the late enhancement ({how}) is off the atrium of the scan {off}", where=ATRIUM,
                        advice="give the late enhancement of the same patient, or leave it out")


def _with_wall(chamber: Chamber, labels: LabelMap) -> Chamber:
    """Return the chamber with the thickness of a wall that was outlined; a shell of assumed thickness tells none."""
    if WALL not in labels or "estimated" in labels.segment(WALL).rules:
        return chamber
    inner = labels.mask(ATRIUM)
    found = wall_thickness(labels.mask(WALL) & ~inner, inner, labels.geometry)
    thickness = thickness_on_surface(found, chamber.surface)
    known = np.isfinite(thickness) & (thickness > 0)
    if not known.any():
        return chamber
    points = chamber.surface.points_mm
    filled = np.where(known, thickness, thickness[known][cKDTree(points[known]).query(points)[1]])
    return replace(chamber, wall_mm=filled)


def _drawn(chamber: Chamber) -> tuple[Volume, LabelMap]:
    """Return an image of a chamber's blood, and its label, for a case without a scan."""
    closed = closed_over(chamber.surface.points_mm, chamber.surface.triangles,
                         [one.points.tolist() for one in chamber.openings])
    mask, grid = bricks_of(closed, IMAGE_MM)
    volume = Volume(mask.astype(np.int16), grid, modality="OT", units="", warnings=(DRAWN,), facts={"source": DRAWN})
    term = catalog.term(ATRIUM)
    code = Code(term["scheme"], term["code"], term["meaning"])
    return volume, LabelMap(mask[None].astype(np.uint8), grid, (Segment(ATRIUM, 0, 1, code, term["colour"], "ok"),))
