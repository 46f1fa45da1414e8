"""VTK's XML files, read by ParaView, PyVista and 3D Slicer: .vtp for surfaces and vessel trees, .vtu for tetrahedra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from anatomy_twin.core import Case, TetMesh, VesselTree
from anatomy_twin.errors import DataError
from anatomy_twin.export.write import comments, exportable, write_whole
from anatomy_twin.notice import INTENDED_USE, SYNTHETIC_NOTE


def write_surface(case: Case, path: Path, structure: str) -> Path:
    """Write a structure's surface or a vessel tree as .vtp in LPS mm (see ``export``)."""
    if structure not in case.anatomy.structures and structure in case.anatomy.trees:
        tree = case.anatomy.trees[structure]
        return written_vtk(path, _lines(tree), (f"vessel tree {tree.name}, state {tree.state}", *_notice(case)))
    found, surface = exportable(case, structure)
    import pyvista as pv

    triangles: Any = surface.triangles
    return written_vtk(path, pv.PolyData.from_regular_faces(surface.points_mm, triangles), comments(case, found))


def write_tetrahedra(case: Case, path: Path, structure: str) -> Path:
    """Write a tetrahedral mesh as .vtu in LPS mm, with the number of its region for each tetrahedron."""
    meshes = case.anatomy.tetrahedra
    if structure not in meshes:
        other = "; surfaces and trees are written as .vtp" if meshes else ""
        raise DataError(
            f"no tetrahedral mesh is called {structure!r}",
            advice=f"there are {', '.join(meshes)}{other}" if meshes else "make one with `mesh CASE --tetrahedra NAME`",
        )
    mesh = meshes[structure]
    names = ", ".join(f"{number} = {name}" for number, name in enumerate(mesh.region_names))
    return written_vtk(path, _cells(mesh), (f"regions {names}", *_notice(case)))


def _notice(case: Case) -> tuple[str, ...]:
    return ("SPACE=LPS", "UNITS=mm", *((SYNTHETIC_NOTE,) if case.synthetic else ()), INTENDED_USE)


def _lines(tree: VesselTree) -> Any:
    import pyvista as pv

    child = np.flatnonzero(tree.parents >= 0)
    lines = pv.PolyData(tree.nodes_mm, lines=np.column_stack([np.full(len(child), 2), tree.parents[child], child]))
    lines.point_data["radius_mm"] = tree.radius_mm
    lines.cell_data["bridged"] = tree.bridged[child].astype(np.uint8)  # type: ignore[index]
    return lines


def _cells(mesh: TetMesh) -> Any:
    import pyvista as pv

    kinds = np.full(len(mesh.tetrahedra), pv.CellType.TETRA, np.uint8)
    cells = np.column_stack([np.full(len(mesh.tetrahedra), 4), mesh.tetrahedra])
    grid = pv.UnstructuredGrid(cells.ravel(), kinds, mesh.points_mm)
    grid.cell_data["region"] = mesh.regions.astype(np.int32)
    return grid


def written_vtk(path: Path, data: Any, lines: tuple[str, ...]) -> Path:
    """Write with VTK's own writer, the lines as a comment and the two that 3D Slicer reads as field data."""
    from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter, vtkXMLUnstructuredGridWriter

    data.field_data["SPACE"], data.field_data["UNITS"] = ["LPS"], ["mm"]
    writer = vtkXMLPolyDataWriter() if path.suffix.lower() == ".vtp" else vtkXMLUnstructuredGridWriter()
    writer.SetInputData(data)
    writer.SetWriteToOutputString(True)
    writer.SetDataModeToBinary()
    writer.Write()
    content = writer.GetOutputString()
    remark = "\n".join(line.replace("--", "-") for line in lines)
    head, _, rest = content.partition("\n")
    return write_whole(path, f"{head}\n<!--\n{remark}\n-->\n{rest}".encode("ascii", "xmlcharrefreplace"))
