"""``anatomy-twin export``: one structure as a mesh file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anatomy_twin.cli.common import Options, emit, open_case


def main(arguments: Sequence[str]) -> int:
    """Write the surface of a structure of CASE."""
    parser = Options("export", "Write one structure as STL, PLY or OBJ (millimetres, LPS).")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--structure", required=True, metavar="NAME")
    parser.add_argument("--out", required=True, metavar="FILE", help="ends in .stl, .ply or .obj")
    options = parser.read(arguments)
    from anatomy_twin.export import export

    file = export(open_case(options.case), Path(options.out), structure=options.structure)
    return emit(options, {"file": str(file), "structure": options.structure}, f"wrote {file}")
