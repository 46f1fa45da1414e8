"""A chamber's surface from files: the same in every format, values and fibres with it, damaged ones refused."""

from __future__ import annotations

import numpy as np
import pytest
import pyvista as pv

from anatomy_twin.anatomy.heart.chamber_file import load_chamber
from anatomy_twin.anatomy.heart.fibres import unit_normals, with_fibres
from anatomy_twin.anatomy.heart.regions import with_regions
from anatomy_twin.anatomy.heart.surface import chamber_of
from anatomy_twin.errors import MeshError
from tests.support.made_atrium import made_atrium


@pytest.fixture(scope="module")
def chamber():
    return with_fibres(with_regions(chamber_of(made_atrium(step_mm=2.0).surface)))


def poly(chamber, turn=None):
    points = chamber.surface.points_mm @ (np.eye(3) if turn is None else turn)
    data = pv.PolyData(points, np.c_[np.full(len(chamber.surface.triangles), 3), chamber.surface.triangles].ravel())
    data["voltage"] = chamber.surface.points_mm[:, 2]
    data.cell_data["fibre"] = chamber.fibres.epi
    return data


def write_carp(chamber, folder, directions=1):
    base = folder / "atrium"
    corners = chamber.surface.triangles
    rows = [f"{x:.6f} {y:.6f} {z:.6f}" for x, y, z in chamber.surface.points_mm * 1000.0]
    base.with_suffix(".pts").write_text("\n".join([str(len(rows)), *rows]))
    base.with_suffix(".elem").write_text("\n".join(
        [str(len(corners) + 1), "Ln 0 1 7"] + [f"Tr {a} {b} {c} 11" for a, b, c in corners]) + "\n")
    rows = [str(directions), " ".join(["1 0 0"] * directions)]
    rows += [" ".join([f"{x:.6f} {y:.6f} {z:.6f}"] * directions) for x, y, z in chamber.fibres.epi]
    base.with_suffix(".lon").write_text("\n".join(rows) + "\n")
    return base


def same(found, chamber):
    assert [len(one.points) for one in found.openings] == [len(one.points) for one in chamber.openings]
    assert found.surface.area_cm2 == pytest.approx(chamber.surface.area_cm2, rel=1e-4)
    assert np.abs(found.surface.points_mm.mean(axis=0) - chamber.surface.points_mm.mean(axis=0)).max() < 1e-3


@pytest.mark.parametrize("suffix", [".vtp", ".vtk", ".stl", ".ply"])
def test_formats_give_the_same_chamber(chamber, tmp_path, suffix):
    poly(chamber).save(tmp_path / f"atrium{suffix}")
    found = load_chamber(tmp_path / f"atrium{suffix}")
    same(found.chamber, chamber)
    if suffix.startswith(".vt"):
        assert np.allclose(found.at_points["voltage"], found.chamber.surface.points_mm[:, 2], atol=1e-3)
        assert found.chamber.fibres is not None
    else:
        assert not found.at_points and found.chamber.fibres is None


@pytest.mark.parametrize("directions", [1, 2])
def test_opencarp_with_its_fibres(chamber, tmp_path, directions):
    base = write_carp(chamber, tmp_path, directions)
    for suffix in (".pts", ".elem"):
        found = load_chamber(base.with_suffix(suffix))
        same(found.chamber, chamber)
        assert set(found.at_triangles["tag"].tolist()) == {11}
        assert np.abs((found.chamber.fibres.endo * chamber.fibres.epi).sum(axis=1)).min() > 0.999
    base.with_suffix(".lon").unlink()
    assert load_chamber(base.with_suffix(".pts")).chamber.fibres is None


def test_other_axes_and_units_are_turned_with_their_fibres(chamber, tmp_path):
    poly(chamber, np.diag([-1.0, -1.0, 1.0]) / 1000.0).save(tmp_path / "a.vtp")
    with pytest.raises(MeshError, match='unit="m"'):
        load_chamber(tmp_path / "a.vtp", axes="RAS")
    data = pv.read(tmp_path / "a.vtp")
    data.cell_data["fibre"] = chamber.fibres.epi * (-1.0, -1.0, 1.0)
    data.save(tmp_path / "a.vtp")
    found = load_chamber(tmp_path / "a.vtp", axes="RAS", unit="m").chamber
    same(found, chamber)
    assert np.abs((found.fibres.endo * unit_normals(found.surface)).sum(axis=1)).max() < 1e-6
    assert np.abs((found.fibres.endo * chamber.fibres.epi).sum(axis=1)).min() > 0.99


def test_ensite_export(chamber, tmp_path):
    rows = "\n".join(f"{x:.5f} {y:.5f} {z:.5f}" for x, y, z in chamber.surface.points_mm)
    corners = "\n".join(f"{a} {b} {c}" for a, b, c in chamber.surface.triangles + 1)
    text = (f"<DIF><DIFHeader/><DIFBody><Volumes number='1'><Volume><Vertices>\n{rows}\n</Vertices>"
            f"<Polygons>\n{corners}\n</Polygons></Volume></Volumes></DIFBody></DIF>")
    (tmp_path / "model.xml").write_text(text)
    same(load_chamber(tmp_path / "model.xml").chamber, chamber)
    (tmp_path / "other.xml").write_text("<html/>")
    with pytest.raises(MeshError, match="no EnSite model"):
        load_chamber(tmp_path / "other.xml")


def test_damaged_files_are_refused_by_name(chamber, tmp_path):
    base = write_carp(chamber, tmp_path)
    good = {suffix: base.with_suffix(suffix).read_text() for suffix in (".pts", ".elem", ".lon")}
    for suffix, text, words in (
        (".pts", good[".pts"][: len(good[".pts"]) // 2], "cut short|not there"),
        (".pts", "many\n1 2 3\n", "count"),
        (".elem", good[".elem"].replace("Tr ", "Tt "), "no triangles"),
        (".elem", good[".elem"].replace("Tr ", "Tr 999999", 1), "not there"),
        (".elem", good[".elem"].replace("Tr ", "Tr x", 1), "whole numbers"),
        (".lon", "3\n" + good[".lon"][2:], "one or two"),
        (".lon", "\n".join(good[".lon"].split("\n")[:50]), "directions for"),
    ):
        base.with_suffix(suffix).write_text(text)
        with pytest.raises(MeshError, match=words) as refused:
            load_chamber(base.with_suffix(".elem"))
        assert "\n" not in refused.value.line
        base.with_suffix(suffix).write_text(good[suffix])
    base.with_suffix(".elem").unlink()
    with pytest.raises(MeshError, match=r"no \.elem file"):
        load_chamber(base.with_suffix(".pts"))
    (tmp_path / "a.vtp").write_bytes(b"<VTKFile type='PolyData'>")
    (tmp_path / "a.mesh").write_bytes(b"")
    for name, words in (("a.vtp", "."), ("a.mesh", "not read"), ("none.vtp", "no such")):
        with pytest.raises(MeshError, match=words):
            load_chamber(tmp_path / name)
