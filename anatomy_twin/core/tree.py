"""Trees of vessels: where they run, how wide they are, what hangs on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import FrozenMapping, read_only
from anatomy_twin.errors import DataError


@dataclass(frozen=True, eq=False)
class VesselTree:
    """Nodes (N, 3) in LPS mm; ``parents`` (N,), -1 at a root; ``radius_mm`` (N,) of the piece from parent to node.

    The radius of a root is that of the vessel which leaves it. ``bridged`` (N,) marks pieces that cross a gap in the
    labels the tree was found in. ``state`` is "ok", "check" (``rules`` name what spoke against it: "bridged", "loop",
    "estimated" ...; ``notes`` say it in words), or "truth" for a generated patient. ``branch_names`` names branches by
    the node at which their first piece ends ("right", "VI", "right hepatic vein"); what hangs below bears the same name
    until another is given.
    """

    name: str
    nodes_mm: NDArray[np.float64]
    parents: NDArray[np.int64]
    radius_mm: NDArray[np.float64]
    bridged: NDArray[np.bool_] | None = None
    state: str = "ok"
    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    branch_names: Mapping[int, str] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        nodes = read_only(self.nodes_mm, "nodes_mm", ndim=2, dtype=np.float64)
        parents = read_only(self.parents, "parents", ndim=1, dtype=np.int64)
        radius = read_only(self.radius_mm, "radius_mm", ndim=1, dtype=np.float64)
        bridged: Any = np.zeros(len(parents), bool) if self.bridged is None else self.bridged
        bridged = read_only(bridged, "bridged", ndim=1, dtype=np.bool_)
        if nodes.shape != (len(parents), 3) or radius.shape != parents.shape or bridged.shape != parents.shape:
            raise DataError(f"the tree {self.name!r} has nodes, parents and radii of different number")
        if not np.isfinite(nodes).all() or not np.isfinite(radius).all() or (radius < 0).any():
            raise DataError(f"the tree {self.name!r} has a node or a radius that is no length")
        if parents.size and (parents.min() < -1 or parents.max() >= len(parents)):
            raise DataError(f"the tree {self.name!r} names a node that is not there")
        _check_no_ring(parents, self.name)
        for name, value in (("nodes_mm", nodes), ("parents", parents), ("radius_mm", radius), ("bridged", bridged)):
            object.__setattr__(self, name, value)
        if not all(0 <= node < len(parents) for node in self.branch_names):
            raise DataError(f"the tree {self.name!r} names a branch at a node that is not there")
        object.__setattr__(self, "branch_names", FrozenMapping(self.branch_names))
        object.__setattr__(self, "rules", tuple(self.rules))
        object.__setattr__(self, "notes", tuple(self.notes))

    def pieces(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Start (M, 3), stop (M, 3) and radius (M,) of all pieces, in the order of their nodes."""
        child = np.flatnonzero(self.parents >= 0)
        return self.nodes_mm[self.parents[child]], self.nodes_mm[child], self.radius_mm[child]

    @property
    def length_mm(self) -> float:
        """The length of all pieces together."""
        start, stop, _ = self.pieces()
        return float(np.linalg.norm(stop - start, axis=1).sum())


def _check_no_ring(parents: NDArray[np.int64], name: str) -> None:
    """Follow all nodes at once towards their roots; in n steps of doubling all must have arrived."""
    up = np.append(np.where(parents < 0, len(parents), parents), len(parents))
    for _ in range(max(1, len(parents).bit_length())):
        up = up[up]
    if (up != len(parents)).any():
        raise DataError(f"the tree {name!r} runs in a ring", advice="give every node a way to a root")
