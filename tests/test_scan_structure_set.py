"""RT structure sets against discs, rings and polygons whose voxels are known from analysis or from other libraries."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from skimage.measure import points_in_poly

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import ScanError
from anatomy_twin.scan import label_object
from anatomy_twin.scan.label_object import decode_label_object, read_label_object
from anatomy_twin.scan.outlines import fill_outlines
from anatomy_twin.scan.volume import load_volume
from tests.support.dicom_series import random_axes, write_series
from tests.support.label_makers import make_structure_set, set_contour_text, to_bytes
from tests.support.real_scans import DATA

RT_UTILS = DATA / "rt_utils" / "tests"
real_data = pytest.mark.real_data
SHAPE = (6, 40, 50)


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """A series in a random oblique direction."""
    return write_series(tmp_path_factory.mktemp("rt"), shape=SHAPE, axes=random_axes(7))


@pytest.fixture(scope="module")
def volume(truth):
    return load_volume(truth.files[0].parent)


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr(label_object, "run_limited",
                        lambda _, data, name, target, **limits: decode_label_object(data, name, target))


def uid(k: int) -> str:
    return f"1.2.826.0.1.3680043.10.9999.1.{k + 1}"


def outline(truth, k: float, points) -> np.ndarray:
    """(row, column) points of a slice in LPS mm."""
    steps = np.stack([truth.column * truth.spacing_mm[1], truth.row * truth.spacing_mm[2]])
    return truth.world(k, 0.0, 0.0) + np.asarray(points, float) @ steps


def circle(centre_mm, radius_mm: float, spacing_mm, count: int = 1000) -> np.ndarray:
    """(row, column) points of a circle that is round in millimetres."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    rows = (centre_mm[0] + radius_mm * np.sin(angles)) / spacing_mm[1]
    columns = (centre_mm[1] + radius_mm * np.cos(angles)) / spacing_mm[2]
    return np.stack([rows, columns], axis=1)


def disc(centre_mm, radius_mm: float, spacing_mm) -> np.ndarray:
    """Voxels of a slice whose centre lies within a circle, by Pythagoras."""
    row, column = np.mgrid[: SHAPE[1], : SHAPE[2]]
    distance = np.hypot(row * spacing_mm[1] - centre_mm[0], column * spacing_mm[2] - centre_mm[1])
    assert np.abs(distance - radius_mm).min() > 1e-3  # none so near that the polygon's chords could matter
    return distance < radius_mm


def read(dataset, like, folder):
    (folder / "rt.dcm").write_bytes(to_bytes(dataset))
    return read_label_object(folder / "rt.dcm", like=like)


def own_mask(labels, name):
    segment = labels.segment(name)
    return labels.array[segment.layer] == segment.value


def test_discs_rings_and_islands_in_an_oblique_scan_equal_analysis(truth, volume, tmp_path):
    spacing, centre = truth.spacing_mm, (15.7, 17.3)
    outer, hole, island = (circle(centre, radius, spacing) for radius in (11.31, 7.77, 3.33))
    apart = circle((5.2, 30.1), 3.1, spacing)
    regions = {
        "Liver": [(outline(truth, k, points), uid(k)) for k in (1, 2, 3) for points in (outer, hole, island)],
        "Odd thing": [(outline(truth, 2, points), uid(2)) for points in (outer, apart)],
    }
    dataset = make_structure_set(regions, images=[uid(k) for k in range(6)], colours={"Odd thing": (1, 2, 3)})
    labels = read(dataset, volume, tmp_path)  # in a child process
    assert labels.geometry is volume.geometry
    assert labels.notes == ("matched by the images that it names (6 of 6)",)
    ring = disc(centre, 11.31, spacing) & ~disc(centre, 7.77, spacing) | disc(centre, 3.33, spacing)
    expected = np.zeros(SHAPE, bool)
    expected[1:4] = ring
    np.testing.assert_array_equal(own_mask(labels, "liver"), expected)
    expected = np.zeros(SHAPE, bool)
    expected[2] = disc(centre, 11.31, spacing) | disc((5.2, 30.1), 3.1, spacing)
    np.testing.assert_array_equal(own_mask(labels, "Odd thing"), expected)
    assert labels.segment("liver").layer != labels.segment("Odd thing").layer
    assert labels.segment("Odd thing").colour == (1, 2, 3)
    assert {segment.state for segment in labels.segments} == {"check"}


