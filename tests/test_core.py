"""The types: geometry against SimpleITK, label maps, cases, refusals in one line."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy_twin import catalog
from anatomy_twin.core import (
    AblationPlan,
    Applicator,
    Assessment,
    Case,
    Code,
    FrozenMapping,
    LabelMap,
    PlanCheck,
    PlaneCut,
    Quantity,
    Segment,
    SurfaceMesh,
    ThermalResult,
    Volume,
    VolumeGeometry,
    inverse_axes,
    reindex,
)
from anatomy_twin.errors import Cancelled, DataError, GeometryError, TwinError
from tests.support.toy_patient import toy_patient

angles = st.floats(-3.1, 3.1)
spacings = st.floats(0.3, 7.0)


def rotation(a: float, b: float, c: float) -> np.ndarray:
    """A rotation matrix from three angles."""
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rz @ ry @ rx


@given(a=angles, b=angles, c=angles, spacing=st.tuples(spacings, spacings, spacings))
@settings(max_examples=50, deadline=None)
def test_geometry_equals_simpleitk(a, b, c, spacing):
    matrix = rotation(a, b, c)
    geometry = VolumeGeometry((4, 5, 6), spacing, matrix, (-12.0, 7.5, 100.25))
    image = sitk.Image(6, 5, 4, sitk.sitkUInt8)
    image.SetSpacing(spacing[::-1])
    image.SetOrigin(geometry.origin_mm)
    image.SetDirection(matrix[:, ::-1].ravel().tolist())
    for k, j, i in [(0, 0, 0), (3, 4, 5), (1, 2, 3)]:
        expected = image.TransformIndexToPhysicalPoint((i, j, k))
        assert np.allclose(geometry.to_world((k, j, i)), expected, atol=1e-6)
        assert np.allclose(geometry.to_index(expected), (k, j, i), atol=1e-6)
        assert geometry.nearest_voxel(expected) == (k, j, i)


@given(a=angles, b=angles, c=angles)
@settings(max_examples=50, deadline=None)
def test_canonical_axes_point_to_head_back_and_left(a, b, c):
    geometry = VolumeGeometry((4, 5, 6), (2.0, 1.0, 0.5), rotation(a, b, c), (1.0, 2.0, 3.0))
    array = np.arange(120).reshape(4, 5, 6)
    order, flips = geometry.canonical_axes()
    turned = geometry.reindexed(order, flips)
    moved = reindex(array, order, flips)
    assert turned.direction[2, 0] >= max(0.0, np.abs(turned.direction[2, 1:]).max() - 1e-9)
    assert turned.direction[1, 1] > -1e-9 and turned.direction[0, 2] > -1e-9
    index = np.argwhere(moved == array[3, 0, 2])[0]
    assert np.allclose(turned.to_world(index), geometry.to_world((3, 0, 2)))
    back = inverse_axes(order, flips)
    assert np.array_equal(reindex(moved, *back), array)
    assert turned.reindexed(*back).is_close(geometry)


def test_crop_keeps_voxels_where_they_are():
    geometry = VolumeGeometry((10, 10, 10), (2, 1, 3), rotation(0.3, -0.2, 1.0), (5, 6, 7))
    cropped = geometry.cropped((2, 3, 4), (3, 3, 3))
    assert np.allclose(cropped.to_world((1, 1, 1)), geometry.to_world((3, 4, 5)))
    assert not geometry.contains(geometry.to_world((-0.6, 0, 0))) and geometry.contains(geometry.to_world((-0.4, 0, 0)))


def test_arrays_are_read_only_and_not_copied():
    array = np.zeros((2, 3, 4), np.int16)
    volume = Volume(array, VolumeGeometry.upright((2, 3, 4), (1, 1, 1)))
    assert volume.array.base is array or np.shares_memory(volume.array, array)
    with pytest.raises(ValueError, match="read-only"):
        volume.array[0, 0, 0] = 1


def test_liver_mask_holds_parts_and_parenchyma_does_not():
    _, labels = toy_patient()
    whole, rest = labels.mask("liver"), labels.mask("liver", with_parts=False)
    tumour = labels.mask("tumour_1")
    assert (whole & tumour).sum() == tumour.sum() > 0
    assert not (rest & tumour).any() and not (rest & labels.mask("hepatic_veins")).any()
    assert labels.volume_ml("liver") > labels.volume_ml("liver", with_parts=False)


def test_absent_segment_is_an_empty_mask_with_a_reason():
    geometry = VolumeGeometry.upright((2, 2, 2), (1, 1, 1))
    segment = Segment("spleen", 0, 0, Code("SCT", "78961009", "Spleen"), (1, 2, 3), "not found", note="no contrast")
    labels = LabelMap(np.zeros((1, 2, 2, 2), np.uint8), geometry, (segment,))
    assert not labels.mask("spleen").any() and "spleen" not in labels and labels.segment("spleen").note


@pytest.mark.parametrize(
    "make",
    [
        lambda: VolumeGeometry.upright((0, 2, 2), (1, 1, 1)),
        lambda: VolumeGeometry.upright((2, 2, 2), (1, 0, 1)),
        lambda: VolumeGeometry.upright((2, 2, 2), (1, float("nan"), 1)),
        lambda: VolumeGeometry((2, 2, 2), (1, 1, 1), np.ones((3, 3)), (0, 0, 0)),
        lambda: VolumeGeometry.upright((2, 2, 2), (1, 1, 1), (0, 0)),
        lambda: VolumeGeometry.upright((2, 2, 2), (1, 1, 1)).nearest_voxel((9, 9, 9)),
        lambda: Volume(np.zeros((2, 2)), VolumeGeometry.upright((2, 2, 2), (1, 1, 1))),
        lambda: Volume(np.zeros((2, 2, 3)), VolumeGeometry.upright((2, 2, 2), (1, 1, 1))),
        lambda: Volume(np.full((2, 2, 2), None), VolumeGeometry.upright((2, 2, 2), (1, 1, 1))),
        lambda: Applicator("mwa", (0, 0, 0), (0, 0, 0), 60, 300),
        lambda: Applicator("mwa", (0, 0, 0), (0, 0, 50), -60, 300),
        lambda: Applicator("mwa", (0, 0, 0), (0, 0, "x"), 60, 300),
        lambda: AblationPlan("A", "tumour_1", ()),
        lambda: AblationPlan("", "tumour_1", (Applicator("mwa", (0, 0, 0), (0, 0, 50), 60, 300),)),
        lambda: PlaneCut((0, 0, 0), (0, 0, 0)),
        lambda: SurfaceMesh(np.zeros((3, 3)), np.array([[0, 1, 3]])),
        lambda: Quantity("x", "X", 1.0, "furlong"),
        lambda: Quantity("x", "X", float("nan"), "mm"),
        lambda: Segment("liver", 0, 0, Code("SCT", "1", "x"), (0, 0, 0)),
        lambda: Assessment("A", ())["margin"],
        lambda: toy_patient()[1].segment("wing"),
    ],
)
def test_bad_values_are_refused_in_one_line(make):
    with pytest.raises(TwinError) as caught:
        make()
    assert "\n" not in caught.value.line and len(caught.value.line) > 10


def test_errors_survive_pickling():
    error = GeometryError("gap of 7.5 mm", where="after slice 12", advice="ask for the missing slice")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is GeometryError and again.line == error.line == (
        "gap of 7.5 mm (after slice 12); ask for the missing slice"
    )
    assert issubclass(Cancelled, TwinError) and issubclass(DataError, TwinError)


def test_case_drops_what_a_changed_plan_led_to():
    volume, labels = toy_patient()
    case = Case.new(volume=volume, labels=labels)
    plan = AblationPlan("A", "tumour_1", (Applicator("mwa-generic", (-150, 0, 20), (-70, -15, 25), 60, 300),))
    case = case.with_plan(plan).with_assessment(Assessment("A", ())).with_assessment(Assessment("", ()))
    same = case.with_plan(plan)
    assert "A" in same.assessments
    moved = AblationPlan("A", "tumour_1", (Applicator("mwa-generic", (-150, 0, 25), (-70, -15, 25), 60, 300),))
    changed = case.with_plan(moved)
    assert "A" not in changed.assessments and "" in changed.assessments and "A" in case.assessments


def test_case_drops_what_was_read_off_an_older_segmentation_or_result():
    volume, labels = toy_patient()
    plan = AblationPlan("A", "tumour_1", (Applicator("mwa-generic", (-150, 0, 20), (-70, -15, 25), 60, 300),))

    def heat(hot: bool) -> ThermalResult:
        box, zone = VolumeGeometry.upright((4, 4, 4), (1.0, 1.0, 1.0)), np.full((4, 4, 4), hot)
        field = np.zeros((1, 4, 4, 4), np.float32)
        return ThermalResult("A", box, [60.0], field, field, field[0], zone, "none")

    first = heat(True)
    case = Case.new(volume=volume, labels=labels).with_plan(plan, PlanCheck("A", ())).with_result(first)
    case = case.with_assessment(Assessment("A", ())).with_assessment(Assessment("", ()))
    assert set(case.with_result(first).assessments) == {"A", ""}
    assert set(case.with_result(heat(False)).assessments) == {""}
    meshed = case.with_labels(case.label_map, case.anatomy)
    assert meshed.checks and meshed.results and len(meshed.assessments) == 2
    other = case.with_labels(LabelMap(labels.array, labels.geometry, labels.segments), case.anatomy)
    assert set(other.plans) == {"A"} and not (other.checks or other.results or other.assessments)


def test_frozen_mapping_is_a_picklable_mapping():
    mapping = FrozenMapping({"b": 1, "a": 2})
    assert list(pickle.loads(pickle.dumps(mapping))) == ["b", "a"] and mapping == {"a": 2, "b": 1}
    assert mapping.with_item("c", 3)["c"] == 3 and "c" not in mapping


def test_surface_volume_is_exact_for_a_cube():
    import trimesh

    cube = trimesh.creation.box((20, 20, 20))
    cube.apply_translation((500, -300, 100))
    surface = SurfaceMesh(cube.vertices, cube.faces)
    assert surface.volume_ml == pytest.approx(8.0) and surface.area_cm2 == pytest.approx(24.0)


def test_every_term_has_a_code_a_label_and_a_colour():
    for name, entry in catalog.load("terms")["segments"].items():
        assert entry["code"].isdigit() and entry["label"] and len(entry["colour"]) == 3, name
        assert entry["part_of"] in {"", *catalog.load("terms")["segments"]}
    assert catalog.term("tumour_candidate_3")["label"] == "Tumour candidate 3"
    with pytest.raises(TwinError):
        catalog.term("wing")
