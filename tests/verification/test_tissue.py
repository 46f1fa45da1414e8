"""The spread of voltage and the monodomain simulation against what is known exactly or by independent programs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from scipy import spatial

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.assembly import element_rates, fibre_tensors, voxel_rates
from anatomy_twin.simulation.electro.base import Multirate, Stimulus, activation_ms, voltage_mv
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.reaction import advance_exactly
from anatomy_twin.simulation.electro.spread import box_lattice, diffusivity_mm2_ms, rows_of, stepper, substeps

TENSOR = np.array([[0.10, 0.03, -0.01], [0.03, 0.05, 0.02], [-0.01, 0.02, 0.04]])
ALONG, ACROSS = 0.0952986, 0.0125759  # mm2/ms, of the benchmark of Niederer et al. 2011


def oblique_grid(shape, spacing=(0.5, 0.4, 0.3)):
    """A grid that is turned against the world axes."""
    turned = spatial.transform.Rotation.from_euler("xyz", (20.0, -35.0, 50.0), degrees=True).as_matrix()
    return VolumeGeometry(shape, spacing, turned, (3.0, -7.0, 11.0), "")


def applied(rates, values):
    """The sum of rate (V_j - V_i) at every node."""
    return rates @ values - rates.sum(axis=1) * values


def ball_mask(shape):
    k, j, i = np.indices(shape)
    middle = (np.array(shape) - 1) / 2.0
    return (k - middle[0]) ** 2 + (j - middle[1]) ** 2 + (i - middle[2]) ** 2 < (min(shape) / 2.2) ** 2


def test_voxels_spread_a_quadratic_field_exactly_in_any_direction():
    grid = oblique_grid((9, 10, 11))
    points = grid.to_world(np.argwhere(np.ones(grid.shape, bool)).astype(float))
    rates = voxel_rates(np.ones(grid.shape, bool), grid, np.broadcast_to(TENSOR, (len(points), 3, 3)))
    bend = np.array([[0.4, 0.1, 0.0], [0.1, -0.2, 0.3], [0.0, 0.3, 0.7]])
    values = np.einsum("na,ab,nb->n", points, bend, points) + points @ (1.0, 2.0, -3.0)
    inner = np.zeros(grid.shape, bool)
    inner[1:-1, 1:-1, 1:-1] = True
    assert applied(rates, values)[inner.ravel()] == pytest.approx(2.0 * np.trace(TENSOR @ bend), rel=1e-8)


def test_nothing_leaves_voxels_and_elements_and_nothing_spreads_where_all_is_alike():
    random = np.random.default_rng(1)
    mask = ball_mask((9, 12, 10))
    rates = voxel_rates(mask, oblique_grid(mask.shape), np.broadcast_to(TENSOR, (int(mask.sum()), 3, 3)))
    values = random.normal(size=rates.shape[0])
    assert applied(rates, values).sum() == pytest.approx(0.0, abs=1e-9)
    sphere = trimesh.creation.icosphere(subdivisions=3, radius=10.0)
    points, triangles = np.asarray(sphere.vertices), np.asarray(sphere.faces)
    of_sphere = element_rates(points, triangles, ALONG)
    mass = np.bincount(triangles.ravel(), np.repeat(sphere.area_faces / 3.0, 3), len(points))
    values = random.normal(size=len(points))
    assert mass @ applied(of_sphere, values) == pytest.approx(0.0, abs=1e-9)


def test_a_harmonic_of_a_sphere_fades_as_fast_as_it_should():
    """z on a sphere of radius R: the surface Laplacian is -2 z / R^2."""
    errors = []
    for subdivisions in (3, 4):
        sphere = trimesh.creation.icosphere(subdivisions=subdivisions, radius=10.0)
        points = np.asarray(sphere.vertices, np.float64)
        fading = applied(element_rates(points, np.asarray(sphere.faces), ALONG), points[:, 2])
        errors.append(np.abs(fading + 2.0 * ALONG / 100.0 * points[:, 2]).mean() / (2.0 * ALONG / 10.0))
    assert errors[1] < 0.01 and errors[1] < 0.6 * errors[0]


def test_tetrahedra_spread_along_fibres_as_the_tensor_says():
    """A cosine along each axis of a box that nothing leaves: an eigenfunction with D (pi / L)^2."""
    k, j, i = np.meshgrid(*(np.linspace(0.0, 6.0, 13),) * 3, indexing="ij")
    points = np.stack([i.ravel(), j.ravel(), k.ravel()], -1)
    corner = np.arange(13**3).reshape(13, 13, 13)
    cube = np.stack([corner[a : a + 12, b : b + 12, c : c + 12].ravel()
                     for a in (0, 1) for b in (0, 1) for c in (0, 1)], -1)  # fmt: skip
    six = ((0, 1, 3, 7), (0, 1, 5, 7), (0, 2, 3, 7), (0, 2, 6, 7), (0, 4, 5, 7), (0, 4, 6, 7))
    tetrahedra = np.concatenate([cube[:, list(one)] for one in six])
    fibres = np.broadcast_to([0.0, 1.0, 0.0], (len(tetrahedra), 3))
    mass = np.bincount(tetrahedra.ravel(), minlength=len(points))  # all have the same volume
    rates = element_rates(points, tetrahedra, fibre_tensors(fibres, ALONG, ACROSS))
    for axis, diffusivity in ((0, ACROSS), (1, ALONG), (2, ACROSS)):
        wave = np.cos(np.pi * points[:, axis] / 6.0)
        fading = (mass * wave) @ applied(rates, wave) / ((mass * wave) @ wave)
        assert fading == pytest.approx(-diffusivity * (np.pi / 6.0) ** 2, rel=0.03)


@pytest.mark.parametrize("on_nodes", [True, False])
def test_a_box_fades_a_cosine_to_second_order(on_nodes):
    errors = []
    for count in (9, 17):
        cells = count - 1 if on_nodes else count
        step = 8.0 / cells
        x = (np.arange(count) + (0.0 if on_nodes else 0.5)) * step
        box = box_lattice((count, 3, count), (step, 1.0, step), (ALONG, ACROSS, ACROSS), on_nodes)
        wave = np.cos(np.pi * x / 8.0)[:, None, None] * np.cos(2.0 * np.pi * x / 8.0) * np.ones((1, 3, 1))
        v, out = np.zeros(box.places, np.float32), np.zeros(box.places, np.float32)
        v[box.place] = wave.ravel()
        stepper(box, 0.1)(v, out)
        fading = (out - v)[box.place].astype(np.float64) @ wave.ravel() / (0.1 * (wave**2).sum())
        exact = -(ALONG + 4.0 * ACROSS) * (np.pi / 8.0) ** 2
        errors.append(abs(fading / exact - 1.0))
    assert errors[1] < 0.01 and errors[1] < 0.3 * errors[0] + 1e-4


def test_the_kernel_spreads_as_the_rates_say():
    random = np.random.default_rng(2)
    sphere = trimesh.creation.icosphere(subdivisions=4, radius=12.0)
    rates = element_rates(np.asarray(sphere.vertices), np.asarray(sphere.faces), ALONG)
    rows = rows_of(rates)
    v, out = np.zeros(rows.places, np.float32), np.zeros(rows.places, np.float32)
    values = random.normal(size=rates.shape[0]).astype(np.float32)
    v[rows.place] = values
    stepper(rows, 0.05)(v, out)
    assert out[rows.place] == pytest.approx(values + 0.05 * applied(rates, values.astype(np.float64)), abs=2e-6)
    mask = np.ones((4, 5, 19), bool)
    grid = VolumeGeometry(mask.shape, (0.5, 0.4, 0.3), np.eye(3)[::-1], (0.0, 0.0, 0.0), "")
    by_axis = np.broadcast_to(np.diag([ACROSS, 0.02, ALONG]), (mask.size, 3, 3))
    box = box_lattice(mask.shape, grid.spacing_mm, (ALONG, 0.02, ACROSS), border_on_nodes=False)
    rates = voxel_rates(mask, grid, by_axis)
    v, out = np.zeros(box.places, np.float32), np.zeros(box.places, np.float32)
    values = random.normal(size=mask.size).astype(np.float32)
    v[box.place] = values
    stepper(box, 0.05)(v, out)
    assert out[box.place] == pytest.approx(values + 0.05 * applied(rates, values.astype(np.float64)), abs=2e-6)


def cable(spacing_mm, diffusivity, model, kind, dt_ms, length_mm=20.0, **changed):
    """A cable along x that is paced at its beginning."""
    count = round(length_mm / spacing_mm) + 1
    box = box_lattice((1, 1, count), (1.0, 1.0, spacing_mm), (1e-9, 1e-9, diffusivity))
    points = np.zeros((count, 3))
    points[:, 0] = np.arange(count) * spacing_mm
    stimulus = Stimulus(0.0, np.flatnonzero(points[:, 0] <= 1.5), 50.0, 2.0)
    return pipeline.tissue(points, box, model, (kind,), dt_ms, stimuli=(stimulus,), watch_ms=dt_ms, **changed)


def velocity_m_s(system, state, from_mm, to_mm):
    """The velocity of a front between two places, mm per ms."""
    x, time = system.points_mm[:, 0], activation_ms(system, state)
    return (to_mm - from_mm) / np.diff(np.interp([from_mm, to_mm], x, time))[0]


def test_a_front_of_nagumo_moves_at_its_exact_velocity():
    """V' = D V'' + k V (V - a)(1 - V) / T: c = sqrt(D k / (2 T)) (1 - 2 a), as with a cell that never recovers."""
    model = ionic_model("aliev_panfilov_1996")
    kind = model.parameters(epsilon=0.0, mu_1=0.0)
    exact = np.sqrt(ALONG * kind["k"] / (2.0 * kind["time_unit_ms"])) * (1.0 - 2.0 * kind["a"])
    errors = []
    for spacing, dt in ((0.4, 0.2), (0.2, 0.05)):
        system = cable(spacing, ALONG, model, kind, dt, threshold_mv=-30.0)
        state = pipeline.run(system, pipeline.init(system), 170.0)[-1]
        errors.append(abs(velocity_m_s(system, state, 8.0, 16.0) / exact - 1.0))
    assert errors[1] < 0.01 and errors[1] < 0.35 * errors[0]  # dt is cut with the square of the spacing


