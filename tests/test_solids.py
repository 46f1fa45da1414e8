"""Solids joined, cut and mended, against formulas, another library, and real surfaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from anatomy_twin.anatomy.solid.repair import load_solid, mended
from anatomy_twin.anatomy.solid.solids import as_solid, cut_by_plane, difference, intersection, split_pieces, union
from anatomy_twin.anatomy.surface.certificate import certify
from anatomy_twin.core import SurfaceMesh
from anatomy_twin.errors import DataError, MeshError

FAR = np.array([-312.7, 845.31, 1203.9])  # where a scan may lie


def off(*by: float) -> np.ndarray:
    """A place so far from ``FAR``."""
    return FAR + np.array(by)


def surface(mesh: trimesh.Trimesh, at=(0.0, 0.0, 0.0)) -> SurfaceMesh:
    """A mesh of trimesh at a place."""
    return SurfaceMesh(np.array(mesh.vertices) + at, np.array(mesh.faces, dtype=np.int64))


def box(sides, at=(0.0, 0.0, 0.0)) -> SurfaceMesh:
    """A box about ``at``."""
    return surface(trimesh.creation.box(sides), at)


def ball(radius_mm, at=(0.0, 0.0, 0.0), steps=4) -> SurfaceMesh:
    """A ball about ``at`` of 20 * 4 ** steps triangles."""
    return surface(trimesh.creation.icosphere(steps, radius_mm), at)


def certified(solid: SurfaceMesh, volume_ml: float, within: float) -> SurfaceMesh:
    """Check by counting that a result is a solid of the volume given."""
    certificate = certify(solid, volume_ml)
    assert certificate.watertight and certificate.outward and certificate.manifold
    assert abs(certificate.volume_error_percent) <= 100 * within
    return solid


def same(a: SurfaceMesh, b: SurfaceMesh) -> bool:
    """Equal to the last bit."""
    return np.array_equal(a.points_mm, b.points_mm) and np.array_equal(a.triangles, b.triangles)


@pytest.mark.parametrize("at", [np.zeros(3), FAR])
def test_boxes(at) -> None:
    a, b = box((10, 20, 30), at), box((10, 20, 30), at + np.array([4, 3, 2]))
    common = 6 * 17 * 28 / 1000
    certified(union(a, b), 12 - common, 1e-6)
    certified(difference(a, b), 6 - common, 1e-6)
    certified(intersection(a, b), common, 1e-6)


def test_balls_have_the_volume_of_the_formula() -> None:
    """A lens of two balls; a liver without a ball of 30 mm; an ellipsoid met by a ball."""
    r, apart = 20.0, 18.0
    lens = np.pi * (2 * r - apart) ** 2 * (apart**2 + 4 * apart * r) / (12 * apart) / 1000
    whole = 4 / 3 * np.pi * r**3 / 1000
    a, b = ball(r, FAR, 5), ball(r, off(0, apart, 0), 5)
    certified(intersection(a, b), lens, 0.005)
    certified(union(a, b), 2 * whole - lens, 0.005)
    certified(difference(a, b), whole - lens, 0.005)
    long = trimesh.creation.icosphere(5, 1.0)
    long.apply_scale((60.0, 40.0, 90.0))
    organ = surface(long, FAR)
    certified(difference(organ, ball(15.0, off(5, 5, 5), 5)), 4 / 3 * np.pi * (60 * 40 * 90 - 15**3) / 1000, 0.005)


def test_another_library_finds_the_same_volumes() -> None:
    """By its own sums over its own triangles; and by its own test whether points lie in both solids."""
    a, b = ball(20.0, FAR), box((25, 25, 25), off(8, 6, 4))
    met = intersection(a, b)
    other = trimesh.Trimesh(met.points_mm, met.triangles, process=False)
    assert other.is_watertight and other.is_winding_consistent
    assert other.volume / 1000 == pytest.approx(met.volume_ml, rel=1e-9)
    points = FAR + np.random.default_rng(1).uniform(-20, 20, (20_000, 3))
    inside = (np.linalg.norm(points - FAR, axis=1) < 20) & (np.abs(points - FAR - [8, 6, 4]) < 12.5).all(axis=1)
    assert inside.mean() * 64 == pytest.approx(met.volume_ml, rel=0.05)


def test_what_touches_is_equal_or_lies_apart() -> None:
    a = box((10, 20, 30), FAR)
    beside, apart = box((10, 20, 30), off(10, 0, 0)), box((1, 1, 1), off(50, 0, 0))
    assert intersection(a, beside) is None and intersection(a, apart) is None and difference(a, a) is None
    certified(union(a, a), 6.0, 1e-9)
    certified(intersection(a, a), 6.0, 1e-9)
    assert len(split_pieces(union(a, beside))) == 1
    certified(union(a, beside), 12.0, 1e-9)
    certified(difference(a, beside), 6.0, 1e-9)
    pieces = split_pieces(union(a, apart))
    assert [round(piece.volume_ml, 9) for piece in pieces] == [6.0, 0.001]
    assert difference(box((2, 2, 2), FAR), a) is None


def test_a_hollow_solid_keeps_its_cavity() -> None:
    shell = difference(ball(20.0, FAR), ball(15.0, FAR))
    both = union(shell, ball(5.0, FAR))
    pieces = split_pieces(both)
    assert len(pieces) == 2
    certified(pieces[0], 4 / 3 * np.pi * (20**3 - 15**3) / 1000, 0.005)
    certified(pieces[1], 4 / 3 * np.pi * 5**3 / 1000, 0.005)
    assert sum(piece.volume_ml for piece in pieces) == pytest.approx(both.volume_ml, rel=1e-12)


numbers = st.floats(-1, 1, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(st.tuples(numbers, numbers, numbers), st.tuples(numbers, numbers, numbers), st.floats(-40, 40))
def test_halves_add_up(way, turn, shift) -> None:
    """Any plane, any pose, a solid with a hole and a second part: both halves closed, nothing lost."""
    normal = np.array(way) + np.array([0, 0, 1e-3])
    if np.linalg.norm(normal) < 1e-6:
        return
    ring = trimesh.creation.annulus(10.0, 22.0, 15.0)
    ring = trimesh.util.concatenate([ring, trimesh.creation.icosphere(2, 6.0)])
    pose = Rotation.from_rotvec(3 * np.array(turn)).as_matrix()
    solid = surface(trimesh.Trimesh(ring.vertices @ pose.T, ring.faces, process=False), FAR)
    unit = normal / np.linalg.norm(normal)
    halves = cut_by_plane(solid, FAR + shift * unit, normal)
    for side, half in zip((1, -1), halves, strict=True):
        if half is not None:
            certificate = certify(half, half.volume_ml)
            assert certificate.watertight and certificate.outward
            assert (side * ((half.points_mm - FAR) @ unit - shift)).min() > -1e-6
    assert sum(half.volume_ml for half in halves if half) == pytest.approx(solid.volume_ml, rel=1e-9)


CUTS = [(0.0, (3.0, 3.0)), (5.0, (0.0, 6.0)), (-5.0, (6.0, 0.0)), (2.0, (1.8, 4.2)), (400.0, (0.0, 6.0))]


@pytest.mark.parametrize(("shift", "shares"), CUTS)
def test_planes_along_faces_and_beside(shift, shares) -> None:
    halves = cut_by_plane(box((10, 20, 30), FAR), off(shift, 0, 0), (7.0, 0, 0))
    for half, share in zip(halves, shares, strict=True):
        assert (half is None) == (share == 0)
        if half is not None:
            certified(half, share, 1e-9)


@settings(max_examples=40, deadline=None)
@given(st.tuples(numbers, numbers, numbers), st.tuples(numbers, numbers, numbers))
def test_a_union_and_what_is_common_add_up(shift, turn) -> None:
    pose = Rotation.from_rotvec(3 * np.array(turn)).as_matrix()
    a, b = ball(12.0, FAR, 2), box((14, 18, 22))
    b = SurfaceMesh(b.points_mm @ pose.T + FAR + 25 * np.array(shift), b.triangles)
    joined, common, left = union(a, b), intersection(a, b), difference(a, b)
    shared = 0.0 if common is None else common.volume_ml
    assert joined.volume_ml + shared == pytest.approx(a.volume_ml + b.volume_ml, rel=1e-9)
    assert (left.volume_ml if left else 0.0) + shared == pytest.approx(a.volume_ml, rel=1e-9)
    assert same(joined, union(a, b))


def opened(mesh: SurfaceMesh, count: int) -> SurfaceMesh:
    """Without its last triangles."""
    return SurfaceMesh(mesh.points_mm, mesh.triangles[:-count])


def together(*meshes: SurfaceMesh) -> SurfaceMesh:
    """Several surfaces as one, whatever comes of it."""
    starts = np.cumsum([0] + [len(mesh.points_mm) for mesh in meshes])
    return SurfaceMesh(
        np.concatenate([mesh.points_mm for mesh in meshes]),
        np.concatenate([mesh.triangles + start for mesh, start in zip(meshes, starts, strict=False)]),
    )


def turned(mesh: SurfaceMesh) -> SurfaceMesh:
    """Inside out."""
    return SurfaceMesh(mesh.points_mm, mesh.triangles[:, ::-1])


def welded(mesh: SurfaceMesh) -> SurfaceMesh:
    """With equal points as one, whatever comes of it."""
    points, number = np.unique(np.round(mesh.points_mm, 6), axis=0, return_inverse=True)
    return SurfaceMesh(points, number.ravel()[mesh.triangles])


A = box((10, 20, 30), FAR)
BROKEN = {
    "is open, 4 edges": opened(A, 2),
    "is inside out": turned(A),
    "face opposite ways": SurfaceMesh(A.points_mm, np.vstack([A.triangles[:1, ::-1], A.triangles[1:]])),
    "2 edges have more than two|1 edges have more than two": welded(together(A, box((10, 20, 30), off(10, 20, 0)))),
    "touches itself at a point": welded(together(A, box((10, 20, 30), off(10, 20, 30)))),
    "cuts through itself": together(A, box((10, 20, 30), off(4, 3, 2))),
    "lies in another": together(A, ball(3.0, FAR, 1)),
    "name a point twice": SurfaceMesh(A.points_mm, np.vstack([A.triangles, [[0, 0, 1]]])),
    "has no triangles": SurfaceMesh(A.points_mm, np.empty((0, 3), np.int64)),
}


@pytest.mark.parametrize("words", list(BROKEN))
def test_what_is_no_solid_is_refused_by_name(words) -> None:
    for use in (as_solid, lambda mesh: union(A, mesh), lambda mesh: cut_by_plane(mesh, FAR, (0, 0, 1)), split_pieces):
        with pytest.raises(MeshError, match=words) as caught:
            use(BROKEN[words])
        assert caught.value.advice and "\n" not in caught.value.line


def test_what_can_be_mended_without_guessing() -> None:
    whole = ball(20.0, FAR)
    points, triangles = whole.points_mm, whole.triangles
    for broken, words in (
        (turned(whole), "inside out and has been turned"),
        (opened(whole, 1), "1 hole of up to"),
        (SurfaceMesh(points, np.vstack([triangles[:40, ::-1], triangles[40:]])), "40 triangles turned"),
        (SurfaceMesh(points[triangles].reshape(-1, 3), np.arange(3 * len(triangles)).reshape(-1, 3)), "became one"),
        (SurfaceMesh(points, np.vstack([triangles, triangles[:5], [[1, 1, 2]]])), "5 triangles given"),
        (BROKEN["touches itself at a point"], "1 point at which parts"),
    ):
        solid, notes = mended(broken)
        assert any(words in note for note in notes), notes
        certified(solid, whole.volume_ml if len(broken.triangles) > 100 else 12.0, 1e-3)
    assert mended(whole) == (whole, ())
    hole = mended(opened(whole, 12))[0]
    assert hole.volume_ml == pytest.approx(whole.volume_ml, rel=1e-3)


def pierced_plate(depth_mm: float) -> SurfaceMesh:
    """A plate 0.4 mm thick one of whose upper points is pushed down, through the lower side."""
    plate = trimesh.creation.box((20.0, 20.0, 0.4))
    for _ in range(4):
        plate = plate.subdivide()
    points = np.array(plate.vertices)
    points[np.argmin(np.linalg.norm(points - [0, 0, 0.2], axis=1))] += np.array([0.3, 0.2, -depth_mm])
    return SurfaceMesh(points + FAR, np.array(plate.faces, dtype=np.int64))


def test_a_spike_through_a_thin_plate_is_evened_out() -> None:
    with pytest.raises(MeshError, match="cuts through itself"):
        as_solid(pierced_plate(0.6))
    solid, notes = mended(pierced_plate(0.6))
    assert len(notes) == 1 and "12 triangles that cut through others evened out by up to 0." in notes[0]
    moved = np.linalg.norm(solid.points_mm - pierced_plate(0.6).points_mm, axis=1)
    assert 0 < moved.max() <= 0.5 + 1e-9
    certified(solid, 0.16, 0.01)


def test_a_deep_one_is_patched_and_one_that_would_change_the_volume_refused() -> None:
    solid, notes = mended(pierced_plate(1.4))
    assert "the rest patched" in notes[0]
    certified(solid, pierced_plate(1.4).volume_ml, 0.003)
    with pytest.raises(MeshError, match="cuts through itself"):
        mended(pierced_plate(3.0))


def test_what_decimation_left_behind_is_left_out() -> None:
    crumb = turned(box((0.3, 0.3, 0.3), off(40, 0, 0)))
    solid, notes = mended(together(ball(20.0, FAR), crumb))
    assert notes == ("1 shell of under a mm3 that faced in left out",)
    assert same(solid, ball(20.0, FAR)) or solid.volume_ml == pytest.approx(ball(20.0, FAR).volume_ml, rel=1e-12)


def test_the_liver_of_a_patient_loses_what_is_cut_out_of_it() -> None:
    """The program's own surfaces: smoothed and made of fewer triangles, and still good for booleans after mending."""
    import anatomy_twin as at
    from tests.support.toy_patient import toy_patient

    liver = mended(at.build_anatomy(*toy_patient())["liver"].surface)[0]
    lesion = ball(9.0, (-80.0, -20.0, 30.0))
    left = difference(liver, lesion)
    assert liver.volume_ml - left.volume_ml == pytest.approx(lesion.volume_ml, rel=1e-9)
    halves = cut_by_plane(left, (-60.0, 0.0, 20.0), (1.0, 0.2, 0.1))
    assert sum(half.volume_ml for half in halves) == pytest.approx(left.volume_ml, rel=1e-9)