def test_a_keyhole_cuts_the_same_hole_as_two_outlines(truth, volume, tmp_path, in_process):
    spacing, centre = truth.spacing_mm, (15.7, 17.3)
    outer, hole = circle(centre, 11.31, spacing), circle(centre, 5.2, spacing)
    keyhole = np.concatenate([outer, outer[:1], hole[:1], hole[::-1]])
    dataset = make_structure_set({"ring": [(outline(truth, 2, keyhole), uid(2))]})
    found = own_mask(read(dataset, volume, tmp_path), "ring")[2]
    np.testing.assert_array_equal(found, disc(centre, 11.31, spacing) & ~disc(centre, 5.2, spacing))


def by_scikit_image(polygons, shape) -> tuple[np.ndarray, np.ndarray]:
    """Even-odd of all polygons together, and the distance of each pixel's centre from the nearest outline."""
    centres = np.argwhere(np.ones(shape))
    inside, nearest = np.zeros(len(centres), bool), np.full(len(centres), np.inf)
    for points in polygons:
        inside ^= points_in_poly(centres, points)
        for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
            along = np.clip(((centres - start) @ (end - start)) / max(np.sum((end - start) ** 2), 1e-12), 0, 1)
            distance = np.linalg.norm(centres - start - along[:, None] * (end - start), axis=1)
            nearest = np.minimum(nearest, distance)
    return inside.reshape(shape), nearest.reshape(shape)


@pytest.mark.parametrize("seed", range(12))
def test_random_polygons_together_equal_even_odd_by_scikit_image(seed):
    random = np.random.default_rng(seed)
    polygons = [random.uniform(-3, 33, (random.integers(3, 30), 2)) for _ in range(3)]
    inside, first = fill_outlines(polygons, (30, 25))
    found = np.zeros((30, 25), bool)
    found[first[0] : first[0] + inside.shape[0], first[1] : first[1] + inside.shape[1]] = inside
    expected, nearest = by_scikit_image(polygons, (30, 25))
    np.testing.assert_array_equal(found[nearest > 1e-3], expected[nearest > 1e-3])
    assert found[nearest < 7e-4].all()  # a thousandth along a row or column, whichever is steeper to the outline


def test_an_outline_through_border_voxels_gives_them_back():
    """As OpenCV traces a mask: through the centres of its outermost pixels, and of those around its holes."""
    mask = np.zeros((20, 20), bool)
    mask[3:15, 2:17] = True
    mask[7:10, 5:12] = False
    around = np.array([(3, 2), (3, 16), (14, 16), (14, 2)], float)
    hole = np.array([(6, 4), (6, 12), (10, 12), (10, 4)], float)
    for noise in (0.0, 2e-4, -2e-4):  # decimals of a file
        inside, first = fill_outlines([around + noise, hole - noise], (20, 20))
        assert first[0] in (2, 3)
        found = np.zeros_like(mask)
        found[first[0] : first[0] + inside.shape[0], first[1] : first[1] + inside.shape[1]] = inside
        np.testing.assert_array_equal(found, mask)
    line, _ = fill_outlines([np.array([(4.0, 3.0), (4.0, 9.0), (4.0, 5.0)])], (20, 20))
    assert line.sum() == 7  # a structure of one voxel's width, traced to and fro


def test_the_same_world_for_a_re_indexed_scan(truth, volume, tmp_path, in_process):
    points = circle((15.7, 17.3), 11.31, truth.spacing_mm)
    dataset = make_structure_set({"a": [(outline(truth, k, points), uid(k)) for k in (1, 2)]})
    order, flips = (2, 0, 1), (True, False, True)
    turned = Volume(np.transpose(volume.array, order)[::-1, :, ::-1], volume.geometry.reindexed(order, flips),
                    instances=volume.instances)
    plain, other = read(dataset, volume, tmp_path), read(dataset, turned, tmp_path)
    np.testing.assert_array_equal(
        np.transpose(own_mask(plain, "a"), order)[::-1, :, ::-1], own_mask(other, "a")
    )


