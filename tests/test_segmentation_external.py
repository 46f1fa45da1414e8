"""Segmentation by the user's own TotalSegmentator or nnU-Net: what a program that works is given and gives."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import nibabel
import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin import catalog, plugins
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.external.files import write_nifti
from anatomy_twin.segmentation.external.process import PercentReader
from tests.support.external_tools import CLASSES, NUMBER_OF, Watching, on_the_path, save_labels, toy, toy_classes
from tests.support.reindexing import name_of, some_axes, toy_on_grid, turned_volume
from tests.support.stand_in_tool import install_nnunet, install_totalsegmentator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in programs are scripts with a #! line")


@pytest.fixture
def tools(tmp_path, monkeypatch):
    with on_the_path(tmp_path, monkeypatch) as folder:
        yield folder


def test_the_table_of_classes_is_complete_and_every_name_is_a_term_or_said_to_be_none():
    assert sorted(CLASSES) == list(range(1, 118)) and len(set(CLASSES.values())) == 117
    data = catalog.load("external_classes")
    for name in data["names"].values():
        assert catalog.term(name)["code"]
    assert set(data["names"]) <= set(CLASSES.values()) | set(data["tasks"]["total_mr"]["classes"].values())
    for number in range(1, 13):
        assert data["names"][f"rib_left_{number}"] == data["names"][f"rib_right_{number}"] == "ribs"


def test_classes_become_coded_segments_in_our_layers(tools):
    volume, labels, numbers = toy_classes()
    install_totalsegmentator(tools, save_labels(tools / "answer.nii.gz", volume, numbers), lines=(
        "Predicting part 1 of 2 ...", " 50%|#####     | 1/2", "Predicting part 2 of 2 ...", "100%|##########| 2/2",
    ))  # fmt: skip
    monitor = Watching()
    found = at.segment(volume, "totalsegmentator", monitor=monitor)
    assert found.geometry is volume.geometry
    for name in ("liver", "spleen", "kidney_right", "aorta"):
        segment = found.segment(name)
        expected = labels.array[0] == labels.segment(name).value
        extra = numbers == NUMBER_OF["kidney_cyst_right"] if name == "kidney_right" else np.zeros_like(expected)
        expected &= ~np.isin(numbers, [NUMBER_OF[n] for n in ("rib_left_4", "rib_right_5", "femur_left")])
        assert np.array_equal(found.mask(name), expected | extra), name
        assert (segment.state, segment.rules, segment.layer) == ("check", ("external",), 0)
        assert "TotalSegmentator 2.18.0" in segment.note and segment.code == labels.segment(name).code
    lobe, lung = found.segment("lung_lower_lobe_left"), found.segment("lung_left")
    assert (lobe.layer, lobe.part_of, lung.layer) == (1, "lung_left", 0) and "union" in lung.note
    assert np.array_equal(found.mask("lung_left"), found.mask("lung_lower_lobe_left"))
    assert np.array_equal(found.mask("ribs"), np.isin(numbers, [NUMBER_OF["rib_left_4"], NUMBER_OF["rib_right_5"]]))
    bones = [NUMBER_OF[n] for n in ("vertebrae_L1", "rib_left_4", "rib_right_5", "femur_left")]
    assert np.array_equal(found.mask("bone"), np.isin(numbers, bones)) and found.segment("vertebra_l1").layer == 1
    femur, gland = found.segment("femur_left"), found.segment("thyroid_gland")
    assert (femur.layer, femur.part_of) == (1, "bone") and femur.code.value == gland.code.value == "91723000"
    assert gland.layer == 0 and any("thyroid_gland" in note for note in found.notes)
    cyst = found.segment("kidney_lesion_2")
    assert (cyst.layer, cyst.part_of) == (2, "kidney_right")
    gone = found.segment("gallbladder")
    assert gone.absent and "found none" in gone.note
    assert found.segment("body").layer == 3 and "not by the model" in found.segment("body").note
    assert "task total" in found.notes[0] and "on the voxels of the scan" in found.notes[0]
    # the program was called as its command line wants it
    arguments = (tools / "arguments").read_text()
    assert "'--ml'" in arguments and "'--task', 'total'" in arguments and "fast" not in arguments
    assert monitor.stages == ["TotalSegmentator", "reading its labels"]
    assert monitor.shares == sorted(monitor.shares) and {0.25, 0.5, 1.0} <= set(monitor.shares)


def test_the_program_is_given_the_scan_where_it_lies(tools):
    volume, _, numbers = toy_classes()
    install_totalsegmentator(tools, save_labels(tools / "answer.nii.gz", volume, numbers))
    at.segment(volume, "totalsegmentator:total,fast")
    given = nibabel.load(tools / "given.nii.gz")
    assert "'--fast'" in (tools / "arguments").read_text()
    assert given.get_data_dtype() == np.int16 and given.header["sform_code"] == given.header["qform_code"] == 1
    index = np.array([(3, 5, 7), (0, 0, 0), (20, 31, 11)])  # k, j, i
    world = nibabel.affines.apply_affine(given.affine, index[:, ::-1]) * (-1, -1, 1)
    assert np.allclose(world, volume.geometry.to_world(index), atol=1e-3)
    values = np.asarray(given.dataobj)
    assert all(values[i, j, k] == volume.array[k, j, i] for k, j, i in index)
    # this project's own reader sees the same volume
    back = at.load_volume(tools / "given.nii.gz", modality="CT")
    assert back.geometry.is_close(volume.geometry, 1e-2) and np.array_equal(back.array, volume.array)


def test_fractions_are_written_as_floats(tmp_path):
    volume = replace(toy(), array=toy().array + np.float32(0.25))
    write_nifti(volume, tmp_path / "scan.nii.gz")
    assert np.allclose(np.asarray(nibabel.load(tmp_path / "scan.nii.gz").dataobj).transpose(2, 1, 0), volume.array)


@pytest.mark.parametrize("axes", some_axes(3, seed=11), ids=name_of)
def test_the_order_of_the_axes_of_scan_and_answer_does_not_matter(tools, axes):
    volume, _, numbers = toy_classes()
    install_totalsegmentator(tools, save_labels(tools / "answer.nii.gz", volume, numbers))
    straight = at.segment(volume, "totalsegmentator")
    turned = at.segment(turned_volume(volume, axes), "totalsegmentator")
    again = straight.reindexed(*axes)
    assert turned.segments == again.segments and np.array_equal(turned.array, again.array)


def test_an_answer_on_another_grid_is_resampled_and_that_is_said(tools):
    volume, _, numbers = toy_classes()
    finer = np.repeat(np.repeat(np.repeat(numbers, 2, 0), 2, 1), 2, 2)
    geometry = at.VolumeGeometry(
        finer.shape, tuple(step / 2 for step in volume.geometry.spacing_mm), volume.geometry.direction,
        tuple(volume.geometry.to_world((-0.25, -0.25, -0.25))),
    )
    install_totalsegmentator(tools, save_labels(tools / "answer.nii.gz", replace(volume, array=finer,
                                                                                geometry=geometry), finer))
    found = at.segment(volume, "totalsegmentator")
    assert np.array_equal(found.mask("liver"), numbers == NUMBER_OF["liver"]) and "resampled" in found.notes[0]


def test_a_number_that_nobody_names_is_kept_under_its_number(tools):
    volume, _, numbers = toy_classes()
    numbers[3:6, 22:26, 0:6] = 200
    install_totalsegmentator(tools, save_labels(tools / "answer.nii.gz", volume, numbers))
    found = at.segment(volume, "totalsegmentator")
    assert np.array_equal(found.mask("label_200"), numbers == 200)
    assert any("no coded term" in note and "label_200" in note for note in found.notes)


def test_a_label_table_in_the_file_counts_before_the_numbers(tools):
    volume, _, numbers = toy_classes()
    image = nibabel.load(save_labels(tools / "answer.nii.gz", volume, numbers))
    xml = ('<CaretExtension><VolumeInformation Index="0"><LabelTable>'
           f'<Label Key="{NUMBER_OF["liver"]}"><![CDATA[spleen]]></Label>'
           f'<Label Key="{NUMBER_OF["spleen"]}"><![CDATA[liver]]></Label></LabelTable></VolumeInformation>'
           "</CaretExtension>")  # fmt: skip
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, xml.encode()))
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), image.affine, image.header), tools / "b.nii.gz")
    install_totalsegmentator(tools, tools / "b.nii.gz")
    found = at.segment(volume, "totalsegmentator")
    assert np.array_equal(found.mask("spleen"), numbers == NUMBER_OF["liver"])


def test_seeds_are_refused():
    for name in ("totalsegmentator", "nnunet:003"):
        with pytest.raises(UsageError, match="no seeds"):
            at.segment(toy(), name, seeds={"liver": (0.0, 0.0, 0.0)})


def test_the_table_of_plugins_has_both():
    assert {"totalsegmentator", "nnunet"} <= set(plugins.names("segmenters"))


def test_progress_never_goes_back():
    read = PercentReader()
    lines = ["loading", "  0%|  | 0/8", " 40%|## | 3/8", "Predicting part 2 of 4", " 50%|##", "part 9 of 4", "2%|"]
    assert [read(line) for line in lines] == [None, 0.0, 0.4, 0.4, 0.4, None, 0.4]


# --- nnU-Net ---------------------------------------------------------------------------------------------------------


def test_nnunet_takes_its_names_from_the_dataset(tools):
    volume, labels = toy_on_grid("oblique")
    numbers = np.zeros(volume.geometry.shape, np.uint8)
    numbers[labels.array[0] == labels.segment("liver").value] = 1
    numbers[labels.array[2] == labels.segment("tumour_1").value] = 2
    numbers[0:3, 0:3, 0:3] = 3
    names = {"background": 0, "Liver": 1, "tumor": 2, "Odd\n": 3}
    dataset = json.dumps({"channel_names": {"0": "CT"}, "labels": names})
    install_nnunet(tools, save_labels(tools / "a.nii.gz", volume, numbers), dataset)
    found = at.segment(volume, "nnunet:Dataset003_Liver,3d_lowres")
    arguments = (tools / "arguments").read_text()
    assert "'-d', 'Dataset003_Liver'" in arguments and "'-c', '3d_lowres'" in arguments
    assert found.segment("tumour_1").layer == 2 and found.segment("tumour_1").part_of == "liver"
    assert np.array_equal(found.mask("liver"), (numbers == 1) | (numbers == 2))
    assert np.array_equal(found.array[0] == found.segment("liver").value, (numbers == 1) | (numbers == 2))
    assert found.segment("Odd").state == "check" and "Dataset003_Liver, 3d_lowres" in found.segment("Odd").note


@pytest.mark.parametrize(("dataset", "word"), [
    ("{", "dataset.json"), ('{"labels": 3}', "dataset.json"), ("[]", "dataset.json"),
    ('{"labels": {"a": [1, 2]}}', "regions"), ('{"labels": {"a": 70000}}', "regions"),
    ('{"labels": {"a": 1}, "channel_names": {"0": "CT", "1": "PET"}}', "needs 2 images"),
])  # fmt: skip
def test_a_dataset_that_cannot_be_used_is_refused(tools, dataset, word):
    volume, _, numbers = toy_classes()
    install_nnunet(tools, save_labels(tools / "a.nii.gz", volume, numbers), dataset)
    with pytest.raises(SegmentationError, match=word):
        at.segment(volume, "nnunet:003")


# --- the outputs of the real program ---------------------------------------------------------------------------------


@pytest.mark.real_data
def test_a_real_answer_on_a_portal_slab(tools, real_data):
    """The model's own output on its own scan: every class arrives with its volume."""
    refs = real_data / "totalsegmentator_refs"
    volume = at.load_volume(refs / "example_ct_dicom")
    answer = nibabel.load(refs / "example_seg_dicom.nii.gz")
    install_totalsegmentator(tools, refs / "example_seg_dicom.nii.gz")
    found = at.segment(volume, "totalsegmentator")
    counts = np.bincount(np.asarray(answer.dataobj).ravel(), minlength=118)
    voxel_ml = abs(np.linalg.det(answer.affine[:3, :3])) / 1000
    for name, ours in (("liver", "liver"), ("spleen", "spleen"), ("aorta", "aorta"), ("vertebrae_T12", "vertebra_t12"),
                       ("portal_vein_and_splenic_vein", "portal_vein"), ("inferior_vena_cava", "inferior_vena_cava")):
        assert counts[NUMBER_OF[name]] > 0
        assert found.volume_ml(ours) == pytest.approx(counts[NUMBER_OF[name]] * voxel_ml, rel=1e-4)
    ribs = sum(counts[n] for n, name in CLASSES.items() if name.startswith("rib_"))
    assert found.volume_ml("ribs") == pytest.approx(ribs * voxel_ml, rel=1e-4)
    # and it lies on the tissue that it names: portal phase by the data's description
    assert np.median(volume.array[found.mask("liver")]) == pytest.approx(93, abs=12)
    assert np.median(volume.array[found.mask("aorta")]) == pytest.approx(151, abs=15)
    assert np.median(volume.array[found.mask("bone")]) > 100


