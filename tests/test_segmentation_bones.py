"""Skeleton, vertebrae, heart and fat: analytic spines, a generated patient, a real pelvis."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from anatomy_twin.phantom import Conditions, make_patient
from anatomy_twin.scan import load_volume
from anatomy_twin.segmentation import segment
from anatomy_twin.segmentation.abdomen.aorta import find_aorta
from anatomy_twin.segmentation.abdomen.ct_abdomen import find_ground
from anatomy_twin.segmentation.bones.bone import find_bone, may_hold_bright_aorta
from anatomy_twin.segmentation.bones.bone_parts import find_bone_parts
from anatomy_twin.segmentation.bones.skeleton import find_skeleton
from anatomy_twin.segmentation.bones.skeleton_grid import carry_bones, find_bones
from anatomy_twin.segmentation.bones.vertebrae import find_discs, name_levels
from anatomy_twin.segmentation.ground.body import find_body
from anatomy_twin.segmentation.ground.frame import SpineFrame
from tests.support.real_scans import DATA

STEP = 1.5


def spine_of_boxes(heights_mm, disc_mm=8.0, marrow_hu=120.0, seed=1):
    """A straight spine: bodies of marrow with dense walls, darker discs, a canal behind with arches, soft tissue."""
    rng = np.random.default_rng(seed)
    size = int((sum(heights_mm) + disc_mm * (len(heights_mm) - 1)) / STEP)
    shape = (size, 80, 80)
    k, j, i = np.indices(shape)
    left, front = (i - 40) * STEP, (40 - j) * STEP  # mm from the middle of the canal
    hu = np.full(shape, 50.0, np.float32)
    numbers = np.zeros(shape, np.uint8)
    body = np.hypot(left, front - 26.0) < 18.0
    arch = (np.hypot(left, front) < 15.0) & (np.hypot(left, front) > 9.0) & (front < 8.0)
    bottom, edges = 0.0, []
    for n, height in enumerate(heights_mm, start=1):
        inside = (k * STEP >= bottom) & (k * STEP < bottom + height)
        wall = (k * STEP < bottom + 2.5) | (k * STEP >= bottom + height - 2.5) | (np.hypot(left, front - 26.0) > 15.5)
        hu[inside & body] = marrow_hu
        hu[inside & body & wall] = 420.0
        low = (k * STEP >= bottom - 0.3 * height) & (k * STEP < bottom + 0.5 * height)
        hu[low & arch] = 600.0
        numbers[inside & body] = n
        numbers[low & arch] = n
        edges.append(bottom + height + disc_mm / 2.0)
        disc = (k * STEP >= bottom + height) & (k * STEP < bottom + height + disc_mm)
        hu[disc & body] = 85.0
        bottom += height + disc_mm
    hu[np.hypot(left, front) < 8.0] = 25.0
    hu += rng.normal(0.0, 12.0, shape).astype(np.float32)
    left = np.ascontiguousarray(left[:, :1, :], dtype=np.float32)
    front = np.ascontiguousarray(front[:, :, :1], dtype=np.float32)
    return hu, numbers, left, front, edges[:-1]


@pytest.mark.parametrize("marrow_hu", [110.0, 200.0])
def test_discs_of_an_analytic_spine_are_found(marrow_hu):
    hu, numbers, left, front, edges = spine_of_boxes((24.0, 26.0, 28.0, 30.0, 31.0), marrow_hu=marrow_hu)
    bone, spine = find_skeleton(hu, STEP, numbers > 0, np.zeros(hu.shape, bool), left, front)
    assert np.mean(bone[numbers > 0]) > 0.9 and np.mean(bone[spine.canal]) == 0.0
    discs = find_discs(hu, spine, STEP)
    assert len(discs.slices) == len(edges)
    assert np.abs(np.array(discs.slices) * STEP - edges).max() < 5.0


def test_vertebrae_of_an_analytic_spine_are_parted():
    hu, numbers, left, front, _ = spine_of_boxes((24.0, 26.0, 28.0, 30.0))
    none = np.zeros(hu.shape, bool)
    bone, spine = find_skeleton(hu, STEP, numbers > 0, none, left, front)
    parts = find_bone_parts(hu, STEP, bone, spine, none)
    assert sorted(parts) == [f"vertebra_{n}" for n in range(1, 5)]
    for number in range(1, 5):  # numbered from the head down, the boxes from the feet up
        mask, truth = parts[f"vertebra_{5 - number}"].mask, numbers == number
        assert 2.0 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.8
    assert all("level" in entry.rules and entry.state == "check" for entry in parts.values())
    assert sum(entry.mask.astype(int) for entry in parts.values()).max() == 1


def test_levels_follow_from_ribs_or_sacrum_and_a_contradiction_is_told():
    names, told, doubt = name_levels(5, [False, False, True, True, True], False)
    assert names[0] == "vertebra_l2" and names[2] == "vertebra_t12" and not doubt and "rib" in told
    names, told, doubt = name_levels(4, [False] * 4, True)
    assert names == ["vertebra_l5", "vertebra_l4", "vertebra_l3", "vertebra_l2"] and "sacrum" in told and not doubt
    names, told, doubt = name_levels(6, [False] * 4 + [True] * 2, True)  # four lumbar vertebrae between both
    assert doubt and "sacrum" in told
    names, _, doubt = name_levels(3, [True, True, True], False)
    assert names == ["vertebra_3", "vertebra_2", "vertebra_1"] and doubt


@cache
def patient():
    # the upper part: lung bases, heart, liver and the vertebrae that bear ribs; the fields below show nothing more here
    made = make_patient(
        5, "liver_tumour", "portal", 11.0, 176, 3.0, conditions=Conditions(field_of_view=(0.36, 1.0))
    )
    return made, segment(made.volume, "ct-abdomen")


def overlap(name):
    made, labels = patient()
    found, truth = labels.mask(name), made.truth.mask(name)
    return 2.0 * int((found & truth).sum()) / int(found.sum() + truth.sum())


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize(("name", "floor"), [("bone", 0.88), ("ribs", 0.85), ("vertebra_t12", 0.75), ("heart", 0.85)])
def test_bones_and_heart_of_a_generated_patient(name, floor):
    assert overlap(name) > floor


@pytest.mark.slow
@pytest.mark.long
def test_parts_lie_in_their_parents_and_never_overlap():
    _, labels = patient()
    for parent in ("bone", "fat"):
        parts = [s for s in labels.segments if s.part_of == parent and not s.absent]
        assert len(parts) >= 2
        whole = labels.array[0] == labels.segment(parent).value
        for part in parts:
            mask = labels.array[part.layer] == part.value
            assert part.layer == 1 and np.mean(whole[mask]) > 0.9
    vertebrae = [s.name for s in labels.segments if s.name.startswith("vertebra_")]
    assert 5 <= len(vertebrae) <= 9 and "vertebra_l1" in vertebrae


@pytest.mark.slow
@pytest.mark.long
def test_fat_under_the_skin_and_fat_inside_are_those_of_the_truth_within_the_wall():
    _, labels = patient()
    outer, inner = labels.mask("subcutaneous_fat"), labels.mask("visceral_fat")
    body = labels.mask("body")
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(body, sampling=labels.geometry.spacing_mm)
    assert np.median(depth[outer]) < 20.0 < np.median(depth[inner])


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.long
def test_a_real_spine_is_counted_alike_from_rib_and_sacrum():
    """The names are those of an independent network's labels, which hold T12 to L2 in the upper 30 slices."""
    folder = DATA / "totalsegmentator_refs"
    volume = load_volume(folder / "example_ct.nii.gz", modality="CT")
    ground = find_ground(volume)
    vessels, target = ground.found["aorta"].mask, volume.canonical().geometry
    fine, skeleton, parts = find_bones(
        volume, ground.body.mask, ground.found["bone"].mask, vessels, ground.scene.lungs, ground.frame,
        ground.grid.geometry, ground.scene.depth,
    )
    bones = carry_bones(fine, skeleton, parts, target)
    names = [name for name in bones if name.startswith("vertebra_")]
    assert sorted(names) == ["vertebra_l1", "vertebra_l2", "vertebra_l3", "vertebra_l4", "vertebra_l5", "vertebra_t12"]
    voxel_ml = float(np.prod(target.spacing_mm)) / 1000.0
    assert bones["pelvis"].mask.sum() * voxel_ml > 300.0 and bones["sacrum"].mask.sum() * voxel_ml > 15.0
    assert "level" not in {rule for entry in bones.values() for rule in entry.rules}
    labels = load_volume(folder / "example_seg.nii.gz", modality="CT").canonical().array
    for number, name, floor in ((30, "vertebra_l2", 0.84), (31, "vertebra_l1", 0.76), (32, "vertebra_t12", 0.74)):
        found, truth = bones[name].mask[82:112], labels == number
        assert 2.0 * (found & truth).sum() / (found.sum() + truth.sum()) > floor, name