@pytest.mark.parametrize(
    ("spacing_mm", "along_m_s", "across_m_s"), [(0.5, 0.422, 0.0485), (0.2, 0.559, 0.145), (0.1, 0.599, 0.191)]
)
def test_ten_tusscher_cables_are_as_slow_on_coarse_meshes_as_others_found(spacing_mm, along_m_s, across_m_s):
    """Velocities of an independent program in C with the same scheme (lumped, explicit), TT06, at these spacings."""
    model = ionic_model("ten_tusscher_2006")
    for diffusivity, known, length in ((ALONG, along_m_s, 20.0), (ACROSS, across_m_s, 8.0)):
        system = cable(spacing_mm, diffusivity, model, model.parameters("epicardium"), 0.02, length, threshold_mv=0.0)
        state = pipeline.run(system, pipeline.init(system, "epicardium"), 1.4 * length / known)[-1]
        assert velocity_m_s(system, state, 0.4 * length, 0.8 * length) == pytest.approx(known, rel=0.01)


def test_tissue_without_neighbours_in_another_state_is_a_cell():
    model = ionic_model("ten_tusscher_2006")
    kind = model.parameters("epicardium")
    system = cable(0.5, ALONG, model, kind, 0.02, 5.0)
    system = replace(system, stimuli=(Stimulus(0.0, np.arange(system.count), 35.0, 2.0),))
    state = pipeline.run(system, pipeline.init(system, "epicardium"), 20.0)[-1]
    v, y = model.initial("epicardium")
    v, y = np.array([v]), np.array(y)[:, None]
    for step in range(1000):
        v += 0.7 * (step < 100)
        advance_exactly(model, 0.02, v, y, kind)
    assert voltage_mv(system, state) == pytest.approx(float(v[0]), abs=0.02)


