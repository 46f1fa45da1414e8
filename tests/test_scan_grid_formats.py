"""NIfTI, NRRD and MetaImage: voxels lie where the file and independent readers put them, or a refusal by name."""

from __future__ import annotations

import struct

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.grid_file import describe_grid, read_grid
from anatomy_twin.scan.volume_file import load_volume_file
from tests.support.volume_files import (
    SHAPE,
    SPACES,
    TO_LPS,
    corners,
    decode_in_process,
    frame,
    frames,
    itk_corners,
    meta_text,
    relaxed,
    values,
    write_nifti,
    write_nrrd,
)


@pytest.fixture
def here(monkeypatch):
    decode_in_process(monkeypatch)


# ---- NIfTI


@relaxed
@given(frames, st.sampled_from(["uint8", "int8", "int16", "uint16", "int32", "int64", "float32", "float64"]),
       st.sampled_from([1, 2]), st.sampled_from("<>"), st.sampled_from([".nii", ".nii.gz", ".NII.GZ"]))
def test_nifti_lies_where_it_was_put_and_where_nibabel_sees_it(here, tmp_path, place, dtype, version, order, end):
    path = write_nifti(tmp_path / f"a{end.lower()}", values(dtype), place, version=version, order=order)
    path = path.rename(tmp_path / f"a{end}")
    grid = read_grid(path)
    assert grid.array.dtype == np.dtype(dtype)
    assert np.array_equal(grid.array, values(dtype))
    assert np.allclose(grid.geometry.corners_mm(), corners(*(TO_LPS @ part for part in place)), atol=2e-4)
    affine = nibabel.load(path).affine
    assert np.allclose(grid.geometry.corners_mm(), corners(TO_LPS @ affine[:3, :3], TO_LPS @ affine[:3, 3]), atol=1e-4)
    if version == 1:
        assert np.allclose(grid.geometry.corners_mm(), itk_corners(path), atol=5e-3)


@relaxed
@given(frames)
def test_nifti_with_a_qform_only(here, tmp_path, place):
    path = write_nifti(tmp_path / "a.nii", place=place, sform=0)
    grid = read_grid(path)
    assert grid.notes == ()
    assert np.allclose(grid.geometry.corners_mm(), corners(*(TO_LPS @ part for part in place)), atol=5e-3)
    assert np.allclose(grid.geometry.corners_mm(), itk_corners(path), atol=1e-2)


