"""Our column of the table of defective series: right, right with a named warning, or refused by name. Never wrong."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import numpy as np
import pytest

from anatomy_twin.errors import GeometryError, ScanError
from anatomy_twin.scan import find_series, load_volume
from tests.support.defective_series import (
    ENHANCED_VARIANTS,
    RIGHT,
    SHAPE,
    VARIANTS,
    WARNED,
    WRONG,
    good_series,
    picture,
)

ALL = {variant.name: variant for variant in (*VARIANTS, *ENHANCED_VARIANTS)}
PARTS = "the series was split into 2 parts; this one has {} slices"


@dataclass(frozen=True)
class Expected:
    """``refused`` or ``warned`` without repair, ``repaired`` or ``beyond`` (refused all the same) with it.

    Texts are regular expressions; an empty one means that there is none of that kind.
    """

    refused: str = ""
    warned: str = ""
    repaired: str = ""
    beyond: str = ""


EXPECTED = {
    "gantry tilt 15 degrees": Expected(
        refused=r"tilt of 15\.0 degrees between the stack and the slice normal",
        repaired=r"repaired: sheared back a gantry tilt of 15\.0 degrees"),
    "missing slice": Expected(
        refused=r"gap of 4 mm after slice 10 \(usual step 2 mm\)",
        repaired=r"repaired: interpolated 1 missing slice \(gap of 4 mm after slice 10\)"),
    "duplicate slice, same UID": Expected(
        refused=r"duplicate slice \(slice 9\)", repaired=r"repaired: dropped 1 duplicate slice \(slice 9\)"),
    "duplicate slice, new UID": Expected(
        refused=r"duplicate slice \(slice 9\)", repaired=r"repaired: dropped 1 duplicate slice \(slice 9\)"),
    "two phases in one series": Expected(warned=PARTS.format(20)),
    "localizer inside": Expected(warned=r"of the same series, set aside: 1 localizer"),
    "non-uniform spacing": Expected(
        refused=r"slice steps vary from 2 to 3 mm", repaired=r"repaired: resampled steps of 2 to 3 mm to 2 mm"),
    "0.02 mm jitter": Expected(warned=r"slices lie off the regular grid by up to 0\.03 mm"),
    "MONOCHROME1": Expected(warned=r"MONOCHROME1 asks for an inverted display; values are kept as stored"),
    "truncated pixels": Expected(
        refused=r"pixels are cut short: 672 of 1344 bytes \(slice 11 of 20\)", beyond=r"pixels are cut short"),
    "zero PixelSpacing": Expected(
        refused=r"pixel spacing of 0 x 0 mm", beyond=r"pixel spacing of 0 x 0 mm .*no safe repair"),
    "no ImagePositionPatient": Expected(
        refused=r"no usable position or orientation in the patient", beyond=r"no usable position .*no safe repair"),
    "mixed Rows": Expected(warned=PARTS.format(12)),
    "slope per slice": Expected(),
    "corrupt file in folder": Expected(
        refused=r"1 broken DICOM file here that may be missing slices", beyond=r"1 broken DICOM file here"),
    "stray txt and DICOMDIR": Expected(),
    "big endian": Expected(),
    "descending": Expected(),
    "shuffled InstanceNumber": Expected(),
    "absent InstanceNumber": Expected(),
    "anisotropic spacing": Expected(),
    "overlay bits": Expected(warned=r"values need more bits than the header tells in 20 slices: the bits above were "
                                    "dropped"),
    "padding values": Expected(warned=r"3840 voxels of padding \(-3024 HU\) set to -1024 HU"),
    "missing first 5": Expected(warned=r"instance numbers start at 6: slices may be missing at an end"),
    "enhanced, ordered": Expected(),
    "enhanced, shuffled frames": Expected(),
    "enhanced, missing frame": Expected(
        refused=r"gap of 4 mm after slice 10",
        repaired=r"repaired: interpolated 1 missing slice \(gap of 4 mm after slice 10\)"),
    "enhanced, two temporal positions": Expected(warned=PARTS.format(20)),
}  # fmt: skip


@pytest.fixture(scope="module", params=ALL)
def case(request, tmp_path_factory):
    """Each variant, written once: its expectation, its folder and its truth."""
    folder = tmp_path_factory.mktemp("variant") / "series"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of some of the nonsense that is written on purpose
        truth = ALL[request.param].write(folder)
    return EXPECTED[request.param], folder, truth


def test_the_table_has_24_variants_and_4_enhanced_ones():
    assert len(VARIANTS) == 24
    assert EXPECTED.keys() == ALL.keys()


def test_without_repair(case):
    expected, folder, truth = case
    if expected.refused:
        with pytest.raises(ScanError, match=expected.refused) as caught:
            load_volume(folder)
        assert "\n" not in caught.value.line
        assert str(folder) not in caught.value.line
        return
    volume = load_volume(folder)
    check(volume, truth, expected.warned)


def test_with_repair(case):
    expected, folder, truth = case
    if expected.beyond:
        with pytest.raises(ScanError, match=expected.beyond):
            load_volume(folder, repair=True)
        return
    volume = load_volume(folder, repair=True)
    check(volume, truth, expected.repaired or expected.warned)
    repairs = [line for line in volume.warnings if line.startswith("repaired:")]
    assert bool(repairs) == bool(expected.repaired)


def check(volume, truth, warning):
    """The voxels are those of the truth at their places, and the warnings are there or not, as expected."""
    assert truth.verdict([(volume.array, volume.geometry.affine)], bool(volume.warnings)) == (
        WARNED if warning else RIGHT
    )
    if warning:
        assert any(re.search(warning, line) for line in volume.warnings), volume.warnings
    else:
        assert volume.warnings == ()
    turned = volume.canonical()
    assert truth.verdict([(turned.array, turned.geometry.affine)], bool(volume.warnings)) != WRONG


def test_the_localizer_is_set_aside_by_name(tmp_path):
    ALL["localizer inside"].write(tmp_path)
    assert load_volume(tmp_path).facts["set aside"] == "1 localizer"
    assert [one.aside for one in find_series(tmp_path)] == ["", "localizer"]


@pytest.mark.parametrize("name", ["two phases in one series", "enhanced, two temporal positions"])
def test_each_phase_can_be_named(tmp_path, name):
    truth = ALL[name].write(tmp_path)
    found = find_series(tmp_path)
    assert [one.rank for one in found] == [1, 2]
    volumes = [load_volume(tmp_path, series_uid=one.uid) for one in found]
    answers = [(volume.array, volume.geometry.affine) for volume in volumes]
    assert truth.verdict(answers, warned=False) == RIGHT


def test_the_series_beside_a_corrupt_file_loads_when_named_and_repaired(tmp_path):
    truth = ALL["corrupt file in folder"].write(tmp_path)
    uid = find_series(tmp_path)[0].uid
    with pytest.raises(GeometryError, match="gap of 4 mm after slice 10"):
        load_volume(tmp_path, series_uid=uid)
    volume = load_volume(tmp_path, series_uid=uid, repair=True)
    assert truth.verdict([(volume.array, volume.geometry.affine)], warned=True) == WARNED
    assert any("1 broken DICOM file" in line for line in volume.warnings)
    assert any("interpolated 1 missing slice" in line for line in volume.warnings)


# ---- the yardstick itself: what it must find in an answer

@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    stack = good_series(folder)
    volume = load_volume(folder)
    return stack, np.asarray(volume.array, float), np.array(volume.geometry.affine)


def test_the_yardstick_accepts_the_truth_in_any_array_order(good):
    stack, array, affine = good
    assert stack.judge(array, affine).right
    turned = np.transpose(array, (2, 0, 1))[:, ::-1]
    moved = affine[:, [2, 0, 1, 3]]
    moved[:, 3] += moved[:, 1] * (SHAPE[0] - 1)
    moved[:, 1] *= -1
    assert stack.judge(turned, moved).right


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_yardstick_finds_flips_shifts_and_scales(good, axis):
    stack, array, affine = good
    assert not stack.judge(np.flip(array, axis), affine).right
    shifted, scaled = affine.copy(), affine.copy()
    shifted[:3, 3] += 0.5 * affine[:3, axis]
    scaled[:3, axis] *= 1.02
    assert not stack.judge(array, shifted).right
    assert not stack.judge(array, scaled).right


def test_the_yardstick_finds_lost_and_invented_slices_and_other_values(good):
    stack, array, affine = good
    assert stack.judge(array[:-1], affine).lost == 1
    assert not stack.judge(-array, affine).right
    assert not stack.judge(array + 10, affine).right
    assert stack.without(10).judge(array, affine).made_up == (SHAPE[1] - 4) * (SHAPE[2] - 4)
    between = np.delete(array, 10, axis=0)
    assert not stack.without(10).judge(between, affine).right


def test_the_picture_is_not_symmetric():
    points = np.random.default_rng(0).uniform((-42, -49, 49), (-2, -9, 89), (50, 3))
    for turned in (points[:, [1, 0, 2]], points[:, [0, 2, 1]], points[:, [2, 1, 0]]):
        assert np.abs(picture(points) - picture(turned)).max() > 20
