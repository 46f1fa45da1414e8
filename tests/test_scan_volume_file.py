"""NIfTI, NRRD and MetaImage: the same place and values as independent readers give, or a refusal in one line."""

from __future__ import annotations

import bz2
import errno
import gzip
import hashlib
import importlib
import pickle
import struct
import zlib

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from anatomy_twin.errors import ScanError, TwinError, UsageError
from anatomy_twin.scan import grid_file
from anatomy_twin.scan.grid_file import describe_grid, is_grid_file, read_grid
from anatomy_twin.scan.volume import load_volume
from anatomy_twin.scan.volume_file import load_volume_file, series_of_file
from tests.support.dicom_series import random_axes, write_series

TO_LPS = np.diag([-1.0, -1.0, 1.0])
SPACES = {"left-posterior-superior": (1, 1, 1), "RAS": (-1, -1, 1), "left-anterior-superior": (1, -1, 1)}
SHAPE = (4, 5, 6)  # [k, j, i]


@pytest.fixture
def here(monkeypatch):
    """Decode in this process: the same function without the second that a child takes to start."""

    def call(function, *args, **limits):
        module, name = function.split(":")
        return getattr(importlib.import_module(module), name)(*args)

    monkeypatch.setattr(grid_file, "run_limited", call)


def values(dtype="int16", shape=SHAPE, seed=0):
    kind = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if kind.kind == "f":
        return rng.normal(0, 500, shape).astype(kind)
    info = np.iinfo(kind)
    return rng.integers(max(info.min, -30000), min(info.max, 30000), shape).astype(kind)


def frame(degrees=(0.0, 0.0, 0.0), flip=1.0, spacing=(0.7, 0.8, 2.5), origin=(-100.25, 50.5, 12.125)):
    """Steps along i, j, k as columns, and the centre of the first voxel."""
    axes = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    axes[:, 2] *= flip
    return axes * np.array(spacing), np.array(origin)


def corners(steps, origin, shape=SHAPE):
    """The outer corners in the order of VolumeGeometry.corners_mm."""
    sides = [(-0.5, size - 0.5) for size in shape]
    kji = np.array(np.meshgrid(*sides, indexing="ij")).reshape(3, -1)
    return (steps @ kji[::-1] + origin[:, None]).T


frames = st.builds(
    frame,
    st.tuples(*[st.floats(-180, 180)] * 3),
    st.sampled_from([1.0, -1.0]),
    st.tuples(*[st.floats(0.3, 6.0)] * 3),
    st.tuples(*[st.floats(-400, 400)] * 3),
)
relaxed = settings(max_examples=25, deadline=None, derandomize=True,
                   suppress_health_check=[HealthCheck.function_scoped_fixture])


def itk_corners(path, shape=SHAPE):
    image = sitk.ReadImage(str(path))
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    return corners(steps, np.array(image.GetOrigin()), shape)


# ---- NIfTI


def write_nifti(path, array=None, place=None, sform=1, qform=1, version=1, order="<", unit="mm", **fields):
    """Write array [.., k, j, i] by nibabel; place is in RAS."""
    array = values() if array is None else array
    steps, origin = frame() if place is None else place
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps, origin
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    header = (nibabel.Nifti1Header if version == 1 else nibabel.Nifti2Header)(endianness=order)
    header.set_data_dtype(array.dtype)
    image = kind(array.T, None, header)
    image.header.set_xyzt_units(unit)
    image.set_sform(affine if sform else None, sform)
    image.set_qform(affine if qform else None, qform)
    for name, value in fields.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


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


def write_nrrd(path, array=None, place=None, space="left-posterior-superior", **more):
    """Write array [k, j, i] by pynrrd; place is in the axes of the space."""
    steps, origin = frame() if place is None else place
    header = {"space": space, "space directions": steps.T, "space origin": origin,
              "kinds": ["domain"] * 3, "encoding": "raw", **more}
    header = {name: value for name, value in header.items() if value is not None}
    nrrd.write(str(path), (values() if array is None else array).T, header)
    return path


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


def meta_text(name="LOCAL", **changes):
    fields = {"ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
              "CompressedData": "False", "TransformMatrix": "0 1 0 -1 0 0 0 0 1", "Offset": "1 2 3",
              "AnatomicalOrientation": "ALI", "ElementSpacing": "0.7 0.8 2.5", "DimSize": "6 5 4",
              "ElementType": "MET_SHORT", **changes, "ElementDataFile": name}
    return "".join(f"{key} = {value}\n" for key, value in fields.items() if value is not None).encode()


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


