"""A case becomes a scene of plain data."""

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.core import Case, LabelMap, Volume, reindex
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.rehearsal import SYNTHETIC_NOTE, build_scene, format_number, structure_colour
from tests.support.toy_case import MARGIN_MM, TUMOUR_MM, WORST_MM, planned_case, scanned_case
from tests.support.toy_patient import toy_patient


def test_surfaces_have_groups_and_opacities_that_let_the_target_be_seen():
    layers = {layer.name: layer for layer in build_scene(planned_case()).surfaces}
    assert layers["tumour_1"].group == "target" and layers["tumour_1"].opacity == 1.0
    assert layers["zone"].group == "zone" and 0.2 < layers["zone"].opacity < 0.7
    red, green, blue = layers["zone"].colour
    assert red > green > blue, "the coagulated zone is orange-red"
    assert layers["body"].opacity < 0.1 < layers["liver"].opacity < 0.6
    assert layers["hepatic_veins"].opacity == layers["inferior_vena_cava"].opacity == 1.0
    assert layers["liver"].volume_ml == pytest.approx(4 / 3 * np.pi * 75 * 60 * 55 / 1000, rel=0.01)


def test_slices_cross_in_the_target_and_the_worst_margin_is_marked():
    scene = build_scene(planned_case())
    assert np.linalg.norm(np.subtract(scene.focus_mm, TUMOUR_MM)) < 4.0
    (marker,) = scene.markers
    assert marker.point_mm == WORST_MM and f"{MARGIN_MM} mm" in marker.label
    (needle,) = scene.needles
    assert needle.tip_mm == (-66.0, -13.0, 25.0) and needle.radius_mm > 0.3 and needle.active_length_mm > 5


def test_overlays_keep_every_voxel_of_their_mask_and_its_place():
    case = planned_case()
    layers = {layer.name: layer for layer in build_scene(case).overlays}
    assert "skin" not in layers and "unknown_tissue" not in layers
    for name in ("liver", "tumour_1", "spleen"):
        mask = case.label_map.mask(name)
        centre = case.label_map.geometry.to_world(np.argwhere(mask)).mean(axis=0)
        layer = layers[name]
        assert layer.mask.sum() == mask.sum() and layer.mask.size < mask.size
        np.testing.assert_allclose(layer.geometry.to_world(np.argwhere(layer.mask)).mean(axis=0), centre, atol=1e-6)
    assert layers["zone"].mask.sum() * layers["zone"].geometry.voxel_volume_ml == pytest.approx(
        case.results["A"].coagulated_ml
    )


def test_fields_numbers_and_messages():
    scene = build_scene(planned_case())
    assert [(series.name, series.unit) for series in scene.fields] == [("temperature", "degC"), ("damage", "")]
    assert scene.fields[0].range[1] >= planned_case().results["A"].temperature_c.max()
    assert ("Minimal ablative margin", "3.2 mm", "not met") in scene.numbers
    assert ("Gallbladder, highest temperature", "not checked", "not checked") in scene.numbers
    assert SYNTHETIC_NOTE in scene.messages
    assert any(line.startswith("Not checked: crosses no gallbladder") for line in scene.messages)
    assert any(line.startswith("Broken: keeps off large vessels") for line in scene.messages)
    assert "the field is analytic" in scene.messages


def test_a_scan_alone_and_a_segmentation_alone_are_scenes_too():
    volume, labels = toy_patient()
    bare = build_scene(Case.new(volume=volume))
    assert not bare.surfaces and not bare.overlays and bare.focus_mm == volume.geometry.center_mm
    scanned = build_scene(scanned_case())
    assert scanned.needles == () and scanned.fields == ()
    # without a target the slices cross in the largest tumour
    assert np.linalg.norm(np.subtract(scanned.focus_mm, TUMOUR_MM)) < 4.0
    assert "zone" not in {layer.name for layer in scanned.surfaces}
    no_tumour = LabelMap(labels.array, labels.geometry, tuple(s for s in labels.segments if s.part_of != "liver"))
    focus = build_scene(Case.new(volume=volume, labels=no_tumour)).focus_mm
    assert no_tumour.mask("liver")[no_tumour.geometry.nearest_voxel(focus)]


def test_the_window_follows_the_phase_that_the_case_tells():
    volume, labels = toy_patient()
    def window(line):
        return build_scene(Case.new(volume=volume, labels=replace(labels, notes=(line,)))).window
    assert window("nothing said") == (400.0, 50.0)
    assert window("Contrast phase: portal venous (aorta 150 HU, liver 105 HU)")[1] > 50.0
    assert window("contrast phase: native") == (400.0, 50.0)
    assert build_scene(scanned_case()).window == window("phase: portal venous")


def test_the_same_scene_from_every_order_of_the_array():
    volume, labels = toy_patient()
    order, flips = (0, 1, 2), (True, True, False)
    turned = Volume(reindex(volume.array, order, flips), volume.geometry.reindexed(order, flips), synthetic=True)
    first = build_scene(Case.new(volume=volume, labels=labels))
    second = build_scene(Case.new(volume=turned, labels=labels.reindexed(order, flips)))
    np.testing.assert_allclose(first.focus_mm, second.focus_mm, atol=1e-6)
    for one, two in zip(first.overlays, second.overlays, strict=True):
        np.testing.assert_allclose(np.sort(one.geometry.corners_mm(), 0), np.sort(two.geometry.corners_mm(), 0))


def test_flagged_outlines_say_so_on_surfaces_and_slices():
    case = planned_case()
    labels = case.label_map
    flagged = replace(labels, segments=tuple(
        replace(s, state="check") if s.name == "spleen" else s for s in labels.segments))
    anatomy = replace(case.anatomy, structures={
        **case.anatomy.structures, "spleen": replace(case.anatomy["spleen"], state="check")})
    scene = build_scene(replace(case, labels={case.primary: flagged}, anatomy=anatomy))
    for layers in (scene.surfaces, scene.overlays):
        captions = {layer.name: layer.caption for layer in layers}
        assert captions["spleen"] == "Spleen (check)" and captions["liver"] == "Liver"


def test_palettes():
    assert structure_colour("tumour_2") == structure_colour("tumour_1")
    assert structure_colour("portal_vein", "colour-blind") != structure_colour("hepatic_veins", "colour-blind")
    with pytest.raises(UsageError, match="sepia"):
        build_scene(scanned_case(), palette="sepia")
    with pytest.raises(DataError, match="'B'"):
        build_scene(planned_case(), "B")


def test_numbers_are_written_as_people_read_them():
    assert format_number(4.56, "mm") == "4.6 mm"
    assert format_number(1034.2, "ml") == "1034 ml"
    assert format_number(-0.04, "mm") == "-0.040 mm"
    assert format_number(61.0, "degC") == "61.0 \N{DEGREE SIGN}C"
    assert format_number(0.0, "") == "0.0"


def test_the_rim_is_the_target_and_its_margin_within_the_liver():
    volume, labels = toy_patient(2.0)
    case = Case.new(volume=volume, labels=labels).with_plan(planned_case().plan("A"))
    rim = next(layer for layer in build_scene(case).overlays if layer.name == "rim")
    # a ball of 12 mm grown by 5 mm, in the middle of the liver
    assert rim.mask.sum() * rim.geometry.voxel_volume_ml == pytest.approx(4 / 3 * np.pi * 17**3 / 1000, rel=0.12)
    centre = rim.geometry.to_world(np.argwhere(rim.mask)).mean(axis=0)
    np.testing.assert_allclose(centre, TUMOUR_MM, atol=1.0)
