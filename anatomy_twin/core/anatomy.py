"""What is known about each structure of a patient, and the physical constants of its tissue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from anatomy_twin.core.frozen import FrozenMapping
from anatomy_twin.core.labels import FORMER_STATES, Code
from anatomy_twin.core.mesh import SurfaceMesh
from anatomy_twin.errors import DataError


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was checked about a surface. ``volume_error_percent`` is surface against voxels, signed."""

    watertight: bool
    outward: bool
    volume_error_percent: float
    triangle_count: int
    touches_border: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """One anatomical structure: ``volume_ml`` is counted from voxels, ``surface`` is for looking at and exporting.

    ``surface`` and ``certificate`` are None for a structure that has no voxels (see ``state`` and ``note``).
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", FORMER_STATES.get(self.state, self.state))


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The structures of a case by name, in drawing order (outermost first)."""

    structures: Mapping[str, Structure]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "structures", FrozenMapping(self.structures))

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
