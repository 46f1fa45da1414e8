"""Repairs of real series: the same values as an independent resampling, or a refusal by name."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from anatomy_twin.scan import find_series
from anatomy_twin.scan.repair import Repaired, repaired
from anatomy_twin.scan.series import Series
from tests.support.real_scans import DATA

AIR = -1024


def pixels_of(series: Series) -> np.ndarray:
    """HU of a real series, read by pydicom alone."""
    slices = []
    for header in series.headers:
        dataset = pydicom.dcmread(header.path)
        slices.append(dataset.pixel_array * float(dataset.get("RescaleSlope", 1))
                      + float(dataset.get("RescaleIntercept", 0)))  # fmt: skip
    return np.asarray(slices).astype(np.int16)


def by_simpleitk(series: Series, array: np.ndarray, result: Repaired, fill: float) -> np.ndarray:
    """The slices as an image with slanted axes, resampled linearly onto the grid of a repair by SimpleITK."""
    first, last = (np.array(series.headers[k].position_mm) for k in (0, -1))
    step = (last - first) / (len(series.headers) - 1)
    row, column = (np.array(series.headers[0].orientation[n:n + 3]) for n in (0, 3))
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((series.spacing_mm[2], series.spacing_mm[1], float(np.linalg.norm(step))))
    image.SetOrigin(first.tolist())
    image.SetDirection(np.column_stack([row, column, step / np.linalg.norm(step)]).ravel().tolist())
    grid = sitk.Image(*result.geometry.shape[::-1], image.GetPixelID())
    grid.SetSpacing(result.geometry.spacing_mm[::-1])
    grid.SetOrigin(result.geometry.origin_mm)
    grid.SetDirection(np.ascontiguousarray(result.geometry.direction[:, ::-1]).ravel().tolist())
    return sitk.GetArrayFromImage(sitk.Resample(image, grid, sitk.Transform(), sitk.sitkLinear, fill))


@pytest.mark.real_data
def test_the_tilted_head_is_sheared_back():
    found = [one for one in find_series(DATA / "ge_head_tilt") if one.verdict.orientation == "oblique"]
    assert [one.slice_count for one in found] == [14, 14]  # running acquisition numbers split nothing
    assert {one.part for one in found} == {"image type ADD", "image type without ADD"}
    for one, step in zip(found, (4.0019, 6.9986), strict=True):
        assert one.verdict.tilt_deg == pytest.approx(18.5, abs=0.01)
        assert one.verdict.header_tilt_deg == 18.5
        assert one.verdict.repairs == ("shear back a gantry tilt of 18.5 degrees",)
        array = pixels_of(one)
        result = repaired(array, one, AIR)
        assert result.geometry.spacing_mm[0] == pytest.approx(step, abs=1e-3)
        theirs = by_simpleitk(one, array, result, -30000).astype(float)
        ours = repaired(array, one, -30000).array
        both = (ours > -30000) & (theirs > -30000)
        # at the border of half a pixel SimpleITK repeats the last value where we say that no slice lies
        assert both.sum() >= 0.99 * 14 * 511 * 512
        assert np.abs(ours[both] - theirs[both]).max() <= 1.0
        assert np.count_nonzero((ours > -30000) & ~both) <= 1e-3 * both.sum()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "loading"),
    [
        ("gantrytilting/001", "refused; repair would shear back a gantry tilt of 14.0 degrees"),
        ("sliceincrement/001", "refused; repair would interpolate 1 missing slice after slice 3"),
        ("sliceincrement/002", "refused; repair would interpolate 1 missing slice after slice 3, "
                               "shear back a gantry tilt of 15.5 degrees"),
        ("notavolume/001", "refused: 3 duplicate slices (slice 2, 3, 4) lie where the one before lies, "
                           "beyond repair: all slices lie at one place"),
        ("slicecount/001", "loads as it is"),
    ],
)
def test_failing_series_are_repaired_or_refused_by_name(name, loading):
    one = find_series(DATA / "dicom2nifti" / "tests" / "data" / "failing" / name)[0]
    assert one.loading == loading
    if one.verdict.repairs:
        array = pixels_of(one)
        result = repaired(array, one, AIR)
        assert len(result.lines) >= len(one.verdict.repairs)
        missing = sum(number for _, number in one.verdict.missing)
        assert result.geometry.shape[0] == one.slice_count + missing
        assert result.array.max() <= array.max() and result.array.min() >= min(AIR, array.min())
