"""From labels to an anatomy: surfaces, vessel trees, territories, tetrahedra, surfaces made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from anatomy_twin.anatomy import build_anatomy, certify, load_surface
from anatomy_twin.anatomy.liver.couinaud import divide_liver
from anatomy_twin.anatomy.solid.repair import mended
from anatomy_twin.anatomy.tetra.build import build_tetrahedra
from anatomy_twin.anatomy.tetra.report import tetrahedra_report
from anatomy_twin.anatomy.tetra.size import Near
from anatomy_twin.anatomy.vessels.trees import vessel_trees
from anatomy_twin.core import SILENT, Case, Code, Monitor, Structure
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.pipeline.record import recorded, timed_stage

FROM_A_FILE = "surface from a file, not segmented on this scan"
COLOUR = (200, 205, 210)  # of metal: most are implants
_NO_CODE = Code("", "", "")


def mesh_case(case: Case, monitor: Monitor = SILENT, *, vessels: bool = True) -> Case:
    """Build the surfaces of all segments and, with ``vessels``, the vessel trees and what they supply.

    Surfaces that came from files stay. Tetrahedra are dropped: they were made of older labels.
    """
    with timed_stage("building surfaces", monitor) as clock:
        anatomy = build_anatomy(case.volume, case.label_map, monitor=monitor)
        kept = {s.name: s for s in case.anatomy.structures.values() if s.note.startswith(FROM_A_FILE)}
        anatomy = replace(anatomy, structures={**anatomy.structures, **kept})
    triangles = sum(s.certificate.triangle_count for s in anatomy.structures.values() if s.certificate)
    case = case.with_labels(case.label_map, anatomy)
    case = recorded(case, "building surfaces", {"triangles": str(triangles)}, clock)
    return vessels_case(case, monitor) if vessels else case


def vessels_case(case: Case, monitor: Monitor = SILENT) -> Case:
    """Follow the vessels of the liver as trees and divide it into Couinaud's segments.

    Where the labels do not hold what it takes, trees or segments are left out and the monitor is told why: most scans
    show only some of the vessels.
    """
    labels = case.label_map
    with timed_stage("following the vessels", monitor) as clock:
        trees = vessel_trees(labels, monitor=monitor)
    facts = {name: f"{tree.length_mm:.0f} mm" for name, tree in trees.items()}
    anatomy = replace(case.anatomy, trees=trees, territories=None)
    case = recorded(replace(case, anatomy=anatomy), "following the vessels", facts, clock)
    if "liver" not in labels:
        return case
    with timed_stage("dividing the liver", monitor) as clock:
        try:
            division = divide_liver(labels, trees, monitor=monitor)
        except DataError as error:
            monitor.warn(error.line)
            return case
    if division.portal is not None:
        trees = {**trees, "portal": division.portal}
    names = ", ".join(segment.name for segment in division.labels.segments if segment.layer == 0)
    anatomy = replace(anatomy, trees=trees, territories=division.labels)
    return recorded(replace(case, anatomy=anatomy), "dividing the liver", {"segments": names}, clock)


def tetrahedra_case(
    case: Case, names: Sequence[str], *, size_mm: float, fine_mm: float | None = None, near: Near | None = None,
    mesh_name: str = "", monitor: Monitor = SILENT,
) -> Case:
    """Add a tetrahedral mesh of some structures to the case (see ``build_tetrahedra``).

    It is called ``mesh_name``, by default as its first structure. Raises ``MeshError`` where it cannot be made.
    """
    with timed_stage("filling with tetrahedra", monitor) as clock:
        mesh = build_tetrahedra(
            case.label_map, names, size_mm=size_mm, fine_mm=fine_mm, near=near, monitor=monitor
        )
        report = tetrahedra_report(mesh, case.label_map)
    name = mesh_name or names[0]
    meshes = {**case.anatomy.tetrahedra, name: mesh}
    facts = {
        "mesh": name, "structures": ", ".join(names), "tetrahedra": str(report.tetrahedra),
        "smallest dihedral angle": f"{report.smallest_angle_deg:.1f} degrees",
    }
    case = replace(case, anatomy=replace(case.anatomy, tetrahedra=meshes))
    return recorded(case, "filling with tetrahedra", facts, clock)


def surface_case(case: Case, path: str | Path, name: str, monitor: Monitor = SILENT) -> Case:
    """Add a surface that another program made (an implant, an outline) as structure ``name``.

    Raises ``MeshError`` for a file that is none, ``UsageError`` for a name that a segment has, ``DataError`` where the
    surface lies outside the scan.
    """
    if case.primary in case.labels and name in [segment.name for segment in case.label_map.segments]:
        raise UsageError(f"a segment is called {name!r} already", advice="give the surface another name")
    if not name or len(name) > 60 or not name.replace("_", "").replace("-", "").isalnum():
        raise UsageError(f"{name!r} is no name for a structure", advice="use letters, digits, _ and -")
    with timed_stage("reading the surface", monitor) as clock:
        surface, notes = mended(load_surface(path, monitor))
        for line in notes:
            monitor.warn(f"{name}: {line}")
        if not case.volume.geometry.contains(surface.points_mm).any():
            raise DataError("the surface lies outside the scan", where=name, advice="see in which axes it was saved")
        certificate = certify(surface, surface.volume_ml)
    note = "; ".join([FROM_A_FILE, *notes])
    structure = Structure(name, surface.volume_ml, "corrected", _NO_CODE, COLOUR, surface, certificate, note=note)
    structures = {**case.anatomy.structures, name: structure}
    case = replace(case, anatomy=replace(case.anatomy, structures=structures))
    return recorded(case, "reading the surface", {"structure": name, "triangles": str(len(surface.triangles))}, clock)
