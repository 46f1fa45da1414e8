"""What a thermal simulation is made of: the model's choices, the fixed system, the changing state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import FrozenMapping, VolumeGeometry
from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.thermal.electric import ElectricSystem, Electrode
from anatomy_twin.simulation.thermal.generator import Generator
from anatomy_twin.units import check_positive, check_range

ISOTHERMS_C = {"isotherm_50": 50.0, "isotherm_60": 60.0}
VERDICTS = ("arrhenius", "cem43", *ISOTHERMS_C, "isotherm_-20", "isotherm_-40")


@dataclass(frozen=True, slots=True)
class ThermalModel:
    """The choices of a thermal simulation.

    ``spacing_mm`` edge of the voxels; ``room_mm`` tissue kept around the expected zone; ``verdict`` which damage model
    decides what is coagulated ("arrhenius", "cem43", "isotherm_50" or "isotherm_60"; of cold "isotherm_-20", also where
    this says "arrhenius", or "isotherm_-40"); ``cooling_s`` time simulated after the last power is off;
    ``perfusion_factor`` scales the perfusion of every tissue, ``vessel_sinks`` turns large vessels on and off,
    ``double_precision`` computes in float64 to check the float32 run; ``snapshots`` at most this many are kept;
    ``surroundings_c`` where everything starts and what lies beyond the box (None: at body temperature);
    ``control_s`` how often the generator of radiofrequency electrodes measures and acts; ``vessel_flow_factor`` scales
    the velocity of blood in large vessels (0: their flow is arrested, and they are tissue like what lies beside them);
    ``conductivity_slope_1_k`` by which share of its value at body temperature the thermal conductivity of tissue rises
    per kelvin when it is heated.
    """

    spacing_mm: float = 1.0
    room_mm: float = 25.0
    verdict: str = "arrhenius"
    cooling_s: float = 0.0
    perfusion_factor: float = 1.0
    vessel_sinks: bool = True
    double_precision: bool = False
    snapshots: int = 25
    surroundings_c: float | None = None
    control_s: float = 1.0
    vessel_flow_factor: float = 1.0
    conductivity_slope_1_k: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "spacing_mm", check_range("spacing_mm", self.spacing_mm, 0.25, 4.0))
        object.__setattr__(self, "room_mm", check_range("room_mm", self.room_mm, 5.0, 100.0))
        object.__setattr__(self, "cooling_s", check_range("cooling_s", self.cooling_s, 0.0, 3600.0))
        object.__setattr__(self, "perfusion_factor", check_range("perfusion_factor", self.perfusion_factor, 0.0, 10.0))
        object.__setattr__(self, "control_s", check_range("control_s", self.control_s, 0.1, 30.0))
        factor = check_range("vessel_flow_factor", self.vessel_flow_factor, 0.0, 5.0)
        object.__setattr__(self, "vessel_flow_factor", factor)
        slope = check_range("conductivity_slope_1_k", self.conductivity_slope_1_k, 0.0, 0.02)
        object.__setattr__(self, "conductivity_slope_1_k", slope)
        if self.surroundings_c is not None:
            object.__setattr__(self, "surroundings_c", check_range("surroundings_c", self.surroundings_c, 1.0, 42.0))
        if self.verdict not in VERDICTS:
            raise SimulationError(f"unknown verdict {self.verdict!r}", advice=f"use one of {', '.join(VERDICTS)}")
        if not 1 <= self.snapshots <= 200:
            raise SimulationError(f"{self.snapshots} snapshots were asked for", advice="ask for 1 to 200")

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """The number type of the fields."""
        return np.float64 if self.double_precision else np.float32

    @property
    def what_if(self) -> tuple[str, ...]:
        """What was asked for that is not so in the patient, in words: it belongs beside every number of the run."""
        said = []
        if not self.vessel_sinks:
            said.append("what if large vessels did not cool")
        elif self.vessel_flow_factor != 1.0:
            said.append(f"what if blood in large vessels flowed {self.vessel_flow_factor:g} times as fast")
        if self.perfusion_factor != 1.0:
            said.append(f"what if tissue were perfused {self.perfusion_factor:g} times as much")
        if self.surroundings_c is not None:
            said.append(f"what if all were {self.surroundings_c:g} degC before")
        return tuple(said)

    def outside_c(self, body_temperature_c: float) -> float:
        """Return the temperature at the start and at the edge of the box, of a patient with this body temperature."""
        return float(body_temperature_c) if self.surroundings_c is None else self.surroundings_c


@dataclass(frozen=True, eq=False)
class HeatPulse:
    """Heat that is on from ``start_s`` to ``stop_s``: ``power_w`` [k, j, i], W per voxel."""

    start_s: float
    stop_s: float
    power_w: NDArray[Any]

    def __post_init__(self) -> None:
        check_positive("stop_s - start_s", self.stop_s - self.start_s)
        object.__setattr__(self, "power_w", read_only(np.ascontiguousarray(self.power_w), "power_w", ndim=3))


@dataclass(frozen=True, slots=True)
class DamageModel:
    """Arrhenius constants (1/s, J/mol, floor in degC) and CEM43 (R above and below the breakpoint, dose in min).

    ``perfusion_ends_at`` is the Arrhenius integral at which blood no longer flows.
    """

    frequency_1_s: float = 7.39e39
    energy_j_mol: float = 2.577e5
    floor_c: float = 43.0
    r_above: float = 0.5
    r_below: float = 0.25
    cem43_breakpoint_c: float = 43.0
    cem43_threshold_min: float = 240.0
    perfusion_ends_at: float = 1.0


@dataclass(frozen=True, slots=True)
class Evaporation:
    """Water boils from ``from_c`` to ``to_c``; there tissue takes ``heat_ratio`` times the heat per kelvin.

    The share of the heat source that dried tissue still takes up is ``dry_absorption``; what it lets pass heats the
    rest of the tissue in proportion, so that the power stays the same.
    """

    from_c: float = 99.0
    to_c: float = 101.0
    heat_ratio: float = 1.0
    dry_absorption: float = 1.0


@dataclass(frozen=True, eq=False)
class ThermalSystem:
    """All that stays fixed in a run. Arrays are [k, j, i] on ``geometry``, an isotropic grid.

    ``face_k``, ``face_j``, ``face_i`` W/K between a voxel and its next along the axis (0: no heat passes);
    ``capacity_j_k`` J/K per voxel; ``perfusion_1_s`` the rate that ends where tissue is coagulated; ``wall_1_s`` the
    rate of exchange with large vessels, which does not; ``pulses`` the heat. The outermost layer of voxels stays at
    ``body_c``. ``time_step_s`` is the largest step that ``step`` should take. Conductivities rise by the share
    ``conductivity_slope_1_k`` of their value at body temperature per kelvin. ``electric``: radiofrequency.
    """

    geometry: VolumeGeometry
    face_k: NDArray[Any]
    face_j: NDArray[Any]
    face_i: NDArray[Any]
    capacity_j_k: NDArray[Any]
    perfusion_1_s: NDArray[Any]
    wall_1_s: NDArray[Any]
    pulses: tuple[HeatPulse, ...]
    time_step_s: float
    body_c: float = 37.0
    damage: DamageModel = field(default_factory=DamageModel)
    evaporation: Evaporation = field(default_factory=Evaporation)
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    conductivity_slope_1_k: float = 0.0
    electric: ElectricSystem | None = None

    def __post_init__(self) -> None:
        dtype = self.face_k.dtype
        for name in ("face_k", "face_j", "face_i", "capacity_j_k", "perfusion_1_s", "wall_1_s"):
            values = read_only(np.ascontiguousarray(getattr(self, name), dtype=dtype), name, ndim=3)
            if values.shape != self.geometry.shape:
                raise SimulationError(f"{name} has shape {values.shape}, the grid is {self.geometry.shape}")
            object.__setattr__(self, name, values)
        if any(pulse.power_w.shape != self.geometry.shape for pulse in self.pulses):
            raise SimulationError("a heat pulse is not on the grid of its system")
        same = tuple(HeatPulse(p.start_s, p.stop_s, p.power_w.astype(dtype)) for p in self.pulses)
        object.__setattr__(self, "pulses", same)
        check_positive("time_step_s", self.time_step_s)
        object.__setattr__(self, "parameters", FrozenMapping(self.parameters))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of the run."""
        return self.face_k.dtype

    @property
    def parts(self) -> tuple[HeatPulse | Electrode, ...]:
        """All that heats, each for its time."""
        return (*self.pulses, *(() if self.electric is None else self.electric.electrodes))

    @property
    def heating_s(self) -> float:
        """When the last heat goes off."""
        return max((part.stop_s for part in self.parts), default=0.0)


