"""The tissue of a chamber: velocities that are reached, what is dead is out, eikonal and tissue agree."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels.elements import sizes_and_gradients
from anatomy_twin.simulation.electro import eikonal, pipeline
from anatomy_twin.simulation.electro.assembly import element_rates
from anatomy_twin.simulation.electro.base import Stimulus, activation_ms
from anatomy_twin.simulation.electro.chamber_tissue import (
    ClassTissue,
    ElectroModel,
    conduction_of,
    eikonal_of,
    electro_model,
    mean_edge_mm,
    tissue_of,
    told,
)
from tests.support.sheets import bar, sheet


def paced(system, nodes, duration_ms):
    system = replace(system, stimuli=(Stimulus(0.0, np.flatnonzero(nodes)),))
    return activation_ms(system, pipeline.run(system, pipeline.init(system), duration_ms)[-1])


@pytest.mark.parametrize(("axis", "wanted"), [(0, 0.6), (1, 0.27)])
def test_a_sheet_conducts_along_and_across_fibres_as_fast_as_is_wanted(axis, wanted):
    chamber = sheet(40.0, 40.0)
    along = chamber.surface.points_mm[:, axis]
    times = paced(tissue_of(chamber), along < 2.0, 40.0 / wanted)
    middle = (along > 15.0) & (along < 32.0) & (np.abs(chamber.surface.points_mm[:, 1 - axis] - 20.0) < 10.0)
    reached = 1.0 / np.polyfit(along[middle], times[middle], 1)[0]
    assert reached == pytest.approx(wanted, rel=0.03)
    tuning = conduction_of(chamber, ElectroModel())["healthy"][axis]
    assert tuning.wanted_m_s == wanted and tuning.reached_m_s == pytest.approx(wanted, rel=0.003)
    front = eikonal.activation(eikonal_of(chamber), np.flatnonzero(along < 2.0)).times_ms
    assert 1.0 / np.polyfit(along[middle], front[middle], 1)[0] == pytest.approx(wanted, rel=0.02)


def test_no_front_passes_a_row_of_dead_nodes_and_none_is_drained_by_it():
    chamber = sheet(30.0, 16.0)
    x = chamber.surface.points_mm[:, 0]
    column = np.abs(x - 20.0) < 0.55  # one or two nodes in every row
    system = tissue_of(chamber, dead=column)
    times = paced(system, x < 2.0, 120.0)
    assert np.isnan(times[column]).all() and np.isnan(times[x > 20.6]).all() and np.isfinite(times[x < 19.4]).all()
    cut = sheet(30.0, 16.0, inside=lambda points: points[:, 0] < 19.6)  # the same sheet, ending where it is dead
    alone = paced(tissue_of(cut), cut.surface.points_mm[:, 0] < 2.0, 120.0)
    _, same = cKDTree(chamber.surface.points_mm).query(cut.surface.points_mm)
    assert np.abs(alone - times[same])[cut.surface.points_mm[:, 0] < 18.0].max() < 0.5
    front = eikonal_of(chamber, dead=column)
    reached = eikonal.activation(front, [0]).reached
    assert not reached[column].any() and not reached[x > 20.6].any() and reached[x < 19.4].all()
    with pytest.raises(SimulationError, match="blocked tissue"):
        eikonal.activation(front, [int(np.flatnonzero(column)[0])])


def test_rates_with_dead_nodes_conserve_charge_and_never_amplify():
    """Mass times rates stays symmetric, without positive eigenvalues, with nothing at dead nodes."""
    random = np.random.default_rng(4)
    chamber = sheet(9.0, 9.0, 0.9)
    points, triangles = chamber.surface.points_mm, chamber.surface.triangles
    dead = random.random(len(points)) < 0.3
    tensor = np.array([[0.3, 0.12, 0.0], [0.12, 0.06, 0.0], [0.0, 0.0, 0.06]])
    rates = element_rates(points, triangles, np.tile(tensor, (len(triangles), 1, 1)), dead).toarray()
    size, _ = sizes_and_gradients(points, triangles)
    mass = np.bincount(triangles.ravel(), np.repeat(size / 3.0, 3), len(points))
    flows = mass[:, None] * rates
    assert np.abs(flows - flows.T).max() < 1e-12 and not flows[dead].any() and not flows[:, dead].any()
    closed = flows - np.diag(flows.sum(axis=1))
    assert np.linalg.eigvalsh(closed).max() < 1e-12
    live = ~dead
    edges = (flows[live][:, live] != 0.0).sum()
    assert edges > live.sum()  # what is alive still hangs together


def test_scar_conducts_slowly_or_not_at_all_as_is_chosen():
    def scar(points):
        return np.where(np.abs(points[:, 0] - 12.0) < 3.0, 2, 0)

    chamber = sheet(24.0, 8.0, classes=scar)
    x = chamber.surface.points_mm[:, 0]
    slow = paced(tissue_of(chamber), x < 2.0, 150.0)
    healthy = paced(tissue_of(replace(chamber, substrate=None)), x < 2.0, 150.0)
    beyond = x > 18.0
    assert np.isfinite(slow[beyond]).all()
    extra = np.median(slow[beyond] - healthy[beyond])
    assert extra == pytest.approx(6.0 / 0.2 - 6.0 / 0.6, rel=0.3)  # where the classes meet it is neither
    never = paced(tissue_of(chamber, electro_model(dense_conducts=False)), x < 2.0, 150.0)
    assert np.isnan(never[x > 9.0]).all() and np.isfinite(never[x < 8.5]).all()


def test_voxels_conduct_along_fibres_as_wanted_and_dead_ones_block():
    muscle = bar()
    model = electro_model("ventricle_two_variable")
    x = muscle.points_mm()[:, 0]
    times = paced(tissue_of(muscle, model), x < 3.0, 60.0)
    middle = (x > 12.0) & (x < 26.0)
    assert 1.0 / np.polyfit(x[middle], times[middle], 1)[0] == pytest.approx(0.63, rel=0.03)
    wall = np.abs(x - 20.0) < 0.3
    blocked = paced(tissue_of(muscle, model, wall), x < 3.0, 60.0)
    assert np.isnan(blocked[x > 19.7]).all() and np.isfinite(blocked[x < 19.7]).all()
    front = eikonal.activation(eikonal_of(muscle, model, wall), [0])
    assert front.reached[x < 19.7].all() and not front.reached[x > 19.7].any()


def test_without_fibres_it_conducts_alike_and_says_so_or_is_refused():
    bare = sheet(fibres=False)
    (along, across), edge = conduction_of(bare, ElectroModel())["healthy"], mean_edge_mm(bare)
    assert along == across and along.wanted_m_s == pytest.approx(np.sqrt(0.6 * 0.27)) and edge == pytest.approx(0.8)
    numbers, assumed = told(bare, ElectroModel())
    assert "alike in all directions" in numbers["fibres"] and "conduction velocities" in assumed
    assert "0.402 m/s wanted" in numbers["conduction healthy"] and "reached" in numbers["conduction healthy"]
    with pytest.raises(SimulationError, match="no fibres"):
        tissue_of(bare, ElectroModel(needs_fibres=True))


def test_a_drug_acts_on_every_class_and_what_cannot_be_is_refused():
    plain = electro_model("atrium_courtemanche")
    model = electro_model("atrium_courtemanche", drug="amiodarone")
    assert all(model.cells(name)["g_kr"] < plain.cells(name)["g_kr"] for name in model.classes)
    assert model.multirate is not None and "Amiodarone, 0.8 nM" in told(sheet(), model)[0]["drug"]
    chamber = sheet(8.0, 8.0)
    everything = np.ones(len(chamber.surface.points_mm), bool)
    for wrong, words in (
        (lambda: electro_model("atrium"), "no electrical model 'atrium'"),
        (lambda: electro_model(drug="amiodarone"), "none of the channels"),
        (lambda: electro_model("atrium_courtemanche", drug="tea"), "no drug 'tea'"),
        (lambda: ElectroModel(classes={"healthy": ClassTissue(0.6, 0.3)}), "nothing of interstitial muscle"),
        (lambda: ClassTissue(0.3, 0.6), "0.6 m/s across fibres and 0.3 along"),
        (lambda: tissue_of(chamber, dead=everything), "nothing of 'left_atrium' is left alive"),
        (lambda: tissue_of(chamber, dead=everything[:-1]), "True or False for each of its"),
    ):
        with pytest.raises(SimulationError, match=words):
            wrong()
    again = pickle.loads(pickle.dumps(tissue_of(chamber)))  # as it goes to another process
    assert paced(again, again.points_mm[:, 0] < 2.0, 20.0) == pytest.approx(
        paced(tissue_of(chamber), again.points_mm[:, 0] < 2.0, 20.0), nan_ok=True)
