"""Label volumes (NIfTI, NRRD, .seg.nrrd) on their scan: the voxels of nibabel and SimpleITK, or refused by name."""

from __future__ import annotations

import functools
import gzip
import importlib
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from anatomy_twin import catalog
from anatomy_twin.cli.main import main
from anatomy_twin.core import Case, Code, LabelMap, Segment, Volume, VolumeGeometry
from anatomy_twin.core.geometry import reindex
from anatomy_twin.errors import ScanError, StoreError
from anatomy_twin.pipeline import labels_case, load_labels
from anatomy_twin.scan import grid_file
from anatomy_twin.scan.label_file import label_table, read_label_file
from anatomy_twin.scan.label_match import BY_POSITION
from anatomy_twin.scan.volume import load_volume
from anatomy_twin.store import load_case, save_case
from anatomy_twin.store.seg_nrrd import encode_seg_nrrd
from tests.support.real_scans import DATA

TOTAL = DATA / "totalsegmentator_refs"
real_data = pytest.mark.real_data
GEOMETRY = VolumeGeometry.upright((10, 12, 14), (3.0, 2.0, 1.5), (-20.0, 30.0, 100.0))
RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
TABLE = (
    '<?xml version="1.0" encoding="UTF-8"?> <CaretExtension><VolumeInformation Index="0"><LabelTable>'
    '<Label Key="1" Red="0" Green="1" Blue="0" Alpha="1"><![CDATA[spleen]]></Label>'
    '<Label Key="7"><![CDATA[portal_vein_and_splenic_vein]]></Label><Label Key="9">odd\n thing</Label>'
    "</LabelTable></VolumeInformation></CaretExtension>"
)


@pytest.fixture(autouse=True)
def in_process(request, monkeypatch):
    """The voxels are read in a child process; its start is needed once, not in every test."""
    def here(function, *arguments, **limits):
        module, name = function.split(":")
        return getattr(importlib.import_module(module), name)(*arguments)

    if "real" not in request.node.name:
        monkeypatch.setattr(grid_file, "run_limited", here)


def numbers() -> np.ndarray:
    """Labels 1, 7 and 9 as [k, j, i]."""
    array = np.zeros(GEOMETRY.shape, np.uint8)
    array[2:5, 3:9, 4:12] = 1
    array[3, 5, 6] = 7
    array[8, 0:2, 13] = 9
    return array


def scan(array=None, units: str = "HU") -> Volume:
    return Volume(np.full(GEOMETRY.shape, 60, np.int16) if array is None else array, GEOMETRY, units=units)


def write_nifti(path: Path, array: np.ndarray, geometry: VolumeGeometry, table: str = "") -> Path:
    """[k, j, i] and LPS to nibabel's [i, j, k] and RAS."""
    affine = RAS @ geometry.affine[:, [2, 1, 0, 3]]
    image = nibabel.Nifti1Image(np.transpose(array), affine)
    image.header.set_xyzt_units("mm")
    if table:
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, table.encode()))
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("name", ["l.nii", "l.nii.gz"])
def test_a_table_in_the_header_names_the_numbers(tmp_path, name):
    labels = read_label_file(write_nifti(tmp_path / name, numbers(), GEOMETRY, TABLE), scan())
    assert labels.names == ("spleen", "portal_vein", "odd thing")
    np.testing.assert_array_equal(labels.array[0], numbers())
    assert labels.notes[0] == BY_POSITION
    assert {segment.state for segment in labels.segments} == {"check"}
    assert labels.segment("spleen").code.value == "78961009"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(False, False, False), (True, True, False), (False, True, True)])
def test_other_axes_and_a_crop_land_on_the_same_voxels(tmp_path, order, flips):
    start, shape = (2, 0, 3), (7, 10, 11)
    block = numbers()[2:9, 0:10, 3:14]
    grid = GEOMETRY.cropped(start, shape).reindexed(order, flips)
    labels = read_label_file(write_nifti(tmp_path / "l.nii", reindex(block, order, flips), grid), scan())
    np.testing.assert_array_equal(labels.array[0], numbers())
    assert labels.names == ("label_1", "label_7", "label_9")
    assert "the file does not say what label 1, 7, 9 is" in labels.notes