def test_a_slab_shows_its_vertebra_without_a_level():
    hu, numbers, left, front, _ = spine_of_boxes((27.0,))
    none = np.zeros(hu.shape, bool)
    bone, spine = find_skeleton(hu, STEP, numbers > 0, none, left, front)
    found = find_bone_parts(hu, STEP, bone, spine, none)["vertebra_1"]
    assert found.state == "check" and "level" in found.rules
    assert 2.0 * (found.mask & (numbers == 1)).sum() / (found.mask.sum() + (numbers == 1).sum()) > 0.85


def test_a_thin_rib_in_the_wall_is_bone_and_a_bright_organ_behind_it_is_not():
    hu, numbers, left, front, _ = spine_of_boxes((27.0,))
    hu[:, 4:7, 5:30] = 170.0  # 4.5 mm thick, blurred: dimmer than the bone of the coarse grid
    hu[6:9, 4:7, 12:20] = 260.0
    hu[:, 12:20, 4:24] = 150.0
    wall = np.full(hu.shape, 30.0, np.float32)
    wall[:, :9] = -8.0
    none = np.zeros(hu.shape, bool)
    without, _ = find_skeleton(hu, STEP, numbers > 0, none, left, front)
    bone, _ = find_skeleton(hu, STEP, numbers > 0, none, left, front, wall=wall)
    rib, organ = np.zeros_like(none), np.zeros_like(none)
    rib[:, 4:7, 5:30] = True
    organ[:, 12:20, 4:24] = True
    assert not (without & rib).any()
    assert (bone & rib).sum() > 0.7 * rib.sum() and not (bone & organ).any()