# ---- what is recognised


def test_recognised_by_content_and_by_name(tmp_path):
    for name, data in (
        ("a", write_nifti(tmp_path / "1.nii").read_bytes()),
        ("b", write_nifti(tmp_path / "1.nii.gz").read_bytes()),
        ("c", write_nifti(tmp_path / "2.nii", version=2, order=">").read_bytes()),
        ("d", write_nrrd(tmp_path / "1.nrrd").read_bytes()),
        ("e", meta_text() + values().tobytes()),
        ("junk.NII.GZ", b"junk"),
    ):
        (tmp_path / name).write_bytes(data)
        assert is_grid_file(tmp_path / name), name
    for name, data in (("f", b"junk"), ("g.nii", b"\0" * 128 + b"DICM"), ("h", gzip.compress(b"text")), ("i", b"")):
        (tmp_path / name).write_bytes(data)
        assert not is_grid_file(tmp_path / name), name
    assert not is_grid_file(tmp_path)
    assert not is_grid_file(tmp_path / "absent.nii")


def test_the_same_scan_in_every_format_is_the_same_volume(here, tmp_path):
    """Written by SimpleITK from a DICOM series that it reads itself, with all the free texts that it adds."""
    write_series(tmp_path / "dicom", axes=random_axes(4))
    truth = load_volume(tmp_path / "dicom")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "dicom")))
    image = reader.Execute()
    image.SetMetaData("PatientName", "Doe^Jane")
    for name in ("a.nii", "a.nii.gz", "a.nrrd", "a.nhdr", "a.mha", "a.mhd"):
        sitk.WriteImage(image, str(tmp_path / name), useCompression=name in ("a.nrrd", "a.mha", "a.nii.gz"))
        volume = load_volume_file(tmp_path / name, "CT")
        assert volume.geometry.is_close(truth.geometry, 0.01), name
        assert np.array_equal(volume.array, truth.array), name
        assert "Doe" not in repr((volume.facts, volume.warnings)), name


def test_gzip_in_several_members_is_one_file(here, tmp_path):
    data = nifti_bytes()
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"".join(gzip.compress(data[at:at + 150]) for at in range(0, len(data), 150)))
    assert np.array_equal(nibabel.load(path).get_fdata().T, values())
    with pytest.raises(ScanError, match="neither NIfTI"):
        read_grid(path)  # the header itself is in pieces: no tool writes that
    path.write_bytes(gzip.compress(data[:400]) + gzip.compress(data[400:]) + bytes(100))
    assert np.array_equal(read_grid(path).array, values())


def test_members_that_end_where_a_piece_is_read(here, tmp_path):
    """Large voxels that do not pack, in members of every length around the 64 KiB that are read at once."""
    array = np.random.default_rng(0).integers(-30000, 30000, (4, 100, 120)).astype("int16")
    data = write_nifti(tmp_path / "a.nii", array).read_bytes()
    first = len(gzip.compress(data[:60_000], 1))
    for first_bytes in range(60_000 + 65_536 - first - 3, 60_000 + 65_536 - first + 3):
        parts = data[:first_bytes], data[first_bytes:]
        (tmp_path / "a.nii.gz").write_bytes(b"".join(gzip.compress(part, 1) for part in parts))
        assert np.array_equal(read_grid(tmp_path / "a.nii.gz").array, array)
        packed = b"".join(bz2.compress(part) for part in (array.tobytes()[:first_bytes], array.tobytes()[first_bytes:]))
        (tmp_path / "a.nrrd").write_bytes(nrrd_bytes(packed, encoding="bzip2", sizes="120 100 4"))
        assert np.array_equal(read_grid(tmp_path / "a.nrrd").array, array)


