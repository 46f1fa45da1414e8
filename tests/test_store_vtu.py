"""Files of tetrahedra: read back as written, read by VTK as meant, refused where they are not what they say."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from anatomy_twin.core import TetMesh
from anatomy_twin.errors import StoreError
from anatomy_twin.store.vtu import decode_vtu, encode_vtu
from tests.support.tet_maps import volumes_mm3


def block_mesh() -> TetMesh:
    """A unit cube of six tetrahedra in two regions with odd names, moved and turned."""
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), float).reshape(3, -1).T
    paths = [(4, 2, 1), (4, 1, 2), (2, 4, 1), (2, 1, 4), (1, 4, 2), (1, 2, 4)]
    cells = np.array([np.cumsum((0, *path)) for path in paths])
    turned = np.linalg.det(corners[cells][:, 1:] - corners[cells][:, :1]) < 0
    cells[turned] = cells[turned][:, [0, 1, 3, 2]]
    motion = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    names = ("liver", 'tümor "1" <&')
    return TetMesh(corners @ motion.T * 12.5 - [3.25, 100.0, 7e-9], cells, [0, 0, 1, 1, 0, 1], names)


def read_by_vtk(data: bytes, folder):
    from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

    path = folder / "mesh.vtu"
    path.write_bytes(data)
    reader = vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def test_a_mesh_comes_back_as_it_was():
    mesh = block_mesh()
    data = encode_vtu(mesh)
    back = decode_vtu(data, "mesh.vtu")
    assert np.array_equal(back.points_mm, mesh.points_mm)
    assert np.array_equal(back.tetrahedra, mesh.tetrahedra)
    assert np.array_equal(back.regions, mesh.regions)
    assert back.region_names == mesh.region_names
    assert encode_vtu(back) == data  # equal meshes, equal bytes


@pytest.mark.parametrize("names", [(), ("liver",), ("a", "b", "c")])
def test_meshes_without_cells_or_names_come_back_too(names):
    mesh = TetMesh(np.zeros((0, 3)), np.zeros((0, 4), int), np.zeros(0, int), names)
    back = decode_vtu(encode_vtu(mesh), "mesh.vtu")
    assert (len(back.points_mm), len(back.tetrahedra), back.region_names) == (0, 0, names)


def test_vtk_reads_the_same_points_cells_regions_and_names(tmp_path):
    from vtkmodules.util.numpy_support import vtk_to_numpy

    mesh = block_mesh()
    grid = read_by_vtk(encode_vtu(mesh), tmp_path)
    assert np.array_equal(vtk_to_numpy(grid.GetPoints().GetData()), mesh.points_mm)
    assert {grid.GetCellType(cell) for cell in range(grid.GetNumberOfCells())} == {10}
    ids = [[grid.GetCell(cell).GetPointId(n) for n in range(4)] for cell in range(grid.GetNumberOfCells())]
    assert np.array_equal(ids, mesh.tetrahedra)
    assert np.array_equal(vtk_to_numpy(grid.GetCellData().GetArray("region")), mesh.regions)
    names = grid.GetFieldData().GetAbstractArray("REGION_NAMES")
    assert tuple(names.GetValue(n) for n in range(names.GetNumberOfValues())) == mesh.region_names
    assert grid.GetFieldData().GetAbstractArray("SPACE").GetValue(0) == "LPS"
    assert volumes_mm3(mesh).min() > 0 and volumes_mm3(mesh).sum() == pytest.approx(12.5**3)


def test_what_is_not_such_a_file_is_refused_with_its_name():
    data = encode_vtu(block_mesh())
    text = data.decode()
    wrong = {
        "entities": text.replace("<VTKFile", '<!DOCTYPE x [<!ENTITY a "b">]><VTKFile', 1),
        "cut off": text[: len(text) // 2],
        "nothing": "",
        "a surface": text.replace("UnstructuredGrid", "PolyData"),
        "no regions": re.sub(r"<CellData>.*</CellData>", "<CellData></CellData>", text),
        "names too few": text.replace('NumberOfTuples="2"', 'NumberOfTuples="1"'),
        "names not codes": re.sub(r'(Name="REGION_NAMES"[^>]*>)', r"\1x ", text),
        "names missing": re.sub(r'<Array[^>]*Name="REGION_NAMES".*?</Array>', text_names("only one"), text),
        "hexahedra": swapped(text, "types", np.full(6, 12, "|u1")),
        "offsets": swapped(text, "offsets", np.arange(3, 21, 3, dtype="<i8")),
        "points not there": swapped(text, "connectivity", np.full(24, 99, "<i8")),
        "regions too few": swapped(text, "region", np.zeros(3, "<i8")),
        "not finite": swapped(text, "Points", np.full(24, np.nan, "<f8")),
    }
    for what, changed in wrong.items():
        assert changed != text, what
        with pytest.raises(StoreError, match=r"mesh\.vtu"):
            decode_vtu(changed.encode(), "mesh.vtu")


def test_flipped_bytes_never_give_another_error():
    data = bytearray(encode_vtu(block_mesh()))
    random = np.random.default_rng(5)
    refused = 0
    for place in random.integers(0, len(data), 400):
        changed = bytearray(data)
        changed[place] ^= int(random.integers(1, 256))
        try:
            assert decode_vtu(bytes(changed), "mesh.vtu").tetrahedra.shape == (6, 4)
        except StoreError as refusal:
            assert "mesh.vtu" in refusal.line
            refused += 1
    assert refused > 200


def test_a_name_that_cannot_be_written_is_refused():
    mesh = block_mesh()
    with pytest.raises(StoreError, match="name"):
        encode_vtu(TetMesh(mesh.points_mm, mesh.tetrahedra, mesh.regions, ("liver", "a\0b")))


def text_names(name: str) -> str:
    codes = " ".join(str(code) for code in name.encode() + b"\0")
    return f'<Array type="String" Name="REGION_NAMES" NumberOfTuples="1" format="ascii">{codes}</Array>'


def swapped(text: str, name: str, array: np.ndarray) -> str:
    """The file with another array in place of one, packed as VTK packs it: one zlib block."""
    import struct
    import zlib

    block = zlib.compress(array.tobytes())
    head = struct.pack("<4Q", 1, array.nbytes, 0, len(block))
    packed = base64.b64encode(head).decode() + base64.b64encode(block).decode()
    return re.sub(rf'(<DataArray[^>]*Name="{name}"[^>]*>)[^<]*', lambda match: match.group(1) + packed, text)
