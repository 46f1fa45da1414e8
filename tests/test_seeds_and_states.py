"""What a user points at is read from any handy form; states of segments carry the rules that raised them."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core import LabelMap, Seeds, Volume, VolumeGeometry, as_seeds, named_seeds
from anatomy_twin.core.labels import FORMER_STATES, STATES
from anatomy_twin.errors import UsageError
from anatomy_twin.segmentation.ground.compose import compose, layer_of
from anatomy_twin.segmentation.ground.working_grid import Found
from anatomy_twin.store.seg_nrrd import decode_seg_nrrd, encode_seg_nrrd
from tests.support.toy_patient import make_segment


@pytest.mark.parametrize(("given", "expected"), [
    ((1, 2, 3), Seeds(inside=((1.0, 2.0, 3.0),))),
    (np.array([1.0, 2.0, 3.0]), Seeds(inside=((1.0, 2.0, 3.0),))),
    ([[1, 2, 3], [4, 5, 6]], Seeds(inside=((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)))),
    ({"in": [1, 2, 3], "out": [[4, 5, 6]]}, Seeds(((1.0, 2.0, 3.0),), ((4.0, 5.0, 6.0),))),
    ({"box": [[4, -2, 9], [1, 5, 3]]}, Seeds(box=((1.0, -2.0, 3.0), (4.0, 5.0, 9.0)))),
    ({"scribbles_inside": [[1, 2, 3], [4, 5, 6]]}, Seeds(scribbles_inside=(((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),))),
    (Seeds(inside=((7.0, 8.0, 9.0),)), Seeds(inside=((7.0, 8.0, 9.0),))),
])
def test_seeds_are_read_from_what_is_handy(given, expected):
    assert as_seeds(given) == expected


@pytest.mark.parametrize("given", [
    "tumour", 7, [1, 2], [1, 2, float("nan")], {"inside": "abc"}, {"nearby": [1, 2, 3]}, {"box": [[1, 2, 3]]},
    [[1, 2, 3], "abc"],
])
def test_what_is_no_seed_is_refused_in_one_line(given):
    with pytest.raises(UsageError) as caught:
        as_seeds(given)
    assert caught.value.advice and "\n" not in str(caught.value)


def test_seeds_without_a_name_are_for_one_segment():
    assert named_seeds(None) == {}
    assert named_seeds({"liver": [1, 2, 3]}) == {"liver": [1, 2, 3]}
    assert set(named_seeds({"inside": [1, 2, 3]})) == set(named_seeds([1, 2, 3])) == {"segment_1"}


def test_rules_are_kept_in_the_file():
    geometry = VolumeGeometry.upright((4, 5, 6), (2.0, 1.0, 1.0), (0.0, 0.0, 0.0), "1.2.3")
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    mask = np.zeros(geometry.shape, bool)
    mask[1:3, 1:4, 2:5] = True
    found = {
        "liver": Found(mask, "check", "left of the spine", ("laterality", "volume")),
        "nodule_candidate_1": Found(mask, "check", "", ("candidate",), "lung_left"),
        "spleen": Found.nothing("no even organ at the left wall"),
    }
    box = (slice(None), slice(None), slice(None))
    labels = compose(volume, geometry, box, found, tuple(found), ("a note",))
    again = decode_seg_nrrd(encode_seg_nrrd(labels), "labels.seg.nrrd")
    assert again.segments == labels.segments and np.array_equal(again.array, labels.array)
    assert again.segment("liver").rules == ("laterality", "volume")
    assert again.segment("nodule_candidate_1").part_of == "lung_left"


def test_states_of_older_files_are_read_as_what_they_are_called_now():
    for former, now in FORMER_STATES.items():
        assert former not in STATES and make_segment("liver", 0, 1, former).state == now


def test_parts_lie_in_the_layer_above_their_parents():
    assert {layer_of(n) for n in ("liver", "bone", "fat", "lung_left", "airways", "skull")} == {0}
    parts = ("vertebra_l1", "ribs", "visceral_fat", "lung_upper_lobe_left", "hepatic_veins")
    assert {layer_of(n) for n in parts} == {1}
    assert {layer_of(n) for n in ("tumour_1", "nodule_candidate_2", "kidney_lesion_1", "pulmonary_vessels")} == {2}
    assert layer_of("body") == 3


def test_a_part_without_a_tissue_of_its_own_is_what_it_is_part_of():
    from anatomy_twin.plan.tissues import build_tissues

    geometry = VolumeGeometry.upright((6, 12, 12), (3.0, 3.0, 3.0), (0.0, 0.0, 0.0), "1.2.3")
    array = np.zeros((4, *geometry.shape), np.uint8)
    array[3], array[0, :, 2:10, 2:10], array[0, :, 4:6, 4:6] = 1, 2, 3
    array[1, :3, 4:6, 4:6], array[2, 2:4, 7:9, 7:9] = 4, 5
    segments = (
        make_segment("body", 3, 1), make_segment("liver", 0, 2), make_segment("bone", 0, 3),
        make_segment("vertebra_l1", 1, 4), make_segment("tumour_1", 2, 5),
    )
    tissues = build_tissues(LabelMap(array, geometry, segments), "tumour_1", np.array([[18.0, 18.0, 9.0]]), 30.0)
    assert "vertebra_l1" not in tissues.names
    assert tissues.names[tissues.classes[1, 4, 4]] == tissues.names[tissues.classes[5, 4, 4]] == "bone"


def test_a_flagged_organ_is_never_certain_in_numbers_and_rules():
    from dataclasses import replace

    from anatomy_twin.assess.volumes import volume_quantities
    from anatomy_twin.core import AblationPlan, Applicator, Case
    from anatomy_twin.plan import check_plan
    from tests.support.toy_patient import toy_patient

    volume, labels = toy_patient()

    def flagged(name):
        marked = (
            replace(s, state="check", rules=("volume",), note="too large") if s.name == name else s
            for s in labels.segments
        )
        return Case.new(volume=volume, labels=replace(labels, segments=tuple(marked)))

    def number(case, name):
        return next(q for q in volume_quantities(case) if q.name == name)

    plain = Case.new(volume=volume, labels=labels)
    assert number(plain, "spleen_ml").verdict == "met"
    doubted = number(flagged("spleen"), "spleen_ml")
    assert doubted.verdict == "not checked" and doubted.value is not None and "flagged: too large" in doubted.note
    assert "flagged" in number(flagged("liver"), "liver_healthy_ml").note
    plan = AblationPlan(name="A", target="tumour_1", margin_mm=5, applicators=(
        Applicator(device="mwa-generic", entry_mm=(-140.0, -15.0, 25.0), tip_mm=(-62.0, -15.0, 25.0), power_w=60,
                   duration_s=300),))  # fmt: skip
    reasons = {rule.name: rule.reason for rule in check_plan(flagged("spleen"), plan).rules}
    assert "to be confirmed: spleen" in reasons["crosses no kidney, spleen or pancreas"]
    assert "to be confirmed" not in {r.name: r.reason for r in check_plan(plain, plan).rules}["crosses no bone"]