def test_a_full_disk_is_named(here, tmp_path, monkeypatch):
    def full(*args, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = write_nifti(tmp_path / "a.nii")
    monkeypatch.setattr(np, "save", full)
    with pytest.raises(ScanError, match="no room for its voxels in the folder of temporary files"):
        read_grid(path)


def test_headers_with_lines_ended_as_on_windows(here, tmp_path):
    for name, data in (("a.nrrd", nrrd_bytes(b"")), ("a.mha", meta_text())):
        (tmp_path / name).write_bytes(data.replace(b"\n", b"\r\n") + values().tobytes())
        assert np.array_equal(read_grid(tmp_path / name).array, values())


# ---- what is broken or hostile


def nifti_bytes(version=1, packed=False, **fields):
    """A good header with some fields overwritten by (format, offset, value), and its voxels."""
    image = (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image)(values().T, np.diag([1.0, 2.0, 3.0, 1.0]))
    data = bytearray(image.to_bytes())
    for kind, offset, *value in fields.values():
        struct.pack_into(kind, data, offset, *value)
    return gzip.compress(bytes(data)) if packed else bytes(data)


def nrrd_bytes(body=None, drop=(), **changes):
    fields = {"type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "6 5 4",
              "space directions": "(1,0,0) (0,2,0) (0,0,3)", "kinds": "domain domain domain", "endian": "little",
              "encoding": "raw", "space origin": "(0,0,0)"}
    fields.update({name.replace("_", " "): value for name, value in changes.items()})
    text = "".join(f"{name}: {value}\n" for name, value in fields.items() if name not in drop)
    return b"NRRD0005\n" + text.encode() + b"\n" + (values().tobytes() if body is None else body)


def flipped(data, at):
    data = bytearray(data)
    data[at] ^= 0x55
    return bytes(data)


def floats(*numbers, at=280):
    return (f"<{len(numbers)}f", at, *numbers)


ZEROS = bytes(2**22)
STORED = gzip.compress(nifti_bytes(), 0)  # not packed at all: a changed byte changes a voxel and nothing else
NO_FORM = ("<2h", 252, 1, 0)  # qform only
BROKEN = {
    "nii-empty": ("a.nii", b""),
    "nii-pickle": ("a.nii", pickle.dumps({"array": [1, 2, 3]})),
    "nii-gz-pickle": ("a.nii.gz", gzip.compress(pickle.dumps(values()))),
    "nii-gz-of-nothing": ("a.nii.gz", b"\x1f\x8b"),
    "nii-header-cut": ("a.nii", nifti_bytes()[:200]),
    "nii-voxels-cut": ("a.nii", nifti_bytes()[:-1]),
    "nii-voxels-missing": ("a.nii", nifti_bytes()[:352]),
    "nii-gz-cut": ("a.nii.gz", nifti_bytes(packed=True)[:-20]),
    "nii-gz-trailer-cut": ("a.nii.gz", nifti_bytes(packed=True)[:-3]),
    "nii-gz-voxel-changed": ("a.nii.gz", flipped(STORED, len(STORED) - 100)),
    "nii-gz-checksum-changed": ("a.nii.gz", flipped(STORED, len(STORED) - 6)),
    "nii-gz-unpacks-to-more": ("a.nii.gz", gzip.compress(nifti_bytes() + ZEROS)),
    "nii-gz-cannot-hold": ("a.nii.gz", nifti_bytes(packed=True, dim=("<4h", 40, 3, 600, 500, 400))),
    "nii-gz-bomb": ("a.nii.gz", gzip.compress(nifti_bytes(dim=("<4h", 40, 3, 1024, 1024, 1024)) + ZEROS)),
    "nii-no-dims": ("a.nii", nifti_bytes(dim=("<h", 40, 0))),
    "nii-nine-dims": ("a.nii", nifti_bytes(dim=("<h", 40, 9))),
    "nii-zero-dim": ("a.nii", nifti_bytes(dim=("<4h", 40, 3, 6, 0, 4))),
    "nii-negative-dim": ("a.nii", nifti_bytes(dim=("<4h", 40, 3, -6, -5, 4))),
    "nii-absurd-dims": ("a.nii", nifti_bytes(dim=("<4h", 40, 3, 32767, 32767, 32767))),
    "nii2-absurd-dims": ("a.nii", nifti_bytes(2, dim=("<4q", 16, 3, 2**62, 2**62, 2**62))),
    "nii-dims-of-less": ("a.nii", nifti_bytes(dim=("<4h", 40, 3, 6, 1, 4)) + ZEROS),
    "nii-unknown-type": ("a.nii", nifti_bytes(kind=("<h", 70, 77))),
    "nii-type-0": ("a.nii", nifti_bytes(kind=("<h", 70, 0))),
    "nii-lying-bits": ("a.nii", nifti_bytes(kind=("<2h", 70, 4, 8))),
    "nii-offset-nan": ("a.nii", nifti_bytes(offset=("<f", 108, np.nan))),
    "nii-offset-in-header": ("a.nii", nifti_bytes(offset=("<f", 108, 40.0))),
    "nii-offset-behind-file": ("a.nii", nifti_bytes(offset=("<f", 108, 4096.0))),
    "nii-offset-huge": ("a.nii.gz", nifti_bytes(packed=True, offset=("<f", 108, 1e30))),
    "nii2-offset-negative": ("a.nii", nifti_bytes(2, offset=("<q", 168, -540))),
    "nii-nan-place": ("a.nii", nifti_bytes(place=floats(1.0, 0.0, 0.0, np.nan))),
    "nii-infinite-step": ("a.nii", nifti_bytes(place=floats(np.inf))),
    "nii-step-overflow": ("a.nii", nifti_bytes(2, place=("<d", 400, 1e300))),
    "nii-zero-sform": ("a.nii", nifti_bytes(place=floats(*[0.0] * 12))),
    "nii-two-axes-alike": ("a.nii", nifti_bytes(place=floats(1.0, 1.0, 0, 0, 0, 0))),
    "nii-far-away": ("a.nii", nifti_bytes(place=floats(1.0, 0, 0, 1e9))),
    "nii-no-rotation": ("a.nii", nifti_bytes(form=NO_FORM, place=floats(0.9, 0.9, 0.9, at=256))),
    "nii-nan-rotation": ("a.nii", nifti_bytes(form=NO_FORM, place=floats(np.nan, 0, 0, at=256))),
    "nii-nan-voxel-size": ("a.nii", nifti_bytes(form=NO_FORM, place=floats(1.0, np.nan, 1.0, 1.0, at=76))),
    "nii-no-voxel-size": ("a.nii", nifti_bytes(form=NO_FORM, place=floats(1.0, 0.0, 1.0, 1.0, at=76))),
    "nii-slope-infinite": ("a.nii", nifti_bytes(slope=("<2f", 112, np.inf, 0.0))),
    "nii-intercept-nan": ("a.nii", nifti_bytes(slope=("<2f", 112, 2.0, np.nan))),
    "nii-unknown-unit": ("a.nii", nifti_bytes(unit=("<b", 123, 5))),
    "nii-pair": ("a.hdr", nifti_bytes(magic=("<4s", 344, b"ni1\0"))),
    "nii-wrong-magic": ("a.nii", nifti_bytes(magic=("<4s", 344, b"n+9\0"))),
    "nrrd-no-end": ("a.nrrd", nrrd_bytes(b"")[:-1]),
    "nrrd-magic-only": ("a.nrrd", b"NRRD0004"),
    "nrrd-later-version": ("a.nrrd", nrrd_bytes().replace(b"NRRD0005", b"NRRD0009")),
    "nrrd-endless-header": ("a.nrrd", b"NRRD0004\n" + b"# x\n" * 2**20 + b"\n"),
    "nrrd-endless-line": ("a.nrrd", b"NRRD0004\n" + b"(" * 2**23),
    "nrrd-voxels-cut": ("a.nrrd", nrrd_bytes()[:-1]),
    "nrrd-zero-size": ("a.nrrd", nrrd_bytes(sizes="6 0 4")),
    "nrrd-absurd-sizes": ("a.nrrd", nrrd_bytes(sizes="99999 99999 99999")),
    "nrrd-endless-number": ("a.nrrd", nrrd_bytes(sizes="9" * 5000)),
    "nrrd-sizes-no-numbers": ("a.nrrd", nrrd_bytes(sizes="6 5 x")),
    "nrrd-sizes-too-few": ("a.nrrd", nrrd_bytes(sizes="6 5")),
    "nrrd-dimension-16": ("a.nrrd", nrrd_bytes(dimension="16", sizes="1 " * 16, drop=("kinds",))),
    "nrrd-no-type": ("a.nrrd", nrrd_bytes(drop=("type",))),
    "nrrd-block": ("a.nrrd", nrrd_bytes(type="block")),
    "nrrd-no-byte-order": ("a.nrrd", nrrd_bytes(drop=("endian",))),
    "nrrd-hex": ("a.nrrd", nrrd_bytes(encoding="hex")),
    "nrrd-no-field": ("a.nrrd", nrrd_bytes().replace(b"kinds: ", b"kinds ")),
    "nrrd-twice": ("a.nrrd", nrrd_bytes().replace(b"kinds", b"sizes: 4 5 6\nkinds")),
    "nrrd-nan-direction": ("a.nrrd", nrrd_bytes(space_directions="(1,0,0) (0,nan,0) (0,0,3)")),
    "nrrd-infinite-origin": ("a.nrrd", nrrd_bytes(space_origin="(0,inf,0)")),
    "nrrd-huge-origin": ("a.nrrd", nrrd_bytes(space_origin="(0,1e999,0)")),
    "nrrd-broken-vector": ("a.nrrd", nrrd_bytes(space_directions="(1,0,0) (0,2,0 (0,0,3)")),
    "nrrd-vectors-of-two": ("a.nrrd", nrrd_bytes(space_directions="(1,0) (0,2) (0,3)")),
    "nrrd-gzip-junk": ("a.nrrd", nrrd_bytes(b"junk" * 99, encoding="gzip")),
    "nrrd-gzip-cut": ("a.nrrd", nrrd_bytes(gzip.compress(values().tobytes())[:-9], encoding="gzip")),
    "nrrd-gzip-too-little": ("a.nrrd", nrrd_bytes(gzip.compress(values().tobytes()[:-2]), encoding="gzip")),
    "nrrd-gzip-bomb": ("a.nrrd", nrrd_bytes(gzip.compress(ZEROS), encoding="gzip")),
    "nrrd-bzip2-bomb": ("a.nrrd", nrrd_bytes(bz2.compress(ZEROS), encoding="bzip2")),
    "nrrd-bzip2-cut": ("a.nrrd", nrrd_bytes(bz2.compress(values().tobytes())[:-9], encoding="bzip2")),
    "nrrd-bzip2-absurd": ("a.nrrd", nrrd_bytes(bz2.compress(ZEROS), encoding="bzip2", sizes="1024 1024 1024")),
    "nrrd-text-too-few": ("a.nrrd", nrrd_bytes(b"1 " * 119, encoding="ascii")),
    "nrrd-text-no-numbers": ("a.nrrd", nrrd_bytes(b"1 " * 119 + b"__import__", encoding="ascii")),
    "nrrd-text-too-large": ("a.nrrd", nrrd_bytes(b"1 " * 119 + b"40000", encoding="ascii")),
    "nrrd-line-skip": ("a.nrrd", nrrd_bytes(line_skip="1")),
    "nrrd-byte-skip-negative": ("a.nrrd", nrrd_bytes(byte_skip="-7")),
    "nrrd-byte-skip-behind": ("a.nrrd", nrrd_bytes(byte_skip="999999999999")),
    "nrrd-from-end-too-short": ("a.nrrd", nrrd_bytes(b"12", byte_skip="-1")),
    **{f"nrrd-data-file-{n}": ("a.nhdr", nrrd_bytes(b"", data_file=name)) for n, name in enumerate((
        "/etc/passwd", "../outside.raw", "..\\outside.raw", "sub/outside.raw", "LIST", "LIST 3", "a%03d.raw 1 9 1",
        "absent.raw", "link.raw", "..", ".", "", "C:inside.raw", "in\x1bside.raw", "x" * 300, "folder"))},
    "mha-no-end": ("a.mha", meta_text().rsplit(b"ElementDataFile", 1)[0]),
    "mha-voxels-cut": ("a.mha", meta_text() + values().tobytes()[:-1]),
    "mha-no-dims": ("a.mha", meta_text(DimSize=None) + values().tobytes()),
    "mha-zero-dim": ("a.mha", meta_text(DimSize="6 0 4") + values().tobytes()),
    "mha-absurd-dims": ("a.mha", meta_text(DimSize="30000 30000 30000") + values().tobytes()),
    "mha-two-sizes": ("a.mha", meta_text(DimSize="6 5") + values().tobytes()),
    "mha-two-dims": ("a.mha", meta_text(NDims="2", DimSize="6 20") + values().tobytes()),
    "mha-colours": ("a.mha", meta_text(ElementNumberOfChannels="3") + values().tobytes() * 3),
    "mha-unknown-type": ("a.mha", meta_text(ElementType="MET_STRING") + values().tobytes()),
    "mha-no-byte-order": ("a.mha", meta_text(BinaryDataByteOrderMSB=None) + values().tobytes()),
    "mha-two-byte-orders": ("a.mha", meta_text(ElementByteOrderMSB="True") + values().tobytes()),
    "mha-nan-offset": ("a.mha", meta_text(Offset="1 nan 3") + values().tobytes()),
    "mha-long-axes": ("a.mha", meta_text(TransformMatrix="2 0 0 0 2 0 0 0 2") + values().tobytes()),
    "mha-negative-spacing": ("a.mha", meta_text(ElementSpacing="1 -1 1") + values().tobytes()),
    "mha-rescaled": ("a.mha", meta_text(ElementToIntensityFunctionSlope="2") + values().tobytes()),
    "mha-skip": ("a.mha", meta_text(HeaderSize="-1") + values().tobytes()),
    "mha-mesh": ("a.mha", meta_text(ObjectType="Mesh") + values().tobytes()),
    "mha-zlib-cut": ("a.mha", meta_text(CompressedData="True") + zlib.compress(values().tobytes())[:-5]),
    "mha-zlib-bomb": ("a.mha", meta_text(CompressedData="True") + zlib.compress(ZEROS)),
    **{f"mha-data-file-{n}": ("a.mhd", meta_text(name)) for n, name in enumerate((
        "/etc/passwd", "../outside.raw", "LIST", "a%d.raw 1 9 1", "link.raw", "absent.raw"))},
}
assert len({data for _, data in BROKEN.values()}) == len(BROKEN)


@pytest.fixture
def temp(tmp_path, monkeypatch):
    """A folder for temporary files that must be empty in the end."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def refusal(path):
    with pytest.raises(TwinError) as caught:
        load_volume_file(path)
    line = str(caught.value)
    assert "\n" not in line and len(line) < 300 and line.isprintable()
    assert str(path.parent) not in line and "Error" not in line and "passwd" not in line
    return line


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_in_one_line(here, temp, tmp_path, name):
    file, data = BROKEN[name]
    folder = tmp_path / "scan"
    (folder / "sub").mkdir(parents=True)
    (folder / "folder").mkdir()
    for place in (tmp_path / "outside.raw", folder / "sub" / "outside.raw", folder / "C:inside.raw"):
        place.write_bytes(values().tobytes())
    (folder / "link.raw").symlink_to(tmp_path / "outside.raw")
    (folder / file).write_bytes(data)
    before = sorted(folder.rglob("*"))
    refusal(folder / file)
    assert sorted(folder.rglob("*")) == before
    if is_grid_file(folder / file):
        with pytest.raises(TwinError):
            series = series_of_file(folder / file)
            assert not series.loadable or name in NEEDS_VOXELS
            raise ScanError(series.verdict.line)


NEEDS_VOXELS = {name for name in BROKEN if any(part in name for part in ("gz", "bzip2", "zlib", "text"))}


@pytest.mark.parametrize("name", ["nii-gz-cut", "nii-gz-voxel-changed", "nrrd-gzip-bomb", "mha-zlib-cut"])
def test_broken_voxels_cost_one_child_process(temp, tmp_path, name):
    file, data = BROKEN[name]
    (tmp_path / file).write_bytes(data)
    refusal(tmp_path / file)


def test_no_plain_file_is_refused_without_waiting(tmp_path):
    import os

    os.mkfifo(tmp_path / "a.nii")
    (tmp_path / "b.nii").symlink_to(tmp_path / "absent.nii")
    (tmp_path / "c.nii").mkdir()
    for name in ("a.nii", "b.nii", "c.nii", "d.nii"):
        refusal(tmp_path / name)
        assert not is_grid_file(tmp_path / name)


def test_every_changed_byte_of_packed_files_is_found_or_harmless(here, temp, tmp_path):
    """One byte changed anywhere in the packed voxels: refused, or equal to the truth; never another volume."""
    rng = np.random.default_rng(5)
    for name, data, start in (
        ("a.nii.gz", nifti_bytes(packed=True), 10),
        ("a.nrrd", nrrd_bytes(gzip.compress(values().tobytes()), encoding="gzip"), -200),
        ("b.nrrd", nrrd_bytes(bz2.compress(values().tobytes()), encoding="bzip2"), -200),
        ("a.mha", meta_text(CompressedData="True") + zlib.compress(values().tobytes()), -200),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        truth = read_grid(path)
        refused = 0
        for at in rng.integers(start % len(data), len(data), 40):
            path.write_bytes(flipped(data, at))
            try:
                grid = read_grid(path)
            except ScanError:
                refused += 1
                continue
            assert np.array_equal(grid.array, truth.array), (name, at)
            assert grid.geometry.is_close(truth.geometry, 1e-9), (name, at)
        assert refused >= 35, name


def test_random_damage_to_headers_ends_in_a_header_or_one_refusal(tmp_path):
    rng = np.random.default_rng(11)
    outcomes = {"header": 0, "refused": 0}
    for name, data in (("a.nii", nifti_bytes()), ("b.nii", nifti_bytes(2)), ("a.nrrd", nrrd_bytes()),
                       ("a.mha", meta_text() + values().tobytes())):
        for _ in range(120):
            changed = bytearray(data)
            for at in rng.integers(0, min(len(data) - 240, 560), rng.integers(1, 6)):
                changed[at] = rng.integers(0, 256)
            (tmp_path / name).write_bytes(changed)
            try:
                header = describe_grid(tmp_path / name)
            except ScanError as error:
                assert "\n" not in str(error) and len(str(error)) < 300
                outcomes["refused"] += 1
            else:
                assert header.problems or header.geometry is not None
                assert header.offset + (header.data_bytes if not header.problems else 0) <= len(data)
                outcomes["header"] += 1
    assert min(outcomes.values()) > 50, outcomes


# ---- volumes


def body(dtype="float32", shape=(12, 20, 20)):
    """Air around soft tissue, in HU."""
    rng = np.random.default_rng(3)
    array = rng.normal(-990, 8, shape)
    array[:, 4:16, 4:16] = rng.normal(45, 12, (shape[0], 12, 12))
    return np.rint(array).astype(dtype)


def test_ct_is_guessed_from_hu_and_the_guess_is_told(here, tmp_path):
    array = body()
    array[0, 0, 0] = -2048
    volume = load_volume_file(write_nifti(tmp_path / "a.nii.gz", array))
    assert (volume.modality, volume.units, volume.array.dtype) == ("CT", "HU", np.int16)
    assert np.array_equal(volume.array, array)
    assert "taken for CT by guess" in " ".join(volume.warnings)
    assert "1 voxel lies below -1024 HU" in " ".join(volume.warnings)
    named = load_volume_file(tmp_path / "a.nii.gz", modality="CT")
    assert "guess" not in " ".join(named.warnings)


@pytest.mark.parametrize("array", [
    body() + 1024, np.zeros((3, 4, 5), "int16"), np.full((3, 4, 5), -1000.0), body("float64") * 40,
    np.where(body() > 0, 3.0, -3000.0)], ids=["offset", "empty", "air only", "other numbers", "labels"])
def test_what_need_not_be_ct_stays_unnamed(here, tmp_path, array):
    volume = load_volume_file(write_nifti(tmp_path / "a.nii", array))
    assert (volume.modality, volume.units) == ("", "")
    assert any("neither modality nor units" in line and "modality=" in line for line in volume.warnings)


def test_modality_named_by_the_caller(here, tmp_path):
    path = write_nifti(tmp_path / "a.nii", (body() + 1024).astype("int32"))
    mr, ct = load_volume_file(path, "MR"), load_volume_file(path, "CT")
    assert (mr.modality, mr.units, ct.modality, ct.units) == ("MR", "", "CT", "HU")
    assert "may not be in HU" in " ".join(ct.warnings)
    assert mr.array.dtype == np.int16
    with pytest.raises(UsageError, match="CT, MR, PT"):
        load_volume_file(path, "US")


def test_values_keep_their_numbers(here, tmp_path):
    for array, dtype in ((values("uint16").astype("int32") + 40_000, "float32"), (values("float64"), "float32"),
                         (values("float64").round(), "int16"), (values("int64"), "int16")):
        volume = load_volume_file(write_nifti(tmp_path / "a.nii", array), "MR")
        assert volume.array.dtype == dtype
        assert np.array_equal(volume.array, array.astype(dtype))
    for array in (np.full(SHAPE, 2**24 + 1, "int32"), np.full(SHAPE, 1e300)):
        with pytest.raises(ScanError, match="too large"):
            load_volume_file(write_nifti(tmp_path / "a.nii", array), "MR")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_voxels_that_are_no_numbers_are_refused(here, tmp_path, bad):
    array = values("float32")
    array[1, 2, 3] = array[0, 0, 0] = bad
    with pytest.raises(ScanError, match="2 voxels that are no finite numbers"):
        load_volume_file(write_nifti(tmp_path / "a.nii", array), "MR")


def test_facts_name_the_file_by_its_bytes_only(here, tmp_path):
    path = write_nifti(tmp_path / "Doe^Jane.nii.gz", body(), descrip=b"Doe Jane", db_name=b"Doe", intent_name=b"Jane",
                       aux_file=b"Doe.txt")
    volume = load_volume_file(path)
    assert volume.facts["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert volume.facts["format"] == "NIfTI-1, gzip"
    assert volume.facts["slices"] == "12"
    assert volume.facts["series"] == "series 1 of 1, 12 slices"
    assert volume.facts["geometry"] == "regular axial slices every 2.5 mm"
    assert "Doe" not in repr((volume.facts, volume.warnings)) and "Jane" not in repr((volume.facts, volume.warnings))
    assert volume.instances == () and volume.geometry.frame_of_reference_uid == ""
    apart = write_nrrd(tmp_path / "Doe.nhdr", comment="Doe Jane")
    both = apart.read_bytes() + (tmp_path / "Doe.raw").read_bytes()
    volume = load_volume_file(apart, "MR")
    assert volume.facts["sha256"] == hashlib.sha256(both).hexdigest()
    assert "Doe" not in repr((volume.facts, volume.warnings))


def test_a_single_slice_is_told(here, tmp_path):
    volume = load_volume_file(write_nifti(tmp_path / "a.nii", values(shape=(1, 5, 6))), "MR")
    assert "a single slice is no volume for planning" in volume.warnings


@relaxed
@given(frames)
def test_reindexing_changes_no_value_at_any_place(here, tmp_path, place):
    volume = load_volume_file(write_nrrd(tmp_path / "a.nrrd", values(), place), "MR")
    upright = volume.canonical()
    for k, j, i in ((0, 0, 0), (3, 4, 5), (1, 2, 3)):
        point = place[0] @ (i, j, k) + place[1]
        assert volume.at(point) == upright.at(point) == values()[k, j, i]


def test_series_of_a_file(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", values())
    series = series_of_file(path)
    assert (series.uid, series.modality, series.description, series.rank) == ("file", "", "", 1)
    assert (series.slice_count, series.shape, series.files, series.headers) == (4, SHAPE, (path,), ())
    assert np.allclose(series.spacing_mm, (2.5, 0.8, 0.7))
    assert series.loadable and series.original and series.aside == ""
    assert series.verdict.line == "regular axial slices every 2.5 mm"
    unplaced = series_of_file(write_nifti(tmp_path / "b.nii", sform=0, qform=0))
    assert not unplaced.loadable and "does not say where" in unplaced.verdict.line


def test_cancelling_and_progress(here, tmp_path):
    class Watch:
        cancelled = False

        def __init__(self):
            self.seen = []

        def stage(self, name): ...

        def warn(self, message): ...

        def progress(self, fraction):
            self.seen.append(fraction)

    watch = Watch()
    path = write_nifti(tmp_path / "a.nii")
    load_volume_file(path, "MR", watch)
    assert watch.seen == sorted(watch.seen) and 0.5 < watch.seen[-1] <= 1
    watch.cancelled = True
    with pytest.raises(TwinError, match="stopped on request"):
        load_volume_file(path, "MR", watch)


# ---- real files


@pytest.mark.real_data
def test_real_nifti_files_equal_nibabel(here, real_data):
    found = sorted([*real_data.glob("totalsegmentator_refs/*.nii.gz"), *real_data.glob("dicom2nifti/**/*.nii.gz")])
    assert len(found) >= 15
    for path in found:
        image = nibabel.load(path)
        if image.get_data_dtype().fields:
            with pytest.raises(ScanError, match="colours"):
                read_grid(path)
            continue
        grid = read_grid(path)
        theirs = np.asarray(image.dataobj).T.astype(grid.array.dtype).reshape(grid.array.shape)
        assert np.array_equal(grid.array, theirs), path.name
        steps, origin = TO_LPS @ image.affine[:3, :3], TO_LPS @ image.affine[:3, 3]
        assert np.allclose(grid.geometry.corners_mm(), corners(steps, origin, grid.array.shape), atol=5e-3), path.name


@pytest.mark.real_data
def test_real_nrrd_files_equal_pynrrd(here, real_data):
    found = sorted([*real_data.glob("pyradiomics_lung2/*.nrrd"), *real_data.glob("dcmqi/**/*.nrrd")])
    assert len(found) >= 13
    for path in found:
        theirs, header = nrrd.read(str(path))
        grid = read_grid(path)
        assert np.array_equal(grid.array, theirs.T), path.name
        flips = np.diag(SPACES[header["space"]]).astype(float)
        told = corners(flips @ header["space directions"].T, flips @ header["space origin"], grid.array.shape)
        assert np.allclose(grid.geometry.corners_mm(), told, rtol=0, atol=1e-6), path.name
        assert np.allclose(grid.geometry.corners_mm(), itk_corners(path, grid.array.shape), atol=1e-6), path.name


@pytest.mark.real_data
def test_real_ct_files_are_taken_for_ct_and_label_files_are_not(here, real_data):
    assert load_volume_file(real_data / "totalsegmentator_refs" / "example_ct.nii.gz").modality == "CT"
    assert load_volume_file(real_data / "pyradiomics_lung2" / "lung2_image.nrrd").units == "HU"
    assert load_volume_file(real_data / "pyradiomics_lung2" / "lung2_label.nrrd").modality == ""
    assert load_volume_file(real_data / "totalsegmentator_refs" / "example_mr_sm.nii.gz").modality == ""
