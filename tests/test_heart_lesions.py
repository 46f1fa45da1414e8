"""What lesions kill on a chamber and in muscle: bands and discs of known size, through the wall or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import LesionLine, LesionPoint, Myocardium, SurfaceMesh, VolumeGeometry
from anatomy_twin.core.heart import Chamber
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro.lesions import ablated
from anatomy_twin.simulation.electro.measures import parts_without
from tests.test_surface_paths import tube

CIRCLE = tuple((8 * np.cos(t), 8 * np.sin(t), 30.0) for t in np.linspace(0, 2 * np.pi, 7))


@pytest.fixture(scope="module")
def chamber() -> Chamber:
    return Chamber("left_atrium", SurfaceMesh(*tube(0.8)), ())


def plate(wall_mm: float = 6.0) -> Myocardium:
    """A plate of muscle whose inner surface is its lowest layer of voxels."""
    mask = np.zeros((round(wall_mm) + 2, 30, 40), bool)
    mask[1:-1] = True
    count = int(mask.sum())
    layer = np.argwhere(mask)[:, 0]
    fibres = np.tile([1.0, 0.0, 0.0], (count, 1))
    return Myocardium("ventricles", mask, VolumeGeometry.upright(mask.shape, (1.0, 1.0, 1.0)), fibres,
                      parts={"left_endocardium": layer == 1, "epicardium": layer == mask.shape[0] - 2})


def test_a_circle_round_a_tube_isolates_its_two_ends_from_each_other(chamber):
    found = ablated(chamber, [LesionLine(CIRCLE, 2.0)])
    part = parts_without(chamber.surface, found.dead)
    z = chamber.surface.points_mm[:, 2]
    assert part.max() == 1 and len(set(part[z < 27.5])) == len(set(part[z > 32.5])) == 1
    assert found.length_mm == pytest.approx(2 * np.pi * 8, rel=0.02)
    assert np.abs(z[found.dead] - 30).max() <= 2.0 + 0.8
    assert (np.abs(z[~found.dead] - 30) > 2.0 - 0.8).all()
    assert found.transmural.all() and found.depth_mm[0] == 2.0
    assert any("assumed" in line for line in found.notes)


def test_a_radius_that_the_mesh_does_not_resolve_is_widened_and_told(chamber):
    found = ablated(chamber, [LesionLine(CIRCLE, 0.05)])
    assert parts_without(chamber.surface, found.dead).max() == 1
    assert any("does not resolve a radius of 0.05 mm" in line for line in found.notes)


def test_a_point_is_a_disc_that_goes_through_a_thin_wall_and_not_through_a_thick_one(chamber):
    place = tuple(chamber.surface.points_mm[2000])
    point = LesionPoint(place, 30.0, 30.0, 10.0)
    count = len(chamber.surface.points_mm)
    thin = ablated(replace(chamber, wall_mm=np.full(count, 2.0)), [point])
    assert thin.transmural[0] and thin.dead.any() and not thin.assumed
    away = np.linalg.norm(chamber.surface.points_mm[thin.dead] - place, axis=1)
    assert 3.0 < away.max() < 6.0 and thin.depth_mm[0] >= 2.0
    thick = ablated(replace(chamber, wall_mm=np.full(count, 9.0)), [point])
    assert not thick.dead.any() and not thick.transmural[0] and 2.0 < thick.depth_mm[0] < 9.0
    assert any("nodes stay alive" in line and line.startswith("lesion 1 (point)") for line in thick.notes)


def test_what_lies_far_from_the_wall_or_out_of_range_is_refused_by_name_and_place(chamber):
    away = LesionLine(((8.0, 0.0, 30.0), (30.0, 0.0, 30.0)))
    with pytest.raises(SimulationError, match=r"lesion 2 \(line\), point 2: the wall of left_atrium is 22.0 mm away"):
        ablated(chamber, [LesionLine(CIRCLE), away])
    with pytest.raises(SimulationError, match=r"lesion 1 \(point\): duration 300 s .*8.0, 0.0, 30.0 mm LPS"):
        ablated(chamber, [LesionPoint((8.0, 0.0, 30.0), 30.0, 300.0, 10.0)])


def test_no_lesions_kill_nothing_and_the_same_ones_kill_the_same(chamber):
    none = ablated(chamber, [])
    assert not none.dead.any() and none.of == () and none.notes == () and none.length_mm == 0.0
    lesions = [LesionLine(CIRCLE, 2.0), LesionPoint(CIRCLE[0], 40.0, 20.0, 15.0)]
    first, second = ablated(chamber, lesions), ablated(chamber, lesions)
    assert np.array_equal(first.dead, second.dead)
    assert all(np.array_equal(a, b) for a, b in zip(first.paths_mm, second.paths_mm, strict=True))


def test_in_muscle_a_line_kills_a_trench_of_its_width_and_depth():
    muscle = plate(9.0)
    points = muscle.points_mm()
    inner = points[muscle.parts["left_endocardium"]]
    low, y = inner[0, 2], np.sort(np.unique(inner[:, 1]))[15]
    found = ablated(muscle, [LesionLine(((inner[:, 0].min(), y, low), (inner[:, 0].max(), y, low)), 3.0)])
    dead = points[found.dead]
    assert np.abs(dead[:, 1] - y).max() == pytest.approx(3.0)
    assert np.abs(dead[:, 2] - low).max() + 0.5 <= 6.0 < np.abs(dead[:, 2] - low).max() + 1.5
    assert found.dead.sum() == 7 * 6 * 40
    assert not found.transmural[0] and any("outer surface" in line for line in found.notes)
    through = ablated(plate(5.0), [LesionLine(((0.0, y, low), (39.0, y, low)), 3.0)])
    assert through.transmural[0]


def test_in_muscle_a_point_is_refused_where_no_inner_surface_is_known():
    muscle = replace(plate(), parts={})
    with pytest.raises(SimulationError, match="inner surface of ventricles is not known"):
        ablated(muscle, [LesionPoint((5.0, 5.0, 1.0), 30.0, 30.0, 10.0)])
    found = ablated(plate(12.0), [LesionPoint((15.0, 15.0, 1.0), 40.0, 30.0, 20.0)])
    assert 30 < found.dead.sum() < 400 and 3.0 < found.depth_mm[0] < 8.0
