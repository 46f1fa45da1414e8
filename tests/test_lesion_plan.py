"""Plans of lesions: what their check says against known gaps and distances, and what activation proves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import anatomy_twin as at
from anatomy_twin.anatomy.heart.chamber_file import load_chamber
from anatomy_twin.anatomy.heart.landmarks import named_openings
from anatomy_twin.anatomy.heart.regions import with_regions
from anatomy_twin.anatomy.heart.remesh import remeshed
from anatomy_twin.anatomy.heart.surface import chamber_of
from anatomy_twin.catalog import load
from anatomy_twin.core import Code, LabelMap, LesionLine, LesionPlan, LesionPoint, Segment, Volume, VolumeGeometry
from anatomy_twin.core.heart import Chamber, Opening
from anatomy_twin.core.results import ElectroResult
from anatomy_twin.errors import DataError, PlanError, SimulationError
from anatomy_twin.kernels import surface_paths
from anatomy_twin.plan.lesion_ground import size_by_table
from anatomy_twin.simulation.electro.chamber_tissue import ClassTissue, ElectroModel, electro_model
from anatomy_twin.simulation.electro.lesion_result import ActivationModel
from anatomy_twin.simulation.thermal.cardiac import cardiac_lesion
from tests.support.made_atrium import FOUR, made_atrium
from tests.test_heart_lesions import plate
from tests.test_surface_paths import tube

GRID = VolumeGeometry.upright((40, 40, 40), (4.0, 4.0, 4.0), (-68.0, -110.0, -40.0))


def case_of(chamber, labels=None):
    array = np.zeros(GRID.shape, np.int16)
    return at.Case.new(volume=Volume(array, GRID), labels=labels).with_chamber(chamber)


@pytest.fixture(scope="module")
def case():
    return case_of(with_regions(chamber_of(made_atrium().surface)))


@pytest.fixture(scope="module")
def atrium(case):
    return case.chamber("left_atrium")


@pytest.fixture(scope="module")
def pvi(atrium):
    return at.lesion_set(atrium, "wide_area_pvi")


def rules_of(case, lesions):
    check = at.check_plan(case, LesionPlan("try", "left_atrium", tuple(lesions)))
    return check, {rule.name: rule for rule in check.rules}


def outcomes(rules, start):
    return [rule.outcome for name, rule in rules.items() if name.startswith(start)]


def test_whole_lines_round_the_veins_break_no_rule_and_cost_what_they_measure(case, atrium, pvi):
    check, rules = rules_of(case, pvi)
    assert check.feasible and outcomes(rules, "isolates") == ["passed"] * 4
    assert rules["lesions on the wall"].outcome == rules["no lesion within a pulmonary vein"].outcome == "passed"
    assert rules["keeps off the oesophagus"].outcome == "not checked"
    costs = {cost.name: cost.value for cost in check.costs}
    killed = at.ablated(atrium, pvi)
    assert costs["length of lines"] == pytest.approx(killed.length_mm, abs=0.1)
    assert costs["ablated area"] > 0.0 and 10.0 < costs["isolated area"] < 60.0
    assert outcomes(rules_of(case, at.lesion_set(atrium, "roof_line"))[1], "isolates") == ["not checked"] * 4


def test_a_gap_is_named_with_its_place_and_width(case, atrium, pvi):
    _, rules = rules_of(case, at.gapped(atrium, pvi, 7.0, [0.8]))
    broken = [rule for name, rule in rules.items() if name.startswith("isolates") and rule.outcome == "broken"]
    assert sorted(rule.name for rule in broken) == ["isolates pulmonary vein right inferior",
                                                    "isolates pulmonary vein right superior"]
    ends = [rule.place_mm for name, rule in rules.items() if name.startswith("lines end") and "lesion 2" in name]
    assert len(ends) == 2
    assert np.linalg.norm(np.subtract(*ends)) == pytest.approx(7.0 + 2 * 3.0, abs=2.0)
    assert broken[0].value == pytest.approx(7.0, abs=2.5)
    assert np.linalg.norm(np.mean(ends, axis=0) - broken[0].place_mm) < 4.0


def test_points_too_far_apart_are_gaps_and_near_ones_are_not(case, atrium, pvi):
    near = at.as_points(atrium, pvi[1], 5.0, 35.0, 30.0, 15.0)
    _, rules = rules_of(case, near)
    assert rules["inter-lesion distance"].outcome == "passed" and rules["inter-lesion distance"].value <= 5.0
    assert rules["transmural"].outcome == "passed" and rules["transmural"].source == "assumed"
    _, rules = rules_of(case, [*near[:4], *near[6:]])
    gaps = [rule for name, rule in rules.items() if name.startswith("inter-lesion distance")]
    assert [rule.name for rule in gaps] == ["inter-lesion distance, lesions 4 and 5"]
    middle = np.mean([near[3].point_mm, near[6].point_mm], axis=0)
    assert np.linalg.norm(middle - gaps[0].place_mm) < 0.2 and "6 mm" in gaps[0].source
    thick = replace(atrium, wall_mm=np.full(len(atrium.surface.points_mm), 6.0))
    _, rules = rules_of(case_of(thick), near)
    assert rules["transmural"].outcome == "broken" and "6.0 mm thick" in rules["transmural"].reason
    assert "broken" not in outcomes(rules, "isolates")  # what does not go through goes round nothing


def test_the_oesophagus_is_as_far_as_it_was_put_and_a_doubtful_outline_lets_nothing_pass(atrium):
    wall = atrium.in_regions(["posterior_wall"])
    place = atrium.surface.points_mm[wall][np.argmax(atrium.surface.points_mm[wall][:, 1])]
    spot = LesionLine((tuple(place),) * 2, 3.0)
    for away, outcome in ((3.0, "broken"), (12.0, "passed")):
        geometry = VolumeGeometry.upright((40, 20, 40), (1.0, 1.0, 1.0), tuple(place + np.array([-20.0, away, -20.0])))
        for state in ("truth", "check"):
            segment = Segment("oesophagus", 0, 1, Code("99TEST", "o", "o"), (200, 150, 60), state)
            labels = LabelMap(np.ones((1, *geometry.shape), np.uint8), geometry, (segment,))
            case = at.Case.new(volume=Volume(np.zeros(geometry.shape, np.int16), geometry), labels=labels)
            rule = rules_of(case.with_chamber(atrium), [spot])[1]["keeps off the oesophagus"]
            assert rule.outcome == (outcome if state == "truth" or outcome == "broken" else "not checked")
            assert rule.value == pytest.approx(away, abs=1.0) and "assumed" in rule.source


def test_lesions_within_veins_off_the_wall_or_short_of_the_valve_break_rules(case, atrium):
    vein = atrium.rim_mm(atrium.opening(FOUR[0]))
    _, rules = rules_of(case, [LesionLine(tuple(map(tuple, vein[::4])), 2.0)])
    assert rules["no lesion within a pulmonary vein"].hit == FOUR[0]
    far = LesionPoint(tuple(atrium.surface.points_mm.mean(axis=0)), 30.0, 30.0, 10.0)
    _, rules = rules_of(case, [far])
    assert rules["lesions on the wall"].outcome == "broken" and rules["lesions on the wall"].value > 10.0
    (whole,) = at.lesion_set(atrium, "anterior_line")
    _, rules = rules_of(case, [whole])
    assert rules["line reaches the valve, lesion 1"].outcome == "passed"
    ways = surface_paths.ways_over(atrium.surface.points_mm, atrium.surface.triangles)
    away = surface_paths.distance_mm(ways, atrium.opening("mitral_valve").points)
    nodes, _ = surface_paths.nearest_points(atrium.surface.points_mm, np.array(whole.points_mm))
    kept = [point for point, mm in zip(whole.points_mm, away[nodes], strict=True) if mm > 3.0]
    left = min(away[nodes][away[nodes] > 3.0])
    _, rules = rules_of(case, [LesionLine(tuple(kept), 1.5)])
    rule = rules["line reaches the valve, lesion 1"]
    assert rule.outcome == "broken" and rule.value == pytest.approx(left - 1.5, abs=1.0)
    assert "broken" in outcomes(rules, "lines end at a barrier")
    # a ring that only passes over the valve's ring leads nowhere
    centre = atrium.surface.points_mm[atrium.in_regions(["mitral_annulus"])][0]
    near = np.linalg.norm(atrium.surface.points_mm - centre, axis=1)
    round_it = atrium.surface.points_mm[np.abs(near - 8.0) < 0.5]
    turn = np.argsort(np.arctan2(*((round_it - centre) @ np.linalg.svd(round_it - centre)[2][:2].T).T))
    ring = [tuple(round_it[n]) for n in turn]
    _, rules = rules_of(case, [LesionLine((*ring, ring[0]), 1.0)])
    assert rules["line reaches the valve"].outcome == "not checked"


def test_standard_sets_are_proposed_the_ones_first_that_isolate_with_least(case, atrium):
    found = at.propose(case, "lesions", target="left_atrium", count=20)
    assert [one.cost for one in found] == sorted(one.cost for one in found) and len(found) >= 6
    for one in found:
        assert one.plan.chamber == "left_atrium" and one.check == at.check_plan(case, one.plan)
        assert "isolates 4 of 4 veins" in one.why and "oesophagus not checked" in one.why
    places = {one.plan.name: place for place, one in enumerate(found)}
    assert places["wide area pvi"] < places["wide area pvi+box"] < places["wide area pvi+box+mitral line+appendage"]
    lengths = at.propose(case, "lesions", count=1, weights={"100 mm of lines": 0.0, "tenth of the wall cut off": 0.0,
                                                            "broken rules": 0.0})
    assert len(lengths) == 1 and lengths[0].cost == 0.0
    assert [one.plan for one in at.propose(case, "lesions")] == [one.plan for one in found[:5]]
    for wrong, words in ((dict(weights={"luck": 1.0}), "no cost of lesions is called 'luck'"),
                         (dict(weights={"broken rules": -1.0}), "not negative")):
        with pytest.raises(PlanError, match=words):
            at.propose(case, "lesions", **wrong)
    with pytest.raises(PlanError, match="0 heart chambers"):
        at.propose(at.Case.new(volume=case.volume), "lesions")
    with pytest.raises(PlanError, match="no standard set can be made"):
        at.propose(case_of(chamber_of(made_atrium().surface)), "lesions")


def test_the_table_of_sizes_is_what_heating_gives():
    for setting in ((35.0, 20.0, 12.0), (25.0, 40.0, 8.0), (60.0, 6.0, 15.0)):
        depth, width = size_by_table(LesionPoint((0.0, 0.0, 0.0), *setting), 1)
        found = cardiac_lesion(*setting)
        assert depth == pytest.approx(found.depth_mm, abs=0.4)
        assert width == pytest.approx(found.surface_width_mm, abs=0.6)
    table = load("lesion_sizes")
    first = cardiac_lesion(*(table[name][2] for name in ("power_w", "duration_s", "force_g")))
    at_first = (2 * len(table["duration_s"]) + 2) * len(table["force_g"]) + 2
    assert table["depth_mm"][at_first] == pytest.approx(first.depth_mm, abs=0.01)
    with pytest.raises(PlanError, match=r"lesion 3 \(point\): duration 200 s is out of the range"):
        size_by_table(LesionPoint((0.0, 0.0, 0.0), 30.0, 200.0, 10.0), 3)


def test_a_chamber_that_is_not_there_is_named(case):
    for verb in (at.check_plan, at.simulate):
        with pytest.raises(DataError, match="no heart chamber is called 'right_atrium'"):
            verb(case, LesionPlan("no", "right_atrium", ()))


def straight_tube():
    points, triangles = tube(1.0, 60.0)
    top = np.flatnonzero(points[:, 2] == points[:, 2].max())
    chamber = Chamber("left_atrium", at.SurfaceMesh(points, triangles),
                      (Opening(np.flatnonzero(points[:, 2] == 0.0), "mitral_valve"), Opening(top, FOUR[0])))
    return chamber, points


def one_velocity(m_s):
    classes = {name: ClassTissue(m_s, m_s) for name in ("healthy", "interstitial", "dense")}
    return replace(electro_model(), classes=classes)


def test_fronts_in_a_tube_come_in_time_without_and_never_with_a_ring_of_lesions():
    chamber, points = straight_tube()
    case = case_of(chamber)
    ring = LesionLine(tuple((8 * np.cos(t), 8 * np.sin(t), 30.0) for t in np.linspace(0, 2 * np.pi, 9)), 2.0)
    model = ActivationModel(one_velocity(0.5), site_mm=(8.0, 0.0, 0.0))
    found = at.simulate(case, LesionPlan("ring", "left_atrium", (ring,)), model)
    assert isinstance(found, ElectroResult)
    straight = np.hypot(points[:, 2], 8.0 * np.abs(np.arctan2(points[:, 1], points[:, 0])))
    assert np.abs(found.before_ms - straight / 0.5).max() < 4.0  # mm of geodesics by velocity
    beyond = points[:, 2] > 33.0
    assert np.isinf(found.activation_ms[beyond]).all() and np.isinf(found.activation_ms[found.dead]).all()
    short = points[:, 2] < 27.0
    assert np.allclose(found.activation_ms[short], found.before_ms[short], atol=1.0)
    assert dict(found.veins) == {FOUR[0]: "isolated"} and "never comes" in found.evidence[0]
    case.with_plan(LesionPlan("ring", "left_atrium", (ring,))).with_result(found)


def test_past_a_gap_fronts_come_late_and_the_gap_is_told():
    chamber, points = straight_tube()
    arc = LesionLine(tuple((8 * np.cos(t), 8 * np.sin(t), 30.0) for t in np.linspace(0.5, 2 * np.pi - 0.5, 12)), 2.0)
    model = ActivationModel(one_velocity(0.5), site_mm=(-8.0, 0.0, 0.0))
    found = at.simulate(case_of(chamber), LesionPlan("arc", "left_atrium", (arc,)), model)
    assert found.veins[FOUR[0]] == "connected" and "comes after" in found.evidence[0]
    behind = int(np.argmin(np.linalg.norm(points - (-8.0, 0.0, 60.0), axis=1)))
    edge = 8 * (np.pi - 0.5) + 2.0  # along the ring to where the gap begins
    assert found.before_ms[behind] == pytest.approx(60.0 / 0.5, rel=0.03)
    assert found.activation_ms[behind] == pytest.approx(2 * np.hypot(edge, 30.0) / 0.5, rel=0.06)
    gap = float(found.evidence[0].split("the gap is ")[1].split(" mm")[0])
    assert gap == pytest.approx(2 * 8 * 0.5 - 2 * 2.0, abs=2.0)


def test_waves_in_tissue_agree_with_fronts():
    chamber, _ = straight_tube()
    ring = LesionLine(tuple((8 * np.cos(t), 8 * np.sin(t), 30.0) for t in np.linspace(0, 2 * np.pi, 9)), 2.0)
    for lesions, verdict in (((ring,), "isolated"), ((), "connected")):
        model = ActivationModel(site_mm=(8.0, 0.0, 0.0), prove="monodomain")
        found = at.simulate(case_of(chamber), LesionPlan("ring", "left_atrium", lesions), model)
        assert found.veins[FOUR[0]] == verdict and "in tissue" in found.evidence[0]


@pytest.mark.parametrize(("wall_mm", "passes"), [(5.0, False), (9.0, True)])
def test_in_muscle_a_front_goes_below_a_trench_that_is_not_deep_enough(wall_mm, passes):
    muscle = plate(wall_mm)
    points, inner = muscle.points_mm(), muscle.parts["left_endocardium"]
    low, x = points[inner][0, 2], np.sort(np.unique(points[:, 0]))
    middle, y = x[20], points[:, 1]
    line = LesionLine(((middle, y.min(), low), (middle, y.max(), low)), 3.0)
    case = at.Case.new(volume=Volume(np.zeros(GRID.shape, np.int16), GRID)).with_chamber(muscle)
    plan = LesionPlan("trench", "ventricles", (line,))
    found = at.simulate(case, plan, ActivationModel(one_velocity(0.5), site_mm=(x[0], y.mean(), low)))
    usual = at.simulate(case, plan, ActivationModel(site_mm=(x[0], y.mean(), low)))
    assert usual.parameters["velocities"].startswith("Ventricles")
    far = (points[:, 0] > middle + 5.0) & ~found.dead
    reached = np.isfinite(found.activation_ms[far])
    assert reached.all() if passes else not reached.any()
    assert np.isfinite(found.before_ms).all() and not found.veins and "6 mm deep" in " ".join(found.warnings)
    if passes:  # down, along below the trench, and up again
        assert (found.activation_ms[far & inner] > found.before_ms[far & inner] + 1.0).all()
    check = at.check_plan(case, plan)
    assert [rule.outcome for rule in check.rules] == ["passed", "not checked", "not checked"]
    with pytest.raises(PlanError, match="0 heart chambers"):
        at.propose(case, "lesions")


@pytest.mark.real_data
def test_on_a_real_atrium_every_vein_is_isolated_by_every_proof_and_none_past_gaps(real_data):
    loaded = load_chamber(str(real_data / "left_atrium_surface" / "atrium" / "atrium.vtp"), axes="PIR").chamber
    chamber = with_regions(named_openings(remeshed(loaded, 1.6))[0])
    case, lines = case_of(chamber), at.lesion_set(chamber, "wide_area_pvi")
    model = ActivationModel(prove="monodomain")
    whole = at.simulate(case, LesionPlan("pvi", "left_atrium", lines), model)
    assert {name: whole.veins[name] for name in FOUR} == dict.fromkeys(FOUR, "isolated")
    assert all("a wave from the site never comes" in line for line in whole.evidence[:4])
    assert "m/s wanted" in whole.parameters["tissue, conduction healthy"]
    gaps = at.gapped(chamber, lines, 10.0, (0.2, 0.7))
    past = at.simulate(case, LesionPlan("gaps", "left_atrium", gaps), model)
    assert set(past.veins.values()) == {"connected"} and all("the gap is" in line for line in past.evidence[:4])
    assert any(rule.outcome == "broken" for rule in at.check_plan(case, LesionPlan("g", "left_atrium", gaps)).rules
               if rule.name.startswith("isolates"))


def test_activation_of_an_atrium_begins_above_and_in_front_and_is_the_same_again(case, atrium, pvi):
    plan = LesionPlan("pvi", "left_atrium", pvi)
    first, again = (at.simulate(case, plan, ElectroModel()) for _ in range(2))
    assert set(first.veins) == {*FOUR, "left_atrial_appendage"}
    assert all(first.veins[name] == "isolated" for name in FOUR) and first.veins["left_atrial_appendage"] == "connected"
    assert np.array_equal(first.activation_ms, again.activation_ms) and first.evidence == again.evidence
    assert "Bachmann" in first.parameters["site"] and "lines go through the wall" in first.assumed
    middle = atrium.surface.points_mm.mean(axis=0)
    assert first.site_mm[2] > middle[2] and first.site_mm[1] < middle[1]
    late = np.isfinite(first.activation_ms)
    assert (first.activation_ms[late] >= first.before_ms[late] - 0.5).mean() > 0.99


def test_what_cannot_be_simulated_is_refused(case, pvi):
    with pytest.raises(SimulationError, match="block cannot be proved by 'hope'"):
        ActivationModel(prove="hope")
    with pytest.raises(SimulationError, match="cannot be simulated by a str"):
        at.simulate(case, LesionPlan("pvi", "left_atrium", pvi), "fast")
    with pytest.raises(SimulationError, match="nearest living tissue is"):
        at.simulate(case, LesionPlan("pvi", "left_atrium", pvi), ActivationModel(site_mm=(900.0, 0.0, 0.0)))
