"""The heart of a case: from labels and late enhancement whose truth is known on paper, from files, refused by name."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import pyvista
from scipy.ndimage import distance_transform_edt

from anatomy_twin.anatomy.heart.regions import point_areas
from anatomy_twin.anatomy.heart.substrate import share_of
from anatomy_twin.core import SILENT, Case, FrozenMapping, LabelMap, Segment, Transform, Volume, VolumeGeometry
from anatomy_twin.errors import DataError, MeshError, ScanError, UsageError
from anatomy_twin.pipeline import segment_case
from anatomy_twin.pipeline.heart import LATE, chamber_case, heart_of, made_up_fibrosis
from anatomy_twin.pipeline.heart_scans import import_heart
from anatomy_twin.pipeline.record import Heard
from tests.support.dicom_series import write_series
from tests.support.made_atrium import CENTRE, made_atrium, made_labels

BLOOD, SCAR, MUSCLE = 300.0, 450.0, 80.0
TURN_DEG, SHIFT_MM = 5.0, np.array([-12.0, 9.0, 22.0])
CUT_MM = 4.0  # the wall left of this is scar


def _mr_from_ct() -> np.ndarray:
    c, s = np.cos(np.radians(TURN_DEG)), np.sin(np.radians(TURN_DEG))
    matrix = np.eye(4)
    matrix[:3, :3] = [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    matrix[:3, 3] = SHIFT_MM
    return matrix


@cache
def two_scans(frame: str = "2") -> Case:
    """A CT and an MR of the made atrium: the same blood, turned and shifted, and scar in the left part of the wall."""
    labels = made_labels(spacing_mm=1.5)
    blood = labels.mask("left_atrium") | labels.mask("left_ventricle")
    grid = labels.geometry
    array = np.where(blood, 400, np.random.default_rng(1).normal(40, 10, grid.shape)).astype(np.int16)
    geometry = VolumeGeometry(grid.shape, grid.spacing_mm, grid.direction, grid.origin_mm, "1")
    labels = LabelMap(labels.array, geometry, labels.segments)
    matrix = _mr_from_ct() if frame == "2" else np.eye(4)
    # the very voxels of the CT, laid elsewhere
    place = VolumeGeometry(grid.shape, grid.spacing_mm, matrix[:3, :3] @ grid.direction,
                           tuple(matrix[:3, :3] @ np.asarray(grid.origin_mm) + matrix[:3, 3]), frame)
    x = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))[..., 0]
    image = np.where(blood, BLOOD, np.where(x - CENTRE[0] > CUT_MM, SCAR, MUSCLE)).astype(np.int16)
    late = Volume(image, place, modality="MR", units="")
    case = Case.new(volume=Volume(array, geometry), labels=labels)
    return replace(case, volumes=FrozenMapping({**case.volumes, LATE: late}),
                   labels=FrozenMapping({**case.labels, LATE: LabelMap(labels.array, place, labels.segments)}))


@cache
def made_heart() -> Case:
    return heart_of(two_scans(), edge_mm=1.5)


def test_chamber_has_openings_regions_fibres_and_what_is_left_stays():
    case = made_heart()
    chamber = case.chamber("left_atrium")
    assert {one.name for one in chamber.openings} >= {"mitral_valve", "pulmonary_vein_left_superior"}
    assert "posterior_wall" in chamber.region_names and chamber.fibres is not None and chamber.wall_mm is None
    assert chamber.surface.area_cm2 == pytest.approx(made_atrium().surface.area_cm2, rel=0.05)
    assert [step.stage for step in case.provenance][-3:] == [
        "building the heart", "aligning the late enhancement", "reading the fibrosis"]


def test_late_enhancement_is_laid_onto_the_atrium_and_the_error_is_told():
    case = made_heart()
    transform = case.transforms["scan", LATE]
    points = case.chamber("left_atrium").surface.points_mm
    off = np.linalg.norm(transform.to_moving(points) - Transform(_mr_from_ct(), None).to_moving(points), axis=1)
    assert off.mean() < 1.0
    assert transform.error_mm < 1.0 and "distance of the surfaces of left atrium" in transform.error_kind


def test_fibrosis_is_where_the_wall_is_bright():
    chamber = made_heart().chamber("left_atrium")
    scar = chamber.surface.points_mm[:, 0] - CENTRE[0] > CUT_MM
    far = np.abs(chamber.surface.points_mm[:, 0] - CENTRE[0] - CUT_MM) > 3.0  # from the border of the scar
    # next to the ventricle the wall is blood
    far &= ~chamber.in_regions(["mitral_annulus"])
    found = chamber.substrate.classes > 0
    areas = point_areas(chamber.surface)
    assert areas[far & (found == scar)].sum() > 0.97 * areas[far].sum()
    assert share_of(chamber, chamber.substrate) == pytest.approx(
        areas[scar & far].sum() / areas[far].sum(), abs=0.1)
    assert any("registered" in note for note in chamber.substrate.notes)


def test_one_frame_of_reference_needs_no_registration():
    case = heart_of(two_scans("1"), edge_mm=2.0)
    np.testing.assert_array_equal(case.transforms["scan", LATE].matrix, np.eye(4))
    assert "one frame of reference" in case.transforms["scan", LATE].error_kind


def test_late_enhancement_that_is_off_is_refused():
    case = two_scans("1")
    moved = replace(case.labels[LATE], array=np.roll(case.labels[LATE].array, 8, axis=3))
    with pytest.raises(DataError, match=r"is off the atrium .* by \d+\.\d mm") as caught:
        heart_of(replace(case, labels=FrozenMapping({**case.labels, LATE: moved})), edge_mm=2.0)
    assert "\n" not in caught.value.line


def test_wall_that_was_outlined_gives_its_thickness():
    case = two_scans()
    labels = case.label_map
    away = distance_transform_edt(~labels.mask("left_atrium"), sampling=labels.geometry.spacing_mm)
    wall = (away > 0) & (away <= 4.5) & ~labels.mask("left_ventricle")
    array = np.concatenate([labels.array, wall[None].astype(np.uint8)])
    segment = Segment("left_atrium_wall", 1, 1, labels.segments[0].code, (9, 9, 9), "ok")
    both = LabelMap(array, labels.geometry, (*labels.segments, segment))
    case = replace(case, labels=FrozenMapping({"scan": both}), volumes=FrozenMapping({"scan": case.volume}))
    wall_mm = heart_of(case, edge_mm=2.0).chamber("left_atrium").wall_mm
    assert np.median(wall_mm) == pytest.approx(4.5, abs=0.75)
    guess = replace(both, segments=(*labels.segments, replace(segment, rules=("estimated",))))
    assert heart_of(replace(case, labels=FrozenMapping({"scan": guess})), edge_mm=2.0).chamber(
        "left_atrium").wall_mm is None


def test_new_labels_drop_the_heart_and_keep_the_other_scan():
    case = segment_case(made_heart(), "grow", seeds={"left_atrium": {"inside": [tuple(CENTRE)]}})
    assert not case.chambers and set(case.volumes) == {"scan", LATE} == set(case.labels)


def test_a_case_without_atrium_is_refused():
    case = two_scans()
    few = tuple(one for one in case.label_map.segments if not one.name.startswith(("left_atri", "pulm")))
    with pytest.raises(UsageError, match="no left_atrium"):
        heart_of(replace(case, labels=FrozenMapping({"scan": replace(case.label_map, segments=few)})))


@pytest.fixture(scope="module")
def surface_file(tmp_path_factory):
    made = made_atrium(step_mm=2.0).surface
    file = tmp_path_factory.mktemp("surface") / "atrium.vtp"
    corners = np.c_[np.full(len(made.triangles), 3), made.triangles].ravel()
    pyvista.PolyData(made.points_mm, corners).save(file)
    return file


def test_a_surface_from_a_file_becomes_a_case_that_says_what_its_image_is(surface_file):
    case = chamber_case(surface_file, edge_mm=2.0)
    chamber = case.chamber("left_atrium")
    assert chamber.fibres is not None and "roof" in chamber.region_names
    assert case.volume.modality == "OT" and "drawn from the surface" in case.volume.warnings[0]
    assert case.volume.geometry.contains(chamber.surface.points_mm).all()
    scarred = made_up_fibrosis(case, "III", 3)
    assert share_of(chamber, scarred.chamber("left_atrium").substrate) == pytest.approx(0.25, abs=0.06)
    assert any("made up" in note for note in scarred.chamber("left_atrium").substrate.notes)
    again = chamber_case(surface_file, two_scans(), edge_mm=2.0)
    assert again.volume is two_scans().volume and "left_atrium" in again.chambers


def test_a_surface_that_does_not_lie_in_the_scan_is_refused(surface_file):
    with pytest.raises(DataError, match="outside the scan"):
        chamber_case(surface_file, two_scans(), axes="RAS", edge_mm=2.0)
    with pytest.raises(MeshError, match="no such surface file"):
        chamber_case(surface_file.with_name("none.vtp"))


def _write(folder: Path, modality: str, uid: int, patient: str) -> None:
    folder.mkdir(parents=True)
    write_series(folder, modality=modality, uid=str(uid), patient=("Muster^Erika", patient), shape=(16, 20, 24),
                 spacing_mm=(3.0, 3.0, 3.0))


def test_two_scans_of_a_folder_come_into_one_case(tmp_path):
    folder = tmp_path
    _write(folder / "both" / "ct", "CT", 1, "P1")
    _write(folder / "both" / "mr", "MR", 2, "P1")
    _write(folder / "other", "MR", 3, "P2")
    heard = Heard(SILENT)
    case = import_heart(folder / "both", monitor=heard)
    assert set(case.volumes) == {"scan", LATE}
    assert case.volume.modality == "CT" and case.volumes[LATE].modality == "MR"
    assert any("late enhancement: 16 MR slices" in line for line in heard.lines)
    assert set(import_heart(folder / "both" / "ct").volumes) == {"scan"}
    apart = import_heart(folder / "both" / "ct", late=folder / "both" / "mr")
    assert set(apart.volumes) == {"scan", LATE}
    with pytest.raises(ScanError, match="another patient"):
        import_heart(folder / "both" / "ct", late=folder / "other")
    with pytest.raises(ScanError, match="no MR"):
        import_heart(folder / "both", late=folder / "both" / "ct")