def test_a_run_in_parts_is_the_run():
    model = ionic_model("ten_tusscher_2006")
    system = cable(0.4, ALONG, model, model.parameters("epicardium"), 0.02)
    start = pipeline.init(system, "epicardium")
    whole = pipeline.run(system, start, 24.0)[-1]
    parts = pipeline.run(system, start, 24.0, every_ms=8.0)
    again = pipeline.run(system, pipeline.step(system, parts[0], 400), 8.0)[-1]
    for other in (parts[-1], again):
        assert np.array_equal(voltage_mv(system, other), voltage_mv(system, whole))
        assert np.array_equal(activation_ms(system, other), activation_ms(system, whole), equal_nan=True)
    up = pipeline.run(system, start, 24.0, 4.0, until=lambda state: bool((voltage_mv(system, state) > 0.0).any()))
    assert up[-1].steps == 200


def test_resting_tiles_react_seldom_and_activation_does_not_move():
    model = ionic_model("ten_tusscher_2006")
    kind = model.parameters("epicardium")
    shape = (4, 15, 41)
    points = np.stack(np.meshgrid(*(np.arange(n) * 0.5 for n in shape), indexing="ij")[::-1], -1).reshape(-1, 3)
    box = box_lattice(shape, (0.5,) * 3, (ACROSS, ACROSS, ALONG))
    stimulus = Stimulus(0.0, np.flatnonzero((points <= 1.5).all(axis=1)), 35.714, 2.0)
    found = {}
    for multirate in (None, Multirate(5, 0.5), Multirate(10, 2.0)):
        system = pipeline.tissue(points, box, model, (kind,), 0.02, stimuli=(stimulus,), multirate=multirate,
                                 threshold_mv=0.0, watch_ms=0.02)  # fmt: skip
        found[multirate] = activation_ms(system, pipeline.run(system, pipeline.init(system, "epicardium"), 140.0)[-1])
    plain = found[None]
    assert np.isfinite(plain).all()
    for times in found.values():
        assert times == pytest.approx(plain, abs=0.021)


