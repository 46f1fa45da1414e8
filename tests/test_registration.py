"""Two scans of a patient: known movements are recovered, what cannot be brought together is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.core import Transform, VolumeGeometry
from anatomy_twin.errors import DataError, ScanError, UsageError
from anatomy_twin.phantom import Deformation, make_second_scan
from anatomy_twin.registration import carried_mask, carried_volume
from tests.support.second_scan import GRID, SEED, after, before, moved


@pytest.fixture(scope="module")
def found():
    labels = after().truth
    known = replace(labels, segments=tuple(s for s in labels.segments if s.name == "liver"))
    return at.register(before().volume, after().volume, before().truth, known)


def liver_points():
    patient = before()
    return patient.volume.geometry.to_world(np.argwhere(patient.truth.mask("liver"))[::40])


def test_a_breathing_patient_after_an_ablation_is_recovered(found):
    tumour = before().truth.mask("tumour_1")
    points = before().volume.geometry.to_world(np.argwhere(tumour))
    miss = np.linalg.norm(found.to_moving(points) - moved().to_second(points), axis=1)
    assert miss.max() < 1.0
    every = np.linalg.norm(found.to_moving(liver_points()) - moved().to_second(liver_points()), axis=1)
    assert every.mean() < 0.6 and np.percentile(every, 95) < 1.2
    stiff = liver_points() @ found.rigid_matrix[:3, :3].T + found.rigid_matrix[:3, 3]
    assert np.linalg.norm(stiff - moved().to_second(liver_points()), axis=1).mean() > 2.0  # a turn does not do
    assert found.region == "liver" and found.folded_percent == 0.0 and found.overlap > 0.8


def test_the_error_is_that_of_the_surfaces_of_the_liver(found):
    quality = found.quality
    assert quality.kind == "surfaces" and quality.text.startswith("distance of the surfaces of liver")
    assert found.error_mm == quality.mean_mm == found.transform.error_mm
    assert 0.1 < quality.mean_mm < quality.p95_mm < quality.most_mm
    assert quality.mean_mm < 1.5 and not found.warnings
    worse = replace(found.transform, matrix=found.transform.matrix + np.array([[0, 0, 0, 6.0]] + [[0] * 4] * 3))
    from anatomy_twin.registration.quality import at_surfaces

    off = at_surfaces(worse, before().truth, after().truth, ["liver"])
    assert off.mean_mm > 2.5 and off.p95_mm > 5.0


def test_the_way_back_is_the_inverse(found):
    points = liver_points()
    assert np.abs(found.to_fixed(found.to_moving(points)) - points).max() < 0.01


def test_volumes_and_masks_are_carried_over(found):
    grid = before().volume.geometry
    carried = carried_mask(after().truth.mask("liver"), after().volume.geometry, found.transform, grid)
    truth = before().truth.mask("liver")
    assert 2.0 * (carried & truth).sum() / (carried.sum() + truth.sum()) > 0.95
    scan = carried_volume(after().volume, found.transform, grid)
    zone = before().truth.mask("tumour_1")
    plain = truth & ~before().truth.mask("tumour_1")
    assert scan.geometry is grid and np.median(scan.array[zone]) < np.median(scan.array[plain]) - 30


def test_a_turn_and_a_shift_are_recovered_without_labels_and_the_error_is_said_to_be_unknown():
    turn = Deformation((25.0, -12.0, 31.0), (4.0, 3.0, -6.0), before().volume.geometry.center_mm)
    second = make_second_scan(SEED, "liver_tumour", "portal", **GRID, deformation=turn)
    found = at.register(before().volume, second.volume, deformable=False)
    miss = np.linalg.norm(found.to_moving(liver_points()) - turn.to_second(liver_points()), axis=1)
    assert miss.max() < 1.0
    assert found.quality.kind == "not checked" and found.error_mm is None
    assert any("not checked" in line for line in found.warnings)
    points = liver_points()[::200]
    pairs = {str(n): (point, turn.to_second(point)) for n, point in enumerate(points)}
    told = at.register(before().volume, second.volume, landmarks=pairs, deformable=False)
    true = np.linalg.norm(told.to_moving(points) - turn.to_second(points), axis=1)
    assert told.quality.kind == "landmarks" and told.quality.count == len(points)
    assert told.quality.mean_mm == pytest.approx(true.mean()) and "took no part in the fit" in told.quality.text


def cut(patient, low, size):
    volume = patient.volume
    geometry = volume.geometry.cropped(low, size)
    box = tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))
    return replace(volume, array=volume.array[box], geometry=geometry)


def test_the_answer_does_not_depend_on_the_number_of_threads():
    first, second = (cut(patient, (34, 30, 24), (28, 60, 56)) for patient in (before(), after()))
    answers = []
    most = numba.get_num_threads()
    try:
        for threads in (1, min(2, most)):
            numba.set_num_threads(threads)
            answers.append(at.register(first, second).transform)
    finally:
        numba.set_num_threads(most)
    assert np.array_equal(answers[0].matrix, answers[1].matrix)
    assert np.array_equal(answers[0].displacement_mm, answers[1].displacement_mm)


def test_a_transform_is_linear_between_its_nodes_and_goes_on_as_at_its_border():
    grid = VolumeGeometry.upright((3, 4, 5), (10.0, 10.0, 10.0), (-20.0, 5.0, 7.0))
    places = np.moveaxis(grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0)
    field = 0.1 * places + 2.0
    turn = np.array([[0, -1, 0, 3.0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    transform = Transform(turn, 1.0, field, grid)
    points = np.array([[-14.2, 11.0, 9.5], [3.3, 30.0, 26.0]])
    expected = points @ turn[:3, :3].T + turn[:3, 3] + 0.1 * points + 2.0
    assert np.allclose(transform.to_moving(points), expected, atol=1e-5)
    assert np.allclose(transform.to_fixed(expected), points, atol=1e-2)
    beyond = transform.to_moving(np.array([[-100.0, 5.0, 7.0]]))
    assert np.allclose(beyond[0], [-5.0 + 3.0 + 0.0 + 2.0 - 2.0, -100.0 + 2.5, 7.0 + 2.7], atol=1e-5)


def test_fields_that_are_none_are_refused():
    grid = VolumeGeometry.upright((3, 4, 5), (1.0, 1.0, 1.0))
    with pytest.raises(DataError, match="belong together"):
        Transform(np.eye(4), 0.0, np.zeros((3, 3, 4, 5)))
    with pytest.raises(DataError, match="three components"):
        Transform(np.eye(4), 0.0, np.zeros((2, 3, 4, 5)), grid)
    with pytest.raises(DataError, match="not finite"):
        Transform(np.eye(4), 0.0, np.full((3, 3, 4, 5), np.nan), grid)
    fold = np.zeros((3, 3, 4, 5))
    fold[0] = [0.0, 5.0, -5.0, 5.0, 0.0]
    with pytest.raises(DataError, match="folds over"):
        Transform(np.eye(4), 0.0, fold, grid).to_fixed([[2.0, 1.0, 1.0]])


def test_scans_that_do_not_belong_together_are_refused_by_name():
    volume = before().volume
    with pytest.raises(ScanError, match="different kinds: CT in HU and MR in no unit"):
        at.register(volume, replace(volume, modality="MR", units=""))
    with pytest.raises(ScanError, match="moving scan is too small"):
        at.register(volume, cut(before(), (10, 40, 40), (4, 40, 40)))
    with pytest.raises(ScanError, match="fixed scan is empty"):
        at.register(replace(volume, array=np.zeros(volume.array.shape, np.int16)), volume)
    broken = np.asarray(volume.array, np.float32).copy()
    broken[0, 0, 0] = np.nan
    with pytest.raises(ScanError, match=r"not finite.*the first at [RL] .* mm"):
        at.register(volume, replace(volume, array=broken))
    air = np.full(volume.array.shape, -1000, np.int16)
    air[:3, :12, :12] = 40
    with pytest.raises(ScanError, match=r"no part of the body in common|do not agree"):
        at.register(volume, replace(volume, array=air))
    with pytest.raises(UsageError, match="no segment is called 'spleem'"):
        at.register(volume, volume, before().truth, region="spleem")
    with pytest.raises(DataError, match="not on the grid"):
        at.register(cut(before(), (2, 0, 0), (50, 128, 128)), volume, before().truth)
    with pytest.raises(DataError, match="too small to guide"):
        mask = np.zeros(volume.array.shape, bool)
        mask[30:33, 60:64, 60:64] = True
        at.register(volume, volume, region=mask)
    with pytest.raises(DataError, match="landmarks are no pairs"):
        at.register(volume, volume, landmarks=([(0, 0, 0)], [(0, 0)]))
