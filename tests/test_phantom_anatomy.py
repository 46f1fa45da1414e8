"""Generated abdomens: volumes, parts, levels of each phase and lesions as books and scans have them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from tests.support.phantom_levels import centre, levels_in, made

# adult ranges in ml, as volumetry on CT and anatomy books have them, wide
VOLUMES_ML = {
    "liver": (1100, 1900), "spleen": (110, 310), "kidney_right": (100, 215), "kidney_left": (100, 215),
    "gallbladder": (5, 70), "pancreas": (25, 130), "duodenum": (20, 110), "heart": (150, 900), "bile_duct": (0.4, 8),
    "oesophagus": (5, 40), "subcutaneous_fat": (700, 9000), "visceral_fat": (400, 6000), "ribs": (100, 700),
    "sternum": (5, 90), "vertebra_l1": (25, 95), "vertebra_t12": (22, 90), "vertebra_t10": (15, 80),
}
# median HU inside each structure by phase: what textbooks of abdominal CT and reviews of contrast timing give, wide
LEVELS_HU = {
    "native": {
        "liver": (45, 68), "spleen": (38, 58), "kidney_left": (22, 42), "aorta": (32, 56), "pancreas": (25, 52),
        "muscle": (42, 62), "inferior_vena_cava": (32, 56), "gallbladder": (-2, 22), "visceral_fat": (-118, -82),
        "subcutaneous_fat": (-118, -85), "portal_vein": (32, 60), "hepatic_veins": (38, 66),
    },
    "early arterial": {
        "liver": (50, 74), "spleen": (55, 130), "aorta": (240, 420), "portal_vein": (40, 85), "hepatic_veins": (38, 72),
        "inferior_vena_cava": (35, 85),
    },
    "arterial": {
        "liver": (58, 88), "spleen": (85, 150), "aorta": (230, 400), "pancreas": (75, 140), "portal_vein": (80, 150),
        "kidney_left": (55, 190), "hepatic_veins": (50, 95),
    },
    "portal": {
        "liver": (92, 130), "spleen": (100, 142), "aorta": (128, 190), "portal_vein": (145, 205), "muscle": (48, 75),
        "kidney_left": (140, 220), "hepatic_veins": (115, 195), "inferior_vena_cava": (105, 175),
        "gallbladder": (-2, 25),
    },
    "delayed": {"liver": (80, 115), "spleen": (85, 125), "aorta": (95, 140), "portal_vein": (95, 140)},
}


def level_of(patient, name):
    """Median HU of what lies deep inside: thin vessels are mixed with what is around them."""
    mask = patient.truth.mask(name)
    if not name.endswith(("_vein", "_veins")) and not name.startswith("tumour"):
        return float(np.median(levels_in(patient, name)))
    deep = ndimage.distance_transform_edt(mask, sampling=patient.volume.geometry.spacing_mm)
    return float(np.median(patient.volume.array[deep >= 0.9 * deep.max()]))


# --- truth -----------------------------------------------------------------------------------------------------------


def test_volumes_are_those_of_an_adult():
    truth = made().truth
    wrong = {
        name: round(truth.volume_ml(name), 1) for name, (low, high) in VOLUMES_ML.items()
        if not low <= truth.volume_ml(name) <= high
    }
    assert not wrong


def test_parts_lie_in_what_they_are_part_of_and_layers_hold_the_contract():
    truth = made("liver_metastases").truth
    for segment in truth.segments:
        assert segment.state == "truth"
        if segment.part_of:
            parent = truth.segment(segment.part_of)
            own = truth.array[segment.layer] == segment.value
            assert segment.layer > parent.layer
            assert not (own & (truth.array[parent.layer] != parent.value)).any(), segment.name
    assert {truth.segment(name).layer for name in ("ribs", "sternum", "visceral_fat", "hepatic_veins")} == {1}
    assert truth.segment("tumour_1").layer == 2 and truth.segment("body").layer == 3


def test_vertebrae_stand_on_each_other_in_the_order_of_their_levels():
    patient = made()
    names = [*(f"vertebra_l{n}" for n in range(4, 0, -1)), *(f"vertebra_t{n}" for n in range(12, 7, -1))]
    there = [name for name in names if name in patient.truth]
    assert there[0].startswith("vertebra_l") and {"vertebra_l2", "vertebra_t12", "vertebra_t9"} <= set(there)
    heights = [centre(patient, name)[2] for name in there[1:-1]]
    steps = np.diff(heights)
    assert (steps > 20).all() and (steps < 45).all()  # a vertebra and its disc, lumbar the taller
    assert abs(centre(patient, "vertebra_l2")[0] - centre(patient, "aorta")[0]) < 40


def test_every_bone_but_no_cartilage_has_a_part():
    truth = made().truth
    bone = truth.array[0] == truth.segment("bone").value
    assert (bone & (truth.array[1] == 0)).sum() < 0.02 * bone.sum()


def test_fat_under_the_skin_lies_outside_of_fat_inside():
    patient = made()
    body = patient.truth.mask("body")
    depth = ndimage.distance_transform_edt(body, sampling=patient.volume.geometry.spacing_mm)
    inner, outer = (depth[patient.truth.mask(name)] for name in ("visceral_fat", "subcutaneous_fat"))
    assert np.median(outer) < 18 and np.quantile(inner, 0.02) > 15


def test_bile_duct_runs_from_the_liver_down_to_the_duodenum():
    patient = made(unusual=("large liver", "wide bile duct"))
    duct = np.argwhere(patient.truth.mask("bile_duct"))
    geometry = patient.volume.geometry
    upper, lower = duct[duct[:, 0] == duct[:, 0].max()].mean(0), duct[duct[:, 0] == duct[:, 0].min()].mean(0)
    for end, organ, within_mm in ((upper, "liver", 25), (lower, "duodenum", 25)):
        away = ndimage.distance_transform_edt(~patient.truth.mask(organ), sampling=geometry.spacing_mm)
        assert away[tuple(np.rint(end).astype(int))] < within_mm, organ
    assert patient.truth.volume_ml("bile_duct") > made().truth.volume_ml("bile_duct") * 1.3


# --- phases ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", LEVELS_HU)
def test_each_phase_has_the_levels_that_scans_show(phase):
    patient = made(phase=phase)
    wrong = {
        name: level_of(patient, name) for name, (low, high) in LEVELS_HU[phase].items()
        if not low <= level_of(patient, name) <= high
    }
    assert not wrong


def test_the_early_spleen_is_spotted_and_the_renal_cortex_shines():
    early, portal = made(phase="early arterial"), made(phase="portal")
    assert levels_in(early, "spleen").std() > 4 * levels_in(portal, "spleen").std()
    kidney = made(phase="arterial").truth.mask("kidney_left")
    deep = ndimage.distance_transform_edt(kidney, sampling=early.volume.geometry.spacing_mm)
    image = made(phase="arterial").volume.array
    assert np.median(image[(deep > 2) & (deep < 5)]) > np.quantile(image[deep > 9], 0.25) + 40


def test_native_vessels_hardly_differ_from_the_liver():
    patient = made(phase="native")
    veins = level_of(patient, "hepatic_veins")
    liver = np.median(patient.volume.array[patient.truth.mask("liver", with_parts=False)])
    assert abs(veins - liver) < 18


# --- lesions ---------------------------------------------------------------------------------------------------------


def test_a_healthy_abdomen_has_no_lesion():
    patient = made()
    assert not patient.tumours and not (patient.truth.array[2] > 0).any()


def test_metastases_are_of_many_sizes_and_one_reaches_the_surface():
    patient = made("liver_metastases")
    radii = [tumour.radius_mm for tumour in patient.tumours]
    assert 3 <= len(radii) <= 8 and min(radii) >= 2.4 and 8 <= max(radii) <= 20
    around = ndimage.binary_dilation(patient.truth.mask("tumour_1"), iterations=2)
    assert (around & ~patient.truth.mask("liver")).any() or (around & ~patient.truth.mask("liver")).sum() > 0
    ball_ml = 4 / 3 * np.pi * patient.tumours[0].radius_mm ** 3 / 1000
    assert 0.5 * ball_ml < patient.truth.volume_ml("tumour_1") < 1.05 * ball_ml  # the rest would lie outside
    assert -70 < patient.tumours[0].contrast_hu < -30


def test_a_carcinoma_lights_up_in_the_arterial_phase_and_washes_out():
    shown = {}
    for phase in ("arterial", "portal", "delayed"):
        patient = made("liver_carcinoma", phase)
        liver = np.median(patient.volume.array[patient.truth.mask("liver", with_parts=False)])
        shown[phase] = float(level_of(patient, "tumour_1") - liver)
    assert shown["arterial"] > 35 and abs(shown["portal"]) < 20 and shown["delayed"] < -8
    faint = made("liver_carcinoma", "portal").truth.segment("tumour_1")
    assert "hardly visible" in faint.note
    assert not made("liver_carcinoma", "arterial").truth.segment("tumour_1").note


def test_kidney_lesions_are_a_solid_one_that_takes_up_contrast_and_cysts_that_do_not():
    native, arterial = made("kidney_lesions", "native"), made("kidney_lesions", "arterial")
    names = [name for name in native.truth.names if name.startswith("kidney_lesion")]
    assert len(names) >= 2
    taken = []
    for name in names:
        segment = native.truth.segment(name)
        own = native.truth.array[2] == segment.value
        assert segment.part_of in ("kidney_right", "kidney_left") and (native.truth.mask(segment.part_of) | ~own).all()
        if own.sum() > 12:
            taken.append(float(np.median(levels_in(arterial, name)) - np.median(levels_in(native, name))))
    assert max(taken) > 60 and min(taken) < 8