@pytest.mark.parametrize("words", ["more than two", "cuts through itself", "lies in another", "has no triangles"])
def test_what_would_be_a_guess_is_refused_after_all(words) -> None:
    broken = next(mesh for name, mesh in BROKEN.items() if words in name)
    with pytest.raises(MeshError, match="no solid"):
        mended(broken)
    with pytest.raises(MeshError, match="it is open"):
        mended(opened(ball(20.0, FAR), 40), largest_hole_mm=2.0)
    with pytest.raises(DataError):
        mended(A, largest_hole_mm=-1.0)


def test_a_plane_needs_a_direction() -> None:
    for normal in ((0, 0, 0), (np.nan, 0, 1)):
        with pytest.raises(DataError):
            cut_by_plane(A, FAR, normal)


def test_a_foreign_file_becomes_a_solid(tmp_path: Path) -> None:
    told: list[str] = []

    class Listener:
        cancelled = False

        def stage(self, name: str) -> None:
            pass

        def progress(self, fraction: float) -> None:
            pass

        def warn(self, message: str) -> None:
            told.append(message)

    whole = trimesh.creation.icosphere(3, 20.0)
    whole.update_faces(np.arange(len(whole.faces)) > 1)
    whole.export(tmp_path / "ball.stl")
    solid = load_solid(tmp_path / "ball.stl", Listener())
    certified(solid, 4 / 3 * np.pi * 8, 0.02)
    assert any("2 holes" in line for line in told)  # that meet in a point
    assert all(line.startswith("ball.stl: ") for line in told)
    whole.update_faces(np.arange(len(whole.faces)) > 900)
    whole.export(tmp_path / "half.stl")
    with pytest.raises(MeshError, match="it is open") as caught:
        load_solid(tmp_path / "half.stl")
    assert "half.stl" in caught.value.line and str(tmp_path) not in caught.value.line


