"""Every format of the register: written, read back by trimesh, and the case untouched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import pyvista as pv
import trimesh

from anatomy_twin import plugins
from anatomy_twin.anatomy import build_anatomy
from anatomy_twin.core import Case, TetMesh, VesselTree
from anatomy_twin.errors import DataError, StoreError, TwinError, UsageError
from anatomy_twin.export import export
from anatomy_twin.notice import INTENDED_USE, SYNTHETIC_NOTE
from anatomy_twin.store import save_case
from tests.support.toy_patient import ELLIPSOIDS, make_segment, toy_patient

FORMATS = tuple(suffix for suffix in plugins.TABLE["exporters"] if suffix != ".vtu")  # those of surfaces


def read_back(path, **options) -> trimesh.Trimesh:
    if path.suffix.lower() != ".vtp":
        return trimesh.load_mesh(path, **options)
    data = pv.read(path)
    return trimesh.Trimesh(data.points, data.regular_faces, process=False)


@pytest.fixture(scope="module")
def case() -> Case:
    volume, labels = toy_patient(4.0)
    absent = replace(make_segment("gallbladder", 0, 0, "not found"), note="no low-density organ under the liver")
    labels = replace(labels, segments=(*labels.segments, absent))
    return Case.new(volume=volume, labels=labels, anatomy=build_anatomy(volume, labels))


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("structure", ["liver", "tumour_2"])
def test_every_format_keeps_the_surface_and_leaves_the_case_as_it_was(tmp_path, case, suffix, structure):
    before = (save_case(case, tmp_path / "before.twin") / "case.json").read_bytes()
    path = export(case, tmp_path / f"x{suffix}", structure=structure)
    assert (save_case(case, tmp_path / "after.twin") / "case.json").read_bytes() == before
    mesh = read_back(path)  # merges the corners that STL repeats
    surface = case.anatomy[structure].surface
    assert mesh.is_watertight and mesh.is_winding_consistent
    assert mesh.volume / 1000 == pytest.approx(surface.volume_ml, rel=1e-5)
    assert len(mesh.faces) == len(surface.triangles) and len(mesh.vertices) == len(surface.points_mm)
    np.testing.assert_allclose(mesh.bounds, [surface.points_mm.min(0), surface.points_mm.max(0)], atol=1e-4)
    np.testing.assert_allclose(mesh.center_mass, ELLIPSOIDS[structure][0], atol=2.5)  # LPS mm, not RAS, not metres


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_says_frame_units_and_use(tmp_path, case, suffix):
    data = export(case, tmp_path / f"x{suffix.upper()}").read_bytes()
    head = data[:80] if suffix == ".stl" else data[:1000]
    assert b"SPACE=LPS" in head and b"mm" in head and b"Not for diagnosis or treatment." in head
    assert b"SYNTHETIC" in head or SYNTHETIC_NOTE.encode() in head
    assert not data.startswith(b"solid")
    real = replace(case, volumes={"scan": replace(case.volume, synthetic=False)})
    data = export(real, tmp_path / f"y{suffix}").read_bytes()
    head = data[:80] if suffix == ".stl" else data[:1000]
    assert INTENDED_USE.encode() in head and b"SYNTHETIC" not in head and SYNTHETIC_NOTE.encode() not in head


@pytest.mark.parametrize("suffix", [".ply", ".vtp"])
def test_points_are_exact_where_the_format_has_room(tmp_path, case, suffix):
    surface = case.anatomy["liver"].surface
    mesh = read_back(export(case, tmp_path / f"x{suffix}"), process=False)
    np.testing.assert_array_equal(mesh.vertices, surface.points_mm)
    np.testing.assert_array_equal(mesh.faces, surface.triangles)


@pytest.mark.parametrize(("name", "structure", "kind", "words"), [
    ("x.stl", "gallbladder", DataError, "not found.*low-density"),
    ("x.stl", "muscle", DataError, "slices only"),
    ("x.stl", "heart", DataError, "no structure is called 'heart'"),
    ("x.step", "liver", UsageError, r"\.step.*\.stl"),
    ("liver", "liver", UsageError, r"no suffix.*\.stl"),
])  # fmt: skip
def test_what_cannot_be_exported_is_refused_and_nothing_is_written(tmp_path, case, name, structure, kind, words):
    with pytest.raises(kind, match=words) as caught:
        export(case, tmp_path / name, structure=structure)
    assert isinstance(caught.value, TwinError) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_trees_and_tetrahedra_are_written_with_radius_and_region(tmp_path, case):
    tree = VesselTree("portal", [[0, 0, 0], [10, 0, 0], [20, 5, 0]], [-1, 0, 1], [4, 4, 2], [False, False, True])
    corners = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9], [9, 9, 9]], float)
    mesh = TetMesh(corners, [[0, 1, 2, 3], [1, 2, 3, 4]], [0, 1], ("liver", "tumour_1"))
    case = replace(case, anatomy=replace(case.anatomy, trees={"portal": tree}, tetrahedra={"all": mesh}))
    lines = pv.read(export(case, tmp_path / "t.vtp", structure="portal"))
    np.testing.assert_array_equal(lines.points, tree.nodes_mm)
    np.testing.assert_array_equal(lines["radius_mm"], tree.radius_mm)
    assert lines.length == pytest.approx(np.hypot(20, 5)) and list(lines.cell_data["bridged"]) == [0, 1]
    grid = pv.read(export(case, tmp_path / "m.vtu", structure="all"))
    np.testing.assert_array_equal(grid.points, corners)
    assert list(grid["region"]) == [0, 1] and grid.volume == pytest.approx(9**3 / 6 * 3)
    text = (tmp_path / "m.vtu").read_text()
    assert "0 = liver, 1 = tumour_1" in text and SYNTHETIC_NOTE in text and INTENDED_USE in text
    with pytest.raises(DataError, match=r"no tetrahedral mesh is called 'liver'.*there are all"):
        export(case, tmp_path / "n.vtu", structure="liver")


def test_an_older_file_is_replaced_whole_or_kept(tmp_path, case):
    path = tmp_path / "x.stl"
    path.write_text("old")
    export(case, path, structure="tumour_1")
    assert path.stat().st_size == 84 + 50 * len(case.anatomy["tumour_1"].surface.triangles)
    blocked = tmp_path / "folder.stl"
    blocked.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        export(case, blocked)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder.stl", "x.stl"]
