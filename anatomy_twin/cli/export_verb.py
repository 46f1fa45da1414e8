"""``anatomy-twin export``: one structure, liver segment, vessel tree or tetrahedral mesh as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anatomy_twin.cli.common import Options, emit, open_case


def main(arguments: Sequence[str]) -> int:
    """Write a surface, a vessel tree or a tetrahedral mesh of CASE."""
    parser = Options("export", "Write a surface, liver segment, vessel tree or tetrahedral mesh (millimetres, LPS).")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--structure", required=True, metavar="NAME",
                        help="a structure; a part of the liver (liver_segment_2, territory_5); a vessel tree (portal, "
                        "hepatic, arterial); or a tetrahedral mesh")
    parser.add_argument("--out", required=True, metavar="FILE",
                        help="ends in .stl, .ply, .obj or .vtp; .vtp for a vessel tree, .vtu for tetrahedra")
    options = parser.read(arguments)
    from anatomy_twin.export import export

    file = export(open_case(options.case), Path(options.out), structure=options.structure)
    return emit(options, {"file": str(file), "structure": options.structure}, f"wrote {file}")
