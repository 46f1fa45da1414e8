"""Voxels with a tensor each, as their kernel spreads voltage, against the same rates as a sparse matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import eigs
from scipy.spatial.transform import Rotation

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.assembly import fibre_tensors, voxel_rates
from anatomy_twin.simulation.electro.base import Multirate, Stimulus, activation_ms, voltage_mv
from anatomy_twin.simulation.electro.bricks import bricks_of
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.spread import rows_of, stepper, substeps

TENSOR = np.array([[0.10, 0.03, -0.01], [0.03, 0.05, 0.02], [-0.01, 0.02, 0.04]])


def oblique_grid(shape):
    turned = Rotation.from_euler("xyz", (20.0, -35.0, 50.0), degrees=True).as_matrix()
    return VolumeGeometry(shape, (0.5, 0.4, 0.3), turned, (3.0, -7.0, 11.0), "")


def masks():
    """A ball, voxels at random with holes and loose ones, a plate one voxel thick, and one voxel."""
    random = np.random.default_rng(4)
    shape = (9, 8, 37)
    k, j, i = np.indices(shape)
    plate, single = k == 8, np.zeros(shape, bool)
    single[3, 4, 36] = True
    ball = (k - 4) ** 2 + (j - 4) ** 2 + (0.3 * (i - 18)) ** 2 < 16
    return {"ball": ball, "random": random.random(shape) < 0.6, "plate": plate, "one": single}


@pytest.mark.parametrize("name", ["ball", "random", "plate", "one"])
def test_the_kernel_spreads_as_the_rates_of_voxels_say(name):
    mask = masks()[name]
    grid, count = oblique_grid(mask.shape), int(mask.sum())
    random = np.random.default_rng(5)
    tensors = TENSOR * random.uniform(0.3, 1.5, count)[:, None, None]
    rates = voxel_rates(mask, grid, tensors)
    bricks = bricks_of(mask, grid, tensors)
    values = random.normal(size=count).astype(np.float32)
    v, out = np.zeros(bricks.places, np.float32), np.full(bricks.places, np.nan, np.float32)
    v[bricks.place] = values
    stepper(bricks, 0.05)(v, out)
    exact = values + 0.05 * (rates @ values - rates.sum(axis=1) * values)
    assert out[bricks.place] == pytest.approx(exact, abs=1e-6)
    assert np.isfinite(out).all()
    kept = bricks.sparse_rates()
    assert abs(kept.sum(axis=1)).max() < 1e-6
    if name == "ball":  # as long as a step may be, nothing grows
        lowest = eigs(kept, k=1, which="LM", return_eigenvectors=False)[0]
        assert -2.0 <= lowest.real / bricks.sums().max() < 0.0
    kept.setdiag(0.0)
    assert abs(kept - rates).max() < 1e-6


def test_nothing_leaves_voxels_and_nothing_passes_those_that_do_not_conduct():
    mask = masks()["ball"]
    grid, count = oblique_grid(mask.shape), int(mask.sum())
    random = np.random.default_rng(6)
    wall = np.abs(np.argwhere(mask)[:, 2] - 18) < 1
    bricks = bricks_of(mask, grid, np.broadcast_to(TENSOR, (count, 3, 3)), ~wall)
    v, out = np.zeros(bricks.places, np.float32), np.zeros(bricks.places, np.float32)
    left = np.argwhere(mask)[:, 2] < 18
    v[bricks.place[left]] = random.uniform(1.0, 2.0, int(left.sum()))
    total, step = float(v.sum(dtype=np.float64)), stepper(bricks, 0.2)
    for _ in range(200):
        step(v, out)
        v, out = out, v
    assert v[bricks.place[left]].sum(dtype=np.float64) == pytest.approx(total, rel=1e-5)
    assert not v[bricks.place[~left]].any()
    assert v[bricks.place[left]].std() < 0.2
    with pytest.raises(SimulationError, match="conducting"):
        bricks_of(mask, grid, 0.1, wall[:-1])
    with pytest.raises(SimulationError, match="with 0 voxels"):
        bricks_of(np.zeros_like(mask), grid, 0.1)
    with pytest.raises(SimulationError, match="unstable"):
        substeps(bricks_of(mask, grid, 5.0), 1.0)


@pytest.fixture(scope="module")
def tissues():
    """A ball of turning fibres that is paced at one end: by its kernel, and as rows of a matrix."""
    shape = (14, 15, 40)
    grid = VolumeGeometry.upright(shape, (0.5,) * 3)
    k, j, i = np.indices(shape)
    mask = (k - 6.5) ** 2 / 49 + (j - 7) ** 2 / 49 + (i - 19.5) ** 2 / 400 < 1.0
    points = grid.to_world(np.argwhere(mask))
    angle = 0.3 * points[:, 2]
    tensors = fibre_tensors(np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], -1), 0.2, 0.05)
    model = ionic_model("mitchell_schaeffer_2003")
    paced = Stimulus(0.0, np.flatnonzero(points[:, 0] < 2.0))
    return [
        pipeline.tissue(points, spread, model, dt_ms=0.05, stimuli=(paced,), watch_ms=0.05)
        for spread in (bricks_of(mask, grid, tensors), rows_of(voxel_rates(mask, grid, tensors)))
    ]


def test_a_beat_runs_through_bricks_as_through_rows_of_a_matrix(tissues):
    ends = [pipeline.run(system, pipeline.init(system), 60.0)[-1] for system in tissues]
    times = [activation_ms(system, end) for system, end in zip(tissues, ends, strict=True)]
    assert np.isfinite(times[0]).all() and times[0].max() > 15.0
    assert times[0] == pytest.approx(times[1], abs=2e-3)
    volts = [voltage_mv(system, end) for system, end in zip(tissues, ends, strict=True)]
    assert volts[0] == pytest.approx(volts[1], abs=0.01)


def test_bricks_at_rest_may_react_seldom(tissues):
    plain = tissues[0]
    seldom = pipeline.tissue(
        plain.points_mm, plain.spread, plain.reaction.model, dt_ms=0.05, stimuli=plain.stimuli, watch_ms=0.05,
        multirate=Multirate(5, 0.5),
    )
    known = activation_ms(plain, pipeline.run(plain, pipeline.init(plain), 60.0)[-1])
    found = activation_ms(seldom, pipeline.run(seldom, pipeline.init(seldom), 60.0)[-1])
    assert found == pytest.approx(known, abs=0.051)
