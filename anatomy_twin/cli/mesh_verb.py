"""``anatomy-twin mesh``: surfaces, vessel trees, territories and tetrahedra of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor, volume_text
from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import Case, Structure, VesselTree


def main(arguments: Sequence[str]) -> int:
    """Build what is asked for on CASE and save it in place."""
    parser = Options("mesh", "Build watertight surfaces, vessel trees and liver segments; on request tetrahedra.")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--surfaces-only", action="store_true", help="leave vessel trees and liver segments out")
    parser.add_argument("--tetrahedra", metavar="NAME,NAME", help="also fill these structures with tetrahedra; a later "
                        "one is carved out of an earlier one that holds it, as in liver,portal_vein,tumour_1")
    parser.add_argument("--size-mm", type=float, default=5.0, metavar="MM", help="edge of a tetrahedron (default: 5)")
    parser.add_argument("--fine-mm", type=float, metavar="MM", help="edge near --near")
    parser.add_argument("--near", metavar="NAME", help="structure near which the mesh is fine")
    parser.add_argument("--mesh-name", default="", metavar="NAME",
                        help="name of the mesh (default: its first structure)")
    parser.add_argument("--add", action="append", default=[], metavar="NAME=FILE",
                        help="add a surface that another program made (.stl, .ply, .obj, .off)")
    options = parser.read(arguments)
    added = [_named_file(text) for text in options.add]
    if (options.fine_mm is None) != (options.near is None):
        parser.error("--fine-mm and --near belong together")
    from anatomy_twin.pipeline import mesh_case, surface_case, tetrahedra_case

    case = open_case(options.case)
    with terminal_monitor() as monitor:
        case = mesh_case(case, monitor, vessels=not options.surfaces_only)
        for name, file in added:
            case = surface_case(case, file, name, monitor)
        if options.tetrahedra:
            case = tetrahedra_case(
                case, options.tetrahedra.split(","), size_mm=options.size_mm, fine_mm=options.fine_mm,
                near=options.near, mesh_name=options.mesh_name, monitor=monitor,
            )
    keep_case(case, options.case)
    return emit(options, {"case": options.case, **_as_json(case)}, "\n".join(_as_lines(case)), case)


def _named_file(text: str) -> tuple[str, str]:
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise UsageError(f"--add {text!r} is not NAME=FILE", advice="write for instance --add plate=plate.stl")
    return name, file


def _as_json(case: Case) -> dict[str, Any]:
    from dataclasses import asdict

    from anatomy_twin.anatomy.vessels.branches import branches
    from anatomy_twin.core import ABSENT_STATES

    anatomy, rows = case.anatomy, {}
    for name, structure in anatomy.structures.items():
        volume_ml = None if structure.state in ABSENT_STATES else structure.volume_ml
        rows[name] = {"volume_ml": volume_ml, "state": structure.state, "note": structure.note}
        if structure.certificate is not None:
            certificate = asdict(structure.certificate)
            rows[name] |= {"triangles": certificate.pop("triangle_count"), **certificate}
    trees = {
        name: {
            "state": tree.state, "rules": list(tree.rules), "notes": list(tree.notes), "length_mm": tree.length_mm,
            "branches": len(found := branches(tree)), "generations": max(b.generation for b in found),
        }
        for name, tree in anatomy.trees.items()
    }
    territories = anatomy.territories
    segments = {} if territories is None else {
        s.name: {"volume_ml": territories.volume_ml(s.name), "state": s.state, "note": s.note}
        for s in territories.segments if s.layer == 0
    }
    meshes = {name: {"tetrahedra": len(m.tetrahedra), "regions": list(m.region_names)}
              for name, m in anatomy.tetrahedra.items()}
    return {"structures": rows, "trees": trees, "territories": segments, "tetrahedra": meshes,
            "notes": list(anatomy.notes)}


def _as_lines(case: Case) -> list[str]:
    anatomy = case.anatomy
    lines = [_structure_line(structure) for structure in anatomy.structures.values()]
    if anatomy.trees:
        lines += ["vessel trees", *(_tree_line(tree) for tree in anatomy.trees.values())]
    if anatomy.territories is not None:
        lines += ["liver segments", *_segment_lines(case)]
    lines += [f"tetrahedra {name}: {len(mesh.tetrahedra)} in {', '.join(mesh.region_names)}"
              for name, mesh in anatomy.tetrahedra.items()]
    return [*lines, *(f"note: {note}" for note in anatomy.notes)]


def _structure_line(structure: Structure) -> str:
    from anatomy_twin.core import ABSENT_STATES

    volume_ml = None if structure.state in ABSENT_STATES else structure.volume_ml
    certificate = structure.certificate
    text = structure.note or structure.state
    if certificate is not None:
        closed = "closed" if certificate.watertight and certificate.manifold else "NOT closed"
        pieces = f", {certificate.pieces} parts" if (certificate.pieces or 1) > 1 else ""
        far = "" if certificate.boundary_p95_mm is None else f", 95 % within {certificate.boundary_p95_mm:.2f} mm"
        border = ", cut off at the border" if certificate.touches_border else ""
        text = (f"{closed}{pieces}, {certificate.triangle_count} triangles, "
                f"volume {certificate.volume_error_percent:+.2f} %{far}{border}")
    return f"  {structure.name:<22} {volume_text(volume_ml)}  {text}"


def _tree_line(tree: VesselTree) -> str:
    from anatomy_twin.anatomy.vessels.branches import branches

    found = branches(tree)
    state = f" (check: {', '.join(tree.rules)})" if tree.state == "check" else ""
    return (f"  {tree.name:<22} {tree.length_mm:7.0f} mm, {len(found)} branches, "
            f"{max(b.generation for b in found)} generations{state}")


def _segment_lines(case: Case) -> list[str]:
    from anatomy_twin import catalog

    territories = case.anatomy.territories
    if territories is None:
        return []
    rows = [(s, territories.volume_ml(s.name)) for s in territories.segments if s.layer == 0]
    whole = sum(ml for _, ml in rows) or 1.0
    return [
        f"  {catalog.term(s.name)['label']:<22} {volume_text(None if s.absent else ml)}  "
        + (s.note if s.absent else f"{100 * ml / whole:4.1f} %  {s.state}: {', '.join(s.rules)}")
        for s, ml in rows
    ]