def real_surface(path: Path) -> SurfaceMesh:
    """A VTP file as points and triangles."""
    import pyvista

    mesh = pyvista.read(path).triangulate()
    return SurfaceMesh(np.array(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:].astype(np.int64))


@pytest.mark.real_data
def test_a_real_left_atrium_is_closed_at_its_veins_and_cut(real_data: Path) -> None:
    atrium = real_surface(real_data / "left_atrium_surface" / "atrium" / "atrium.vtp")
    with pytest.raises(MeshError, match="it is open"):
        as_solid(atrium)
    solid, notes = mended(atrium, largest_hole_mm=40.0)
    assert notes and "5 holes" in notes[0]  # four veins and the mitral valve
    centre = solid.points_mm.mean(axis=0)
    halves = cut_by_plane(solid, centre, (0.3, -0.5, 0.8))
    assert sum(half.volume_ml for half in halves) == pytest.approx(solid.volume_ml, rel=1e-9)
    lesion = ball(8.0, solid.points_mm[1234], 3)
    assert difference(solid, lesion).volume_ml + intersection(solid, lesion).volume_ml == pytest.approx(
        solid.volume_ml, rel=1e-9
    )


@pytest.mark.real_data
def test_real_ventricles_are_hollow_and_cut(real_data: Path) -> None:
    heart = real_surface(real_data / "biventricle_surface" / "geo1" / "heart.vtp")
    other = trimesh.Trimesh(heart.points_mm, heart.triangles, process=False)
    assert as_solid(heart).volume_ml == pytest.approx(other.volume / 1000, rel=1e-9)
    for shift in (-20.0, 0.0, 15.0):
        halves = cut_by_plane(heart, heart.points_mm.mean(axis=0) + np.array([0, 0, shift]), (0.2, 0.1, 1.0))
        assert all(certify(half, half.volume_ml).watertight for half in halves)
        assert sum(half.volume_ml for half in halves) == pytest.approx(heart.volume_ml, rel=1e-9)
