"""``anatomy-twin mesh``: surfaces, vessel trees, territories and tetrahedra of a case."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor, volume_text
from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import Case

SIZE_MM = 5.0
NEEDS_TETRAHEDRA = ("size_mm", "fine_mm", "near", "mesh_name")


def main(arguments: Sequence[str]) -> int:
    """Build what is asked for on CASE and save it in place."""
    options = _options(arguments)
    if options.heart:
        return _heart(options)
    added = [_named_file(text) for text in options.add]
    names = [name.strip() for name in options.tetrahedra.split(",")] if options.tetrahedra else []
    from anatomy_twin.pipeline import check_tetrahedra, mesh_case, surface_case, tetrahedra_case, without

    case = open_case(options.case)
    asked: dict[str, Any] = {
        "size_mm": SIZE_MM if options.size_mm is None else options.size_mm, "fine_mm": options.fine_mm,
        "near": options.near, "mesh_name": options.mesh_name or "",
    }  # fmt: skip
    if names:  # what can be refused at once is not refused minutes later
        check_tetrahedra(case, names, **asked)
    with terminal_monitor() as monitor:
        for name in options.remove:
            case = without(case, name, monitor)
        for name, file in added:
            case = surface_case(case, file, name, monitor)
        only_removing = options.remove and not (added or names)
        if not only_removing:
            more = bool(added or names)  # then surfaces that stand are not built again
            case = mesh_case(case, monitor, vessels=not options.surfaces_only, only_missing=more)
        if names:
            case = tetrahedra_case(case, names, **asked, monitor=monitor)
    keep_case(case, options.case)
    return emit(options, {"case": options.case, **_as_json(case)}, "\n".join(_as_lines(case)), case)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Options(
        "mesh", "Build watertight surfaces, vessel trees and liver segments of a case; on request tetrahedra. Trees, "
        "segments and tetrahedra of the same labels stay; those of older labels are dropped, and it says so. With "
        "--tetrahedra or --add, surfaces and trees that stand for the labels are not built again.",
    )  # fmt: skip
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--surfaces-only", action="store_true", help="do not look for vessel trees and liver segments")
    parser.add_argument("--tetrahedra", metavar="NAME,NAME", help="also fill these structures with tetrahedra; a later "
                        "one is carved out of an earlier one that holds it, as in liver,portal_vein,tumour_1")
    parser.add_argument("--size-mm", type=float, metavar="MM", help="edge of a tetrahedron (default: 5)")
    parser.add_argument("--fine-mm", type=float, metavar="MM", help="edge near --near")
    parser.add_argument("--near", metavar="NAME", help="structure near which the mesh is fine")
    parser.add_argument("--mesh-name", metavar="NAME",
                        help="name of the mesh (default: its first structure); a case can hold several")
    parser.add_argument("--add", action="append", default=[], metavar="NAME=FILE",
                        help="add a surface that another program made (.stl, .ply, .obj, .off; LPS mm unless the file "
                        "says RAS)")
    parser.add_argument("--heart", action="store_true", help="build the left atrium as a chamber with regions, fibres "
                        "and the fibrosis that late enhancement shows; nothing else is built")
    parser.add_argument("--edge-mm", type=float, metavar="MM", help="with --heart: edge of its triangles "
                        "(default: 0.8)")
    parser.add_argument("--remove", action="append", default=[], metavar="NAME",
                        help="take an added surface or a tetrahedral mesh out of the case again")
    options = parser.read(arguments)
    if (options.fine_mm is None) != (options.near is None):
        parser.error("--fine-mm and --near belong together")
    if options.edge_mm is not None and not options.heart:
        parser.error("--edge-mm goes with --heart")
    if options.heart and (options.tetrahedra or options.add or options.remove or options.surfaces_only):
        parser.error("--heart builds nothing else: build the rest by itself")
    if options.tetrahedra is None:
        for name in NEEDS_TETRAHEDRA:
            if getattr(options, name) is not None:
                parser.error(f"--{name.replace('_', '-')} is of use with --tetrahedra only")
    return options


def _heart(options: argparse.Namespace) -> int:
    """Build the chambers of the heart and save the case."""
    from anatomy_twin.cli.heart import chambers_json, chambers_text
    from anatomy_twin.pipeline import heart_of

    case = open_case(options.case)
    with terminal_monitor() as monitor:
        case = heart_of(case, monitor, **({} if options.edge_mm is None else {"edge_mm": options.edge_mm}))
    keep_case(case, options.case)
    return emit(options, {"case": options.case, "chambers": chambers_json(case)}, chambers_text(case), case)


def _named_file(text: str) -> tuple[str, str]:
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise UsageError(f"--add {text!r} is not NAME=FILE", advice="write for instance --add plate=plate.stl")
    return name, file


def _as_json(case: Case) -> dict[str, Any]:
    from dataclasses import asdict

    from anatomy_twin.core import ABSENT_STATES
    from anatomy_twin.pipeline import tetrahedra_facts
    from anatomy_twin.report.anatomy import segment_rows, vessel_rows

    anatomy, rows = case.anatomy, {}
    for name, structure in anatomy.structures.items():
        volume_ml = None if structure.state in ABSENT_STATES else structure.volume_ml
        rows[name] = {"volume_ml": volume_ml, "state": structure.state, "note": structure.note}
        if structure.certificate is not None:
            certificate = asdict(structure.certificate)
            rows[name] |= {"triangles": certificate.pop("triangle_count"), **certificate}
    trees = {
        row["name"]: {"notes": list(anatomy.trees[row["name"]].notes),
                      **{key: row[key] for key in ("state", "rules", "length_mm", "branches", "generations")}}
        for row in vessel_rows(case) if row["name"] in anatomy.trees
    }
    segments = {row["name"]: {"volume_ml": row["volume_ml"] or 0.0, "state": row["state"], "note": row["note"]}
                for row in segment_rows(case)}
    meshes = {name: {**{key: _value(text) for key, text in tetrahedra_facts(case, name).items()},
                     "tetrahedra": len(mesh.tetrahedra), "regions": list(mesh.region_names)}
              for name, mesh in anatomy.tetrahedra.items()}
    return {"structures": rows, "trees": trees, "territories": segments, "tetrahedra": meshes,
            "notes": list(anatomy.notes)}


def _value(text: str) -> float | bool | str:
    """Return a fact of the provenance as number, yes or no, or text."""
    if text in ("yes", "no"):
        return text == "yes"
    try:
        return float(text)
    except ValueError:
        return text


def _as_lines(case: Case) -> list[str]:
    from anatomy_twin.report.anatomy import segment_rows, structure_rows, vessel_rows

    anatomy = case.anatomy
    rows = [row for row in structure_rows(case) if row["name"] in anatomy.structures]
    lines = [_structure_line(row, certified=anatomy[row["name"]].certificate is not None) for row in rows]
    if not lines:
        lines = ["nothing to build: the labels hold no segment"]
    trees, segments = vessel_rows(case), segment_rows(case)
    if trees:
        lines.append("vessel trees")
        for row in trees:
            lines += _tree_lines(row)
    lines += ["liver segments", *map(_segment_line, segments)] if segments else []
    for name in anatomy.tetrahedra:
        lines += _tetrahedra_lines(case, name)
    said = {f"no {row['name']} tree: {row['note']}" for row in trees}
    return [*lines, *(f"note: {note}" for note in anatomy.notes if note not in said)]


def _structure_line(row: dict[str, Any], *, certified: bool) -> str:
    said = [part for part in row["note"].split("; ") if not (certified and part.startswith("consists of"))]
    note = "; ".join(said) or ("" if certified else row["state"])
    state = "check" if certified and row["state"] == "check" else ""
    text = "; ".join(part for part in (state, row["certificate"] if certified else "", note) if part)
    return f"  {row['name']:<22} {volume_text(row['volume_ml'])}  {text}"


def _tree_lines(row: dict[str, Any]) -> list[str]:
    if row["kind"] == "absent":
        return [f"  {row['name']:<22} {row['state']}: {row['note']}"]
    state = f" (check: {', '.join(row['rules'])})" if row["state"] == "check" else ""
    head = (f"  {row['name']:<22} {row['length_mm']:7.0f} mm, {row['branches']} branches, "
            f"{row['generations']} generations{state}")
    return [head, *(f"    {note}" for note in row["note"].split("; ") if note)]


def _segment_line(row: dict[str, Any]) -> str:
    found = row["volume_ml"] is not None
    text = f"{row['share']:>7}  {row['state']}: {', '.join(row['rules'])}" if found else row["note"]
    return f"  {row['label']:<22} {volume_text(row['volume_ml'])}  {text}"


def _tetrahedra_lines(case: Case, name: str) -> list[str]:
    from anatomy_twin.pipeline import tetrahedra_facts

    mesh, facts = case.anatomy.tetrahedra[name], tetrahedra_facts(case, name)
    head = f"tetrahedra {name}: {len(mesh.tetrahedra)} in {', '.join(mesh.region_names)}"
    if "smallest_angle_deg" not in facts:
        return [f"{head}; not checked"]
    sound = "conforming" if facts["conforming"] == "yes" else "NOT conforming"
    simple = "" if facts["manifold"] == "yes" else ", a boundary is NOT manifold"
    return [
        head,
        f"  {sound}, {facts['inverted']} inverted{simple}, dihedral angles {facts['smallest_angle_deg']} to "
        f"{facts['largest_angle_deg']} degrees, volume at most {facts['largest_volume_error_percent']} % off",
        f"  edges {facts['shortest_edge_mm']} to {facts['longest_edge_mm']} mm (median {facts['median_edge_mm']}), "
        f"95 % of the boundary within {facts['boundary_p95_mm']} mm of the labels'",
    ]
