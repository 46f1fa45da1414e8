"""``anatomy-twin export``: one structure, liver segment, vessel tree, tetrahedral mesh or heart chamber as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anatomy_twin.cli.common import Options, emit, open_case


def main(arguments: Sequence[str]) -> int:
    """Write a surface, a vessel tree, a tetrahedral mesh or a heart chamber of CASE."""
    parser = Options("export", "Write a surface, liver segment, vessel tree, tetrahedral mesh or heart chamber (LPS).")
    parser.add_argument("case", metavar="CASE")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--structure", metavar="NAME",
                        help="a structure; a part of the liver (liver_segment_2, territory_5); a vessel tree (portal, "
                        "hepatic, arterial); or a tetrahedral mesh")
    what.add_argument("--chamber", metavar="NAME", help="a heart chamber with regions, fibrosis, fibres: .vtp, or .pts "
                      "for openCARP's .pts, .elem and .lon")
    parser.add_argument("--plan", metavar="NAME", help="with --chamber: this plan's activation goes with it")
    parser.add_argument("--out", required=True, metavar="FILE",
                        help="ends in .stl, .ply, .obj or .vtp; .vtp for a vessel tree, .vtu for tetrahedra")
    options = parser.read(arguments)
    from anatomy_twin.export import export, export_chamber

    if options.chamber:
        files = export_chamber(open_case(options.case), options.out, options.chamber, options.plan or "")
        names = [str(file) for file in files]
        return emit(options, {"files": names, "chamber": options.chamber}, f"wrote {', '.join(names)}")
    if options.plan:
        parser.error("--plan goes with --chamber")
    file = export(open_case(options.case), Path(options.out), structure=options.structure)
    return emit(options, {"file": str(file), "structure": options.structure}, f"wrote {file}")
