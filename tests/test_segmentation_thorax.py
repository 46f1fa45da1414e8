"""CT of the chest: kernels against analysis, a generated chest against its truth, real scans against their labels."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.kernels.seg_flood import grow_without_leaks
from anatomy_twin.kernels.seg_surface import best_surface
from anatomy_twin.phantom.patient import make_patient
from anatomy_twin.segmentation import segment
from anatomy_twin.segmentation.ground.working_grid import Found, resample_mask
from anatomy_twin.segmentation.thorax.gates import FLUID_MM, behind_lungs, check_sides, chest_phase, column_mm
from anatomy_twin.segmentation.thorax.ground import find_thorax_ground
from anatomy_twin.segmentation.thorax.lungs import elongation, enclosed_parts, part_lungs
from anatomy_twin.segmentation.thorax.nodules import find_nodules
from tests.support.overlap import dice
from tests.support.real_scans import DATA

UNTUNED_SEED = 41


def ball(shape, centre, radius):
    k, j, i = np.ogrid[tuple(slice(0, n) for n in shape)]
    return (k - centre[0]) ** 2 + (j - centre[1]) ** 2 + (i - centre[2]) ** 2 <= radius**2


# --- tools on shapes whose answer is known ---------------------------------------------------------------------------


def test_growing_follows_a_tube_and_leaves_out_the_leak_behind_its_hole():
    image = np.zeros((20, 20, 40), np.float32)
    image[:, :, 25:] = -860.0  # a large space behind a wall
    image[10, 10, 2:23] = -900.0  # the tube
    image[10, 10, 23:25] = -870.0  # the hole in the wall
    seeds = np.zeros(image.shape, bool)
    seeds[10, 10, 2] = True
    limits = np.array([-890.0, -865.0, -855.0])
    grown = grow_without_leaks(image, seeds, limits, np.array([50, 50, 50]))
    assert grown[10, 10, 2:25].all() and grown.sum() == 23
    all_of_it = grow_without_leaks(image, seeds, limits, np.array([10**5] * 3))
    assert all_of_it.sum() == 23 + 20 * 20 * 15


def test_the_best_surface_is_a_tilted_plane_under_noise_and_a_gap():
    rng = np.random.default_rng(3)
    a, b = np.indices((40, 30))
    height = np.rint(10 + 0.3 * a + 0.2 * b).astype(int)
    cost = rng.normal(0.0, 0.3, (40, 30, 40)).astype(np.float32)
    np.put_along_axis(cost, height[..., None], np.take_along_axis(cost, height[..., None], 2) - 1.5, 2)
    cost[15:20, 10:15] = 0.0
    found = best_surface(cost, 0.2, 1.5)
    assert np.mean(np.abs(found - height) <= 1) > 0.97


def test_lungs_that_touch_are_parted_along_the_membrane():
    shape = (30, 60, 100)
    image = np.full(shape, -850.0, np.float32)
    j = np.arange(60)[:, None]
    membrane = np.abs(np.arange(100)[None, :] - (50 + 6 * np.sin(j / 9.0))) < 1.0
    image[:, membrane] = -650.0
    air = np.ones(shape, bool)
    left_mm = np.broadcast_to((np.arange(100) - 50.0) * 1.5, shape).astype(np.float32)
    right, left = part_lungs(image, air, left_mm, 1.5)
    truth = np.broadcast_to(np.arange(100)[None, :] < 50 + 6 * np.sin(j / 9.0), shape)
    assert dice(right, truth) > 0.98 and not (right & left).any()


def test_a_tumour_on_the_ribs_is_taken_into_the_lung_and_the_heart_is_not():
    shape = (50, 60, 60)
    lung = np.zeros(shape, bool)
    lung[5:45, 8:52, 8:52] = True
    wall = np.zeros(shape, bool)
    wall[:, :8] = True
    tumour = ball(shape, (25, 12, 30), 8) & lung
    heart = np.zeros(shape, bool)
    heart[:, 30:60, 0:30] = True
    free = tumour | heart
    taken = enclosed_parts(lung & ~tumour & ~heart, free & ~wall, wall, 2.5)
    assert dice(taken, tumour) > 0.9 and (taken & heart).sum() == 0


def test_elongation_is_the_ratio_of_the_axes():
    k, j, i = np.ogrid[:41, :41, :81]
    mask = ((k - 20) / 10) ** 2 + ((j - 20) / 10) ** 2 + ((i - 40) / 30) ** 2 <= 1
    assert elongation(mask) == pytest.approx(3.0, rel=0.03)


def test_a_ball_in_the_lung_is_a_candidate_and_a_vessel_is_not():
    shape = (70, 70, 70)
    rng = np.random.default_rng(2)
    lung = ball(shape, (35, 35, 35), 32)
    hu = np.where(lung, -850.0, 40.0)
    nodule = ball(shape, (35, 24, 35), 5)
    j, i = np.ogrid[:70, :70]
    vessel = np.broadcast_to((j - 45) ** 2 + (i - 35) ** 2 <= 3.5**2, shape)
    hu[nodule | vessel] = 40.0
    hu = (hu + rng.normal(0, 15, shape)).astype(np.float32)
    found = find_nodules(hu, {"lung_left": lung}, np.zeros(shape, bool), 1.25)
    assert list(found) == ["nodule_candidate_1"]
    entry = found["nodule_candidate_1"]
    assert dice(entry.mask, nodule) > 0.85
    assert entry.state == "check" and entry.rules == ("candidate",) and entry.part_of == "lung_left"


@pytest.mark.parametrize(("level", "name"), [(45, "native"), (150, "portal venous"), (320, "arterial")])
def test_the_phase_is_read_off_the_aorta(level, name):
    assert chest_phase(float(level)).name == name
    assert chest_phase(None).name == "unknown"


# --- a generated chest -----------------------------------------------------------------------------------------------


@cache
def generated():
    patient = make_patient(UNTUNED_SEED, "chest", "arterial", matrix=144, slice_mm=2.5)
    return patient, segment(patient.volume, "ct-thorax")


def exclusive(labels, name):
    return labels.array[0] == labels.segment(name).value


FLOORS = {
    "lung_right": 0.95, "lung_left": 0.95, "airways": 0.75, "heart": 0.82, "aorta": 0.85, "bone": 0.75,
    "oesophagus": 0.60,
}


@pytest.mark.parametrize("name", FLOORS)
def test_organs_of_a_generated_chest(name):
    patient, labels = generated()
    assert name in labels, labels.segment(name).note
    assert dice(exclusive(labels, name), exclusive(patient.truth, name)) > FLOORS[name]


def test_vessels_and_lobes_of_a_generated_chest():
    patient, labels = generated()
    truth = patient.truth
    assert dice(labels.mask("pulmonary_vessels"), truth.mask("pulmonary_vessels")) > 0.65
    lobes = [s for s in labels.segments if "_lobe_" in s.name]
    assert len(lobes) == 5
    for lobe in lobes:
        assert not lobe.absent, lobe.note
        assert dice(labels.mask(lobe.name), truth.mask(lobe.name)) > 0.90, lobe.name
        assert lobe.state == "ok" or (lobe.rules == ("fissure incomplete",) and "estimated" in lobe.note)
        assert lobe.part_of == ("lung_right" if lobe.name.endswith("right") else "lung_left")


def test_nodules_of_10_mm_are_found_with_few_false_ones():
    patient, labels = generated()
    truths = {s.name: patient.truth.mask(s.name) for s in patient.truth.segments if s.name.startswith("nodule_")}
    found = [s for s in labels.segments if s.name.startswith("nodule_candidate") and not s.absent]
    assert all(s.state == "check" and s.part_of in ("lung_right", "lung_left") for s in found)
    masks = [labels.mask(s.name) for s in found]
    for name, truth in truths.items():
        if float(patient.facts[name].split(" mm")[0]) >= 10.0:
            assert max((dice(mask, truth) for mask in masks), default=0.0) > 0.5, patient.facts[name]
    every = np.logical_or.reduce(list(truths.values()))
    assert sum((mask & every).sum() < 0.2 * mask.sum() for mask in masks) <= 1


def test_the_phase_is_said_and_a_usual_chest_raises_no_alarm_about_sides():
    _, labels = generated()
    assert any("contrast phase: arterial" in note for note in labels.notes)
    assert not any("laterality" in note for note in labels.notes)


def test_a_mirrored_chest_is_flagged_and_never_relabelled():
    patient, usual = generated()
    array, geometry = patient.volume.array, patient.volume.geometry
    ground = find_thorax_ground(Volume(np.ascontiguousarray(array[:, :, ::-1]), geometry))
    turned = {name: Found(resample_mask(usual.mask(name)[:, :, ::-1], geometry, ground.grid.geometry))
              for name in ("lung_right", "lung_left", "heart", "aorta")}
    turned["lung_right"], turned["lung_left"] = turned["lung_left"], turned["lung_right"]
    down = np.argwhere(turned["aorta"].mask & np.broadcast_to(ground.frame.front_mm < 50.0, ground.hu.shape))
    lines = check_sides(turned, ground, turned["heart"].mask, column_mm(ground.frame, down.astype(float)))
    assert len(lines) == 1 and "laterality" in lines[0] and "nothing was relabelled" in lines[0]
    for entry in turned.values():
        assert entry.state == "check" and "laterality" in entry.rules
    assert list(turned) == ["lung_right", "lung_left", "heart", "aorta"]


def test_fluid_behind_a_lung_is_seen_and_a_healthy_back_is_not():
    patient, _ = generated()
    truth, volume = patient.truth, patient.volume
    array = volume.array.copy()
    lung = exclusive(truth, "lung_left")
    rows = np.flatnonzero(lung.any(axis=(0, 2)))
    lung[:, :(rows[0] + rows[-1]) // 2] = False
    array[lung] = 12
    heights = behind_lungs(find_thorax_ground(Volume(array, volume.geometry)))
    assert heights["lung_right"] < FLUID_MM - 15.0 and heights["lung_left"] > FLUID_MM + 40.0


# --- bad input -------------------------------------------------------------------------------------------------------


def flat(value, modality="CT", units="HU"):
    array = np.full((40, 70, 70), value, np.int16)
    return Volume(array, VolumeGeometry.upright(array.shape, (4.0, 4.0, 4.0)), modality, units)


@pytest.mark.parametrize(("volume", "words"), [
    (flat(100, "MR", ""), "reads CT in HU"), (flat(-1000), "no trunk"), (flat(40), "no lung"),
])
def test_what_is_no_chest_is_refused_in_one_line(volume, words):
    with pytest.raises(SegmentationError, match=words) as error:
        segment(volume, "ct-thorax")
    assert "\n" not in str(error.value)


def test_seeds_are_refused():
    with pytest.raises(UsageError, match="neither seeds nor labels"):
        segment(flat(-1000), "ct-thorax", seeds={"nodule_1": (0.0, 0.0, 0.0)})


# --- real scans ------------------------------------------------------------------------------------------------------


def real(function):
    return pytest.mark.real_data(pytest.mark.slow(function))


def to_volume(path: Path) -> Volume:
    image = SimpleITK.ReadImage(str(path))
    array = SimpleITK.GetArrayFromImage(image)
    direction = np.array(image.GetDirection()).reshape(3, 3)[:, ::-1]
    geometry = VolumeGeometry(array.shape, image.GetSpacing()[::-1], direction, image.GetOrigin())
    return Volume(array.astype(np.int16), geometry)


@real
@pytest.mark.long
def test_real_native_thorax_with_a_tumour_on_thick_slices():
    root = DATA / "pyradiomics_lung2"
    volume = to_volume(root / "lung2_image.nrrd")
    tumour = to_volume(root / "lung2_label.nrrd").array > 0
    labels = segment(volume, "ct-thorax")
    assert max(dice(labels.mask(s.name), tumour) for s in labels.segments if s.name.startswith("nodule_")) > 0.6
    for side in ("right", "left"):
        lower = labels.segment(f"lung_lower_lobe_{side}")
        assert lower.rules == ("estimated",) and "% of its course" in lower.note
        assert 0.3 < labels.volume_ml(lower.name) / labels.volume_ml(f"lung_{side}") < 0.5
    assert any("thick slices" in note for note in labels.notes)
    assert 2000 < labels.volume_ml("lung_right") < 2600 and 1350 < labels.volume_ml("lung_left") < 1800
    assert any("native" in note for note in labels.notes)


@real
@pytest.mark.long
def test_real_angiography_with_a_dissected_aorta():
    root = DATA / "totalsegmentator_refs" / "aorta_report"
    volume = to_volume(root / "example_ct.nii.gz")
    truth = to_volume(root / "test_result" / "models" / "aorta.nii.gz")
    labels = segment(volume, "ct-thorax")
    found = np.argwhere(labels.mask("aorta"))
    index = np.rint(truth.geometry.to_index(volume.geometry.to_world(found))).astype(int)
    inside = np.all((index >= 0) & (index < truth.geometry.shape), axis=1)
    hits = int(np.count_nonzero(truth.array[tuple(index[inside].T)]))
    total = len(found) + int(np.count_nonzero(truth.array))
    assert 2.0 * hits / total > 0.78
    assert "two lumina" in labels.segment("aorta").rules
    assert any("arterial" in note for note in labels.notes)
    assert labels.segment("nodule_candidate_1").absent
