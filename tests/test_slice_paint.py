"""Pictures of slices: the same numbers as slow ways give, whichever way the arrays are indexed."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from anatomy_twin.core import LabelMap, Segment, Volume, VolumeGeometry, reindex
from anatomy_twin.core.labels import Code
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.rehearsal import CutTint, FieldSeries, SegmentLook, Tint, plane_through, sample, slice_mask
from anatomy_twin.rehearsal.oblique import frame_along, plane_at
from anatomy_twin.rehearsal.slabs import Slab, sample_slab, slab_offsets_mm
from anatomy_twin.rehearsal.slice_paint import (
    SliceContent,
    SlicePainter,
    SliceStyle,
    field_colours,
    label_slice,
)

ORDERS = [(order, flips) for order in permutations(range(3)) for flips in product((False, True), repeat=3)]
BARE = SliceStyle(fills=False, outlines=False)


def turned(degrees: float = 20.0) -> np.ndarray:
    """The direction of a grid that is oblique to the patient about two axes."""
    a, b = np.radians(degrees), np.radians(degrees / 2)
    first = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    second = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    return first @ second @ np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])


def grid(oblique: bool = False) -> VolumeGeometry:
    upright = VolumeGeometry.upright((9, 14, 17), (3.0, 1.5, 1.25), (-10.0, -8.0, -12.0))
    return replace(upright, direction=turned()) if oblique else upright


def noise(geometry: VolumeGeometry, seed: int = 1) -> Volume:
    values = np.random.default_rng(seed).integers(-200, 300, geometry.shape).astype(np.int16)
    return Volume(values, geometry)


def two_organs(geometry: VolumeGeometry) -> LabelMap:
    """A ball in layer 0 beside another, and a lesion inside the first one in layer 1."""
    index = np.stack(np.meshgrid(*(np.arange(size) for size in geometry.shape), indexing="ij"), axis=-1)
    points = geometry.to_world(index)
    middle = np.asarray(geometry.center_mm)
    array = np.zeros((2, *geometry.shape), np.uint8)
    array[0][np.linalg.norm(points - middle, axis=-1) < 8.0] = 1
    array[0][np.linalg.norm(points - middle - [7.0, 0, 0], axis=-1) < 4.0] = 2
    array[1][np.linalg.norm(points - middle + [3.0, 0, 0], axis=-1) < 3.0] = 7
    code = Code("SCT", "1", "x")
    segments = (
        Segment("liver", 0, 1, code, (200, 100, 50)), Segment("spleen", 0, 2, code, (50, 100, 200)),
        Segment("tumour_1", 1, 7, code, (255, 255, 0), part_of="liver"),
    )  # fmt: skip
    return LabelMap(array, geometry, segments)


LOOKS = (
    SegmentLook("liver", "Liver", 0, 1, (200, 100, 50)), SegmentLook("spleen", "Spleen", 0, 2, (50, 100, 200)),
    SegmentLook("tumour_1", "Tumour 1", 1, 7, (255, 255, 0), group="target", part_of="liver"),
)  # fmt: skip


def oblique_plane(geometry: VolumeGeometry, shape=(40, 50), pixel=0.7):
    frame = frame_along((0.3, -0.5, 0.8))
    return plane_at("along", frame, geometry.center_mm, geometry.center_mm, pixel, shape)


@pytest.mark.parametrize("oblique", [False, True])
@pytest.mark.parametrize("name", ["axial", "coronal", "sagittal", "oblique"])
def test_a_plane_has_the_values_of_the_slow_way(oblique, name):
    volume = noise(grid(oblique))
    geometry = volume.geometry
    point = np.add(geometry.center_mm, [0.4, -0.3, 0.7])
    plane = oblique_plane(geometry) if name == "oblique" else plane_through(geometry, name, point, pixel_mm=0.6)
    found = sample_slab(volume.array, geometry, plane)
    assert np.allclose(found, sample(volume.array, geometry, plane), atol=2e-3, equal_nan=True)
    assert np.isfinite(found).mean() > 0.2


@pytest.mark.parametrize("mode, join", [("maximum", np.max), ("minimum", np.min), ("mean", np.mean)])
@pytest.mark.parametrize("oblique", [False, True])
def test_a_slab_is_the_extreme_of_its_planes(mode, join, oblique):
    volume = noise(grid(oblique))
    geometry = volume.geometry
    plane = plane_through(geometry, "axial", geometry.center_mm, pixel_mm=0.8, size_mm=(9.0, 9.0))
    slab = Slab(9.0, mode)
    offsets = slab_offsets_mm(geometry, plane, slab)
    assert offsets[0] == -4.5 and offsets[-1] == 4.5 and np.diff(offsets).max() <= 3.0 + 1e-9
    rows, columns = np.meshgrid(np.arange(plane.shape[0]), np.arange(plane.shape[1]), indexing="ij")
    points = plane.to_world(np.stack([rows, columns], axis=-1))
    layers = []
    for offset in offsets:
        index = geometry.to_index(points + offset * plane.normal)
        layers.append(map_coordinates(volume.array.astype(float), index.reshape(-1, 3).T, order=1, mode="nearest"))
    expected = join(np.stack(layers), axis=0).reshape(plane.shape)
    assert np.allclose(sample_slab(volume.array, geometry, plane, slab), expected, atol=2e-3)


def test_a_slab_through_voxel_centres_passes_no_voxel_over():
    volume = noise(grid())
    geometry = volume.geometry
    middle = geometry.to_world([4, 6, 8])
    plane = plane_through(geometry, "axial", middle)
    found = sample_slab(volume.array, geometry, plane, Slab(12.0))
    row, column = plane.to_pixel(middle)
    at = sample_slab(volume.array, geometry, replace(plane, origin_mm=tuple(plane.to_world([row % 1, column % 1]))),
                     Slab(12.0))  # fmt: skip
    assert at[int(row), int(column)] == volume.array[2:7, 6, 8].max()
    assert np.nanmin(found - sample_slab(volume.array, geometry, plane)) >= -1e-3


def test_a_slab_without_sense_is_refused():
    with pytest.raises(UsageError):
        Slab(5.0, "median")
    with pytest.raises(DataError):
        Slab(-1.0)


@pytest.mark.parametrize("oblique", [False, True])
def test_labels_are_those_of_the_nearest_voxel_away_from_borders(oblique):
    geometry = grid(oblique)
    labels = two_organs(geometry)
    plane = oblique_plane(geometry)
    found = label_slice(labels, plane)
    for layer, value, name in ((0, 1, "liver"), (0, 2, "spleen"), (1, 7, "tumour_1")):
        nearest = slice_mask(labels.mask(name, with_parts=False) | (labels.array[layer] == value), geometry, plane)
        differs = (found.codes[layer] == value) != nearest
        assert nearest.sum() > 10 and differs.mean() < 0.06
        assert not (differs & (found.lead[layer] > 200)).any(), "only where two labels weigh about the same"


def test_the_label_of_a_pixel_is_that_of_the_greatest_weight():
    geometry = grid()
    labels = two_organs(geometry)
    plane = plane_through(geometry, "coronal", np.add(geometry.center_mm, [0, 0.4, 0]), pixel_mm=0.3)
    shares = np.stack([sample((labels.array[0] == n), geometry, plane, outside=float(n == 0)) for n in range(3)])
    found = label_slice(labels, plane, (0,))
    ahead = np.sort(shares, axis=0)
    clear = ahead[-1] - ahead[-2] > 1e-4
    assert np.array_equal(found.codes[0][clear], np.argmax(shares, axis=0)[clear]) and clear.mean() > 0.98
    assert np.abs(found.lead[0] / 255.0 - (ahead[-1] - ahead[-2])).max() < 0.02


@pytest.mark.parametrize("name", ["axial", "oblique"])
def test_the_picture_does_not_depend_on_the_order_of_the_array(name):
    geometry = grid(oblique=True)
    volume, labels = noise(geometry), two_organs(geometry)
    plane = oblique_plane(geometry) if name == "oblique" else plane_through(geometry, name, geometry.center_mm,
                                                                            pixel_mm=0.5)  # fmt: skip
    heat = np.linspace(37, 90, volume.array.size).reshape(1, *geometry.shape).astype(np.float32)
    pictures = []
    for order, flips in ORDERS[::5]:
        other = geometry.reindexed(order, flips)
        turned_heat = np.ascontiguousarray(reindex(heat, order, flips))
        mask = np.ascontiguousarray(reindex(labels.array[1] == 7, order, flips))
        content = SliceContent(
            Volume(reindex(volume.array, order, flips), other), plane, (400.0, 40.0), labels.reindexed(order, flips),
            LOOKS, tints=(Tint("zone", "Zone", mask, other, (255, 0, 0)),),
            cuts=(CutTint(("liver",), ((geometry.center_mm, (1.0, 0.2, 0.1)),)),),
            field=FieldSeries("temperature", "T", "degC", turned_heat, np.zeros(1), other, (37.0, 90.0), (60.0,)),
        )  # fmt: skip
        pictures.append(SlicePainter().paint(content))
    assert all(np.array_equal(pictures[0], picture) for picture in pictures[1:])
    assert pictures[0][..., :3].std() > 20


def test_grey_follows_the_window():
    volume = noise(grid())
    plane = plane_through(volume.geometry, "axial", volume.geometry.center_mm)
    content = SliceContent(volume, plane, (200.0, 50.0), style=BARE)
    picture = SlicePainter().paint(content)
    values = sample(volume.array, volume.geometry, plane)
    expected = np.clip((np.nan_to_num(values, nan=-1e6) + 50.0) / 200.0 * 255.0, 0, 255)
    assert np.abs(picture[..., 1] - np.floor(expected)).max() <= 1 and (picture[..., 3] == 255).all()


def test_outlines_lie_on_borders_and_targets_on_top():
    geometry = grid()
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    labels = two_organs(geometry)
    plane = plane_through(geometry, "axial", geometry.center_mm, pixel_mm=0.2)
    content = SliceContent(volume, plane, (100.0, 60.0), labels, LOOKS, SliceStyle(fills=False, outline_px=3.0))
    picture = SlicePainter().paint(content)[..., 2::-1].astype(int)
    inside = sample(labels.array[1] == 7, geometry, plane, outside=0.0)
    drawn = (picture == (255, 255, 0)).all(axis=-1)
    assert drawn.sum() > 60 and (inside[drawn] >= 0.5).all(), "an outline lies inside of what it goes round"
    assert np.abs(inside[drawn] - 0.5).max() < 0.45
    assert (picture[inside > 0.99].max(axis=-1) == 0).any(), "no fill where fills are off"
    filled = SlicePainter().paint(replace(content, style=SliceStyle(outlines=False, fill=0.5)))[..., 2::-1]
    assert tuple(filled[inside > 0.99][0].astype(int)) != (0, 0, 0)
    hidden = replace(content, looks=tuple(replace(look, visible=False) for look in LOOKS))
    assert SlicePainter().paint(hidden)[..., :3].max() == 0


def test_a_tint_covers_what_reaches_its_level_and_dashes_its_edge():
    geometry = grid()
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    index = np.stack(np.meshgrid(*(np.arange(size) for size in geometry.shape), indexing="ij"), axis=-1)
    distance = np.linalg.norm(geometry.to_world(index) - geometry.center_mm, axis=-1).astype(np.float32)
    distance.flags.writeable = False
    plane = plane_through(geometry, "axial", geometry.center_mm, pixel_mm=0.25)
    tint = Tint("zone", "Zone", -distance, geometry, (255, 0, 0), level=-6.0, fill=0.4)
    content = SliceContent(volume, plane, (100.0, 60.0), tints=(tint,))
    red = SlicePainter().paint(content)[..., 2]
    assert np.array_equal(red > 0, sample(-distance, geometry, plane, outside=-99.0) >= -6.0)
    dashed = SlicePainter().paint(replace(content, tints=(replace(tint, fill=0.0, dashed=True),)))[..., 2]
    whole = SlicePainter().paint(replace(content, tints=(replace(tint, fill=0.0),)))[..., 2]
    assert 0.3 < (dashed > 0).sum() / (whole > 0).sum() < 0.8
    striking = replace(tint, fill=0.0, dashed=True, striking=True, line=1.5)
    for grey in (-200.0, 20.0):  # on white and on black
        picture = SlicePainter().paint(replace(content, window=(100.0, grey), tints=(striking,))).astype(int)
        edge = (whole > 0) & (picture[..., :3].sum(axis=-1) > 0)
        assert ((picture[..., :3].min(axis=-1) > 250) & edge).sum() > 0.3 * edge.sum(), "white"
        assert ((picture[..., 2] > 250) & (picture[..., 0] < 5) & edge).sum() > 0.2 * edge.sum(), "its colour"


def test_what_is_pointed_at_is_seen_without_sampling_anew():
    geometry = grid()
    labels = two_organs(geometry)
    looks = tuple(SegmentLook(s.name, s.name, s.layer, s.value, (200, 40, 40)) for s in labels.segments)
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    painter, plane = SlicePainter(), plane_through(geometry, "axial", geometry.center_mm)
    content = SliceContent(volume, plane, (100.0, 60.0), labels, looks)
    plain, work = painter.paint(content).astype(int), dict(painter.work)
    lit = painter.paint(replace(content, pointed=looks[0].name)).astype(int)
    assert painter.work["labels"] == work["labels"] and painter.work["grey"] == work["grey"]
    inside = sample(labels.mask(looks[0].name).astype(np.float32), geometry, plane, outside=0.0) > 0.9
    other = sample(labels.mask(looks[1].name).astype(np.float32), geometry, plane, outside=0.0) > 0.9
    assert inside.any() and np.median(lit[inside][:, 1] - plain[inside][:, 1]) > 40
    assert np.array_equal(lit[other], plain[other])


@pytest.mark.parametrize("every", [False, True])
def test_a_cut_tints_the_part_of_an_organ_beyond_its_planes(every):
    geometry = grid()
    volume, labels = Volume(np.zeros(geometry.shape, np.int16), geometry), two_organs(geometry)
    plane = plane_through(geometry, "axial", geometry.center_mm, pixel_mm=0.3)
    middle = geometry.center_mm
    normals = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    cut = CutTint(("liver",), tuple((middle, normal) for normal in normals), every, (255, 0, 0), 0.4)
    content = SliceContent(volume, plane, (100.0, 60.0), labels, LOOKS, BARE, cuts=(cut,))
    red = SlicePainter().paint(content)[..., 2] > 0
    rows, columns = np.meshgrid(np.arange(plane.shape[0]), np.arange(plane.shape[1]), indexing="ij")
    points = plane.to_world(np.stack([rows, columns], axis=-1))
    depths = np.stack([(points - middle) @ np.asarray(normal) for normal in normals])
    beyond = (depths >= 0).all(axis=0) if every else (depths >= 0).any(axis=0)
    found = label_slice(labels, plane)
    assert np.array_equal(red, beyond & ((found.codes[0] == 1) | (found.codes[1] == 7))) and red.sum() > 50


def test_the_plane_of_a_cut_shows_the_organ_and_the_one_behind_it_what_is_removed():
    geometry = grid()
    volume, labels = Volume(np.zeros(geometry.shape, np.int16), geometry), two_organs(geometry)
    cut = CutTint(("liver",), ((geometry.center_mm, (0.0, 0.0, 1.0)),), colour=(255, 0, 0))
    reds = []
    for shift in (0.0, 2.0, -2.0):
        plane = plane_through(geometry, "axial", np.add(geometry.center_mm, [0, 0, shift]), pixel_mm=0.3)
        picture = SlicePainter().paint(SliceContent(volume, plane, (9.0, 6.0), labels, (), BARE, cuts=(cut,)))
        reds.append(int((picture[..., 2] > 0).sum()))
    assert reds[0] == 0 and reds[1] > 500 and reds[2] == 0


def test_a_field_shows_its_colours_where_it_has_values():
    geometry = grid()
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    part = geometry.cropped((2, 3, 4), (5, 6, 7))
    values = np.full((2, *part.shape), 90.0, np.float32)
    series = FieldSeries("temperature", "Temperature", "degC", values, np.arange(2.0), part, (37.0, 90.0))
    plane = plane_through(geometry, "axial", geometry.center_mm, pixel_mm=0.5)
    content = SliceContent(volume, plane, (100.0, 60.0), style=SliceStyle(field=1.0), field=series, moment=1)
    picture = SlicePainter().paint(content)
    inside = np.isfinite(sample(values[0], part, plane))
    assert np.array_equal(picture[..., 2] > 0, inside) and inside.any() and not inside.all()
    assert tuple(picture[inside][0][2::-1]) == tuple(field_colours()[255])


def test_a_field_has_the_same_colours_on_slices_and_on_surfaces():
    from anatomy_twin.render.field_surface import scale_colours

    values = np.linspace(37.0, 90.0, 256)
    assert np.abs(scale_colours(values, 37.0, 90.0).astype(int) - field_colours()).max() <= 1
    light = field_colours() @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(light) > -0.6).all(), "lightness rises all the way"


def test_only_what_changed_is_sampled_anew():
    geometry = grid()
    volume, labels = noise(geometry), two_organs(geometry)
    plane = plane_through(geometry, "axial", geometry.center_mm)
    mask = labels.array[1] == 7
    mask.flags.writeable = False
    painter = SlicePainter()
    tint = Tint("a", "A", mask, geometry, (1, 2, 3))
    content = SliceContent(volume, plane, (400.0, 40.0), labels, LOOKS, tints=(tint,))
    first = painter.paint(content)
    assert painter.paint(replace(content)) is first
    second = painter.paint(replace(content, window=(300.0, 40.0)))
    assert second is not first
    painter.paint(replace(content, looks=(replace(LOOKS[0], colour=(1, 2, 3)), *LOOKS[1:])))
    assert painter.work == {"picture": 3, "grey": 1, "labels": 1, "tint": 1}
    painter.paint(replace(content, labels=two_organs(geometry)))
    assert painter.work == {"picture": 4, "grey": 1, "labels": 2, "tint": 1}
    painter.paint(replace(content, plane=plane_through(geometry, "axial", volume.geometry.to_world([3, 5, 5]))))
    assert painter.work == {"picture": 5, "grey": 2, "labels": 3, "tint": 2}


def test_a_tint_that_is_painted_in_place_is_seen():
    geometry = grid()
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    brush = np.zeros(geometry.shape, bool)
    plane = plane_through(geometry, "axial", geometry.center_mm)
    content = SliceContent(volume, plane, (9.0, 6.0), tints=(Tint("brush", "Brush", brush, geometry, (255, 0, 0)),))
    painter = SlicePainter()
    assert painter.paint(content)[..., 2].max() == 0
    brush[4] = True
    assert painter.paint(content)[..., 2].max() > 0
