"""Wall thickness against shells whose thickness is known: balls, tubes, tubes off centre, turned and flat voxels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.spatial.transform import Rotation

from anatomy_twin.anatomy.wall_thickness import ThicknessMap, thickness_on_surface, wall_thickness
from anatomy_twin.core import SurfaceMesh, VolumeGeometry
from anatomy_twin.core.geometry import reindex
from anatomy_twin.errors import DataError, MeshError

Bools = NDArray[np.bool_]
TURNED = Rotation.from_euler("xyz", [17.0, -28.0, 41.0], degrees=True).as_matrix()


class Lines:
    """A monitor that keeps what it is told."""

    cancelled = False

    def __init__(self) -> None:
        self.told: list[str] = []
        self.done: list[float] = []

    def stage(self, name: str) -> None:
        self.told.append(name)

    def progress(self, fraction: float) -> None:
        self.done.append(fraction)

    def warn(self, message: str) -> None:
        self.told.append(message)


def grid(extent_mm: float, spacing_mm: tuple[float, float, float], turned: bool = False) -> VolumeGeometry:
    """A grid of about twice ``extent_mm`` whose middle is at the origin, not on a voxel centre."""
    shape = tuple(int(2 * extent_mm / step) for step in spacing_mm)
    base = VolumeGeometry.upright(shape, spacing_mm)
    direction = TURNED @ base.direction if turned else base.direction
    start = VolumeGeometry(shape, spacing_mm, direction, (0.0, 0.0, 0.0))
    origin = np.array([0.13, -0.31, 0.22]) - start.to_world((np.array(shape) - 1) / 2)
    return VolumeGeometry(shape, spacing_mm, direction, tuple(float(value) for value in origin))


def places(geometry: VolumeGeometry) -> NDArray[np.float64]:
    """The centre of every voxel in LPS mm, [k, j, i, 3]."""
    return geometry.to_world(np.stack(np.indices(geometry.shape), axis=-1))


def ball_shell(radius: float, thick: float, geometry: VolumeGeometry) -> tuple[Bools, Bools]:
    """Wall and cavity of a ball about the origin."""
    away = np.linalg.norm(places(geometry), axis=-1)
    return (away >= radius) & (away < radius + thick), away < radius


def errors(found: ThicknessMap, truth_mm: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Errors in mm at the voxels that have a thickness."""
    here = np.isfinite(found.thickness_mm)
    truth = np.broadcast_to(np.asarray(truth_mm, dtype=float), here.shape)
    return found.thickness_mm[here] - truth[here]


# spacing mm [k, j, i], turned, allowed: mean error, spread (standard deviation) in mm
GRIDS = [
    ((1.0, 1.0, 1.0), False, 0.04, 0.15),
    ((0.8, 0.8, 0.8), True, 0.04, 0.13),
    ((1.25, 0.625, 0.625), False, 0.04, 0.15),
    ((1.25, 0.625, 0.625), True, 0.04, 0.15),
    ((2.5, 0.8, 0.8), False, 0.09, 0.30),
    ((2.5, 0.8, 0.8), True, 0.09, 0.30),
]


@pytest.mark.parametrize(("spacing_mm", "turned", "mean_mm", "spread_mm"), GRIDS)
@pytest.mark.parametrize(("radius", "thick"), [(20.0, 2.0), (20.0, 3.0), (12.0, 4.0)])
def test_a_ball_has_the_thickness_it_was_made_with(
    spacing_mm: tuple[float, float, float], turned: bool, mean_mm: float, spread_mm: float, radius: float, thick: float
) -> None:
    geometry = grid(radius + thick + 4, spacing_mm, turned)
    wall, inner = ball_shell(radius, thick, geometry)
    found = wall_thickness(wall, inner, geometry)
    off = errors(found, thick)
    assert len(off) == np.count_nonzero(wall)
    assert abs(off.mean()) < mean_mm and off.std() < spread_mm
    # no drift from the inner to the outer side: a line has one length
    away = np.linalg.norm(places(geometry), axis=-1)[np.isfinite(found.thickness_mm)]
    inmost, outmost = off[away < radius + thick / 3], off[away > radius + 2 * thick / 3]
    assert abs(inmost.mean() - outmost.mean()) < 0.1
    assert abs(found.median_mm - thick) < 0.1
    assert found.p5_mm <= found.median_mm <= found.p95_mm
    assert found.mean_mm == pytest.approx(found.thickness_mm[wall].mean(dtype=float), rel=1e-5)


