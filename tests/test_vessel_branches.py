"""Branches of trees that are written down: parents, generations, sizes, spurs, forks that are one, names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anatomy_twin.anatomy.vessels.branches import branch_numbers, branches, generations
from anatomy_twin.core import VesselTree
from anatomy_twin.kernels.tree_order import order_from_roots


def tree_of(lines, names=None):
    """A tree of lines: (points, radius); a line begins at the node that lies at its first point."""
    nodes, parents, radius = [lines[0][0][0]], [-1], [lines[0][1]]
    for points, size in lines:
        at = next(n for n, node in enumerate(nodes) if np.allclose(node, points[0]))
        for point in points[1:]:
            nodes.append(point)
            parents.append(at)
            radius.append(size)
            at = len(nodes) - 1
    return VesselTree("t", np.array(nodes, float), np.array(parents), np.array(radius, float), branch_names=names or {})


def straight(start, stop, count=11):
    return [tuple(point) for point in np.linspace(start, stop, count)]


TRUNK = straight((0, 0, 0), (0, 0, 20))
RIGHT = straight((0, 0, 20), (-15, 0, 30))
LEFT = straight((0, 0, 20), (15, 0, 30))
RIGHT_UP = straight((-15, 0, 30), (-20, 0, 45))
RIGHT_DOWN = straight((-15, 0, 30), (-30, 0, 25))
LIVER = [(TRUNK, 5.0), (RIGHT, 4.0), (LEFT, 3.0), (RIGHT_UP, 2.0), (RIGHT_DOWN, 2.5)]


def test_branches_have_parents_generations_orders_and_sizes():
    found = branches(tree_of(LIVER))
    assert [(b.parent, b.generation, b.strahler, b.ends) for b in found] == [
        (-1, 1, 2, "fork"), (0, 2, 2, "fork"), (0, 2, 1, "tip"), (1, 3, 1, "tip"), (1, 3, 1, "tip"),
    ]  # fmt: skip
    assert found[0].length_mm == pytest.approx(20) and found[0].radius_mm == 5
    assert found[1].length_mm == pytest.approx(np.hypot(15, 10))
    assert found[0].volume_ml == pytest.approx(np.pi * 25 * 20 / 1000)
    assert [b.number for b in found] == list(range(5))


def test_every_node_has_the_generation_of_its_branch():
    tree = tree_of(LIVER)
    number, generation = branch_numbers(tree), generations(tree)
    for branch in branches(tree):
        assert (number[list(branch.nodes)] == branch.number).all()
        assert (generation[list(branch.nodes)] == branch.generation).all()
    assert generation[0] == 1 and number[0] == 0 and (number >= 0).all()


def test_a_vessel_that_gives_off_twigs_goes_on_in_its_generation():
    lines = [(TRUNK, 4.0), (straight((0, 0, 20), (0, 0, 40)), 3.8), (straight((0, 0, 20), (15, 0, 25)), 1.0),
             (straight((0, 0, 40), (12, 0, 60)), 3.0), (straight((0, 0, 40), (-12, 0, 60)), 2.6)]  # fmt: skip
    assert [(b.radius_mm, b.generation) for b in branches(tree_of(lines))] == [
        (pytest.approx(4.0), 1), (pytest.approx(3.8), 1), (pytest.approx(1.0), 2), (pytest.approx(3.0), 2),
        (pytest.approx(2.6), 2),
    ]  # the fork into 3.0 and 2.6 begins a generation, the twig of 1.0 leaves the trunk in its own


def test_a_spur_is_no_branch():
    spur = straight((0, 0, 10), (4, 0, 10), 5)  # shorter than the trunk is wide
    twig = straight((0, 0, 10), (-7, 0, 10), 5)
    assert len(branches(tree_of([*LIVER, (spur, 1.0)]))) == 5
    assert len(branches(tree_of([*LIVER, (twig, 1.0)]))) == 7
    tree = tree_of([*LIVER, (spur, 1.0)])
    assert branch_numbers(tree)[-1] == 0 and generations(tree)[-1] == 1


def test_forks_a_voxel_apart_are_one():
    first = straight((0, 0, 20), (0, 0, 20.8), 3)
    lines = [(TRUNK, 2.0), (first, 2.0), (straight((0, 0, 20), (10, 0, 25)), 1.0),
             (straight((0, 0, 20.8), (-10, 0, 25)), 1.0), (straight((0, 0, 20.8), (0, 10, 25)), 1.0)]  # fmt: skip
    found = branches(tree_of(lines))
    assert len(found) == 4 and [b.parent for b in found] == [-1, 0, 0, 0]
    assert [b.generation for b in branches(tree_of(lines), apart_mm=0.1)] == [1, 2, 2, 3, 3]


def test_names_are_inherited_until_another_is_given():
    named = {15: "right", 35: "VIII"}
    found = branches(tree_of(LIVER, named))
    assert [b.name for b in found] == ["", "right", "", "VIII", "right"]


def test_several_roots_are_several_first_generations():
    one = tree_of(LIVER)
    count = len(one.parents)
    both = VesselTree(
        "two", np.concatenate([one.nodes_mm, one.nodes_mm + 100]),
        np.concatenate([one.parents, np.where(one.parents < 0, -1, one.parents + count)]),
        np.concatenate([one.radius_mm, one.radius_mm]),
    )  # fmt: skip
    assert [b.generation for b in branches(both)].count(1) == 2 and len(branches(both)) == 10


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_any_tree_is_divided_into_branches_without_rest(links, seed):
    rng = np.random.default_rng(seed)
    parents = np.array([-1, *(link % (n + 1) for n, link in enumerate(links))])
    nodes = rng.uniform(-20, 20, (len(parents), 3))
    shuffled = rng.permutation(len(parents))
    place = np.argsort(shuffled)
    up = np.where(parents[shuffled] < 0, -1, place[parents[shuffled]])
    tree = VesselTree("any", nodes[shuffled], up, rng.uniform(0.5, 4, len(parents)))
    found, number = branches(tree), branch_numbers(tree)
    used = [node for branch in found for node in branch.nodes]
    assert len(used) == len(set(used)) and (number >= 0).all()
    for branch in found:
        assert branch.parent < branch.number and branch.length_mm > 0
        beside = [other.radius_mm for other in found if other.parent == branch.parent and other is not branch]
        goes_on = branch.parent >= 0 and beside and 2 * max(beside) < branch.radius_mm
        assert branch.generation == (1 if branch.parent < 0 else found[branch.parent].generation + (not goes_on))
    order = order_from_roots(tree.parents)
    assert sorted(order) == list(range(len(parents)))
    seat = np.argsort(order)
    assert all(seat[tree.parents[n]] < seat[n] for n in range(len(parents)) if tree.parents[n] >= 0)
