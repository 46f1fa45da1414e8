"""A chamber's surface: what is mended, what is refused, which opening and which region is which."""

from __future__ import annotations

import numpy as np
import pytest
import pyvista as pv
from scipy.spatial import cKDTree

from anatomy_twin.anatomy.heart.fibres import unit_normals, with_fibres, with_given_fibres
from anatomy_twin.anatomy.heart.landmarks import likely_axes, named_openings
from anatomy_twin.anatomy.heart.regions import point_areas, with_regions
from anatomy_twin.anatomy.heart.surface import chamber_of, measured
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import DataError, MeshError
from tests.support.made_atrium import FOUR, VEIN_MM, VEINS, made_atrium

MORE = {3: ("pulmonary_vein_left_common", *FOUR[2:]), 4: FOUR, 5: (*FOUR, "pulmonary_vein_right_middle")}


@pytest.fixture(scope="module")
def made():
    return made_atrium()


@pytest.fixture(scope="module")
def chamber(made):
    return with_fibres(with_regions(chamber_of(made.surface)))


def truth_of(made, chamber):
    return made.part[cKDTree(made.surface.points_mm).query(chamber.surface.points_mm)[1]]


@pytest.mark.parametrize("count", [3, 4, 5])
def test_veins_and_appendage_are_found_where_they_were_put(count):
    made = made_atrium(MORE[count])
    found = with_regions(chamber_of(made.surface))
    assert found.notes == ()
    assert {one.name for one in found.openings} == {"mitral_valve", *made.veins}
    part = truth_of(made, found)
    for number, name in enumerate(("left_atrial_appendage", *made.veins), start=1):
        truth, region = part == number, found.in_regions([name])
        assert 2.0 * (truth & region).sum() / (truth.sum() + region.sum()) > 0.9, name
    for name in made.veins:
        rim = measured(found, found.opening(name))
        assert rim.across_mm == pytest.approx(2.0 * VEINS[name][2], rel=0.05)


def test_walls_lie_where_their_names_say(made, chamber):
    areas = point_areas(chamber.surface)
    middle = {}
    for name in ("roof", "posterior_wall", "inferior_wall", "anterior_wall", "septum", "lateral_wall"):
        inside = chamber.in_regions([name])
        middle[name] = np.average(chamber.surface.points_mm[inside], axis=0, weights=areas[inside])
    assert middle["roof"][2] > middle["inferior_wall"][2] + 20.0
    assert middle["posterior_wall"][1] > middle["anterior_wall"][1] + 20.0
    assert middle["lateral_wall"][0] > middle["septum"][0] + 20.0
    assert areas.sum() == pytest.approx(chamber.surface.area_cm2 * 100.0)
    assert np.unique(chamber.regions).size == len(chamber.region_names)


def test_regions_do_not_depend_on_the_order_of_points(made, chamber):
    rng = np.random.default_rng(4)
    order = rng.permutation(len(made.surface.points_mm))
    mixed = SurfaceMesh(made.surface.points_mm[order],
                        np.argsort(order)[made.surface.triangles[rng.permutation(len(made.surface.triangles))]])
    again = with_regions(chamber_of(mixed))
    at = cKDTree(again.surface.points_mm).query(chamber.surface.points_mm)[1]
    own = np.array(chamber.region_names)[chamber.regions]
    other = np.array(again.region_names)[again.regions[at]]
    assert np.mean(own == other) > 0.999


def test_wrong_axes_are_told_and_right_ones_named(made):
    assert likely_axes(chamber_of(made.surface)) == "LPS"
    for axes, matrix in (("PIR", [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]), ("RAS", np.diag([-1, -1, 1]))):
        stored = SurfaceMesh(made.surface.points_mm @ np.array(matrix, float).T, made.surface.triangles)
        named, _ = named_openings(chamber_of(stored))
        assert likely_axes(chamber_of(stored)) == axes
        assert any(f"axes are {axes}" in note for note in named.notes)
        told, _ = named_openings(chamber_of(stored, axes=axes))
        assert told.notes == ()
        assert np.allclose(told.surface.points_mm, chamber_of(made.surface).surface.points_mm)
        assert [one.name for one in told.openings] == [
            one.name for one in named_openings(chamber_of(made.surface))[0].openings]


