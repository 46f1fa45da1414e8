"""The muscle of ventricles as voxels: from labels and from a surface, its segments, scar by shape, seed and image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import pyvista as pv

from anatomy_twin.anatomy.heart.muscle import myocardium_of, myocardium_of_surface
from anatomy_twin.anatomy.heart.scar import Channel, by_remote_muscle, ellipsoid_scar, made_up_scar
from anatomy_twin.anatomy.heart.segments import heart_axes
from anatomy_twin.core import SurfaceMesh, Volume
from anatomy_twin.errors import DataError, MeshError
from tests.support.made_ventricles import BASE_MM, INNER, OUTER, slab_of_muscle, ventricle_labels

HEALTHY, BORDER, SCAR = range(3)


@pytest.fixture(scope="module")
def left():
    return myocardium_of(ventricle_labels(), 1.5)


def test_a_ventricle_of_labels_has_the_volume_depth_and_parts_of_its_ellipsoids(left):
    def below(radii):  # volume of an ellipsoid below the base
        a, c = radii
        return np.pi * a**2 * (2.0 * c / 3.0 + BASE_MM - BASE_MM**3 / (3.0 * c**2))

    assert left.count * 1.5**3 == pytest.approx(below(OUTER) - below(INNER), rel=0.03)
    points = left.points_mm()
    share = np.linalg.norm(points / [27.0, 27.0, 47.0], axis=1)  # 22/27 inside to 32/27 outside, in the middle
    middle = np.abs(points[:, 2]) < 8.0
    depth = (share - 22.0 / 27.0) / (10.0 / 27.0)
    septum = left.parts["right_endocardium"]
    free = middle & (points[:, 0] > 5.0)  # towards the left there is no right ventricle
    assert np.abs(left.depth - depth)[free].mean() < 0.08
    assert points[left.parts["base"]][:, 2].min() > BASE_MM - 3.5
    assert points[septum][:, 0].max() < 5.0 and septum.sum() > 500
    with pytest.raises(MeshError, match="no left_ventricle"):
        myocardium_of(ventricle_labels(leave_out=("left_ventricle",)))
    with pytest.raises(MeshError, match="none of left_atrium"):
        myocardium_of(ventricle_labels(leave_out=("left_atrium",)))


def test_the_17_segments_lie_where_the_heart_association_puts_them(left):
    points, parts = left.points_mm(), left.parts
    axes = heart_axes(points, parts)
    assert axes.up @ [0.0, 0.0, 1.0] > 0.99 and axes.septal @ [-1.0, 0.0, 0.0] > 0.98
    assert axes.front @ [0.0, -1.0, 0.0] > 0.98  # to the patient's front
    names = [f"aha_{n}" for n in range(1, 18)]
    assert (np.sum([parts[name] for name in (*names, "right_ventricle")], axis=0) == 1).all()
    assert parts["right_ventricle"].mean() < 0.02  # its wall is not among the labels
    # where the middle of each lies: to the front (-1), to the septum (-1), clockwise from the front wall
    expected = {7: (0, -1), 8: (-1, -1), 9: (-1, 1), 10: (0, 1), 11: (1, 1), 12: (1, -1)}
    for number, (x, y) in expected.items():
        middle = points[parts[f"aha_{number}"]].mean(axis=0)
        assert np.sign(middle[1]) == y
        assert abs(middle[0]) < 6.0 if x == 0 else np.sign(middle[0]) == x
        assert np.sign(points[parts[f"aha_{number - 6}"]].mean(axis=0)[1]) == y
    for number, way in ((13, (0, -1)), (14, (-1, 0)), (15, (0, 1)), (16, (1, 0))):
        middle = points[parts[f"aha_{number}"]].mean(axis=0)[:2]
        assert middle @ way > 0.95 * np.linalg.norm(middle)
    ring = [parts[f"aha_{number}"].sum() for number in range(7, 13)]
    assert max(ring) < 1.25 * min(ring)
    heights = [np.median(points[parts[name]][:, 2]) for name in ("aha_1", "aha_7", "aha_13", "aha_17")]
    assert heights == sorted(heights, reverse=True) and heights[-1] < -40.0


@pytest.mark.real_data
def test_both_ventricles_of_a_real_heart_are_named(real_data):
    mesh = pv.read(real_data / "biventricle_surface/geo1/heart.vtp")
    surface = SurfaceMesh(np.asarray(mesh.points, float), mesh.faces.reshape(-1, 4)[:, 1:])
    classes = np.asarray(mesh["class"]).astype(np.int64)
    muscle = myocardium_of_surface(surface, classes, 2.5)
    assert muscle.count * 2.5**3 / 1000.0 == pytest.approx(surface.volume_ml, rel=0.02)
    assert 0.15 < muscle.parts["right_ventricle"].mean() < 0.4
    points = muscle.points_mm()
    # the right ventricle's free wall is beyond its blood, seen from the left one
    axes = heart_axes(points, muscle.parts)
    away = [((points - axes.apex_mm) @ axes.septal)[muscle.parts[name]].mean() for name in ("aha_11", "aha_8",
                                                                                           "right_ventricle")]
    assert away == sorted(away) and all(muscle.parts[f"aha_{n}"].any() for n in range(1, 18))
    with pytest.raises(MeshError, match="base of ventricles is missing"):
        myocardium_of_surface(surface, np.where(classes == 1, 2, classes), 4.0)
    with pytest.raises(MeshError, match="no part 'lid'"):
        myocardium_of_surface(surface, classes, 4.0, classes={"lid": 1})


def test_a_scar_of_an_ellipsoid_has_its_volume_and_a_channel_its_section():
    muscle = slab_of_muscle((30, 40, 60))
    found = ellipsoid_scar(muscle, (30.0, 20.0, 15.0), (15.0, 10.0, 8.0), 3.0)
    volume = 4.0 / 3.0 * np.pi
    assert (found.classes == SCAR).sum() == pytest.approx(volume * 15 * 10 * 8, rel=0.02)
    assert (found.classes >= BORDER).sum() == pytest.approx(volume * 18 * 13 * 11, rel=0.02)
    channel = Channel((10.0, 20.0, 15.0), (50.0, 20.0, 15.0), 3.0)
    pierced = ellipsoid_scar(muscle, (30.0, 20.0, 15.0), (15.0, 10.0, 8.0), 3.0, channel=channel)
    opened = (found.classes == SCAR) & (pierced.classes == BORDER)
    assert opened.sum() == pytest.approx(np.pi * 9 * 30, rel=0.1)
    assert np.linalg.norm(muscle.points_mm()[opened][:, 1:] - [20.0, 15.0], axis=1).max() <= 3.0
    slow_half = replace(channel, border_share=0.5)
    half = ellipsoid_scar(muscle, (30.0, 20.0, 15.0), (15.0, 10.0, 8.0), 3.0, channel=slow_half)
    healthy = opened & (half.classes == HEALTHY)
    assert healthy.sum() == pytest.approx(opened.sum() / 2, rel=0.05)
    assert muscle.points_mm()[healthy][:, 0].min() > 30.0
    turned = ellipsoid_scar(muscle, (30.0, 20.0, 15.0), (15.0, 10.0, 8.0), axes=np.eye(3)[[1, 0, 2]])
    assert np.ptp(muscle.points_mm()[turned.classes == SCAR], axis=0) == pytest.approx([20.0, 30.0, 16.0], abs=1.5)
    for wrong, words in (
        ({"radii_mm": (1.0, 0.0, 1.0)}, "radii"), ({"centre_mm": (300.0, 0.0, 0.0)}, "no muscle lies"),
        ({"axes": np.ones((3, 3))}, "right angles"), ({"channel": Channel((0, 0, 0), (5, 0, 0), 1.0)}, "not pass"),
    ):
        with pytest.raises(DataError, match=words):
            ellipsoid_scar(muscle, **{"centre_mm": (30.0, 20.0, 15.0), "radii_mm": (15.0, 10.0, 8.0), **wrong})


def test_a_made_up_scar_keeps_to_its_share_its_part_and_its_seed(left):
    found = made_up_scar(left, 0.3, 7, part="aha_8", dense_share=0.5)
    part = left.parts["aha_8"]
    assert not found.classes[~part].any()
    assert (found.classes[part] >= BORDER).mean() == pytest.approx(0.3, abs=0.002)
    assert (found.classes[part] == SCAR).mean() == pytest.approx(0.15, abs=0.002)
    assert np.array_equal(found.classes, made_up_scar(left, 0.3, 7, part="aha_8", dense_share=0.5).classes)
    assert not np.array_equal(found.classes, made_up_scar(left, 0.3, 8, part="aha_8").classes)
    with pytest.raises(DataError, match="no part 'aha_18'"):
        made_up_scar(left, 0.3, 7, part="aha_18")


def test_scar_is_read_from_an_image_by_deviations_of_remote_muscle():
    muscle = slab_of_muscle((12, 30, 40))
    truth = np.zeros((12, 30, 40), int)
    truth[:, :, 20:26], truth[:, :, 26:] = BORDER, SCAR
    noise = np.random.default_rng(3).normal(0.0, 10.0, truth.shape)
    values = np.choose(truth, [100.0, 135.0, 200.0]) + noise
    image = Volume(values.astype(np.float32), muscle.geometry, "MR", "")
    remote = np.argwhere(muscle.mask)[:, 2] < 15
    found = by_remote_muscle(muscle, image, remote)
    assert (found.classes == truth.ravel())[truth.ravel() != BORDER].mean() > 0.97
    assert (found.classes == BORDER)[truth.ravel() == BORDER].mean() > 0.85  # 3.5 deviations, of 2 to 5
    assert "unverified" in found.source
    stricter = by_remote_muscle(muscle, image, remote, (4.5, 8.0))
    assert (stricter.classes >= BORDER).sum() < (found.classes >= BORDER).sum()
    shifted = replace(image, geometry=replace(image.geometry, origin_mm=(200.0, 0.0, 0.0)))
    with pytest.raises(MeshError, match="outside of the image"):
        by_remote_muscle(muscle, shifted, remote)
    with pytest.raises(DataError, match="remote muscle of 3"):
        by_remote_muscle(muscle, image, np.arange(muscle.count) < 3)
    with pytest.raises(DataError, match="unknown thresholds"):
        by_remote_muscle(muscle, image, remote, "five")