def test_tiles_at_rest_stay_right_when_a_run_goes_on_from_where_it_was():
    """In pieces that are no whole number of windows, begun anew while the front is under way."""
    model = ionic_model("ten_tusscher_2006")
    kind = model.parameters("epicardium")
    plain = cable(0.4, ALONG, model, kind, 0.02, 100.0)
    multirate = cable(0.4, ALONG, model, kind, 0.02, 100.0, multirate=Multirate(10, 2.0))
    state = start = pipeline.init(plain, "epicardium")
    while state.steps < 4000:
        state = pipeline.run(multirate, state, 0.5)[-1]  # 25 steps are three windows of 10
        assert state.steps % 10 == 0
    known = pipeline.run(plain, start, 0.02 * state.steps)[-1]
    assert 0.2 < np.isfinite(activation_ms(plain, known)).mean() < 0.8
    assert activation_ms(multirate, state) == pytest.approx(activation_ms(plain, known), abs=0.001, nan_ok=True)
    assert voltage_mv(multirate, state) == pytest.approx(voltage_mv(plain, known), abs=0.1)
    assert pipeline.step(multirate, start, 3).steps == 10


CORNERS = [(0, 0, 0), (0, 7, 0), (20, 0, 0), (20, 7, 0), (0, 0, 3), (0, 7, 3), (20, 0, 3), (20, 7, 3)]


def slab_times(spacing_mm, dt_ms, duration_ms):
    """Activation of the slab of Niederer et al. (Phil Trans A 2011;369:4331), P1 to P8, by Vm through 0 mV."""
    model = ionic_model("ten_tusscher_2006")
    shape = tuple(round(length / spacing_mm) + 1 for length in (3.0, 7.0, 20.0))
    points = np.stack(np.meshgrid(*(np.arange(n) * spacing_mm for n in shape), indexing="ij")[::-1], -1).reshape(-1, 3)
    box = box_lattice(shape, (spacing_mm,) * 3, tuple(diffusivity_mm2_ms([0.0176062, 0.0176062, 0.133418])))
    stimulus = Stimulus(0.0, np.flatnonzero((points <= 1.5 + 1e-9).all(axis=1)), 35.714, 2.0)
    system = pipeline.tissue(points, box, model, (model.parameters("epicardium"),), dt_ms, stimuli=(stimulus,),
                             threshold_mv=0.0, watch_ms=dt_ms)  # fmt: skip
    times = activation_ms(system, pipeline.run(system, pipeline.init(system, "epicardium"), duration_ms)[-1])
    return np.array([times[int(np.argmin(((points - place) ** 2).sum(axis=1)))] for place in CORNERS])