def test_what_is_mended_is_told(made):
    surface = made.surface
    triangles = surface.triangles.copy()
    triangles[100:140] = triangles[100:140, ::-1]
    turned = chamber_of(SurfaceMesh(surface.points_mm, triangles))
    assert turned.notes == ("40 triangles turned to face as the neighbours do",)
    inside_out = chamber_of(SurfaceMesh(surface.points_mm, surface.triangles[:, ::-1]))
    assert inside_out.notes == ("the surface was inside out and has been turned",)
    for one in (turned, inside_out):
        towards = unit_normals(one.surface)
        middle = one.surface.points_mm[one.surface.triangles].mean(axis=1)
        body = np.linalg.norm((middle - middle.mean(axis=0)) / (29.0, 21.0, 23.0), axis=1) < 1.1
        assert np.mean(((middle - middle.mean(axis=0)) * towards).sum(axis=1)[body] > 0) > 0.95
    body = np.flatnonzero(made.part[surface.triangles].max(axis=1) == 0)
    pierced = chamber_of(SurfaceMesh(surface.points_mm, np.delete(surface.triangles, body[50], axis=0)))
    assert len(pierced.openings) == 5 and "closed" in pierced.notes[0]
    metres = chamber_of(SurfaceMesh(surface.points_mm / 1000.0, surface.triangles), unit="m")
    assert np.allclose(metres.surface.points_mm, surface.points_mm[np.unique(surface.triangles)])
    crumb = pv.Sphere(radius=1.0, theta_resolution=6, phi_resolution=6)
    corners = crumb.faces.reshape(-1, 4)[:, 1:] + len(surface.points_mm)
    crumbs = chamber_of(SurfaceMesh(np.vstack([surface.points_mm, np.asarray(crumb.points, float)]),
                                    np.vstack([surface.triangles, corners])))
    assert "crumbs" in crumbs.notes[0]


def test_surfaces_that_are_no_chamber_are_refused_in_one_line(made):
    points, triangles = made.surface.points_mm, made.surface.triangles
    body = np.flatnonzero(made.part[triangles].max(axis=1) == 0)
    around = np.linalg.norm(points[triangles].mean(axis=1) - points[triangles[body[400]]].mean(axis=0), axis=1)
    ball = pv.Sphere(radius=30.0)
    fin = np.array([[triangles[0, 0], triangles[0, 1], len(points)]])
    far = points + np.array([200.0, 0.0, 0.0])
    for call, words in (
        (lambda: chamber_of(SurfaceMesh(points / 1000.0, triangles)), 'unit="m"'),
        (lambda: chamber_of(SurfaceMesh(points * 1000.0, triangles)), 'unit="um"'),
        (lambda: chamber_of(SurfaceMesh(points, triangles), axes="LPX"), "axes"),
        (lambda: chamber_of(SurfaceMesh(points, triangles), axes="LAS"), "not right-handed"),
        (lambda: chamber_of(SurfaceMesh(np.vstack([points, [[0, 0, 0]]]), np.vstack([triangles, fin]))),
         "more than two"),
        (lambda: chamber_of(SurfaceMesh(np.vstack([points, far]), np.vstack([triangles, triangles + len(points)]))),
         "2 parts"),
        (lambda: chamber_of(SurfaceMesh(points, triangles[around > 2.0])), "no vein or valve"),
        (lambda: chamber_of(SurfaceMesh(np.asarray(ball.points, float), ball.faces.reshape(-1, 4)[:, 1:])), "closed"),
        (lambda: with_regions(chamber_of(SurfaceMesh(points, triangles[around > 6.0]))).opening("x"), "no opening"),
        (lambda: with_fibres(chamber_of(made.surface)), "no regions"),
    ):
        with pytest.raises((MeshError, DataError)) as refused:
            call()
        assert words in refused.value.line and "\n" not in refused.value.line
    with pytest.raises(MeshError, match="pulmonary veins not found"):
        with_regions(chamber_of(made_atrium(("pulmonary_vein_left_common", "pulmonary_vein_right_superior")).surface))