def test_other_grids_are_refused(tmp_path):
    other = (
        VolumeGeometry.upright((10, 12, 14), (3.0, 2.0, 1.6), (-20.0, 30.0, 100.0)),
        VolumeGeometry.upright((10, 12, 14), (3.0, 2.0, 1.5), (-20.5, 30.0, 100.0)),
        VolumeGeometry.upright((10, 12, 14), (3.0, 2.0, 1.5), (-20.0, 30.0, 106.0)),
        VolumeGeometry.upright((10, 12, 14), (3.0, 2.0, 1.5), (880.0, 30.0, 100.0)),
    )
    for grid, words in zip(other, ("another grid", "another grid", "beyond the scan", "do not overlap"), strict=True):
        with pytest.raises(ScanError, match=words):
            read_label_file(write_nifti(tmp_path / "l.nii", numbers(), grid), scan())


def test_images_and_fractions_are_no_labels(tmp_path):
    image = np.random.default_rng(1).integers(-1000, 1000, GEOMETRY.shape).astype(np.int16)
    half, nothing = numbers() * np.float32(0.5), numbers() * np.float32(np.nan)
    for array, words in ((image, "an image, no labels"), (image + 1001, "different values: an image"),
                         (half, "fractions"), (nothing, "an image")):  # fmt: skip
        with pytest.raises(ScanError, match=words) as caught:
            read_label_file(write_nifti(tmp_path / "l.nii", array, GEOMETRY), scan())
        assert "\n" not in str(caught.value)


def test_whole_floats_names_of_the_caller_and_of_the_file(tmp_path):
    path = write_nifti(tmp_path / "l.nii", numbers().astype(np.float32), GEOMETRY, TABLE)
    labels = read_label_file(path, scan(), names={1: "liver", 7: "liver_tumor"})
    assert labels.names == ("liver", "tumour_1", "label_9")
    assert labels.mask("liver").sum() == np.isin(numbers(), (1, 7)).sum()
    alone = write_nifti(tmp_path / "Kidney_Right.nii.gz", (numbers() == 1).astype(np.uint8), GEOMETRY)
    named = read_label_file(alone, scan())
    assert named.names == ("kidney_right",)
    assert "the label is named after the file" in named.notes
    person = write_nifti(tmp_path / "muster_erika.nii", (numbers() == 1).astype(np.uint8), GEOMETRY)
    assert read_label_file(person, scan()).names == ("label_1",)