@pytest.mark.parametrize("gap_mm", [0.0, 6.0, 15.0])
def test_arms_beside_the_trunk_are_taken_off(gap_mm):
    step = 3.0
    y, x = np.mgrid[-60:60, -110:110] * step
    trunk = (x / 170.0) ** 2 + (y / 110.0) ** 2 <= 1.0
    arms = [(x - side * (170.0 + gap_mm + 40.0)) ** 2 + (y - 20.0) ** 2 <= 40.0**2 for side in (-1.0, 1.0)]
    hu = np.where(trunk | arms[0] | arms[1], 40.0, -1000.0)
    body = find_body(np.repeat(hu[None], 14, axis=0).astype(np.float32), step)
    assert body.arms_in_field()
    assert (body.mask[7] & trunk).sum() > 0.98 * trunk.sum()
    assert (body.mask[7] & (arms[0] | arms[1])).sum() < 0.12 * (arms[0] | arms[1]).sum()


def test_the_aorta_ends_at_the_hip_bones():
    step, shape = 3.0, (90, 60, 90)
    k, j, i = np.indices(shape)
    left, front = (i - 45) * step, (35 - j) * step
    hu = np.where(np.hypot(left / 125.0, (front - 20.0) / 82.0) < 1.0, 0.0, -1000.0)
    hips = (np.abs(np.abs(left) - 75.0) < 12.0) & (np.abs(front) < 24.0) & (k < 30)
    bone = (np.hypot(left, front - 5.0) < 18.0) | hips
    tube = np.hypot(left - 8.0, front - 38.0) < 10.0
    hu = np.where(tube, 160.0, np.where(bone, 500.0, hu)).astype(np.float32)
    frame = SpineFrame(np.full(90, 45.0 * step, np.float32), np.full(90, 35.0 * step, np.float32), step, shape)
    found, level = find_aorta(hu, hu > -500.0, bone, np.zeros(shape, bool), frame)
    slices = np.flatnonzero(found.mask.any(axis=(1, 2)))
    assert abs(level - 160.0) < 10.0
    # the crests reach 90 mm; a low division up to 36 mm below them is allowed
    assert slices[0] == 18 and slices[-1] == 89


def test_an_aorta_full_of_contrast_that_leans_on_the_vertebrae_is_no_bone():
    """A column of 200 HU marrow in shells of 450; an aorta of 320 HU touches it all the way down."""
    step, shape = 3.0, (70, 60, 90)
    k, j, i = np.indices(shape) * step
    hu = np.full(shape, 40.0, np.float32)
    away = np.hypot(i - 135.0, j - 125.0)
    vertebra = (away < 22.0) & (k >= 0.0)
    hu[vertebra] = 200.0
    hu[vertebra & ((away > 18.0) | (k % 30.0 < 6.0))] = 450.0  # shells, and end plates from vertebra to vertebra
    aorta = np.hypot(i - 150.0, j - 94.0) < 13.0
    hu[aorta] = 320.0
    middle = np.full(shape[0], 135.0, np.float32)
    frame = SpineFrame(middle, np.full(shape[0], 140.0, np.float32), step, shape)
    body = np.hypot((i - 135.0) / 130.0, (j - 90.0) / 85.0) < 1.0
    assert may_hold_bright_aorta(hu, body, frame)
    bone = find_bone(hu, body, frame, bright_aorta=True).mask
    assert (bone & aorta).sum() < 0.1 * aorta.sum() and (bone & vertebra).sum() > 0.8 * vertebra.sum()
