"""The files of a case as other programs read them: SimpleITK, pynrrd, slicerio, VTK."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from anatomy_twin.core import LabelMap, SurfaceMesh, Volume, VolumeGeometry
from anatomy_twin.errors import StoreError
from anatomy_twin.store import load_labels
from anatomy_twin.store.nrrd import decode_nrrd, encode_nrrd
from anatomy_twin.store.seg_nrrd import decode_seg_nrrd, encode_seg_nrrd
from anatomy_twin.store.vtp import decode_vtp, encode_vtp
from tests.support.full_case import TETRAHEDRON, full_case, oblique_direction
from tests.support.toy_patient import ELLIPSOIDS

GEOMETRY = VolumeGeometry((3, 4, 5), (2.5, 0.7, 0.9), oblique_direction(), (1 / 3, -20.0, 1e3), "1.2.3")
ARRAY = np.random.default_rng(0).integers(-1024, 3000, (3, 4, 5)).astype(np.int16)


def sitk_affine(image) -> np.ndarray:
    """Index (i, j, k) -> LPS of a SimpleITK image, columns in [k, j, i] order."""
    direction = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    return direction[:, ::-1]


def test_simpleitk_reads_our_volume_in_the_right_place(tmp_path):
    path = tmp_path / "v.nrrd"
    path.write_bytes(encode_nrrd(ARRAY, GEOMETRY))
    image = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), ARRAY)
    np.testing.assert_allclose(sitk_affine(image), GEOMETRY.affine[:3, :3], atol=1e-12)
    np.testing.assert_allclose(image.GetOrigin(), GEOMETRY.origin_mm)
    point = image.TransformContinuousIndexToPhysicalPoint((1.5, 2.0, 0.25))
    np.testing.assert_allclose(GEOMETRY.to_world((0.25, 2.0, 1.5)), point, atol=1e-9)


@pytest.mark.parametrize("compressed", [False, True])
def test_we_read_what_simpleitk_writes(tmp_path, compressed):
    image = sitk.GetImageFromArray(ARRAY)
    image.SetSpacing(GEOMETRY.spacing_mm[::-1])
    image.SetOrigin(GEOMETRY.origin_mm)
    image.SetDirection(GEOMETRY.direction[:, ::-1].ravel())
    sitk.WriteImage(image, str(tmp_path / "v.nrrd"), useCompression=compressed)
    file = decode_nrrd((tmp_path / "v.nrrd").read_bytes(), "v.nrrd")
    np.testing.assert_array_equal(file.array, ARRAY)
    assert file.geometry.is_close(GEOMETRY, 1e-6)


def test_pynrrd_reads_ours_and_we_read_its_ras_big_endian_raw(tmp_path):
    nrrd = pytest.importorskip("nrrd", reason="pynrrd is not installed")
    (tmp_path / "v.nrrd").write_bytes(encode_nrrd(ARRAY, GEOMETRY, {"note": "a\\b\nc"}))
    array, header = nrrd.read(str(tmp_path / "v.nrrd"), index_order="C")
    np.testing.assert_array_equal(array, ARRAY)
    np.testing.assert_allclose(header["space directions"][::-1].T, GEOMETRY.affine[:3, :3], atol=1e-15)
    ras = np.array([-1, -1, 1])
    header = {
        "space": "right-anterior-superior", "kinds": ["domain"] * 3, "encoding": "raw", "endian": "big",
        "space directions": (GEOMETRY.affine[:3, :3] * ras[:, None]).T[::-1], "space origin": GEOMETRY.origin_mm * ras,
    }
    nrrd.write(str(tmp_path / "r.nrrd"), ARRAY.astype(">i2"), header, index_order="C")
    file = decode_nrrd((tmp_path / "r.nrrd").read_bytes(), "r.nrrd")
    np.testing.assert_array_equal(file.array, ARRAY)
    assert file.geometry.is_close(GEOMETRY, 1e-6)


def test_series_of_moments_are_lists_of_volumes(tmp_path):
    moments = np.random.default_rng(1).random((6, 3, 4, 5)).astype(np.float32)
    (tmp_path / "s.nrrd").write_bytes(encode_nrrd(moments, GEOMETRY))
    image = sitk.ReadImage(str(tmp_path / "s.nrrd"))
    np.testing.assert_array_equal(np.moveaxis(sitk.GetArrayFromImage(image), -1, 0), moments)
    np.testing.assert_allclose(sitk_affine(image), GEOMETRY.affine[:3, :3], atol=1e-12)
    np.testing.assert_array_equal(decode_nrrd((tmp_path / "s.nrrd").read_bytes(), "s").array, moments)


def test_a_changed_header_wins_over_our_exact_copy_of_the_grid():
    text = encode_nrrd(ARRAY, GEOMETRY)
    moved = text.replace(b"space origin: (0.3333333333333333,", b"space origin: (7.0,")
    assert decode_nrrd(moved, "v").geometry.origin_mm == (7.0, -20.0, 1e3)
    assert decode_nrrd(text, "v").geometry.frame_of_reference_uid == "1.2.3"


@pytest.mark.parametrize("damage", [
    lambda d: d[:200], lambda d: d[:-9], lambda d: d + b"x", lambda d: b"PNG" + d, lambda d: b"",
    lambda d: d.replace(b"sizes: 5 4 3", b"sizes: 5 4 4"), lambda d: d.replace(b"sizes: 5 4 3", b"sizes: 5 4 2"),
    lambda d: d.replace(b"sizes: 5 4 3", b"sizes: 99999999 99999999 3"),
    lambda d: d.replace(b"sizes: 5 4 3", b"sizes: 5 4 -3"),
    lambda d: d.replace(b"type: int16", b"type: block"), lambda d: d.replace(b"encoding: gzip", b"encoding: bzip2"),
    lambda d: d.replace(b"encoding: gzip", b"data file: /etc/passwd\nencoding: gzip"),
    lambda d: d.replace(b"space: left-posterior-superior", b"space: scanner-xyz"),
    lambda d: d.replace(b"space origin: (0.", b"space origin: (nan,0."),
    lambda d: d.replace(b"space directions: (", b"space directions: none ("),
    lambda d: d.replace(b"\ndimension: 3", b""), lambda d: d.replace(b"dimension: 3", b"dimension: 9"),
])  # fmt: skip
def test_damaged_volumes_are_refused_in_one_line(damage):
    data = encode_nrrd(ARRAY, GEOMETRY)
    assert damage(data) != data
    with pytest.raises(StoreError) as caught:
        decode_nrrd(damage(data), "v.nrrd")
    assert "v.nrrd" in str(caught.value) and "\n" not in str(caught.value)


def test_a_decompression_bomb_is_stopped_at_the_announced_size():
    data = encode_nrrd(ARRAY, GEOMETRY)
    bomb = data[: data.index(b"\n\n") + 2] + gzip.compress(bytes(200_000_000), 1)
    with pytest.raises(StoreError, match="cut short or followed"):
        decode_nrrd(bomb, "v.nrrd")


def labels_of_case() -> LabelMap:
    return full_case().labels["scan"]


def test_slicerio_reads_segments_terms_and_layers(tmp_path):
    slicerio = pytest.importorskip("slicerio", reason="slicerio is not installed")
    labels = labels_of_case()
    (tmp_path / "l.seg.nrrd").write_bytes(encode_seg_nrrd(labels))
    found = slicerio.read_segmentation(str(tmp_path / "l.seg.nrrd"))
    by_name = {segment["name"]: segment for segment in found["segments"]}
    assert list(by_name) == list(labels.names)
    for name in labels.names:
        segment, entry = labels.segment(name), by_name[name]
        assert (entry["layer"], entry["labelValue"], entry["id"]) == (segment.layer, segment.value, name)
        assert entry["terminology"]["type"] == [segment.code.scheme, segment.code.value, segment.code.meaning]
        np.testing.assert_allclose(np.array(entry["color"]) * 255, segment.colour, atol=0.01)
        mask = np.asarray(labels.array[segment.layer] == segment.value)
        voxels = found["voxels"][segment.layer].T
        np.testing.assert_array_equal(np.equal(voxels, segment.value), mask)
        if mask.any():
            spans = [span for axis in np.nonzero(mask)[::-1] for span in (axis.min(), axis.max())]
            assert entry["extent"] == spans
    direction = np.array(found["ijkToLPS"])
    np.testing.assert_allclose(direction[:3, 2::-1], labels.geometry.affine[:3, :3])
    np.testing.assert_allclose(direction[:3, 3], labels.geometry.origin_mm)


def test_simpleitk_reads_our_layers_as_components(tmp_path):
    labels = labels_of_case()
    (tmp_path / "l.seg.nrrd").write_bytes(encode_seg_nrrd(labels))
    image = sitk.ReadImage(str(tmp_path / "l.seg.nrrd"))
    np.testing.assert_array_equal(np.moveaxis(sitk.GetArrayFromImage(image), -1, 0), labels.array)
    np.testing.assert_allclose(sitk_affine(image), labels.geometry.affine[:3, :3])
    liver = labels.segment("liver")
    image = sitk.VectorIndexSelectionCast(image, liver.layer) == liver.value
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(image)
    assert shape.GetPhysicalSize(1) / 1000 == pytest.approx(np.sum(labels.array[0] == liver.value) * 0.512)
    assert np.abs(np.subtract(shape.GetCentroid(1), ELLIPSOIDS["liver"][0])).max() < 8


@pytest.mark.parametrize("layers", [1, 3])
def test_label_maps_come_back_with_states_notes_and_absent_segments(tmp_path, layers):
    labels = labels_of_case()
    if layers == 1:
        kept = tuple(s for s in labels.segments if s.absent or s.layer == 0)
        labels = LabelMap(labels.array[:1].astype(np.int16), labels.geometry, kept)
    (tmp_path / "l.seg.nrrd").write_bytes(encode_seg_nrrd(labels))
    back = load_labels(tmp_path / "l.seg.nrrd")
    assert back.segments == labels.segments and back.notes == labels.notes
    assert back.array.dtype == labels.array.dtype
    np.testing.assert_array_equal(back.array, labels.array)
    np.testing.assert_array_equal(back.geometry.affine, labels.geometry.affine)
    assert load_labels(tmp_path / "l.seg.nrrd", like=full_case().volume).geometry is full_case().volume.geometry


def test_a_segmentation_edited_and_cropped_in_slicer_is_put_back_onto_the_scan(tmp_path):
    slicerio = pytest.importorskip("slicerio", reason="slicerio is not installed")
    volume = full_case().volume
    k, j, i = slice(4, 20), slice(3, 25), slice(5, 30)
    whole = np.zeros(volume.geometry.shape, np.uint8)
    whole[k, j, i] = np.random.default_rng(2).integers(0, 3, (16, 22, 25))
    steps = np.eye(4)
    # Slicer may index the voxels the other way round: i from left to right
    steps[:3, :3] = volume.geometry.affine[:3, 2::-1] * [-1, 1, 1]
    steps[:3, 3] = volume.geometry.to_world((4, 3, 29))
    terminology = {
        "contextName": "c", "category": ["SCT", "123037004", "Anatomical Structure"],
        "type": ["SCT", "78961009", "Spleen"], "anatomicContextName": "a",
    }
    segmentation = {
        "voxels": np.ascontiguousarray(whole[k, j, i][:, :, ::-1].T), "ijkToLPS": steps, "encoding": "gzip",
        "segments": [
            {"name": "Liver", "labelValue": 1, "color": [0.5, 0.2, 0.1]},
            {"name": "Milz", "labelValue": 2, "color": [0.1, 0.2, 0.3], "terminology": terminology},
        ],
    }
    slicerio.write_segmentation(str(tmp_path / "s.seg.nrrd"), segmentation)
    labels = load_labels(tmp_path / "s.seg.nrrd", like=volume)
    assert labels.names == ("liver", "spleen")  # the first by its name, the second by its code
    np.testing.assert_array_equal(labels.mask("liver"), whole == 1)
    np.testing.assert_array_equal(labels.mask("spleen"), whole == 2)
    assert {segment.state for segment in labels.segments} == {"check"}
    shifted = replace(volume, geometry=replace(volume.geometry, origin_mm=(-160.0, -119.0, -100.0)))
    with pytest.raises(StoreError, match="another grid"):
        load_labels(tmp_path / "s.seg.nrrd", like=shifted)
    small = Volume(volume.array[:8], volume.geometry.cropped((0, 0, 0), (8, *volume.geometry.shape[1:])))
    with pytest.raises(StoreError, match="beyond the scan"):
        load_labels(tmp_path / "s.seg.nrrd", like=small)


def test_a_plain_image_is_no_segmentation(tmp_path):
    (tmp_path / "v.nrrd").write_bytes(encode_nrrd(ARRAY, GEOMETRY))
    with pytest.raises(StoreError, match="names no segment"):
        load_labels(tmp_path / "v.nrrd")
    with pytest.raises(StoreError, match=r"nothing\.seg\.nrrd"):
        load_labels(tmp_path / "nothing.seg.nrrd")


def test_segments_that_contradict_each_other_are_refused():
    text = encode_seg_nrrd(labels_of_case())
    for before, after in [
        (b"Segment1_Layer:=0", b"Segment1_Layer:=9"), (b"Segment1_LabelValue:=2", b"Segment1_LabelValue:=x"),
        (b"Segment1_Color:=", b"Segment1_Color:=7 "), (b"Segment1_LabelValue:=2", b"Segment1_LabelValue:=1"),
    ]:  # fmt: skip
        assert before in text
        with pytest.raises(StoreError):
            decode_seg_nrrd(text.replace(before, after), "l.seg.nrrd")


def test_vtk_reads_our_surfaces_and_their_frame(tmp_path):
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkStringArray
    from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

    rng = np.random.default_rng(4)
    large = SurfaceMesh(rng.normal(size=(50_000, 3)) * 300, rng.integers(0, 50_000, (100_000, 3)))
    for surface in (TETRAHEDRON, large):
        path = tmp_path / "s.vtp"
        path.write_bytes(encode_vtp(surface))
        reader = vtkXMLPolyDataReader()
        reader.SetFileName(str(path))
        reader.Update()
        data = reader.GetOutput()
        np.testing.assert_array_equal(vtk_to_numpy(data.GetPoints().GetData()), surface.points_mm)
        cells = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3)
        np.testing.assert_array_equal(cells, surface.triangles)
        space = vtkStringArray.SafeDownCast(data.GetFieldData().GetAbstractArray("SPACE"))
        assert space.GetValue(0) == "LPS"
        assert b"SPACE=LPS" in path.read_bytes()[:200]
        back = decode_vtp(path.read_bytes(), "s.vtp")
        np.testing.assert_array_equal(back.points_mm, surface.points_mm)
        np.testing.assert_array_equal(back.triangles, surface.triangles)


def test_an_empty_surface_comes_back():
    empty = SurfaceMesh(np.empty((0, 3)), np.empty((0, 3), int))
    back = decode_vtp(encode_vtp(empty), "e.vtp")
    assert back.points_mm.shape == (0, 3) and back.triangles.shape == (0, 3)


@pytest.mark.parametrize("damage", [
    lambda d: d[:300], lambda d: b"", lambda d: d.replace(b"Float64", b"Float16"),
    lambda d: d.replace(b"<VTKFile", b"<!DOCTYPE a [<!ENTITY b 'c'>]><VTKFile"),
    lambda d: d.replace(b'Name="offsets"', b'Name="other"'), lambda d: d.replace(b"AQAAAAAAAA", b"AgAAAAAAAA"),
    lambda d: d.replace(b"AQAAAAAAAA", b"A!AAAAAAAA"),
    lambda d: d.replace(b"==eAF", b"==eBF").replace(b"=eAF", b"=eBF"),
])  # fmt: skip
def test_damaged_surfaces_are_refused_in_one_line(damage):
    data = encode_vtp(TETRAHEDRON)
    assert damage(data) != data
    with pytest.raises(StoreError) as caught:
        decode_vtp(damage(data), "s.vtp")
    assert "s.vtp" in str(caught.value) and "\n" not in str(caught.value)
