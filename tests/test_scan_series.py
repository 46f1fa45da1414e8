"""Which series are found, how they are split and ranked, and what is set aside."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from anatomy_twin.errors import Cancelled, ScanError
from anatomy_twin.scan import find_series, load_volume
from anatomy_twin.scan.headers import _class_name
from anatomy_twin.scan.series import count_of
from tests.support.dicom_series import AXIAL, CORONAL, as_capture, as_localizer, as_report, write_series


def test_the_larger_series_is_first_and_the_reason_is_told(tmp_path):
    write_series(tmp_path / "study" / "a", uid="1", shape=(1, 8, 8))
    truth = write_series(tmp_path / "study" / "b", uid="2", shape=(9, 8, 8))
    first, second = find_series(tmp_path)
    assert first.reason == "1st of 2: 9 axial slices of an original CT; the other has 1 slice"
    assert second.reason == "2nd of 2: 1 axial slice of an original CT; the other has 9 slices"
    assert (first.rank, first.shape, first.files) == (1, (9, 8, 8), truth.files)
    assert load_volume(tmp_path).facts["series"] == "series 1 of 2, 9 slices"


def test_originals_come_before_derived_ct_before_mr_whole_before_broken(tmp_path):
    write_series(tmp_path / "mr", uid="1", shape=(20, 4, 4), modality="MR")
    write_series(tmp_path / "derived", uid="2", shape=(16, 4, 4),
                 edit=lambda k, ds: setattr(ds, "ImageType", ["DERIVED", "SECONDARY", "REFORMATTED"]))
    write_series(tmp_path / "gap", uid="3", shape=(16, 4, 4), skip=[7])
    write_series(tmp_path / "good", uid="4", shape=(14, 4, 4))
    write_series(tmp_path / "few", uid="5", shape=(4, 4, 4))
    order = [series.uid.rsplit(".", 1)[1] for series in find_series(tmp_path)]
    assert order == ["4", "2", "3", "5", "1"]
    volume = load_volume(tmp_path)
    assert volume.array.shape == (14, 4, 4)
    assert any("more series of CT could have been meant" in line for line in volume.warnings)


def test_a_broken_main_series_is_not_replaced_by_a_stray_slice(tmp_path):
    write_series(tmp_path / "main", uid="1", shape=(20, 4, 4), skip=[7])
    write_series(tmp_path / "stray", uid="2", shape=(2, 4, 4))
    assert find_series(tmp_path)[0].verdict.gaps == ((7, pytest.approx(5.0)),)
    with pytest.raises(ScanError, match="gap of 5 mm after slice 7"):
        load_volume(tmp_path)


def test_a_named_series_is_loaded(tmp_path):
    write_series(tmp_path / "a", uid="1")
    truth = write_series(tmp_path / "b", uid="2", shape=(4, 5, 6), seed=5)
    volume = load_volume(tmp_path, series_uid="1.2.826.0.1.3680043.10.9999.2")
    np.testing.assert_array_equal(volume.array, truth.stored - 1024)
    with pytest.raises(ScanError, match="no series of that UID"):
        load_volume(tmp_path, series_uid="1.2.3")


def test_localizers_captures_and_reports_beside_the_slices_are_set_aside(tmp_path):
    truth = write_series(tmp_path, shape=(6, 8, 8))
    write_series(tmp_path, shape=(2, 8, 8), edit=as_localizer, name="scout{}".format)
    write_series(tmp_path, shape=(1, 8, 8), edit=as_capture, name="capture{}".format)
    write_series(tmp_path, shape=(1, 8, 8), edit=as_report, name="report{}".format)
    (tmp_path / "notes.txt").write_text("08 is no tag")
    series = find_series(tmp_path)
    assert series[0].set_aside == ("2 localizers", "1 secondary capture", "1 Enhanced SR", "1 non-DICOM file")
    assert [one.aside for one in series[1:]].count("localizer") == 1
    volume = load_volume(tmp_path)
    assert volume.facts["set aside"] == "2 localizers, 1 secondary capture, 1 Enhanced SR, 1 non-DICOM file"
    np.testing.assert_array_equal(volume.array, truth.stored - 1024)


@pytest.mark.parametrize(
    "change",
    [
        lambda k, ds: setattr(ds, "AcquisitionNumber", 2),
        lambda k, ds: setattr(ds, "TemporalPositionIdentifier", 2),
        lambda k, ds: setattr(ds, "EchoTime", "4.6"),
        lambda k, ds: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "AXIAL", "PHASE"]),
    ],
)
def test_two_phases_of_one_series_are_two_volumes(tmp_path, change):
    first = write_series(tmp_path, seed=1, edit=lambda k, ds: setattr(ds, "TemporalPositionIdentifier", 1))
    both = {}

    def second_phase(k, dataset):
        dataset.TemporalPositionIdentifier, dataset.InstanceNumber = 1, k + 101
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{k}"
        change(k, dataset)

    both["second"] = write_series(tmp_path, seed=2, name="later{}".format, edit=second_phase)
    found = find_series(tmp_path)
    assert [one.slice_count for one in found] == [8, 8]
    assert found[1].uid == found[0].uid + "#2"
    np.testing.assert_array_equal(load_volume(tmp_path, found[0].uid).array, first.stored - 1024)
    np.testing.assert_array_equal(load_volume(tmp_path, found[1].uid).array, both["second"].stored - 1024)
    assert any("split into 2 parts" in line for line in load_volume(tmp_path).warnings)


def test_running_acquisition_numbers_do_not_split(tmp_path):
    write_series(tmp_path, edit=lambda k, ds: setattr(ds, "AcquisitionNumber", k + 1))
    assert len(find_series(tmp_path)) == 1


def test_planes_and_sizes_in_one_series_are_split(tmp_path):
    write_series(tmp_path, shape=(9, 6, 6), axes=AXIAL)
    write_series(tmp_path, shape=(5, 6, 6), axes=CORONAL, name="cor{}".format)
    write_series(tmp_path, shape=(4, 7, 6), name="other{}".format)
    write_series(tmp_path, shape=(3, 6, 6), spacing_mm=(2.5, 0.9, 0.9), name="zoom{}".format)
    found = find_series(tmp_path)
    assert [(one.shape, one.verdict.orientation) for one in found] == [
        ((9, 6, 6), "axial"), ((5, 6, 6), "coronal"), ((4, 7, 6), "axial"), ((3, 6, 6), "axial")
    ]  # fmt: skip


def test_one_file_is_a_series_and_names_do_not_matter(tmp_path):
    truth = write_series(tmp_path / "größe ﬁle", shape=(1, 6, 6), name=lambda k: "IM ä 0001")
    (series,) = find_series(truth.files[0])
    assert (series.slice_count, series.spacing_mm[0]) == (1, 2.5)
    volume = load_volume(str(truth.files[0]))
    assert "a single slice is no volume for planning" in volume.warnings


def test_order_of_files_and_folders_changes_nothing(tmp_path):
    truth = write_series(tmp_path / "a", shape=(7, 6, 6))
    for n, k in enumerate([3, 1, 6, 0, 5, 2, 4]):
        folder = tmp_path / "b" / f"{n % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(truth.files[k], folder / f"{n}")
    one, other = load_volume(tmp_path / "a"), load_volume(tmp_path / "b")
    np.testing.assert_array_equal(one.array, other.array)
    assert one.facts == other.facts


def test_a_stopped_search_ends(tmp_path):
    class Stop:
        cancelled = True

        def progress(self, fraction): ...

        def stage(self, name): ...

        def warn(self, message): ...

    write_series(tmp_path)
    with pytest.raises(Cancelled):
        find_series(tmp_path, Stop())
    with pytest.raises(Cancelled):
        load_volume(tmp_path, monitor=Stop())


def test_missing_first_slices_are_told(tmp_path):
    write_series(tmp_path, skip=[0, 1])
    assert any("instance numbers start at 3" in line for line in load_volume(tmp_path).warnings)


def test_identity_is_not_shown(tmp_path):
    write_series(tmp_path)
    (series,) = find_series(tmp_path)
    for secret in ("Muster", "Erika^", "4711", str(tmp_path), series.patient_key):
        assert secret not in repr(series).replace(series.description, "")


def test_objects_are_counted_in_plain_words():
    assert count_of(1, "slice") == "1 slice" and count_of(2, "localizer") == "2 localizers"
    assert count_of(2, "DICOM object of unknown class") == "2 DICOM objects of unknown class"


def test_a_label_map_segmentation_is_called_by_its_name():
    assert _class_name("1.2.840.10008.5.1.4.1.1.66.7") == "Label Map Segmentation"
