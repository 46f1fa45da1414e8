"""What is known about each structure of a patient, and the physical constants of its tissue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.core.labels import FORMER_STATES, Code, LabelMap
from anatomy_twin.core.mesh import SurfaceMesh, TetMesh
from anatomy_twin.core.tree import VesselTree
from anatomy_twin.errors import DataError

FROM_A_FILE: Final = "surface from a file, not segmented on this scan"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was checked about a surface; None is what was not checked.

    ``volume_error_percent`` is surface against voxels, signed. ``manifold``: every point has one closed fan of
    triangles around it. ``boundary_p95_mm`` is the distance below which 95 % of the surface's points lie from the
    faces between voxels in and out, ``boundary_max_mm`` the largest. Angles are those inside triangles: the smallest,
    and the one that 5 % are smaller than. ``pieces`` counts closed surfaces that do not hang together,
    ``crossing_triangles`` those that pass through another one of the surface.
    """

    watertight: bool
    outward: bool
    volume_error_percent: float | None
    triangle_count: int
    touches_border: bool = False
    manifold: bool | None = None
    boundary_p95_mm: float | None = None
    boundary_max_mm: float | None = None
    smallest_angle_deg: float | None = None
    angle_p5_deg: float | None = None
    pieces: int | None = None
    crossing_triangles: int | None = None


@dataclass(frozen=True, slots=True)
class Structure:
    """One anatomical structure: ``volume_ml`` is counted from voxels, ``surface`` is for looking at and exporting.

    ``surface`` and ``certificate`` are None for a structure that has no voxels (see ``state`` and ``note``).
    ``coarse`` is the same surface with fewer triangles, for drawing while something moves; None where ``surface`` is
    small enough for that.
    """

    name: str
    volume_ml: float
    state: str
    code: Code
    colour: tuple[int, int, int]
    surface: SurfaceMesh | None = None
    certificate: Certificate | None = None
    part_of: str = ""
    note: str = ""
    coarse: SurfaceMesh | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", FORMER_STATES.get(self.state, self.state))


def is_foreign(structure: Structure) -> bool:
    """Tell whether a structure was added from a file."""
    return structure.note.startswith(FROM_A_FILE)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The structures of a case by name, in drawing order (outermost first), and what was made of them.

    ``trees`` are its vessels ("portal", "hepatic", "arterial"), ``territories`` the parts of an organ that these
    supply or drain (layer 0: Couinaud's segments; layer 1: the nearest branch), ``tetrahedra`` meshes for physics.
    """

    structures: Mapping[str, Structure]
    notes: tuple[str, ...] = ()
    trees: Mapping[str, VesselTree] = field(default_factory=FrozenMapping)
    territories: LabelMap | None = None
    tetrahedra: Mapping[str, TetMesh] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        for name in ("structures", "trees", "tetrahedra"):
            object.__setattr__(self, name, FrozenMapping(getattr(self, name)))

    def __getitem__(self, name: str) -> Structure:
        if name not in self.structures:
            known = ", ".join(self.structures) or "none"
            raise DataError(f"no structure is called {name!r}", advice=f"there are {known}")
        return self.structures[name]


@dataclass(frozen=True, slots=True)
class Tissue:
    """Thermal constants of one tissue. ``assumed`` names the fields that have no public source."""

    name: str
    density_kg_m3: float
    specific_heat_j_kg_k: float
    conductivity_w_m_k: float
    perfusion_1_s: float
    source: str
    assumed: tuple[str, ...] = ()