def test_what_lies_beside_the_slices_is_taken_to_the_nearest_or_left_out(truth, volume, tmp_path, in_process):
    points = circle((15.7, 17.3), 6.1, truth.spacing_mm, 100)
    flat = {k: outline(truth, k, points) for k in (1, 1.3, 1.9, 2, 2.3, 3, 4.2, 20)}
    tilted = outline(truth, 3, points) + np.outer(np.linspace(0, 3, 100), truth.step / truth.spacing_mm[0])
    regions = {
        "near": [(flat[1.3], ""), (flat[2.3], "")], "every other": [(flat[1], ""), (flat[3], "")],
        "close": [(flat[1], ""), (flat[1.3], "")], "tilted": [(tilted, "")], "far": [(flat[2], ""), (flat[20], "")],
    }
    labels = read(make_structure_set(regions), volume, tmp_path)
    assert labels.names == ("near", "every other")
    assert np.flatnonzero(own_mask(labels, "near").any(axis=(1, 2))).tolist() == [1, 2]
    told = "\n".join(labels.notes)
    for line in (
        "region 'near': outlines lie up to 0.75 mm beside the slices",
        "region 'every other': labelled on one of 2 slices at most",
        "region 'close' left out: outlines lie closer together than the slices",
        "region 'tilted' left out: outlines lie across the slices",
        "region 'far' left out: outlines lie outside of the scan",
    ):
        assert line in told
    with pytest.raises(ScanError, match="no region of the structure set can be put on this scan"):
        read(make_structure_set({"tilted": regions["tilted"]}), volume, tmp_path)


def test_points_and_open_lines_are_named_and_not_filled(truth, volume, tmp_path, in_process):
    points = outline(truth, 2, circle((15.7, 17.3), 6.1, truth.spacing_mm, 50))
    regions = {"Spleen": [(points, "")], "isocentre": [(points[:1], "")], "wire": [(points, "")] * 2, "nothing": []}
    kinds = {"isocentre": "POINT", "wire": "OPEN_PLANAR"}
    labels = read(make_structure_set(regions, kinds=kinds), volume, tmp_path)
    assert labels.names == ("spleen",)
    assert labels.segment("nothing").state == "not found"
    assert "region 'isocentre': 1 point skipped" in labels.notes
    assert "region 'wire': 2 open lines skipped" in labels.notes


def test_names_codes_and_sides(truth, volume, tmp_path, in_process):
    points = outline(truth, 2, circle((15.7, 17.3), 6.1, truth.spacing_mm, 50))
    regions = {name: [(points, "")] for name in ("GTV 1", "Kidney_L", "PTV Muster", "x" * 64, "Spleen")}
    dataset = make_structure_set(regions, terms={"GTV 1": codes.SCT.Liver})
    dataset.PatientID = "spleen-muster"  # an organ is no name
    labels = read(dataset, volume, tmp_path)
    assert labels.names[4] == "spleen"
    assert labels.names[:3] == ("liver", "kidney_left", "segment_3")
    assert len(labels.names[3]) == 64
    assert labels.segment("liver").code.value == "10200004"


def test_contradictions_are_refused_by_name(truth, volume, tmp_path, in_process):
    points = outline(truth, 2, circle((15.7, 17.3), 6.1, truth.spacing_mm, 50))

    def broken(edit):
        dataset = make_structure_set({"a": [(points, uid(2))], "b": [(points, uid(2))]})
        edit(dataset)
        return dataset

    def contour(dataset):
        return dataset.ROIContourSequence[0].ContourSequence[0]

    cases = {
        "are none": lambda d: setattr(contour(d), "ContourData", contour(d).ContourData[:-1]),
        "announces 7 points and holds 50": lambda d: setattr(contour(d), "NumberOfContourPoints", 7),
        "does not describe": lambda d: setattr(d.ROIContourSequence[0], "ReferencedROINumber", 9),
        "outlines region 2 twice": lambda d: setattr(d.ROIContourSequence[0], "ReferencedROINumber", 2),
        "one number": lambda d: setattr(d.StructureSetROISequence[0], "ROINumber", 2),
        "no region": lambda d: [setattr(d, key, []) for key in ("StructureSetROISequence", "ROIContourSequence")],
    }
    for words, edit in cases.items():
        with pytest.raises(ScanError, match=words) as caught:
            read(broken(edit), volume, tmp_path)
        assert "\n" not in str(caught.value)
    for text, words in ((b"1\\2\\x", "no number"), (b"1\\ \\3", "no number"), (b"1\\2\\nan", "are none"),
                        (b"1\\2\\1e9", "are none")):  # fmt: skip
        with pytest.raises(ScanError, match=words):
            read(broken(lambda d, t=text: set_contour_text(contour(d), t)), volume, tmp_path)