@pytest.mark.real_data
def test_a_real_answer_with_a_wrong_origin_is_refused_and_taken_once_it_is_whole(tools, real_data, tmp_path):
    """Thirty of 112 slices whose header repeats the origin of the scan: a frame that does not fit."""
    refs = real_data / "totalsegmentator_refs"
    volume = at.load_volume(refs / "example_ct.nii.gz", modality="CT")
    install_totalsegmentator(tools, refs / "example_seg.nii.gz")
    with pytest.raises(SegmentationError, match=r"covers only 2[678] % of the scan: its frame does not fit"):
        at.segment(volume, "totalsegmentator")
    image = nibabel.load(refs / "example_seg.nii.gz")
    numbers = np.asarray(image.dataobj)
    whole = np.zeros((122, 101, 112), np.uint8)
    whole[:, :, 82:] = numbers
    nibabel.save(nibabel.Nifti1Image(whole, image.affine), tmp_path / "whole.nii.gz")
    install_totalsegmentator(tools, tmp_path / "whole.nii.gz")
    found = at.segment(volume, "totalsegmentator")
    assert np.median(volume.array[found.mask("liver")]) == pytest.approx(55, abs=20)
    assert np.median(volume.array[found.mask("lung_right")]) < -500
    assert found.segment("lung_right").layer == 0 and found.volume_ml("kidney_right") == pytest.approx(
        np.count_nonzero(numbers == NUMBER_OF["kidney_right"]) * 0.027, rel=1e-6
    )


@pytest.mark.real_data
def test_a_real_answer_for_an_mr(tools, real_data):
    refs = real_data / "totalsegmentator_refs"
    volume = at.load_volume(refs / "example_mr_sm.nii.gz", modality="MR")
    install_totalsegmentator(tools, refs / "example_seg_mr.nii.gz")
    found = at.segment(volume, "totalsegmentator")
    assert "'--task', 'total_mr'" in (tools / "arguments").read_text()
    numbers = np.asarray(nibabel.load(refs / "example_seg_mr.nii.gz").dataobj)
    assert found.volume_ml("spleen") == pytest.approx(np.count_nonzero(numbers == 1) * 0.027, rel=1e-4)
    assert "body" not in found  # its outline is a matter of HU