@dataclass(frozen=True, eq=False)
class ThermalState:
    """What changes: temperature (degC), Arrhenius integral, thermal dose (min), all [k, j, i], and the time.

    ``generator`` is that of radiofrequency electrodes, None before they are first on; ``hottest_c`` the highest
    temperature so far where that was above 39 degC (elsewhere, and for None: this one); ``traces`` what the generator
    recorded so far (see ``driven.TRACES``).
    """

    temperature_c: NDArray[Any]
    omega: NDArray[Any]
    cem43_min: NDArray[Any]
    time_s: float = 0.0
    generator: Generator | None = None
    hottest_c: NDArray[Any] | None = None
    traces: Mapping[str, NDArray[np.float64]] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        if self.hottest_c is None:
            object.__setattr__(self, "hottest_c", self.temperature_c)
        for name in ("temperature_c", "omega", "cem43_min", "hottest_c"):
            object.__setattr__(self, name, read_only(getattr(self, name), name, ndim=3))

    @property
    def hottest_so_far_c(self) -> NDArray[Any]:
        """``hottest_c``, which is never missing once the state is made."""
        return self.temperature_c if self.hottest_c is None else self.hottest_c


def largest_time_step_s(
    face_k: NDArray[Any], face_j: NDArray[Any], face_i: NDArray[Any], capacity_j_k: NDArray[Any], safety: float = 0.9
) -> float:
    """Return ``safety`` x the least of C / (sum of the conductances of the six faces) over all voxels, in s."""
    total = np.zeros(capacity_j_k.shape)
    for axis, face in enumerate((face_k, face_j, face_i)):
        ahead = np.moveaxis(np.asarray(face, dtype=np.float64), axis, 0)
        view = np.moveaxis(total, axis, 0)
        view += ahead
        view[1:] += ahead[:-1]
    fastest = float((total / capacity_j_k).max())
    return safety / fastest if fastest > 0 else 1.0