def test_outlines_of_other_images_or_another_frame_are_refused(truth, volume, tmp_path, in_process):
    points = outline(truth, 2, circle((15.7, 17.3), 6.1, truth.spacing_mm, 50))
    good = {"a": [(points, uid(2))]}
    with pytest.raises(ScanError, match="2 images, of which the scan holds only 1"):
        read(make_structure_set({"a": [(points, uid(2)), (points, "1.2.3.99")]}), volume, tmp_path)
    with pytest.raises(ScanError, match="another scan"):
        read(make_structure_set({"a": [(points, "1.2.3.99")]}), volume, tmp_path)
    with pytest.raises(ScanError, match="frame of reference differs"):
        read(make_structure_set({"a": [(points, "")]}, frame="1.2.3"), volume, tmp_path)
    told = read(make_structure_set(good, frame="1.2.3"), volume, tmp_path).notes[0]
    assert told.endswith("its frame of reference is another one than the scan's")
    assert "(1 of 2)" in read(make_structure_set(good, images=["1.2.3.99"]), volume, tmp_path).notes[0]
    mixed = make_structure_set({"a": [(points, "")], "b": [(points, "")]})
    mixed.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = "1.2.3"
    labels = read(mixed, volume, tmp_path)
    assert labels.names == ("a",)
    assert "region 'b' left out: it lies in another frame of reference" in labels.notes


@pytest.mark.parametrize("name", [pytest.param("mock_data", marks=real_data)])
def test_the_real_structure_set_equals_its_polygons(name):
    volume = load_volume(RT_UTILS / name)
    labels = read_label_object(RT_UTILS / name / "rt.dcm", like=volume)
    assert labels.notes[0].startswith("matched by the images that it names (2 of 2)")
    dataset = pydicom.dcmread(RT_UTILS / name / "rt.dcm")
    contours = dataset.ROIContourSequence[0].ContourSequence
    expected, nearest = np.zeros(volume.array.shape, bool), np.full(volume.array.shape, np.inf)
    points = [volume.geometry.to_index(np.array(contour.ContourData, float).reshape(-1, 3)) for contour in contours]
    for k in {round(one[0, 0]) for one in points}:
        here = [one[:, 1:] for one in points if round(one[0, 0]) == k]
        expected[k], nearest[k] = by_scikit_image(here, expected[k].shape)
    found = own_mask(labels, "ROI-1")
    np.testing.assert_array_equal(found[nearest > 1e-3], expected[nearest > 1e-3])
    assert found[nearest < 7e-4].all()
    assert found.sum() > 100


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=real_data) for name in ("invalid_reference_rt", "non_existent_reference_rt")
])  # fmt: skip
def test_real_structure_sets_of_other_images_are_refused(name, in_process):
    volume = load_volume(RT_UTILS / "mock_data")
    with pytest.raises(ScanError, match="images, of which the scan holds only"):
        read_label_object(RT_UTILS / "mock_data" / f"{name}.dcm", like=volume)


def test_many_points_are_read_and_endless_ones_refused(truth, volume, tmp_path, in_process):
    spacing = truth.spacing_mm
    many = circle((15.7, 17.3), 11.31, spacing, 50_000)
    labels = read(make_structure_set({"a": [(outline(truth, 2, many), "")]}), volume, tmp_path)
    np.testing.assert_array_equal(own_mask(labels, "a")[2], disc((15.7, 17.3), 11.31, spacing))
    dataset = make_structure_set({"a": [(outline(truth, 2, many[:9]), "")]})
    set_contour_text(dataset.ROIContourSequence[0].ContourSequence[0], b"\\".join([b"0"] * 3_000_000))
    with pytest.raises(ScanError, match="an outline of 1000000 points is none of a slice"):
        read(dataset, volume, tmp_path)
    winding = np.tile([(0.3, 5.1), (900.4, 5.2)], (100_000, 1)).astype(float)
    with pytest.raises(ScanError, match="more often than can be"):
        fill_outlines([winding], (1000, 50))


def test_a_scan_without_images_is_matched_by_frame_of_reference(truth, volume, tmp_path, in_process):
    points = outline(truth, 2, circle((15.7, 17.3), 6.1, truth.spacing_mm, 50))
    bare = Volume(volume.array, volume.geometry)
    dataset = make_structure_set({"a": [(points, uid(2))]})
    assert read(dataset, bare, tmp_path).notes[0] == "matched by frame of reference and position"
    geometry = VolumeGeometry(SHAPE, volume.geometry.spacing_mm, volume.geometry.direction, volume.geometry.origin_mm)
    unknown = read(dataset, Volume(volume.array, geometry), tmp_path)
    assert unknown.notes[0].startswith("matched by position alone")
    magnetic = Volume(volume.array, geometry, modality="MR", units="arbitrary")
    with pytest.raises(ScanError, match="was made on CT images, the scan is MR"):
        read(dataset, magnetic, tmp_path)
    known = Volume(volume.array, volume.geometry, modality="MR", units="arbitrary")
    assert read(dataset, known, tmp_path).notes[0] == "matched by frame of reference and position"