def test_hostile_tables_name_nothing(tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + TABLE.replace("spleen", "&a;")
    for table in (bomb, TABLE[:-30], TABLE.replace('Key="1"', 'Key="one"'), "<LabelTable>"):
        path = write_nifti(tmp_path / "l.nii", numbers(), GEOMETRY, table)
        assert label_table(path) == {}
        assert read_label_file(path, scan()).names == ("label_1", "label_7", "label_9")


def test_an_empty_file_holds_no_segment(tmp_path):
    labels = read_label_file(write_nifti(tmp_path / "l.nii", numbers() * 0, GEOMETRY), scan())
    assert labels.segments == ()
    assert "the file holds no labelled voxel" in labels.notes


def test_labels_that_lie_where_they_cannot_be_are_refused_or_noted(tmp_path):
    names = {1: "lung_lower_lobe_left", 2: "lung_upper_lobe_left", 3: "lung_lower_lobe_right", 4: "liver"}
    array = np.zeros(GEOMETRY.shape, np.uint8)
    hu = np.full(GEOMETRY.shape, -850, np.int16)
    for number in names:
        array[2 * number - 1, 2:8, 2:8] = number
    hu[7] = 60
    path = write_nifti(tmp_path / "l.nii", array, GEOMETRY)
    assert len(read_label_file(path, scan(hu), names).notes) == 1
    one = hu.copy()
    one[1] = 30  # a lobe without air can be
    assert read_label_file(path, scan(one), names).notes[1].startswith("lung_lower_lobe_left (lung) lies on 30 HU")
    with pytest.raises(ScanError, match="do not lie where they belong"):
        read_label_file(path, scan(), names)
    notes = read_label_file(path, scan(units=""), names).notes
    assert notes[1].endswith("the scan is not in HU")


def test_plain_nrrd_by_simpleitk_and_a_slicer_file_under_any_name(tmp_path):
    image = sitk.GetImageFromArray(numbers())
    image.SetSpacing(GEOMETRY.spacing_mm[::-1])
    image.SetOrigin(GEOMETRY.origin_mm)
    sitk.WriteImage(image, str(tmp_path / "l.nrrd"), useCompression=True)
    np.testing.assert_array_equal(load_labels(tmp_path / "l.nrrd", scan()).array[0], numbers())
    code = Code("SCT", "10200004", "Liver")
    own = LabelMap(numbers()[None], GEOMETRY, (Segment("liver", 0, 1, code, (1, 2, 3), "corrected"),))
    for name in ("l.seg.nrrd", "saved.nrrd"):
        (tmp_path / name).write_bytes(encode_seg_nrrd(own))
        labels = load_labels(tmp_path / name, scan())
        assert labels.segment("liver").state == "corrected"
        assert labels.notes == (BY_POSITION,)
    grid = VolumeGeometry.upright(GEOMETRY.shape, GEOMETRY.spacing_mm, GEOMETRY.origin_mm, "1.2.3")
    (tmp_path / "f.seg.nrrd").write_bytes(encode_seg_nrrd(LabelMap(own.array, grid, own.segments)))
    like = Volume(scan().array, grid)
    assert load_labels(tmp_path / "f.seg.nrrd", like).notes == ("matched by frame of reference and position",)
    other = VolumeGeometry.upright(GEOMETRY.shape, GEOMETRY.spacing_mm, GEOMETRY.origin_mm, "1.2.4")
    with pytest.raises(ScanError, match="frame of reference differs"):
        load_labels(tmp_path / "f.seg.nrrd", Volume(scan().array, other))


def test_what_is_nothing_of_that_is_refused_in_one_line(tmp_path):
    good = write_nifti(tmp_path / "good.nii.gz", numbers(), GEOMETRY).read_bytes()
    for name, data in (("a.nii", b""), ("b.txt", b"hello"), ("c.nii.gz", good[:-20]), ("d.nrrd", b"NRRD0004\n\n"),
                       ("e.seg.nrrd", b"NRRD0004\n\n"), ("f.nii", gzip.decompress(good)[:400])):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        with pytest.raises((ScanError, StoreError)) as caught:
            load_labels(tmp_path / name, scan())
        assert "\n" not in str(caught.value)


def test_names_of_other_programs():
    name = catalog.segment_name
    assert name("portal_vein_and_splenic_vein", "") == "portal_vein"
    assert name("Liver tumor", "") == "tumour_1"
    assert name("Artery", "51114001") == "Artery"
    assert name("anything", "T-62000") == "liver"
    assert name("anything", "64033007") == "anything"  # which kidney?
    assert name("anything", "64033007", side="G-A101") == "kidney_left"
    assert name("Metastasis of the liver", "14799000", {"tumour_1"}) == "tumour_2"
    assert name("Neoplasm, Primary", "M-80003") == "Neoplasm, Primary"
    assert name("vessel", "59820001") == "vessel"
    for alias, own in catalog.load("aliases")["labels"].items():
        assert catalog.term(own)["label"], alias


@functools.cache
def real_volume(name: str, modality: str | None) -> Volume:
    return load_volume(TOTAL / name, modality=modality)


def assert_voxels_where_nibabel_has_them(labels: LabelMap, path: Path) -> None:
    image = nibabel.load(path)
    theirs = np.asarray(image.dataobj)
    index = np.argwhere(labels.array[0])
    ras = labels.geometry.to_world(index) * (-1, -1, 1)
    inverse = np.linalg.inv(image.affine)
    there = ras @ inverse[:3, :3].T + inverse[:3, 3]
    whole = np.rint(there).astype(int)
    assert np.abs(there - whole).max(initial=0.0) < 0.02  # headers hold single precision
    np.testing.assert_array_equal(theirs[tuple(whole.T)], labels.array[0][tuple(index.T)])
    assert np.count_nonzero(theirs) == len(index)
    assert set(np.unique(theirs)) - {0} == {segment.value for segment in labels.segments}


@pytest.mark.parametrize("name", [pytest.param("example_seg.nii.gz", marks=real_data)])
def test_a_header_that_lies_about_the_place_is_refused_and_the_corrected_one_read(name, tmp_path):
    example_ct = real_volume("example_ct.nii.gz", "CT")
    with pytest.raises(ScanError, match="do not lie where they belong: vertebrae"):
        load_labels(TOTAL / name, example_ct)
    image = nibabel.load(TOTAL / name)
    affine = image.affine.copy()
    affine[2, 3] += 246.0
    moved = tmp_path / "moved.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), affine, image.header), moved)
    labels = load_labels(moved, example_ct)
    assert_voxels_where_nibabel_has_them(labels, moved)
    assert not labels.array[:, :82].any()
    assert {"liver", "spleen", "kidney_left", "portal_vein", "aorta"} <= set(labels.names)
    assert not any(" HU" in note for note in labels.notes)


@pytest.mark.parametrize(("scan_name", "label_name", "modality"), [
    pytest.param("example_ct_dicom", "example_seg_dicom.nii.gz", None, marks=real_data),
    pytest.param("example_mr_sm.nii.gz", "example_seg_mr.nii.gz", "MR", marks=real_data),
    *(pytest.param("aorta_report/example_ct.nii.gz", f"aorta_report/test_result/models/{name}.nii.gz", "CT",
                   marks=real_data) for name in ("T716_aorta_true_false_lumen", "aorta", "vertebrae_T12",
                                                 "renal_arteries")),
])  # fmt: skip
def test_real_label_files_lie_where_nibabel_has_them(scan_name, label_name, modality):
    volume = real_volume(scan_name, modality)
    labels = load_labels(TOTAL / label_name, volume)
    assert labels.geometry is volume.geometry
    assert_voxels_where_nibabel_has_them(labels, TOTAL / label_name)


@pytest.mark.parametrize("name", [pytest.param("pyradiomics_lung2", marks=real_data)])
def test_a_real_nrrd_label_equals_simpleitk(name):
    volume = load_volume(DATA / name / "lung2_image.nrrd", modality="CT")
    labels = load_labels(DATA / name / "lung2_label.nrrd", volume)
    theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(DATA / name / "lung2_label.nrrd")))
    np.testing.assert_array_equal(labels.array[0], theirs)