@pytest.mark.parametrize(
    ("spacing_mm", "dt_ms", "duration_ms", "known"),
    [(0.5, 0.01, 135.0, (1.230, 114.03, 44.77, 124.96, 27.16, 115.45, 49.95, 125.88)),
     (0.2, 0.02, 60.0, (1.26, 40.22, 34.58, 53.18, 11.92, 42.04, 36.02, 54.14))],
)
def test_the_slab_of_niederer_is_activated_as_by_an_independent_program(spacing_mm, dt_ms, duration_ms, known):
    """Its scheme is this one (lumped, explicit): at 0.5 mm with steps of 0.005 ms, at 0.2 mm with ours, which it tells
    at the end of a step."""
    found = slab_times(spacing_mm, dt_ms, duration_ms)
    assert found == pytest.approx(known, rel=0.006 if spacing_mm > 0.2 else 0.0, abs=0.05)


@pytest.mark.long  # minutes; the test above pins two of its meshes
def test_the_last_corner_of_the_slab_goes_to_the_limit_of_fine_meshes():
    """P8 by Richardson's extrapolation; programs that converge give 41.4 to 43.2 ms."""
    coarse, middle, fine = (slab_times(*each)[7] for each in ((0.2, 0.02, 60.0), (0.1, 0.01, 48.0), (0.05, 0.01, 46.0)))
    assert coarse > middle > fine and (coarse - middle) / (middle - fine) > 2.5
    assert 41.4 < fine + (fine - middle) / 3.0 < 43.2


def test_a_step_that_cannot_be_stable_is_cut_or_refused_with_its_node():
    sphere = trimesh.creation.icosphere(subdivisions=4, radius=3.0)
    rows = rows_of(element_rates(np.asarray(sphere.vertices), np.asarray(sphere.faces), ALONG))
    assert substeps(rows, 0.02) == 1 and 1 < substeps(rows, 0.3) <= 20
    with pytest.raises(SimulationError, match=r"5 ms is unstable: node \d+ allows 0\.0\d+ ms"):
        substeps(rows, 5.0)
    model = ionic_model("mitchell_schaeffer_2003")
    points = np.asarray(sphere.vertices)
    stimulus = Stimulus(0.0, np.flatnonzero(points[:, 2] > 2.5), 50.0, 2.0)
    system = pipeline.tissue(points, rows, model, dt_ms=0.3, stimuli=(stimulus,))
    assert system.substeps > 1
    times = activation_ms(system, pipeline.run(system, pipeline.init(system), 60.0)[-1])
    assert np.isfinite(times).all() and times.max() < 40.0


def test_numbers_that_are_none_stop_the_run_by_node_and_time():
    model = ionic_model("ten_tusscher_2006")
    system = cable(0.4, ALONG, model, model.parameters("epicardium"), 0.02)
    start = pipeline.init(system, "epicardium")
    v = start.v.copy()
    v[system.spread.place[7]] = np.nan
    with pytest.raises(SimulationError, match=r"the voltage of node 7 is nan mV at step 0 \(0 ms\)"):
        pipeline.run(system, replace(start, v=v), 10.0)
    wild = replace(system, stimuli=(Stimulus(5.0, np.array([12]), 1e6, 1.0),))
    with pytest.raises(SimulationError, match=r"the voltage of node 12 is .* mV at step 251 \(5.02 ms\)"):
        pipeline.run(wild, start, 10.0)
    with pytest.raises(SimulationError, match="nodes that are not there"):
        cable_of = replace(system.stimuli[0], nodes=np.array([10_000]))
        pipeline.tissue(system.points_mm, system.spread, model, stimuli=(cable_of,))
