"""From labels to an anatomy: surfaces, vessel trees, territories, tetrahedra."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from anatomy_twin import __version__
from anatomy_twin.anatomy import build_anatomy
from anatomy_twin.anatomy.liver.couinaud import divide_liver
from anatomy_twin.anatomy.tetra.build import build_tetrahedra
from anatomy_twin.anatomy.tetra.report import TetReport, tetrahedra_report
from anatomy_twin.anatomy.tetra.size import Near, cut_out, level_sizes
from anatomy_twin.anatomy.vessels.trees import vessel_trees
from anatomy_twin.core import SILENT, Case, LabelMap, Monitor, is_foreign
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.pipeline.foreign import check_name
from anatomy_twin.pipeline.record import Heard, recorded, timed_stage
from anatomy_twin.pipeline.vessel_labels import with_portal_branches

SURFACES: Final = "building surfaces"
VESSELS: Final = "following the vessels"
DIVISION: Final = "dividing the liver"
TETRAHEDRA: Final = "filling with tetrahedra"


def mesh_case(case: Case, monitor: Monitor = SILENT, *, vessels: bool = True, only_missing: bool = False) -> Case:
    """Build the surfaces of all segments and, with ``vessels``, the vessel trees and what they supply.

    Surfaces that came from files stay. Trees, territories and tetrahedra of these very labels stay too; those of older
    labels are dropped, and the monitor is told. With ``only_missing`` what stands for these labels is not built again.
    """
    mark = labels_mark(case.label_map)
    standing = _mark_of(case, SURFACES) == mark
    if not (only_missing and standing):
        case = _with_surfaces(case, mark, monitor)
    if not vessels or (only_missing and standing and _mark_of(case, VESSELS) == mark):
        return case
    return vessels_case(case, monitor)


def labels_mark(labels: LabelMap) -> str:
    """Return a mark of the voxels, names and place of labels: equal marks, equal anatomy. States do not count."""
    digest = hashlib.blake2b(np.ascontiguousarray(labels.array).data, digest_size=8)
    grid = labels.geometry
    parts = [(s.name, s.layer, s.value, s.part_of) for s in labels.segments if not s.absent]
    digest.update(repr((labels.array.shape, str(labels.array.dtype), parts)).encode())
    for numbers in (grid.origin_mm, grid.spacing_mm, grid.direction):
        digest.update(np.asarray(numbers, dtype=np.float64).tobytes())
    return f"{__version__} {digest.hexdigest()}"


def _mark_of(case: Case, stage: str, **facts: str) -> str:
    """Return the mark of the labels that a stage ran on the last time, "" where that is not known."""
    for step in reversed(case.provenance):
        if step.stage == stage and all(step.facts.get(key) == value for key, value in facts.items()):
            return step.facts.get("labels", "")
    return ""


def _with_surfaces(case: Case, mark: str, monitor: Monitor) -> Case:
    labels, before = case.label_map, case.anatomy
    with timed_stage(SURFACES, monitor) as clock:
        anatomy = build_anatomy(case.volume, labels, monitor=monitor)
        foreign = {s.name: s for s in before.structures.values() if is_foreign(s)}
        for name in sorted(set(foreign) & set(anatomy.structures)):
            monitor.warn(f"{name}: the surface from a file gives way to the segment of this name")
        kept = {name: mesh for name, mesh in before.tetrahedra.items()
                if _mark_of(case, TETRAHEDRA, mesh=name) == mark}
        if gone := [name for name in before.tetrahedra if name not in kept]:
            monitor.warn(f"dropped, not known to be of these labels: tetrahedra {', '.join(gone)}")
        foreign = {name: s for name, s in foreign.items() if name not in anatomy.structures}
        anatomy = replace(anatomy, structures={**anatomy.structures, **foreign}, tetrahedra=kept)
        if _mark_of(case, VESSELS) == mark:
            anatomy = replace(anatomy, trees=before.trees, territories=before.territories,
                              notes=tuple(dict.fromkeys((*anatomy.notes, *before.notes))))
        elif before.trees or before.territories is not None:
            monitor.warn("dropped, not known to be of these labels: vessel trees and liver segments")
    triangles = sum(s.certificate.triangle_count for s in anatomy.structures.values() if s.certificate)
    case = case.with_labels(labels, anatomy)
    return recorded(case, SURFACES, {"triangles": str(triangles), "labels": mark}, clock)


def vessels_case(case: Case, monitor: Monitor = SILENT) -> Case:
    """Follow the vessels of the liver as trees and divide it into Couinaud's segments.

    Where the labels do not hold what it takes, trees or segments are left out; the monitor is told why, and the notes
    of the anatomy keep it: most scans show only some of the vessels.
    """
    mark, heard = labels_mark(case.label_map), Heard(monitor)
    with timed_stage(VESSELS, heard) as clock:
        labels = with_portal_branches(case.label_map, heard)
        trees = vessel_trees(labels, monitor=heard, volume=case.volume)
    facts = {name: f"{tree.length_mm:.0f} mm" for name, tree in trees.items()}
    anatomy = replace(case.anatomy, trees=trees, territories=None)
    case = recorded(replace(case, anatomy=anatomy), VESSELS, {**facts, "labels": mark}, clock)
    if "liver" not in labels:
        return _with_notes(case, [*heard.lines, "no liver segments: the labels have no liver"])
    with timed_stage(DIVISION, heard) as clock:
        try:
            division = divide_liver(labels, trees, monitor=heard)
        except DataError as error:
            heard.warn(f"no liver segments: {error.line}")
            return _with_notes(case, heard.lines)
    if division.portal is not None:
        trees = {**trees, "portal": division.portal}
    if division.hepatic is not None:
        trees = {**trees, "hepatic": division.hepatic}
    names = ", ".join(segment.name for segment in division.labels.segments if segment.layer == 0)
    anatomy = replace(anatomy, trees=trees, territories=division.labels)
    case = recorded(replace(case, anatomy=anatomy), DIVISION, {"segments": names}, clock)
    return _with_notes(case, heard.lines)


def _with_notes(case: Case, lines: Sequence[str]) -> Case:
    """Return the case with notes about its vessels in place of older ones."""
    notes = tuple(dict.fromkeys((*case.label_map.notes, *lines)))
    return replace(case, anatomy=replace(case.anatomy, notes=notes))


def check_tetrahedra(
    case: Case, names: Sequence[str], *, size_mm: float, fine_mm: float | None = None, near: Near | None = None,
    mesh_name: str = "",
) -> None:
    """Refuse at once what ``tetrahedra_case`` would refuse: names, sizes, and names of meshes."""
    if mesh_name:
        check_name(mesh_name, "a mesh")
    level_sizes(size_mm, fine_mm, near)
    if isinstance(near, str) and case.label_map.segment(near).absent:
        raise DataError(f"there is nothing of {near} to be fine near to", advice=case.label_map.segment(near).note)
    cut_out(case.label_map, names)


def tetrahedra_case(
    case: Case, names: Sequence[str], *, size_mm: float, fine_mm: float | None = None, near: Near | None = None,
    mesh_name: str = "", monitor: Monitor = SILENT,
) -> Case:
    """Add a tetrahedral mesh of some structures to the case (see ``build_tetrahedra``).

    It is called ``mesh_name``, by default as its first structure; one of that name is replaced. Its certificate
    (``tetrahedra_report``) stands in the provenance: ``tetrahedra_facts`` reads it. Raises ``MeshError`` where the
    mesh cannot be made, ``UsageError`` for a name that is none.
    """
    if mesh_name:
        check_name(mesh_name, "a mesh")
    with timed_stage(TETRAHEDRA, monitor) as clock:
        mesh = build_tetrahedra(
            case.label_map, names, size_mm=size_mm, fine_mm=fine_mm, near=near, monitor=monitor
        )
        report = tetrahedra_report(mesh, case.label_map)
    name = mesh_name or names[0]
    meshes = {other: one for other, one in case.anatomy.tetrahedra.items() if other != name}  # the newest stands last
    asked = {"size_mm": f"{size_mm:g}", **({} if fine_mm is None else {"fine_mm": f"{fine_mm:g}", "near": str(near)})}
    facts = {"mesh": name, "structures": ", ".join(names), **asked, **_certificate(report)}
    case = replace(case, anatomy=replace(case.anatomy, tetrahedra={**meshes, name: mesh}))
    return recorded(case, TETRAHEDRA, {**facts, "labels": labels_mark(case.label_map)}, clock)


def _certificate(report: TetReport) -> dict[str, str]:
    errors = [region.volume_error_percent for region in report.regions]
    return {
        "tetrahedra": str(report.tetrahedra), "inverted": str(report.inverted),
        "conforming": "yes" if report.conforming else "no", "overlapping_voxels": str(report.overlapping_voxels),
        "manifold": "yes" if all(region.manifold for region in report.regions) else "no",
        "smallest_angle_deg": f"{report.smallest_angle_deg:.1f}",
        "largest_angle_deg": f"{report.largest_angle_deg:.1f}",
        "shortest_edge_mm": f"{report.shortest_edge_mm:.2f}", "median_edge_mm": f"{report.median_edge_mm:.2f}",
        "longest_edge_mm": f"{report.longest_edge_mm:.2f}", "boundary_p95_mm": f"{report.boundary_p95_mm:.3f}",
        "boundary_max_mm": f"{report.boundary_max_mm:.3f}",
        "largest_volume_error_percent": f"{max(errors, key=abs):+.3f}",
    }


def tetrahedra_facts(case: Case, name: str) -> dict[str, str]:
    """Return the certificate of a tetrahedral mesh as it was recorded: {"smallest_angle_deg": "20.2", ...}."""
    for step in reversed(case.provenance):
        if step.stage == TETRAHEDRA and step.facts.get("mesh") == name:
            return {key: value for key, value in step.facts.items() if key not in ("mesh", "labels")}
    return {}


def without(case: Case, name: str, monitor: Monitor = SILENT) -> Case:
    """Take a surface that came from a file, or a tetrahedral mesh, out of the case again.

    Raises ``UsageError`` where there is none of that name: what was made of segments goes with its segment.
    """
    anatomy = case.anatomy
    surfaces = [key for key, structure in anatomy.structures.items() if is_foreign(structure)]
    if name not in surfaces and name not in anatomy.tetrahedra:
        found = ", ".join((*surfaces, *anatomy.tetrahedra))
        raise UsageError(f"no added surface or tetrahedral mesh is called {name!r}",
                         advice=f"there are {found}" if found else "the case has none")
    with timed_stage("taking out", monitor) as clock:
        structures = {key: s for key, s in anatomy.structures.items() if key != name or key not in surfaces}
        meshes = {key: mesh for key, mesh in anatomy.tetrahedra.items() if key != name}
    case = replace(case, anatomy=replace(anatomy, structures=structures, tetrahedra=meshes))
    return recorded(case, "taking out", {"name": name}, clock)
