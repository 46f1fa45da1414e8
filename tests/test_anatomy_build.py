"""Whole label maps: order, states, notes, parts, certificates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from anatomy_twin.anatomy import build_anatomy
from anatomy_twin.core import LabelMap, SilentMonitor, Volume, VolumeGeometry
from anatomy_twin.errors import Cancelled, DataError, MeshError
from tests.support.toy_patient import ELLIPSOIDS, ellipsoid_mask, make_segment, toy_patient
from tests.support.winding import contains


@pytest.fixture(scope="module")
def anatomy():
    return build_anatomy(*toy_patient(3.0))


def test_every_drawn_structure_is_closed_outward_and_true_to_its_voxels(anatomy):
    _, labels = toy_patient(3.0)
    drawn = [s for s in anatomy.structures.values() if s.surface is not None]
    assert {s.name for s in drawn} >= {"body", "liver", "tumour_1", "tumour_2", "hepatic_veins", "bone", "aorta"}
    for structure in drawn:
        mesh = trimesh.Trimesh(structure.surface.points_mm, structure.surface.triangles, process=False)
        assert mesh.is_watertight and structure.certificate.watertight, structure.name
        assert structure.certificate.outward and mesh.volume > 0, structure.name
        assert abs(structure.certificate.volume_error_percent) < 1.0, structure.name
        assert structure.certificate.triangle_count == len(mesh.faces) <= 40_000, structure.name
        assert structure.volume_ml == labels.volume_ml(structure.name)


def test_volumes_agree_with_the_analytic_bodies(anatomy):
    for name in ("liver", "spleen", "kidney_left", "tumour_1"):
        exact_ml = 4 / 3 * np.pi * np.prod(ELLIPSOIDS[name][1]) / 1000
        assert anatomy[name].volume_ml == pytest.approx(exact_ml, rel=0.03), name


def test_the_order_is_outermost_first_and_lesions_come_last(anatomy):
    names = list(anatomy.structures)
    assert names[0] == "body"
    assert names.index("skin") < names.index("bone") < names.index("liver") < names.index("hepatic_veins")
    assert names[-2:] == ["tumour_1", "tumour_2"]


def test_the_liver_outline_encloses_its_parts(anatomy):
    mesh = trimesh.Trimesh(anatomy["liver"].surface.points_mm, anatomy["liver"].surface.triangles, process=False)
    assert contains(anatomy["liver"].surface, [ELLIPSOIDS["tumour_1"][0], ELLIPSOIDS["tumour_2"][0]]).all()
    assert mesh.body_count == 1  # lesions and vessels leave no holes in it


def test_space_filling_tissue_has_no_surface_and_says_so(anatomy):
    for name in ("unknown_tissue", "muscle", "skin"):
        assert anatomy[name].surface is None and anatomy[name].certificate is None
        assert "slices only" in anatomy[name].note and anatomy[name].volume_ml > 0


def test_structures_cut_by_the_end_of_the_scan_are_marked(anatomy):
    assert anatomy["aorta"].certificate.touches_border
    assert not anatomy["liver"].certificate.touches_border


def test_bad_labels_are_flagged_by_name(anatomy):
    geometry = VolumeGeometry.upright((20, 24, 28), (2.0, 1.0, 1.0))
    array = np.zeros((1, *geometry.shape), np.uint8)
    array[0, 5, 6, 7] = 1
    array[0, :9, 10:20, 10:20] = 2
    array[0, 12:15, 4:9, 4:9] = array[0, 12:15, 14:19, 4:9] = 3
    segments = tuple(
        make_segment(name, 0, value) for value, name in enumerate(("tumour_1", "spleen", "pancreas", "aorta"), 1)
    )
    warnings = []

    class Listener(SilentMonitor):
        def warn(self, message):
            warnings.append(message)

    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    found = build_anatomy(volume, LabelMap(array, geometry, segments), Listener())
    assert found["tumour_1"].note == "one voxel only" and found["tumour_1"].certificate.watertight
    assert abs(found["tumour_1"].certificate.volume_error_percent) < 1
    assert found["spleen"].certificate.touches_border and not found["pancreas"].certificate.touches_border
    feet = found["spleen"].surface.points_mm[:, 2]  # flat where the scan ends: half a voxel before its first centres
    assert feet.min() == pytest.approx(-1.0, abs=1e-6) and np.count_nonzero(feet < -1.0 + 1e-6) >= 3
    assert found["pancreas"].note == "consists of 2 parts" and found["pancreas"].certificate.pieces == 2
    assert (found["aorta"].surface, found["aorta"].note) == (None, "no voxels")
    assert not warnings
    nothing = build_anatomy(volume, LabelMap(np.zeros_like(array), geometry, segments))
    assert [s.note for s in nothing.structures.values()] == ["no voxels"] * 4


def test_certificates_say_how_far_surfaces_are_from_their_voxels(anatomy):
    for structure in anatomy.structures.values():
        if structure.surface is not None:
            certificate = structure.certificate
            assert certificate.manifold and certificate.pieces >= 1, structure.name
            assert certificate.boundary_p95_mm < 3.0 * 0.6 and certificate.smallest_angle_deg > 1.0, structure.name


def test_large_surfaces_have_a_coarser_copy_for_moving(anatomy):
    body, tumour = anatomy["body"], anatomy["tumour_2"]
    assert tumour.coarse is None and len(body.coarse.triangles) < 0.5 * len(body.surface.triangles)
    mesh = trimesh.Trimesh(body.coarse.points_mm, body.coarse.triangles, process=False)
    assert mesh.is_watertight and mesh.volume / 1000 == pytest.approx(body.volume_ml, rel=0.01)


def test_memory_that_would_not_suffice_is_said_before():
    volume, labels = toy_patient(8.0)
    with pytest.raises(MeshError, match="GB of memory"):
        build_anatomy(volume, labels, memory_limit_bytes=1_000_000)


def test_skin_is_drawn_where_no_body_outline_stands_for_it():
    volume, labels = toy_patient(8.0)
    without_body = replace(labels, segments=tuple(s for s in labels.segments if s.name != "body"))
    assert build_anatomy(volume, without_body)["skin"].surface is not None


def test_what_was_not_found_is_listed_with_its_reason():
    volume, labels = toy_patient(8.0)
    absent = replace(make_segment("portal_vein", 0, 0, "not visible in this phase"), note="arterial phase")
    anatomy = build_anatomy(volume, replace(labels, segments=(*labels.segments, absent)))
    found = anatomy["portal_vein"]
    assert (found.surface, found.certificate, found.volume_ml) == (None, None, 0.0)
    assert (found.state, found.note) == ("not visible in this phase", "arterial phase")


def test_specks_are_counted_but_not_drawn_and_a_small_tumour_is_no_speck():
    geometry = VolumeGeometry.upright((40, 60, 60), (1.0, 1.0, 1.0))
    array = np.zeros((2, *geometry.shape), np.uint8)
    array[0][ellipsoid_mask(geometry, (30, 30, 20), (15, 15, 15))] = 1
    array[0, 2, 3, 4], array[0, 5, 55, 55] = 1, 1
    array[1, 10:12, 30, 30], array[1, 25, 25:28, 30] = 2, 2
    segments = (make_segment("spleen", 0, 1), make_segment("tumour_1", 1, 2))
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    anatomy = build_anatomy(volume, LabelMap(array, geometry, segments))
    spleen, tumour = anatomy["spleen"], anatomy["tumour_1"]
    assert spleen.volume_ml == pytest.approx(np.count_nonzero(array[0]) / 1000)
    assert "2 islands" in spleen.note and "(0.0020 ml together)" in spleen.note and "not drawn" in spleen.note
    assert trimesh.Trimesh(spleen.surface.points_mm, spleen.surface.triangles, process=False).body_count == 1
    assert trimesh.Trimesh(tumour.surface.points_mm, tumour.surface.triangles, process=False).body_count == 2
    assert tumour.note == "consists of 2 parts" and tumour.certificate.pieces == 2


def test_another_indexing_of_the_scan_gives_the_same_anatomy():
    volume, labels = toy_patient(8.0)
    order, flips = (1, 2, 0), (True, True, False)
    turned = labels.reindexed(order, flips)
    other = build_anatomy(Volume(np.zeros(turned.geometry.shape, np.int16), turned.geometry), turned)
    for name, structure in build_anatomy(volume, labels).structures.items():
        assert other[name].volume_ml == structure.volume_ml
        if structure.surface is not None:
            np.testing.assert_allclose(other[name].surface.points_mm, structure.surface.points_mm, atol=1e-8)
            np.testing.assert_array_equal(other[name].surface.triangles, structure.surface.triangles)


def test_labels_of_another_scan_are_refused_and_cancelling_stops():
    volume, labels = toy_patient(8.0)
    with pytest.raises(DataError, match="same grid"):
        build_anatomy(toy_patient(4.0)[0], labels)

    class Stopper(SilentMonitor):
        cancelled = True

    with pytest.raises(Cancelled):
        build_anatomy(volume, labels, monitor=Stopper())


def test_cancelling_is_asked_for_all_the_way_and_progress_never_goes_back():
    class Counter(SilentMonitor):
        def __init__(self, stop_at=10**9):
            self.asked, self.stop_at, self.told = 0, stop_at, [0.0]

        def progress(self, fraction):
            self.told.append(fraction)

        @property
        def cancelled(self):
            self.asked += 1
            return self.asked >= self.stop_at

    volume, labels = toy_patient(8.0)
    whole = Counter()
    build_anatomy(volume, labels, whole)
    assert np.all(np.diff(whole.told) >= 0) and whole.told[-1] == pytest.approx(1.0)
    # every structure smoothed, every round of decimation, every structure certified
    assert whole.asked > 3 * len(labels.segments) + 30 and len(set(whole.told)) > 40
    for stop_at in range(1, whole.asked + 1, whole.asked // 12):
        stopped = Counter(stop_at)
        with pytest.raises(Cancelled):
            build_anatomy(volume, labels, stopped)
        assert stopped.asked == stop_at


def test_a_thin_vessel_in_many_pieces_is_drawn_whole():
    geometry = VolumeGeometry.upright((40, 40, 40), (1.0, 1.0, 1.0))
    array = np.zeros((1, *geometry.shape), np.uint8)
    array[0, 5:35, 10:14, 10:14] = 1
    array[0, 5:35:3, 20:38:4, 20:38:4] = 1
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    anatomy = build_anatomy(volume, LabelMap(array, geometry, (make_segment("hepatic_veins", 0, 1),)))
    vessel = anatomy["hepatic_veins"]
    mesh = trimesh.Trimesh(vessel.surface.points_mm, vessel.surface.triangles, process=False)
    assert mesh.body_count == 1 + 10 * 5 * 5 and vessel.note == "consists of 251 parts"
    assert abs(vessel.certificate.volume_error_percent) < 5
