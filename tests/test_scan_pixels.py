"""Stored values become HU, slice by slice, in every coding that can be written here."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from anatomy_twin.errors import ScanError
from anatomy_twin.scan import load_volume
from anatomy_twin.scan.series import listing_of, ranked
from anatomy_twin.scan.slices import read_slices
from anatomy_twin.scan.voxels import read_voxels
from tests.support.dicom_series import write_series

SYNTAXES = {
    "Implicit VR Little Endian": "1.2.840.10008.1.2",
    "Explicit VR Little Endian": "1.2.840.10008.1.2.1",
    "Deflated Explicit VR Little Endian": "1.2.840.10008.1.2.1.99",
    "Explicit VR Big Endian": "1.2.840.10008.1.2.2",
    "RLE Lossless": "1.2.840.10008.1.2.5",
    "JPEG-LS Lossless Image Compression": "1.2.840.10008.1.2.4.80",
    "JPEG 2000 Image Compression (Lossless Only)": "1.2.840.10008.1.2.4.90",
}


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("name", SYNTAXES)
def test_every_lossless_coding_gives_the_written_values(tmp_path, name, signed):
    truth = write_series(tmp_path, shape=(3, 36, 40), signed=signed, syntax=SYNTAXES[name])
    volume = load_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, truth.stored.astype(int) - 1024)
    assert volume.array.dtype == np.int16
    assert volume.facts["transfer syntax"] == name


def test_each_slice_has_its_own_slope_and_fractions_make_floats(tmp_path):
    slopes = [1.0, 0.5, 0.25, 1.75]

    def own_slope(k, dataset):
        dataset.RescaleSlope, dataset.RescaleIntercept = slopes[k], -1000 - k

    truth = write_series(tmp_path, shape=(4, 6, 6), edit=own_slope)
    volume = load_volume(tmp_path)
    assert volume.array.dtype == np.float32
    expected = truth.stored * np.reshape(slopes, (4, 1, 1)) - 1000 - np.arange(4).reshape(4, 1, 1)
    np.testing.assert_allclose(volume.array, expected, rtol=1e-6)


def test_whole_slopes_that_differ_stay_whole(tmp_path):
    truth = write_series(tmp_path, shape=(4, 6, 6), edit=lambda k, ds: setattr(ds, "RescaleSlope", k + 1))
    volume = load_volume(tmp_path)
    assert volume.array.dtype == np.int16
    np.testing.assert_array_equal(volume.array, truth.stored * np.arange(1, 5).reshape(4, 1, 1) - 1024)


def test_whole_values_beyond_16_bits_become_floats_without_loss(tmp_path):
    stored = np.full((3, 4, 4), 7, np.uint16)
    stored[2, 1, 1] = 65535
    write_series(tmp_path, stored=stored, shape=(3, 4, 4), signed=False, intercept=0)
    volume = load_volume(tmp_path)
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, stored)


def test_monochrome1_changes_no_hu(tmp_path):
    truth = write_series(tmp_path, edit=lambda k, ds: setattr(ds, "PhotometricInterpretation", "MONOCHROME1"))
    volume = load_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, truth.stored - 1024)
    assert any("MONOCHROME1" in line for line in volume.warnings)


def test_padding_outside_the_circle_becomes_air_and_is_counted(tmp_path):
    stored = np.full((3, 8, 8), 1064, np.int16)
    stored[:, 0, :] = -2000

    def pad(k, dataset):
        dataset.add_new(0x00280120, "US", 63536)  # -2000, written as unsigned as some scanners do

    write_series(tmp_path, shape=(3, 8, 8), stored=stored, edit=pad)
    volume = load_volume(tmp_path)
    assert (volume.array[:, 0] == -1024).all()
    assert (volume.array[:, 1:] == 40).all()
    assert "24 voxels of padding (-3024 HU) set to -1024 HU" in volume.warnings


def test_a_padding_value_in_the_range_of_tissue_changes_nothing(tmp_path):
    truth = write_series(tmp_path, edit=lambda k, ds: ds.add_new(0x00280120, "SS", 1064))
    np.testing.assert_array_equal(load_volume(tmp_path).array, truth.stored - 1024)


@pytest.mark.parametrize("signed", [True, False])
def test_overlay_bits_above_the_stored_ones_are_dropped(tmp_path, signed):
    stored = np.random.default_rng(3).integers(-2048 if signed else 0, 2048 if signed else 4096, (3, 6, 6))

    def twelve_bits(k, dataset):
        words = (stored[k] & 0x0FFF) | 0x8000
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.PixelData = words.astype("<u2").tobytes()

    write_series(tmp_path, shape=(3, 6, 6), signed=signed, intercept=0, edit=twelve_bits)
    volume = load_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, stored)
    assert "values need more bits than the header tells in 3 slices: the bits above were dropped" in volume.warnings


def test_signed_values_without_their_sign_in_the_unused_bits_lose_nothing(tmp_path):
    stored = np.random.default_rng(3).integers(-2048, 2048, (3, 6, 6))

    def twelve_bits(k, dataset):
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.PixelData = (stored[k] & 0x0FFF).astype("<u2").tobytes()

    write_series(tmp_path, shape=(3, 6, 6), intercept=0, edit=twelve_bits)
    volume = load_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, stored)
    assert volume.warnings == ()


def test_padding_beyond_the_stored_bits_is_refused(tmp_path):
    stored = np.random.default_rng(3).integers(0, 4096, (3, 6, 6)).astype(np.uint16)
    stored[:, 0] = 63536

    def twelve_bits(k, dataset):
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.add_new(0x00280120, "US", 63536)

    write_series(tmp_path, shape=(3, 6, 6), signed=False, stored=stored, edit=twelve_bits)
    with pytest.raises(ScanError, match="padding values need more than the 12 bits that the header tells"):
        load_volume(tmp_path)


@pytest.mark.parametrize("text", ["abc", "1,5", "1.5\\2.5", "nan"])
def test_an_unusable_rescale_slope_is_not_taken_for_none(tmp_path, text):
    truth = write_series(tmp_path, modality="MR", slope=2.125)
    for file in truth.files:
        data = file.read_bytes()
        assert data.count(b"2.125 ") == 1
        file.write_bytes(data.replace(b"2.125 ", text.encode().ljust(6)) if len(text) <= 6 else
                         data.replace(b"DS\x06\x002.125 ", b"DS\x08\x00" + text.encode().ljust(8)))
    with pytest.raises(ScanError, match="8 broken DICOM files: an image has no usable rescale slope and intercept"):
        load_volume(tmp_path)


def test_eight_bit_values_in_both_byte_orders(tmp_path):
    stored = np.random.default_rng(1).integers(0, 255, (3, 5, 6)).astype(np.uint8)

    def eight_bits(k, dataset):
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
        dataset.PixelData = stored[k].tobytes()
        dataset["PixelData"].VR = "OB"

    write_series(tmp_path, shape=(3, 5, 6), signed=False, intercept=0, edit=eight_bits)
    np.testing.assert_array_equal(load_volume(tmp_path).array, stored)


def test_mr_loads_without_a_unit_and_without_rescale(tmp_path):
    def bare(k, dataset):
        del dataset.RescaleSlope, dataset.RescaleIntercept

    truth = write_series(tmp_path, modality="MR", edit=bare)
    volume = load_volume(tmp_path)
    assert (volume.modality, volume.units) == ("MR", "")
    np.testing.assert_array_equal(volume.array, truth.stored)


def test_a_ct_in_other_units_says_so(tmp_path):
    write_series(tmp_path, edit=lambda k, ds: setattr(ds, "RescaleType", "US"))
    volume = load_volume(tmp_path)
    assert volume.units == ""
    assert any("other than HU" in line for line in volume.warnings)


def test_jpeg_lossless_is_decoded_in_a_child_process(tmp_path):
    """SimpleITK writes JPEG lossless; pixels come back through the child, rescaled by this package alone."""
    truth = write_series(tmp_path / "plain", shape=(2, 16, 16), signed=False)
    target = tmp_path / "jpeg"
    target.mkdir()
    for k, file in enumerate(truth.files):
        image = sitk.GetImageFromArray(truth.stored[k][None])
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.UseCompressionOn()
        writer.SetCompressor("JPEG")
        writer.SetFileName(str(tmp_path / "coded.dcm"))
        writer.Execute(image)
        coded = pydicom.dcmread(tmp_path / "coded.dcm")
        assert coded.file_meta.TransferSyntaxUID in ("1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.57")
        whole = pydicom.dcmread(file)
        whole.file_meta.TransferSyntaxUID = coded.file_meta.TransferSyntaxUID
        whole.PixelData = coded.PixelData
        whole["PixelData"].VR, whole["PixelData"].is_undefined_length = "OB", True
        whole.save_as(target / f"{k}.dcm")
    volume = load_volume(target)
    np.testing.assert_array_equal(volume.array, truth.stored.astype(int) - 1024)
    assert volume.facts["transfer syntax"].startswith("JPEG Lossless")


def test_the_checksum_is_over_those_of_the_files_in_slice_order(tmp_path):
    truth = write_series(tmp_path, descending=True)
    sums = [hashlib.sha256(file.read_bytes()).digest() for file in truth.files[::-1]]
    assert load_volume(tmp_path).facts["sha256"] == hashlib.sha256(b"".join(sums)).hexdigest()
    assert load_volume(truth.files[3]).facts["sha256"] == sums[4].hex()


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_any_number_of_threads_gives_the_same(tmp_path, monkeypatch, cores):
    truth = write_series(tmp_path, shape=(50, 6, 6))
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    volume = load_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, truth.stored.astype(int) - 1024)
    sums = b"".join(hashlib.sha256(file.read_bytes()).digest() for file in truth.files)
    assert volume.facts["sha256"] == hashlib.sha256(sums).hexdigest()


def test_the_first_broken_slice_is_the_one_that_is_named(tmp_path):
    truth = write_series(tmp_path, shape=(50, 6, 6), syntax=SYNTAXES["Deflated Explicit VR Little Endian"])
    for k in (44, 21, 33):
        write_series(tmp_path / "x", shape=(50, 6, 6), skip=[n for n in range(50) if n != k],
                     edit=lambda _, dataset: setattr(dataset, "PixelData", dataset.PixelData[:-4]))
        (tmp_path / "x" / f"slice{k:03d}.dcm").replace(truth.files[k])
    with pytest.raises(ScanError, match=r"slice 22 of 50"):
        load_volume(tmp_path)


def test_a_generated_patient_is_marked_synthetic(tmp_path):
    write_series(tmp_path / "a", edit=lambda k, ds: setattr(ds, "Manufacturer", "anatomy_twin phantom 0.1"))
    write_series(tmp_path / "b")
    assert load_volume(tmp_path / "a").synthetic
    assert not load_volume(tmp_path / "b").synthetic


def test_values_that_no_type_holds_exactly_are_refused(tmp_path):
    def wide(k, dataset):
        dataset.BitsAllocated = dataset.BitsStored = 32
        dataset.HighBit = 31
        dataset.PixelData = np.full(36, 2**30, "<u4").tobytes()

    write_series(tmp_path, shape=(3, 6, 6), signed=False, edit=wide)
    with pytest.raises(ScanError, match="too large to be held exactly"):
        load_volume(tmp_path)


# a signed ramp of 12 x 10 values, coded without loss by OpenJPH 0.26 (no encoder of this coding is at hand here)
HTJ2K_RAMP = bytes.fromhex(
    "ff4fff51002940000000000a0000000c00000000000000000000000a0000000c000000000000000000018f0101ff50000800020000000aff"
    "52000c00020001000504044001ff5c00132088909090909090909090909090888888ff64001700014f70656e4a50482056657220302e3236"
    "2e332eff90000a00000000006f0001ff93c00025e60107740000c00013400013003cfe0207740004fe02877400c00011c00013002b730071"
    "fc00023400c000124000154028e27400942953fec03181feb600c0002b200015a044822012c4d82fd7e08b7700b232994cf6f408462101ec"
    "b800ffd9"
)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"])
def test_high_throughput_jpeg_2000(tmp_path, syntax):
    ramp = np.add.outer(np.arange(12) * 90, np.arange(10) * 35) - 400

    def coded(k, dataset):
        dataset.PixelData = pydicom.encaps.encapsulate([HTJ2K_RAMP])
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
        dataset.file_meta.TransferSyntaxUID = syntax

    truth = write_series(tmp_path / "plain", shape=(3, 12, 10))
    target = tmp_path / "coded"
    target.mkdir()
    for k, file in enumerate(truth.files):
        dataset = pydicom.dcmread(file)
        coded(k, dataset)
        dataset.save_as(target / f"{k}.dcm")
    volume = load_volume(target)
    np.testing.assert_array_equal(volume.array, np.stack([ramp - 1024] * 3))
    assert any("with loss" in line for line in volume.warnings) == syntax.endswith("203")


def test_a_file_that_is_written_while_it_is_read_is_refused(tmp_path, monkeypatch):
    """Something writes into a slice between its header and its pixels, or after its pixels were read."""
    truth = write_series(tmp_path, shape=(6, 6, 6))
    series = listing_of(tmp_path)
    truth.files[4].write_bytes(truth.files[4].read_bytes().replace(b"test bench", b"TEST BENCH"))
    headers = ranked(series)[0].headers
    with pytest.raises(ScanError, match=r"changed while it was read \(slice 5 of 6\)"):
        read_voxels(headers)

    headers = ranked(listing_of(tmp_path))[0].headers

    def touch(k, values, form):
        if k == 2:
            os.utime(truth.files[2], ns=(1, 1))

    with pytest.raises(ScanError, match=r"changed while it was read \(slice 3 of 6\)"):
        read_slices(headers, np.empty((6, 6, 6), np.int16), touch)


def test_descriptions_of_frames_that_stand_twice_are_refused(tmp_path):
    truth = write_series(tmp_path, shape=(1, 6, 6))
    twice = bytes.fromhex("00 52 30 92") + b"SQ\0\0\0\0\0\0"
    data = truth.files[0].read_bytes()
    at = data.index(bytes.fromhex("e0 7f 10 00"))
    truth.files[0].write_bytes(data[:at] + twice + twice + data[at:])
    with pytest.raises(ScanError, match="PerFrameFunctionalGroupsSequence twice"):
        load_volume(truth.files[0])