def test_nifti_sform_wins_over_a_different_qform_and_says_so(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", sform=2, qform=1)
    image = nibabel.load(path)
    moved = image.get_qform()
    moved[0, 3] += 7.5
    image.set_qform(moved, 1)
    nibabel.save(image, tmp_path / "b.nii.gz")
    grid = read_grid(tmp_path / "b.nii.gz")
    assert np.allclose(grid.geometry.corners_mm(), corners(*(TO_LPS @ part for part in frame())), atol=1e-4)
    assert grid.notes == ("sform and qform place the volume up to 7.5 mm apart: the sform was taken",)


def test_nifti_with_voxel_sizes_that_contradict_the_sform_says_so(tmp_path):
    notes = describe_grid(write_nifti(tmp_path / "a.nii", qform=0)).notes
    assert notes == ("the header also names voxels of 1 x 1 x 1 mm: those of the sform were taken",)


def test_nifti_of_two_codes_zero_is_refused_by_name(tmp_path):
    with pytest.raises(ScanError, match="does not say where its voxels lie in the patient"):
        read_grid(write_nifti(tmp_path / "a.nii", sform=0, qform=0))


def test_nifti_in_template_space_says_so(tmp_path):
    assert describe_grid(write_nifti(tmp_path / "a.nii", sform=2, qform=4)).notes == ()
    for more in ({"sform": 4}, {"sform": 0, "qform": 4}):
        assert describe_grid(write_nifti(tmp_path / "a.nii", **more)).notes == (
            "its coordinates are those of the MNI 152 template, not of the scanner",)


def test_nifti_with_sheared_axes_is_refused_and_with_almost_right_ones_is_told(here, tmp_path):
    steps, origin = frame((10, 20, 30))
    for shear, found in ((0.5, "refused"), (0.02, "told"), (0.0005, "silent")):
        bent = steps.copy()
        bent[:, 2] += shear * steps[:, 0] / np.linalg.norm(steps[:, 0])
        path = write_nifti(tmp_path / f"{found}.nii", place=(bent, origin), qform=0, pixdim=(
            [1.0, *np.linalg.norm(bent, axis=0), 1, 1, 1, 1]))
        header = describe_grid(path)
        if found == "refused":
            assert header.problems == ("the voxel axes are sheared: 11.3 degrees off a right angle",)
            continue
        apart = np.abs(read_grid(path).geometry.corners_mm() - corners(TO_LPS @ bent, TO_LPS @ origin)).max()
        assert apart < {"told": 0.05, "silent": 0.02}[found]
        assert bool(header.notes) == (found == "told")


@pytest.mark.parametrize(("unit", "factor", "note"), [
    ("meter", 1000.0, ""), ("micron", 0.001, ""), ("mm", 1.0, ""), ("unknown", 1.0, "millimetres assumed")])
def test_nifti_units_of_length(here, tmp_path, unit, factor, note):
    steps, origin = frame((5, 0, 0))
    path = write_nifti(tmp_path / "a.nii", place=(steps / factor, origin / factor), unit=unit)
    grid = read_grid(path)
    assert np.allclose(grid.geometry.corners_mm(), corners(TO_LPS @ steps, TO_LPS @ origin), atol=1e-3)
    assert note in " ".join(grid.notes)
    assert bool(grid.notes) == bool(note)


@pytest.mark.parametrize(("slope", "intercept", "dtype"), [(2.0, -1024.0, "int32"), (0.25, 3.5, "float32")])
def test_nifti_slope_and_intercept(here, tmp_path, slope, intercept, dtype):
    path = scaled(write_nifti(tmp_path / "a.nii"), slope, intercept)
    grid = read_grid(path)
    assert grid.array.dtype == dtype
    assert np.array_equal(grid.array, np.asarray(nibabel.load(path).dataobj).T)
    assert np.array_equal(grid.array, values() * slope + intercept)


@pytest.mark.parametrize("slope", [0.0, np.nan])
def test_nifti_without_a_slope_keeps_stored_values(here, tmp_path, slope):
    grid = read_grid(scaled(write_nifti(tmp_path / "a.nii"), slope, 7.0))
    assert np.array_equal(grid.array, values())
    assert bool(grid.notes) == np.isnan(slope)


def scaled(path, slope, intercept):
    data = bytearray(path.read_bytes())
    struct.pack_into("<2f", data, 112, slope, intercept)
    path.write_bytes(data)
    return path


def test_nifti_of_several_volumes_says_how_many(here, tmp_path):
    several = write_nifti(tmp_path / "a.nii", values(shape=(3, *SHAPE)))
    assert describe_grid(several).problems == ("the file holds 3 volumes",)
    with pytest.raises(ScanError, match=r"^the file holds 3 volumes \(a.nii\)"):
        read_grid(several)
    one = write_nifti(tmp_path / "b.nii", values(shape=(1, 1, *SHAPE)))
    assert np.array_equal(read_grid(one).array, values(shape=(1, *SHAPE))[0])


def test_nifti_colours_are_refused(tmp_path):
    colours = np.zeros(SHAPE[::-1], [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(colours, np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(ScanError, match=r"the voxels are colours \(RGB\)"):
        read_grid(tmp_path / "a.nii")


def test_simpleitk_is_not_taken_for_nifti_because_it_is_silently_wrong(here, tmp_path):
    """The reason for nibabel: cut-off voxels and the spacing of a lone sform, where SimpleITK says nothing."""
    path = write_nifti(tmp_path / "a.nii", qform=0)
    assert not np.allclose(itk_corners(path), read_grid(path).geometry.corners_mm(), atol=0.1)
    whole = write_nifti(tmp_path / "b.nii").read_bytes()
    (tmp_path / "b.nii").write_bytes(whole[:-60])
    assert sitk.ReadImage(str(tmp_path / "b.nii")).GetSize() == SHAPE[::-1]
    with pytest.raises(ScanError, match="cut off: it announces 240 bytes of voxels and holds 180"):
        read_grid(tmp_path / "b.nii")


# ---- NRRD


@relaxed
@given(frames, st.sampled_from(["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"]),
       st.sampled_from(["raw", "gzip", "bzip2", "ascii"]), st.sampled_from(sorted(SPACES)))
def test_nrrd_lies_where_it_was_put(here, tmp_path, place, dtype, encoding, space):
    flips = np.diag(SPACES[space]).astype(float)
    path = write_nrrd(tmp_path / "a.nrrd", values(dtype), (flips @ place[0], flips @ place[1]),
                      {"RAS": "right-anterior-superior"}.get(space, space), encoding=encoding)
    grid = read_grid(path)
    theirs, header = nrrd.read(str(path))
    assert grid.array.dtype == np.dtype(dtype)
    assert np.array_equal(grid.array, theirs.T)
    assert encoding == "ascii" or np.array_equal(grid.array, values(dtype))
    assert np.allclose(grid.geometry.corners_mm(), corners(*place), atol=1e-9)
    told = corners(flips @ header["space directions"].T, flips @ header["space origin"])
    assert np.allclose(grid.geometry.corners_mm(), told, rtol=0, atol=1e-9)
    if encoding in ("raw", "gzip"):
        assert np.allclose(grid.geometry.corners_mm(), itk_corners(path), atol=1e-6)


def test_nrrd_big_endian_and_voxels_in_another_file(here, tmp_path):
    path = write_nrrd(tmp_path / "a.nhdr", values("int32").astype(">i4"), endian="big", encoding="gzip")
    assert sorted(part.name for part in tmp_path.iterdir()) == ["a.nhdr", "a.raw.gz"]
    grid = read_grid(path)
    assert np.array_equal(grid.array, values("int32"))
    assert grid.array.dtype.isnative
    skipped = write_nrrd(tmp_path / "b.nhdr")
    raw = tmp_path / "b.raw"
    raw.write_bytes(b"x" * 33 + raw.read_bytes())
    for skip in ("33", "-1"):
        text = skipped.read_text().replace("encoding: raw", f"encoding: raw\nbyte skip: {skip}", 1)
        (tmp_path / "c.nhdr").write_text(text)
        assert np.array_equal(read_grid(tmp_path / "c.nhdr").array, values())


@pytest.mark.parametrize("first", [True, False])
def test_nrrd_layers_come_first(here, tmp_path, first):
    layers = values("uint8", (2, *SHAPE))
    stored = layers if first else np.moveaxis(layers, 0, -1)  # [.., fastest] as pynrrd's Fortran order turned round
    steps, origin = frame()
    none = np.full((1, 3), np.nan)
    # the fastest axis comes first in the header
    rows = np.vstack([steps.T, none]) if first else np.vstack([none, steps.T])
    kinds = ["domain"] * 3 + ["list"] if first else ["list"] + ["domain"] * 3
    path = write_nrrd(tmp_path / "a.seg.nrrd", stored, **{"space directions": rows, "kinds": kinds,
                                                          "Segment0_Name": "liver:= x", "Patient": "Doe"})
    grid = read_grid(path)
    assert np.array_equal(grid.array, layers)
    assert np.allclose(grid.geometry.corners_mm(), corners(steps, origin))
    assert dict(grid.keys) == {"Segment0_Name": "liver:= x"}
    with pytest.raises(ScanError, match="2 layers on one grid"):
        load_volume_file(path)


def refused_nrrd(tmp_path, **more):
    with pytest.raises(ScanError) as caught:
        read_grid(write_nrrd(tmp_path / "a.nrrd", **more))
    return caught.value.what


def test_nrrd_that_does_not_say_where_it_lies_is_refused(tmp_path):
    unsaid = "does not say where its voxels lie in the patient"
    assert unsaid in refused_nrrd(tmp_path, space="scanner-xyz")
    assert unsaid in refused_nrrd(tmp_path, space="3D-left-handed")
    nowhere = {"space directions": None, "space origin": None, "spacings": [1.0, 2.0, 3.0]}
    assert unsaid in refused_nrrd(tmp_path, space=None, **nowhere)
    assert "no space origin" in refused_nrrd(tmp_path, **{"space origin": None})
    assert "other than millimetres" in refused_nrrd(tmp_path, **{"space units": ["m", "m", "m"]})


def test_nrrd_in_time_is_refused(tmp_path):
    rows = np.vstack([frame()[0].T, np.full((1, 3), np.nan)])
    more = {"space directions": rows, "kinds": ["domain"] * 3 + ["time"]}
    assert "an axis of the file is none of space" in refused_nrrd(tmp_path, array=values(shape=(2, *SHAPE)), **more)


def test_nrrd_measurement_frame_changes_nothing(tmp_path):
    path = write_nrrd(tmp_path / "a.nrrd", **{"measurement frame": np.diag([-1.0, -1.0, 1.0])})
    assert np.allclose(read_grid(path).geometry.corners_mm(), corners(*frame()))


# ---- MetaImage


def write_meta(path, array=None, place=None, compressed=False):
    steps, origin = frame((4, 5, 6)) if place is None else place
    image = sitk.GetImageFromArray(values() if array is None else array)
    spacing = np.linalg.norm(steps, axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    image.SetOrigin(origin.tolist())
    sitk.WriteImage(image, str(path), compressed)
    return path


@relaxed
@given(frames, st.sampled_from(["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "float32", "float64"]),
       st.booleans(), st.sampled_from([".mha", ".mhd"]))
def test_metaimage_lies_where_simpleitk_put_it(here, tmp_path, place, dtype, compressed, end):
    path = write_meta(tmp_path / f"a{end}", values(dtype), place, compressed)
    grid = read_grid(path)
    assert grid.array.dtype == np.dtype(dtype)
    assert np.array_equal(grid.array, values(dtype))
    assert np.allclose(grid.geometry.corners_mm(), corners(*place), atol=1e-6)


def test_metaimage_rows_of_the_matrix_are_the_axes(here, tmp_path):
    path = tmp_path / "a.mha"
    path.write_bytes(meta_text(BinaryDataByteOrderMSB="True") + values().astype(">i2").tobytes())
    grid = read_grid(path)
    steps = np.array([[0, -0.8, 0], [0.7, 0, 0], [0, 0, 2.5]])
    assert np.allclose(grid.geometry.corners_mm(), corners(steps, np.array([1.0, 2.0, 3.0])))
    assert np.allclose(grid.geometry.corners_mm(), itk_corners(path))
    assert np.array_equal(grid.array, values())
    assert grid.notes == ("a MetaImage names no world axes: those of ITK (LPS, mm) assumed",)


def test_metaimage_as_text_and_with_contradicting_orientation(here, tmp_path):
    path = tmp_path / "a.mha"
    text = " ".join(map(str, values().ravel())).encode()
    path.write_bytes(meta_text(BinaryData="False", AnatomicalOrientation="RAI") + text)
    grid = read_grid(path)
    assert np.array_equal(grid.array, values())
    assert "names the orientation RAI: its matrix (ALI) was taken" in grid.notes[-1]


@pytest.mark.parametrize("missing", ["TransformMatrix", "Offset", "ElementSpacing"])
def test_metaimage_that_does_not_say_where_it_lies_is_refused(tmp_path, missing):
    path = tmp_path / "a.mha"
    path.write_bytes(meta_text(**{missing: None}) + values().tobytes())
    with pytest.raises(ScanError, match=f"where its voxels lie in the patient .no {missing}"):
        read_grid(path)