def test_labels_are_brought_into_a_case_with_their_provenance(tmp_path):
    path = write_nifti(tmp_path / "erika.nii.gz", numbers(), GEOMETRY)
    case = labels_case(Case.new(volume=scan()), path, names={1: "liver", 7: "liver tumor", 9: "spleen"})
    assert case.label_map.names == ("liver", "tumour_1", "spleen")
    np.testing.assert_array_equal(case.label_map.array[0], numbers())
    step = case.provenance[-1]
    assert step.stage == "reading labels"
    assert step.facts["matched"] == BY_POSITION
    assert len(step.facts["sha256"]) == 64
    assert not any("erika" in text for text in step.facts.values())


def test_the_command_line_brings_labels_into_a_case(tmp_path, capsys):
    save_case(Case.new(volume=scan()), tmp_path / "a.twin")
    path = write_nifti(tmp_path / "l.nii.gz", numbers(), GEOMETRY)
    given = ["--labels", str(path), "--names", "1=liver,7=liver_tumor"]
    assert main(["segment", str(tmp_path / "a.twin"), *given, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document["segments"]) == ["liver", "tumour_1", "label_9"]
    assert document["notes"][0] == BY_POSITION
    kept = load_case(tmp_path / "a.twin")
    np.testing.assert_array_equal(kept.label_map.array[0], numbers())
    assert kept.label_map.notes == tuple(document["notes"])
    for wrong in (["--names", "1=liver"], ["--labels", str(path), "--segmenter", "ct-abdomen"],
                  ["--labels", str(path), "--names", "liver"], ["--labels", str(tmp_path / "none.nii")]):  # fmt: skip
        assert main(["segment", str(tmp_path / "a.twin"), *wrong]) == 2
        assert "Traceback" not in capsys.readouterr().err
