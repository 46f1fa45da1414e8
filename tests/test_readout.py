"""What is at a point, against brute force on the voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import Case, LabelMap, VolumeGeometry
from anatomy_twin.rehearsal import build_scene
from anatomy_twin.rehearsal.borders import Border
from anatomy_twin.rehearsal.readout import field_at, reader_of, readout
from tests.support.toy_patient import make_segment


def turned_geometry(shape=(14, 20, 18), spacing=(2.5, 0.9, 1.3), seed=3):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return VolumeGeometry(shape, spacing, q, (4.0, -7.0, 11.0))


def to_voxels(points, index, geometry):
    """Distance of each point to the nearest of the voxels ``index`` as boxes, by all of them."""
    place = geometry.to_index(points)
    beyond = np.maximum(np.abs(place[:, None] - index[None]) - 0.5, 0.0) * np.asarray(geometry.spacing_mm)
    return np.sqrt((beyond**2).sum(axis=-1)).min(axis=1)


def test_distance_to_a_border_is_that_to_the_nearest_face_of_all_voxels():
    geometry = turned_geometry()
    rng = np.random.default_rng(1)
    index = np.argwhere(np.ones(geometry.shape))
    mask = np.linalg.norm((index - [6, 9, 8]) * [2.5, 0.9, 1.3], axis=1) < rng.uniform(4.5, 6.5, len(index))
    border = Border.of(index[mask], geometry)
    points = geometry.to_world(rng.uniform(-3, np.asarray(geometry.shape) + 2, (300, 3)))
    within = index[mask][::7]
    points = np.vstack([points, geometry.to_world(within + rng.uniform(-0.5, 0.5, within.shape))])
    around = np.argwhere(np.ones(np.asarray(geometry.shape) + 12)) - 6
    held = {tuple(voxel) for voxel in index[mask]}
    others = np.array([voxel for voxel in around if tuple(voxel) not in held])
    inside = np.array([tuple(voxel) in held for voxel in geometry.voxel_of(points)])
    assert inside.sum() > 30
    expected = np.where(inside, -to_voxels(points, others, geometry), to_voxels(points, index[mask], geometry))
    found = [border.distance_mm(point) for point in points]
    assert np.allclose(found, expected, atol=1e-9)
    least = np.array([border.at_least_mm(point) for point in points])
    assert (least <= expected + 1e-9).all() and least.max() > 5.0


@pytest.fixture(scope="module")
def toy(toy_case):
    scene = build_scene(toy_case, "A", masks=False)
    return toy_case, scene


def test_structures_values_and_distances_of_a_patient(toy):
    case, scene = toy
    reader = reader_of(case, scene, "tumour_1")
    assert not reader.complete and readout(reader, (-61.0, -11.0, 25.0)).target is None
    reader.prepare()
    labels, geometry = case.label_map, case.label_map.geometry
    rng = np.random.default_rng(5)
    places = np.argwhere(labels.mask("liver"))[rng.integers(0, labels.mask("liver").sum(), 25)]
    tumour = np.argwhere(labels.mask("tumour_1"))
    vessels = {look.name: np.argwhere(labels.array[look.layer] == look.value)
               for look in scene.looks if look.group == "vessel"}  # fmt: skip
    assert vessels
    for index in places:
        point = geometry.to_world(index)
        found = readout(reader, point)
        names = [one.name for one in found.structures]
        assert found.value == case.volume.at(point) and found.unit == "HU" and found.complete
        assert "liver" in names and set(names) == {
            look.name for look in scene.looks
            if labels.mask(look.name)[tuple(index)] and look.name in names
        }
        for look in scene.looks:
            assert (look.name in names) >= (labels.array[(look.layer, *index)] == look.value)
        if "tumour_1" in names:
            assert names[0] == "tumour_1" and found.target.distance_mm < 0
        else:
            assert found.target.distance_mm == pytest.approx(to_voxels(point[None], tumour, geometry)[0], abs=1e-9)
        if found.vessel.distance_mm > 0:
            every = {name: to_voxels(point[None], held, geometry)[0] for name, held in vessels.items()}
            assert found.vessel.distance_mm == pytest.approx(min(every.values()), abs=1e-9)
            assert every[found.vessel.name] == pytest.approx(found.vessel.distance_mm, abs=1e-9)


def test_simulated_values_are_linear_between_voxels_and_left_out_where_the_plan_moved(toy):
    case, scene = toy
    reader = reader_of(case, scene, "tumour_1")
    series = next(one for one in scene.fields if one.name == "temperature")
    index = np.array(series.geometry.shape) // 2
    first, second = series.geometry.to_world(index), series.geometry.to_world(index + np.array([0, 0, 1]))
    j = tuple(index)
    here, there = float(series.values[-1][j]), float(series.values[-1][j[0], j[1], j[2] + 1])
    assert field_at(series, first) == pytest.approx(here, abs=1e-4)
    assert field_at(series, 0.75 * first + 0.25 * second) == pytest.approx(0.75 * here + 0.25 * there, abs=1e-3)
    assert field_at(series, series.geometry.to_world([-1, 0, 0])) is None
    told = readout(reader, first, -1)
    assert told.fields[0].value == pytest.approx(here, abs=1e-4) and "C" in told.fields[0].text
    assert readout(reader, first, 0).fields[0].value < told.fields[0].value
    assert readout(reader, first, simulated=False).fields == ()


def test_outside_of_the_scan_only_the_place_is_known(toy):
    case, scene = toy
    told = readout(reader_of(case, scene), (900.0, 0.0, 0.0))
    assert told.place == "L 900.0, P 0.0, H 0.0 mm" and told.value is None and told.structures == ()


def test_preparing_a_little_at_a_time_gives_the_same_and_is_kept_while_labels_stay(toy):
    case, scene = toy
    whole, bits = reader_of(case, scene, "tumour_1"), reader_of(case, scene, "tumour_1")
    whole.prepare()
    turns = 0
    while not bits.prepare_for(0.0):
        turns += 1
    assert turns > 10 and bits.borders.keys() == whole.borders.keys()
    point = (-40.0, -11.0, 25.0)
    assert readout(bits, point) == readout(whole, point)
    assert reader_of(case, scene, "tumour_1", bits).borders is bits.borders
    labels = replace(case.label_map, array=case.label_map.array.copy())
    other = replace(case, labels={case.primary: labels})
    assert not reader_of(other, scene, "tumour_1", bits).borders


def test_nothing_is_segmented(toy):
    case, _ = toy
    bare = Case.new(volume=case.volume)
    scene = build_scene(bare, "", masks=False)
    told = readout(reader_of(bare, scene), bare.volume.geometry.center_mm)
    assert told.structures == () and told.target is None and told.vessel is None and told.complete


def test_the_territory_of_the_liver_is_told(toy):
    case, scene = toy
    labels = case.label_map
    array = np.zeros((1, *labels.geometry.shape), np.uint8)
    array[0][labels.mask("liver")] = 5
    segment = make_segment("liver_segment_5", 0, 5)
    anatomy = replace(case.anatomy, territories=LabelMap(array, labels.geometry, (segment,)))
    reader = reader_of(replace(case, anatomy=anatomy), scene)
    index = np.argwhere(labels.mask("liver"))[0]
    assert readout(reader, labels.geometry.to_world(index)).territory == "Liver segment V"
    outside = np.argwhere(~labels.mask("liver"))[0]
    assert readout(reader, labels.geometry.to_world(outside)).territory == ""