def test_regions_can_be_edited(chamber):
    spot = np.linalg.norm(chamber.surface.points_mm - chamber.surface.points_mm[0], axis=1) < 5.0
    changed = chamber.with_region(spot, "scar_of_old_ablation")
    assert np.array_equal(changed.in_regions(["scar_of_old_ablation"]), spot)
    assert not np.array_equal(changed.regions, chamber.regions)
    with pytest.raises(DataError, match="no region 'nose'"):
        chamber.in_regions(["nose"])


def test_fibres_are_unit_tangent_and_run_around_veins_valve_and_lobe(made, chamber):
    normal = unit_normals(chamber.surface)
    middle = chamber.surface.points_mm[chamber.surface.triangles].mean(axis=1)
    part = truth_of(made, chamber)[chamber.surface.triangles]
    for layer in (chamber.fibres.endo, chamber.fibres.epi):
        assert np.allclose(np.linalg.norm(layer, axis=1), 1.0)
        assert np.abs((layer * normal).sum(axis=1)).max() < 1e-9
        for number, name in enumerate(made.veins, start=2):
            way = np.array(VEINS[name][1]) / np.linalg.norm(VEINS[name][1])
            rim = measured(chamber, chamber.opening(name)).centre_mm
            along = (middle - rim) @ way
            tube = (part == number).all(axis=1) & (along > -0.7 * VEIN_MM) & (along < -2.0)
            assert np.degrees(np.arcsin(np.abs(layer[tube] @ way))).mean() < 12.0, name
        rim_mm = chamber.rim_mm(chamber.opening("mitral_valve"))
        at = cKDTree(rim_mm).query(middle)
        ring = at[0] < 4.0
        tangent = np.roll(rim_mm, -8, axis=0) - np.roll(rim_mm, 8, axis=0)  # some sides are tiny
        tangent = (tangent / np.linalg.norm(tangent, axis=1, keepdims=True))[at[1]]
        assert np.abs((layer * tangent).sum(axis=1))[ring].mean() > 0.95
    behind = chamber.in_regions(["posterior_wall"])[chamber.surface.triangles].all(axis=1)
    assert np.abs((chamber.fibres.endo * chamber.fibres.epi).sum(axis=1))[behind].mean() < 0.25


def test_given_fibres_are_laid_into_the_wall(chamber):
    rng = np.random.default_rng(2)
    normal = unit_normals(chamber.surface)
    tilted = chamber.fibres.epi * rng.uniform(0.5, 3.0, (len(normal), 1)) + 0.3 * normal
    given = with_given_fibres(chamber, tilted, source="of a test")
    assert np.allclose(np.abs((given.fibres.endo * chamber.fibres.epi).sum(axis=1)), 1.0)
    few = tilted.copy()
    few[::500] = 0.0
    assert np.allclose(np.linalg.norm(with_given_fibres(chamber, few).fibres.endo, axis=1), 1.0)
    with pytest.raises(MeshError, match="out of the wall"):
        with_given_fibres(chamber, normal)
    with pytest.raises(MeshError, match="fibres of shape"):
        with_given_fibres(chamber, tilted[:5])


@pytest.mark.real_data
def test_a_real_left_atrium_is_named_and_divided(real_data):
    mesh = pv.read(real_data / "left_atrium_surface/atrium/atrium.vtp")
    stored = SurfaceMesh(np.asarray(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:])
    assert likely_axes(chamber_of(stored)) == "PIR"  # seen on pictures: the lobe lies before the upper left vein
    found = with_fibres(with_regions(chamber_of(stored, axes="PIR")))
    assert [one.name for one in found.openings] == ["mitral_valve", "pulmonary_vein_right_inferior",
                                                   "pulmonary_vein_right_superior", "pulmonary_vein_left_inferior",
                                                   "pulmonary_vein_left_superior"]
    assert found.notes == ("the appendage has no neck: 16 mm around its tip are taken for it, check",)
    areas = point_areas(found.surface)
    for name in found.region_names:
        assert 1.0 < areas[found.in_regions([name])].sum() / 100.0 < 25.0, name
