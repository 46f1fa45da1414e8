"""Surfaces of others: a box that is known, spheres that other programs write, and everything that goes wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

import anatomy_twin as at
from anatomy_twin.anatomy.solid.mesh_census import census
from anatomy_twin.anatomy.solid.mesh_file import load_surface, read_here
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import Cancelled, MeshError
from tests.fuzz import meshes
from tests.support.full_case import full_case
from tests.test_store_case import Listener

SPHERE = trimesh.creation.icosphere(2, radius=20.0).apply_translation((5.0, 60.0, -700.0))


def read(folder: Path, suffix: str, data: bytes | str) -> tuple[SurfaceMesh, tuple[str, ...]]:
    """As ``load_surface`` without the child process."""
    path = folder / f"surface.{suffix}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    points, triangles, notes = read_here(str(path), suffix)
    return SurfaceMesh(points, triangles), notes


@pytest.mark.parametrize("name", meshes.GOOD)
def test_the_box_is_read_without_a_word(tmp_path, name):
    suffix, make = meshes.GOOD[name]
    surface, notes = read(tmp_path, suffix, make())
    assert meshes.is_the_box(surface) and notes == ()
    assert len(surface.points_mm) == 8  # corners that a format repeats are one point


@pytest.mark.parametrize("name", meshes.ODD)
def test_what_is_odd_is_read_and_named(tmp_path, name):
    suffix, make, word, same = meshes.ODD[name]
    surface, notes = read(tmp_path, suffix, make())
    assert any(word.lower() in note.lower() for note in notes), notes
    assert meshes.is_the_box(surface) == same


@pytest.mark.parametrize("name", [name for name, (suffix, _) in meshes.BROKEN.items() if suffix in "stl ply obj off"])
def test_what_is_broken_is_refused_in_one_line(tmp_path, name):
    suffix, make = meshes.BROKEN[name]
    with pytest.raises(MeshError) as caught:
        read(tmp_path, suffix, make())
    assert "\n" not in caught.value.line and caught.value.line.isprintable() and len(caught.value.line) < 250
    assert [path.name for path in tmp_path.iterdir()] == [f"surface.{suffix}"]


@pytest.mark.parametrize("form", ["stl", "stl_ascii", "ply", "ply_ascii", "obj", "off"])
def test_spheres_of_another_writer_have_its_points_and_triangles(tmp_path, form):
    if form == "ply_ascii":
        data = trimesh.exchange.ply.export_ply(SPHERE, encoding="ascii")
    else:
        data = SPHERE.export(file_type=form)
    surface, notes = read(tmp_path, form.split("_")[0], data)
    corners = surface.points_mm[surface.triangles]
    np.testing.assert_allclose(corners, SPHERE.vertices[SPHERE.faces], rtol=0, atol=1e-4)
    assert abs(surface.volume_ml - SPHERE.volume / 1000) < 1e-4 * SPHERE.volume / 1000
    assert len(surface.points_mm) == len(SPHERE.vertices)
    assert len(notes) == 1 and "LPS in millimetres is assumed" in notes[0]


@pytest.mark.parametrize("suffix", ["stl", "ply", "obj"])
def test_what_this_program_writes_it_reads_without_a_word(tmp_path, suffix):
    case = full_case()
    path = at.export(case, tmp_path / f"liver.{suffix}", structure="liver")
    surface, notes = read(tmp_path, suffix, path.read_bytes())
    own = case.anatomy["liver"].surface
    np.testing.assert_allclose(surface.points_mm[surface.triangles], own.points_mm[own.triangles], atol=1e-5)
    assert notes == ()


def test_ras_is_a_half_turn_about_the_long_axis(tmp_path):
    lps, _ = read(tmp_path, "stl", meshes.stl())
    ras, notes = read(tmp_path, "stl", meshes.stl(header=b"SPACE=RAS"))
    np.testing.assert_array_equal(ras.points_mm, lps.points_mm * (-1, -1, 1))
    np.testing.assert_array_equal(ras.triangles, lps.triangles)
    assert notes == () and ras.volume_ml == pytest.approx(24.0)


def test_the_public_way_reads_in_a_child_and_tells_the_monitor(tmp_path):
    path = tmp_path / "BOX.STL"
    path.write_bytes(meshes.stl(header=b""))
    listener = Listener()
    assert meshes.is_the_box(at.load_surface(path, monitor=listener))
    assert listener.warnings == ["BOX.STL: the file does not name its axes: LPS in millimetres is assumed"]
    assert listener.fractions[-1] == 1.0
    path.write_bytes(meshes.BROKEN["stl-nan"][1]())
    with pytest.raises(MeshError, match=r"BOX\.STL"):
        load_surface(path)


def test_other_formats_and_what_is_no_file_are_refused(tmp_path):
    for name, (suffix, make) in meshes.BROKEN.items():
        if suffix not in ("stl", "ply", "obj", "off"):
            path = tmp_path / f"{name}.{suffix}"
            path.write_bytes(make() if isinstance(make(), bytes) else make().encode())
            with pytest.raises(MeshError, match="format"):
                load_surface(path)
    for write in meshes.PLACES.values():
        with pytest.raises(MeshError, match="no such surface file"):
            load_surface(write(tmp_path))
    with pytest.raises(MeshError, match="no such surface file"):
        load_surface(tmp_path / "missing.stl")


def test_a_stopped_reading_returns_nothing(tmp_path):
    class Stopper(Listener):
        cancelled = True

    path = tmp_path / "box.stl"
    path.write_bytes(meshes.stl())
    with pytest.raises(Cancelled):
        load_surface(path, monitor=Stopper())


def test_a_census_counts_what_a_file_holds():
    assert census(meshes.stl(), "stl").triangles == census(meshes.obj().encode(), "obj").triangles == 12
    assert census(meshes.ply(meshes.QUADS, head=meshes.ply_head(faces=6)).encode(), "ply").triangles == 12
    assert census(meshes.stl(header=b"made by hand, SPACE=RAS"), "stl").space == "RAS"
    two = meshes.stl_text() + meshes.stl_text()
    assert census(two.encode(), "stl").triangles == 24


def test_every_cut_of_a_file_is_refused(tmp_path):
    for suffix, data in (("stl", meshes.stl()), ("stl", meshes.stl_text().encode()), ("ply", meshes.ply_binary())):
        for size in range(0, len(data) - 12, 41):
            with pytest.raises(MeshError):
                census(data[:size], suffix)
