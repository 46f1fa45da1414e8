"""Standard sets of lesions: what they isolate, where their lines begin and end, gaps, rows of points."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.anatomy.heart.chamber_file import load_chamber
from anatomy_twin.anatomy.heart.landmarks import named_openings
from anatomy_twin.anatomy.heart.regions import with_regions
from anatomy_twin.anatomy.heart.remesh import remeshed
from anatomy_twin.anatomy.heart.surface import chamber_of
from anatomy_twin.core import LesionLine
from anatomy_twin.errors import PlanError
from anatomy_twin.kernels import surface_parts, surface_paths
from anatomy_twin.plan.lesion_sets import as_points, gapped, lesion_set, random_gaps
from anatomy_twin.simulation.electro.lesions import ablated
from anatomy_twin.simulation.electro.measures import parts_without
from tests.support.made_atrium import FOUR, made_atrium

SETS_OF_VEINS = {3: ("pulmonary_vein_left_common", *FOUR[2:]), 4: FOUR, 5: (*FOUR, "pulmonary_vein_right_middle")}


def made(count=4):
    return with_regions(chamber_of(made_atrium(SETS_OF_VEINS[count]).surface))


@pytest.fixture(scope="module")
def atrium():
    return made()


def isolated(chamber, lesions):
    """The openings, and the walls by more than half, that are cut off from the valve."""
    part = parts_without(chamber.surface, ablated(chamber, lesions).dead)
    valve = part[chamber.opening("mitral_valve").points]
    main = np.bincount(valve[valve >= 0]).argmax()
    names = {one.name for one in chamber.openings if (part[one.points] != main).all()}
    for number, name in enumerate(chamber.region_names):
        here = part[(chamber.regions == number) & (part >= 0)]
        if len(here) and np.mean(here != main) > 0.5 and not name.startswith("antrum"):
            names.add(name)
    return names, part


@pytest.mark.parametrize("count", [3, 4, 5])
def test_lines_round_veins_isolate_them_and_nothing_else(count):
    chamber = made(count)
    veins = set(SETS_OF_VEINS[count])
    wide, parts = isolated(chamber, lesion_set(chamber, "wide_area_pvi"))
    assert wide == veins and parts.max() == 2  # a part for each side
    each, parts = isolated(chamber, lesion_set(chamber, "single_vein_pvi"))
    assert each == veins and parts.max() == count
    assert isolated(chamber, lesion_set(chamber, "roof_line"))[0] == set()


def test_wide_lines_run_outside_of_the_mouths_and_longer_ways_than_single_ones(atrium):
    wide = ablated(atrium, lesion_set(atrium, "wide_area_pvi"))
    in_veins = atrium.in_regions(FOUR)
    for path in wide.paths_mm:
        nodes, away = surface_paths.nearest_points(atrium.surface.points_mm, path)
        assert not in_veins[nodes].any() and away.max() < 1.0
    assert not (wide.dead & in_veins).any()


def test_a_box_isolates_the_posterior_wall_with_the_lines_round_the_veins_only(atrium):
    both, _ = isolated(atrium, lesion_set(atrium, "wide_area_pvi+box"))
    assert both == {*FOUR, "posterior_wall"}
    assert isolated(atrium, lesion_set(atrium, "box"))[0] == set()
    assert isolated(atrium, lesion_set(atrium, "wide_area_pvi+roof_line"))[0] == set(FOUR)


def test_the_appendage_is_isolated_by_its_own_line(atrium):
    assert isolated(atrium, lesion_set(atrium, "appendage"))[0] == {"left_atrial_appendage"}


@pytest.mark.parametrize("name", ["roof_line", "inferior_line", "mitral_line", "anterior_line"])
def test_lines_end_within_other_lesions_or_at_the_valve(atrium, name):
    round_veins = ablated(atrium, lesion_set(atrium, "wide_area_pvi"))
    (line,) = lesion_set(atrium, name)
    ends, _ = surface_paths.nearest_points(atrium.surface.points_mm, np.array([line.points_mm[0], line.points_mm[-1]]))
    at_valve = np.isin(ends, atrium.opening("mitral_valve").points)
    assert (round_veins.dead[ends] | at_valve).all()
    assert at_valve.any() == (name in ("mitral_line", "anterior_line"))


def test_an_atrium_with_mitral_line_has_no_way_round_the_valve_past_it(atrium):
    """Without the roof a wave can go round the valve; the lines to it bar every closed way round it."""
    found = ablated(atrium, lesion_set(atrium, "wide_area_pvi+mitral_line"))
    rim = atrium.opening("mitral_valve").points
    cut = found.dead[rim]
    assert cut.any() and not cut.all()
    assert np.count_nonzero(cut & ~np.roll(cut, 1)) == 1  # one stretch of the rim


def test_a_gap_lets_the_front_through_where_it_was_put(atrium):
    lines = lesion_set(atrium, "wide_area_pvi")
    length = [ablated(atrium, [line]).length_mm for line in lines]
    open_ = gapped(atrium, lines, 8.0, [0.25])
    names, _ = isolated(atrium, open_)
    hit = {name for name in FOUR if "left" in name}
    assert names == set(FOUR) - hit
    found = ablated(atrium, open_)
    assert found.length_mm == pytest.approx(sum(length) - 8.0 - 6.0, abs=3.0)
    ways = surface_paths.ways_over(atrium.surface.points_mm, atrium.surface.triangles)
    clear = surface_paths.distance_mm(ways, np.flatnonzero(found.dead))
    at = surface_parts.narrowest(atrium.surface.triangles, clear, atrium.opening(FOUR[0]).points,
                                 atrium.opening("mitral_valve").points)
    way = surface_paths.line_mm(atrium.surface.points_mm, surface_paths.shortest_line(
        ways, surface_paths.nearest_points(atrium.surface.points_mm, np.array(lines[0].points_mm))[0]))
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    middle = np.stack([np.interp(0.25 * sum(length), along, way[:, n]) for n in range(3)])
    assert np.linalg.norm(atrium.surface.points_mm[at] - middle) < 3.0
    assert 2.0 * clear[at] == pytest.approx(8.0, abs=2.5)


def test_gaps_by_seed_are_the_same_again_and_as_many_as_asked_for(atrium):
    lines = lesion_set(atrium, "wide_area_pvi")
    first, again = (gapped(atrium, lines, 5.0, random_gaps(4, seed=7)) for _ in range(2))
    assert first == again != gapped(atrium, lines, 5.0, random_gaps(4, seed=8))
    closed = [line.points_mm[0] == line.points_mm[-1] for line in lines]
    assert sorted(closed) == [False, True]  # on the left it runs from the valve's rim to the valve's rim
    assert len(first) == 4 + 1 and isolated(atrium, first)[0] == set()
    assert gapped(atrium, lines, 5.0, ()) == lines


def test_a_line_as_a_row_of_points_keeps_their_distance(atrium):
    line = lesion_set(atrium, "wide_area_pvi")[1]
    length = ablated(atrium, [line]).length_mm
    row = as_points(atrium, line, 5.0, 35.0, 20.0, 10.0)
    places = np.array([point.point_mm for point in row])
    apart = np.linalg.norm(places - np.roll(places, -1, axis=0), axis=1)
    assert apart.max() <= 5.0 + 1e-6 and len(row) == np.ceil(length / 5.0)
    assert len(as_points(atrium, lesion_set(atrium, "roof_line")[0], 5.0, 35.0, 20.0, 10.0)) >= 3


def test_discs_and_refusals(atrium):
    place = tuple(atrium.surface.points_mm[300])
    (disc,) = lesion_set(atrium, "focal", 5.0, focal_mm=[place])
    killed = ablated(atrium, [disc])
    away = np.linalg.norm(atrium.surface.points_mm[killed.dead] - place, axis=1)
    assert killed.length_mm == 0.0 and 3.5 < away.max() <= 5.0
    for name, words in (("pvi", "no set of lesions"), ("focal", "without points"),
                        ("cavotricuspid", "needs a right atrium")):
        with pytest.raises(PlanError, match=words):
            lesion_set(atrium, name)
    bare = chamber_of(made_atrium().surface)
    with pytest.raises(PlanError, match="no named parts"):
        lesion_set(bare, "roof_line")


@pytest.mark.real_data
def test_on_a_real_atrium_lines_round_the_veins_isolate_all_four_and_the_roof_alone_none(real_data):
    loaded = load_chamber(str(real_data / "left_atrium_surface" / "atrium" / "atrium.vtp"), axes="PIR").chamber
    chamber = with_regions(named_openings(remeshed(loaded, 1.6))[0])
    for name in ("wide_area_pvi", "single_vein_pvi"):
        lines = lesion_set(chamber, name)
        assert isolated(chamber, lines)[0] == set(FOUR)
        assert all(isinstance(line, LesionLine) for line in lines)
    assert isolated(chamber, lesion_set(chamber, "roof_line+mitral_line"))[0] == set()
    boxed, parts = isolated(chamber, lesion_set(chamber, "wide_area_pvi+box"))
    assert boxed == set(FOUR) and parts.max() == 3  # both sides and what lies between the two lines
    areas = surface_parts.point_areas_mm2(chamber.surface.points_mm, chamber.surface.triangles)
    behind = chamber.in_regions(["posterior_wall"]) & (parts > 0)
    assert 100.0 < areas[behind].sum() < 800.0
    assert isolated(chamber, gapped(chamber, lesion_set(chamber, "wide_area_pvi"), 8.0, (0.2, 0.7)))[0] == set()
