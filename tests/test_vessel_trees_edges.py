"""Vessel trees at the edges of what they can be made of: empty labels, the scan's border, memory, a request to stop."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from anatomy_twin.anatomy import memory
from anatomy_twin.anatomy.liver.couinaud import divide_liver
from anatomy_twin.anatomy.liver.vein_names import with_vein_names
from anatomy_twin.anatomy.vessels.centreline import centreline_tree
from anatomy_twin.anatomy.vessels.trees import missing_trees, vessel_trees
from anatomy_twin.core import LabelMap, SilentMonitor, VesselTree
from anatomy_twin.errors import Cancelled, MeshError
from anatomy_twin.kernels.tree_order import order_from_roots
from anatomy_twin.phantom import make_patient
from tests.support.tubes import drawn, grid


class Listener(SilentMonitor):
    def __init__(self, polls=10**9):
        self.said, self.shares, self.left = [], [], polls

    def warn(self, message):
        self.said.append(message)

    def progress(self, fraction):
        self.shares.append(fraction)

    @property
    def cancelled(self):
        self.left -= 1
        return self.left < 0


def veins_and_cava(like, cava_to_mm):
    """A cava from z = 94 mm down to a height, and one hepatic vein that joins it at 80 mm."""
    geometry = grid((64, 40, 60), (1.5, 1.5, 1.5))
    cava = drawn(geometry, [((30, 30, cava_to_mm), (30, 30, 86), 7.0)])
    veins = drawn(geometry, [((30, 30, 78), (75, 30, 70), 3.0)]) & ~cava
    array = np.zeros((2, *geometry.shape), np.uint8)
    array[0][cava], array[1][veins] = 1, 2
    names = ("inferior_vena_cava", "hepatic_veins")
    segments = tuple(
        replace(like.segment(name), layer=layer, value=layer + 1, part_of="") for layer, name in enumerate(names)
    )
    return LabelMap(array, geometry, segments)


@pytest.fixture(scope="module")
def patient():
    return make_patient(3, matrix=160, slice_mm=4.0)


def test_a_label_without_voxels_gives_no_tree_and_is_said(patient):
    labels = patient.truth
    array = labels.array.copy()
    for name in ("portal_branches", "hepatic_artery"):
        segment = labels.segment(name)
        array[segment.layer][array[segment.layer] == segment.value] = 0
    empty = replace(labels, array=array)
    listener = Listener()
    assert set(vessel_trees(empty, listener)) == {"hepatic"}
    assert listener.said[0] == "no portal tree: portal_branches has no voxels in the labels"
    assert "hepatic_artery has no voxels" in missing_trees(empty)["arterial"]


@pytest.mark.parametrize("radius", [2.0, 5.0])
def test_a_tree_ends_where_the_scan_ends(radius):
    geometry = grid((24, 40, 40), (2.5, 1.0, 1.0))
    # an oblique vessel that leaves through two faces, with a branch that leaves through a third
    pieces = [((-20, 2, -20), (60, 38, 80), radius), ((20, 20, 30), (60, 20, 30), 0.7 * radius)]
    tree = centreline_tree(drawn(geometry, pieces), geometry, name="cut")
    index = geometry.to_index(tree.nodes_mm)
    assert index.min() >= -0.5 and np.all(index <= np.array(geometry.shape) - 0.5)
    assert geometry.contains(tree.nodes_mm).all() and "border" in tree.rules
    assert (tree.parents < 0).sum() == 1 and np.all(tree.parents < np.arange(len(tree.parents)))
    steps = np.linalg.norm(tree.nodes_mm - tree.nodes_mm[tree.parents], axis=1)[tree.parents >= 0]
    assert steps.max() < 4.0  # no long piece along the border
    assert index.min(axis=0)[0] < 0.6 or index.min(axis=0)[2] < 0.6  # and it reaches the border


def test_a_request_to_stop_is_heard_all_along(patient):
    listener = Listener()
    vessel_trees(patient.truth, listener)
    polls = 10**9 - listener.left
    assert polls > 60 and np.all(np.diff(listener.shares) >= -1e-9) and listener.shares[-1] == 1.0
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(Cancelled):
            vessel_trees(patient.truth, Listener(int(share * polls)))


def test_too_little_memory_is_said_before(monkeypatch):
    geometry = grid((30, 40, 40))
    mask = drawn(geometry, [((20, 20, 6), (20, 20, 50), 4.0)])
    monkeypatch.setattr(memory, "free_bytes", lambda: 1e5)
    with pytest.raises(MeshError, match="the tube tree would need about"):
        centreline_tree(mask, geometry, name="tube")


@pytest.mark.parametrize(("low_mm", "words"), [(8, "further down"), (60, "")])
def test_where_the_cava_begins_is_said(patient, low_mm, words):
    tree = vessel_trees(veins_and_cava(patient.truth, low_mm))["hepatic"]
    said = [note for note in tree.notes if "vena cava" in note]
    assert len(said) == bool(words) and all(words in note for note in said)
    line = tree.nodes_mm[np.abs(tree.nodes_mm[:, 0] - 30) < 2]
    assert line[:, 2].min() > 35 if words else line[:, 2].min() > 50
    if words:
        # 30 mm below the mouth: 75 less the vein's radius, less 30
        further = float(said[0].split("goes on ")[1].split(" mm")[0])
        assert abs(further - (line[:, 2].min() - 8)) < 12


def tree_of_veins():
    """The cava 0-3; from 1 a vein that forks at 5 into two; from 2 one of its own; from 3 a small one."""
    places = [(0, 0, 40), (0, 0, 30), (0, 0, 20), (0, 0, 10), (0, -5, 30), (0, -9, 30), (9, -20, 30), (-9, -20, 30),
              (-20, -5, 20), (-30, -5, 20), (-8, 0, 10)]  # fmt: skip
    parents = np.array([-1, 0, 1, 2, 1, 4, 5, 5, 2, 8, 3])
    names = {1: "inferior vena cava", 4: "hepatic vein", 8: "hepatic vein", 10: "hepatic vein"}
    return VesselTree("hepatic", np.array(places, float), parents, np.full(11, 2.0), branch_names=names)


def test_main_veins_are_named_at_the_cava_or_at_their_common_fork():
    tree = tree_of_veins()
    stems = {"right": tree.nodes_mm[[8, 9]], "middle": tree.nodes_mm[[4, 5, 7]], "left": tree.nodes_mm[[4, 5, 6]]}
    names = with_vein_names(tree, stems).branch_names
    assert names == {1: "inferior vena cava", 4: "hepatic vein", 7: "middle hepatic vein", 6: "left hepatic vein",
                     8: "right hepatic vein", 10: "hepatic vein"}  # fmt: skip
    alone = with_vein_names(replace(tree, branch_names={}), {"right": tree.nodes_mm[[8, 9]]})
    assert alone.branch_names == {8: "right hepatic vein"}


def test_the_main_veins_of_a_generated_liver_get_their_names(patient):
    named = divide_liver(patient.truth, vessel_trees(patient.truth)).hepatic
    truth = patient.trees["hepatic_veins"]
    # each true vein has a root of its own, and its first named branch is the node after that
    roots = {int(root): truth.branch_names[int(root) + 1] for root in np.flatnonzero(truth.parents < 0)}
    true_names = inherited(replace(truth, branch_names={**truth.branch_names, **roots}))
    names = inherited(named)
    _, nearest = cKDTree(truth.nodes_mm).query(named.nodes_mm)
    for name in ("right", "middle", "left"):
        mine = np.flatnonzero(names == f"{name} hepatic vein")
        true = [true_names[nearest[node]].startswith(f"{name[0]}h") for node in mine]
        assert len(mine) > 20 and np.mean(true) > 0.9


def inherited(tree):
    """Return the name of each node's branch: its own, or that of the nearest named node on the way to the root."""
    names = [""] * len(tree.parents)
    for node in order_from_roots(tree.parents):
        parent = tree.parents[node]
        names[node] = tree.branch_names.get(int(node), names[parent] if parent >= 0 else "")
    return np.array(names)