def test_half_way_borders_would_be_much_worse() -> None:
    """The reason for placing borders between voxel centres: distances between voxel faces err by several tenths."""
    from scipy import ndimage

    geometry = grid(26.0, (1.0, 1.0, 1.0), turned=True)
    wall, inner = ball_shell(20.0, 2.0, geometry)
    found = wall_thickness(wall, inner, geometry)
    plain = ndimage.distance_transform_edt(~inner) + ndimage.distance_transform_edt(wall | inner) - 1.0
    assert np.abs(errors(found, 2.0)).mean() < 0.5 * np.abs(plain[wall] - 2.0).mean()


def test_errors_shrink_with_the_voxels() -> None:
    typical = []
    for step in (1.2, 0.6, 0.3):
        geometry = grid(13.0, (step, step, step), turned=True)
        wall, inner = ball_shell(8.0, 3.0, geometry)
        typical.append(float(np.sqrt(np.mean(errors(wall_thickness(wall, inner, geometry), 3.0) ** 2))))
    assert typical[1] < 0.7 * typical[0] and typical[2] < 0.7 * typical[1]
    assert typical[2] < 0.06


def arc_lengths(inner_mm: float, outer_mm: float, shift_mm: float, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths of field lines between two circles, the inner about (0, 0), the outer about (shift, 0).

    In bipolar coordinates (s, t) with foci c apart from the middle both circles are lines of constant t, and as the map
    is conformal field lines are lines of constant s; the element of length is c dt / (cosh t - cos s).
    """
    middle = (outer_mm**2 - inner_mm**2 - shift_mm**2) / (2 * shift_mm)  # the inner circle's centre from the axis
    focus = np.sqrt(middle**2 - inner_mm**2)
    t = np.arcsinh(focus / np.array([outer_mm, inner_mm]))
    x, y = points[..., 0] + middle, points[..., 1]
    s = np.arctan2(2 * focus * np.abs(y), x**2 + y**2 - focus**2)
    table = np.linspace(0, np.pi, 400)
    value = [quad(lambda at, turn=turn: focus / (np.cosh(at) - np.cos(turn)), t[0], t[1])[0] for turn in table]
    return np.interp(s, table, value)


@pytest.mark.parametrize("turned", [False, True])
def test_a_tube_off_centre_has_the_lengths_of_its_arcs(turned: bool) -> None:
    """1.5 mm on one side to 4.5 mm on the other, with lines that are arcs: exact by a conformal map."""
    geometry = grid(19.0, (0.8, 0.8, 0.8), turned)
    # the tube's axis is k, so that the end of the scan cuts it straight; the cross-section lies in the plane of j and i
    at = (places(geometry) @ geometry.direction)[..., [2, 1]]
    inner = np.linalg.norm(at, axis=-1) < 12.0
    wall = (np.linalg.norm(at - [1.5, 0.0], axis=-1) < 15.0) & ~inner
    truth = arc_lengths(12.0, 15.0, 1.5, at)
    assert truth[wall].min() == pytest.approx(1.5, abs=0.05) and truth[wall].max() == pytest.approx(4.5, abs=0.1)
    found = wall_thickness(wall, inner, geometry)
    off = errors(found, truth)
    assert abs(off.mean()) < 0.08 and np.abs(off).mean() < 0.18
    assert np.percentile(np.abs(off), 95) < 0.4
    assert 0.0 < found.not_reached < 0.3 and any("end of the scan" in line for line in found.warnings)


def test_an_open_bowl_is_right_away_from_its_rim() -> None:
    geometry = grid(21.0, (0.8, 0.8, 0.8), turned=True)
    wall, inner = ball_shell(14.0, 3.0, geometry)
    height = places(geometry)[..., 2]
    wall, inner = wall & (height < 4.0), inner & (height < 4.0)
    found = wall_thickness(wall, inner, geometry)
    away = np.isfinite(found.thickness_mm) & (height < 4.0 - 2 * 3.0)
    assert abs(found.thickness_mm[away].mean(dtype=float) - 3.0) < 0.04
    rim = np.isfinite(found.thickness_mm) & (height > 3.0)
    assert found.thickness_mm[rim].mean() < 2.7
    assert any("without a wall between" in line for line in found.warnings)
    # with the blood beyond the mouth closed off the rim is as thick as the rest
    beyond = (np.linalg.norm(places(geometry), axis=-1) < 17.0) & (height >= 4.0)
    closed = wall_thickness(wall, inner, geometry, closed_off=beyond)
    assert abs(closed.thickness_mm[rim].mean(dtype=float) - 3.0) < 0.3


def test_the_map_does_not_depend_on_how_the_array_is_indexed() -> None:
    geometry = grid(13.0, (1.25, 0.8, 0.9), turned=True)
    wall, inner = ball_shell(8.0, 2.5, geometry)
    first = wall_thickness(wall, inner, geometry)
    order, flips = (2, 0, 1), (True, False, True)
    other = wall_thickness(
        reindex(wall, order, flips).copy(), reindex(inner, order, flips), geometry.reindexed(order, flips)
    )
    assert np.array_equal(reindex(first.thickness_mm, order, flips), other.thickness_mm, equal_nan=True)
    assert (first.mean_mm, first.p95_mm) == (other.mean_mm, other.p95_mm)


def test_any_number_of_threads_gives_the_same_map() -> None:
    import numba

    geometry = grid(12.0, (0.8, 0.8, 0.8))
    wall, inner = ball_shell(8.0, 2.0, geometry)
    before, maps = numba.get_num_threads(), []
    try:
        for count in (1, numba.config.NUMBA_NUM_THREADS):
            numba.set_num_threads(count)
            maps.append(wall_thickness(wall, inner, geometry).thickness_mm)
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(maps[0], maps[1], equal_nan=True)


def test_thickness_on_a_surface() -> None:
    geometry = grid(17.0, (0.8, 0.8, 0.8), turned=True)
    wall, inner = ball_shell(10.0, 3.0, geometry)
    found = wall_thickness(wall, inner, geometry)
    way = np.random.default_rng(3).normal(size=(300, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    triangles = np.arange(300).reshape(-1, 3)
    for radius in (10.0, 13.0):
        values = thickness_on_surface(found, SurfaceMesh(way * radius, triangles))
        assert np.isfinite(values).all()
        assert abs(values.mean() - 3.0) < 0.05 and np.abs(values - 3.0).max() < 0.5
    assert np.isnan(thickness_on_surface(found, SurfaceMesh(way * 3.0, triangles))).all()


def test_a_piece_of_wall_that_is_not_at_the_cavity_has_no_thickness() -> None:
    geometry = grid(17.0, (1.0, 1.0, 1.0))
    wall, inner = ball_shell(8.0, 2.0, geometry)
    stray = np.linalg.norm(places(geometry) - [13.0, 0.0, 0.0], axis=-1) < 2.0
    monitor = Lines()
    found = wall_thickness(wall | stray, inner, geometry, monitor=monitor)
    assert np.isnan(found.thickness_mm[stray]).all() and np.isfinite(found.thickness_mm[wall]).all()
    assert found.not_reached == pytest.approx(stray.sum() / (stray.sum() + wall.sum()))
    assert any("not between cavity and outside" in line for line in found.warnings)
    assert list(found.warnings) == monitor.told and monitor.done[-1] == 1.0


def test_a_wall_of_one_voxel_is_flagged_and_still_about_one_voxel_thick() -> None:
    geometry = grid(16.0, (1.0, 1.0, 1.0))
    wall, inner = ball_shell(10.0, 1.0, geometry)
    found = wall_thickness(wall, inner, geometry)
    assert found.thin > 0.9 and any("too coarse" in line for line in found.warnings)
    assert 0.7 < found.median_mm < 1.4


def test_what_is_no_wall_is_refused_by_name() -> None:
    geometry = grid(14.0, (1.0, 1.0, 1.0))
    wall, inner = ball_shell(8.0, 2.0, geometry)
    nothing = np.zeros_like(wall)
    for masks, kind, words in (
        ((nothing, inner), MeshError, "the wall has no voxels"),
        ((wall, nothing), MeshError, "the cavity has no voxels"),
        ((wall, wall), DataError, "both wall and cavity"),
        ((wall, np.linalg.norm(places(geometry), axis=-1) < 5.0), MeshError, "does not touch its cavity"),
        ((~inner, inner), MeshError, "no outside"),
        ((wall[1:], inner), DataError, "shape"),
    ):
        with pytest.raises(kind, match=words):
            wall_thickness(masks[0], masks[1], geometry)


def test_memory_that_would_not_suffice_is_said_before_it_is_taken() -> None:
    geometry = grid(14.0, (1.0, 1.0, 1.0))
    with pytest.raises(MeshError, match="GB of memory") as caught:
        wall_thickness(*ball_shell(8.0, 2.0, geometry), geometry, memory_limit_bytes=1_000_000)
    assert "crop" in caught.value.advice


def test_a_user_can_stop_it() -> None:
    from anatomy_twin.errors import Cancelled

    monitor = Lines()
    monitor.cancelled = True
    geometry = grid(12.0, (1.0, 1.0, 1.0))
    with pytest.raises(Cancelled):
        wall_thickness(*ball_shell(8.0, 2.0, geometry), geometry, monitor=monitor)
