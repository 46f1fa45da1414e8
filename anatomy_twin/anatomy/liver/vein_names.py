"""The names of the main hepatic veins on their tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VesselTree

ANY_VEIN: Final = "hepatic vein"


def with_vein_names(tree: VesselTree, stems: Mapping[str, NDArray[np.float64]]) -> VesselTree:
    """Return a hepatic tree on which right, middle and left hepatic vein are named where each begins.

    A vein begins where it leaves the vena cava or, where two share a trunk, at the fork: the common trunk stays a
    "hepatic vein". What was not found among the main veins keeps its name.

    Parameters
    ----------
    tree : the hepatic tree.
    stems : by "right", "middle", "left" the nodes (n, 3) in LPS mm of the vein's main stem, nodes of the tree.
    """
    number = {tuple(place): node for node, place in enumerate(tree.nodes_mm.tolist())}
    ways: dict[str, list[int]] = {}
    for name, stem in stems.items():
        known = [number[place] for place in map(tuple, stem.tolist()) if place in number]
        if known:
            ways[name] = _to_root(tree, known[-1])
    names = dict(tree.branch_names)
    for name, way in ways.items():
        others = {node for other, nodes in ways.items() if other != name for node in nodes}
        mouths = [at for at, node in enumerate(way) if tree.branch_names.get(node, "").endswith(ANY_VEIN)]
        stem_nodes = {tuple(place) for place in stems[name].tolist()}
        for at, node in enumerate(way):
            # without a named mouth (a tree without vena cava) the vein is its stem
            begun = at >= mouths[0] if mouths else tuple(tree.nodes_mm[node].tolist()) in stem_nodes
            if begun and node not in others:
                names[node] = f"{name} hepatic vein"
                break
    return replace(tree, branch_names=names)


def _to_root(tree: VesselTree, node: int) -> list[int]:
    """Return the nodes from the root to a node."""
    way = [node]
    while tree.parents[way[-1]] >= 0:
        way.append(int(tree.parents[way[-1]]))
    return way[::-1]
