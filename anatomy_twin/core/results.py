"""What physics says about a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import FrozenMapping, read_only
from anatomy_twin.core.geometry import VolumeGeometry
from anatomy_twin.core.mesh import SurfaceMesh
from anatomy_twin.core.promise import TableZone
from anatomy_twin.errors import DataError

PHYSICS: Final = "1"  # another one as soon as equations or tissue values give the same plan another zone

NO_SINKS: Final = "no sinks"
_USUAL_VERDICTS: Final = ("arrhenius", "isotherm_-20")  # of heat, of cold


@dataclass(frozen=True, eq=False)
class ThermalResult:
    """Heat and damage of one ablation plan on a box around its target.

    ``geometry`` is the grid of the box; ``times_s`` (T,) the moments of the snapshots ``temperature_c`` and
    ``omega`` (both [T, k, j, i], float32: degC and the Arrhenius integral), ``cem43_min`` [k, j, i] the thermal dose
    at the end. ``coagulated`` (bool [k, j, i]) and ``surface`` are the zone at the end by ``verdict_model``.
    ``parameters`` are the numbers used, as text with units; ``assumed`` names those without a public source.
    ``coldest_c`` [k, j, i] is the least temperature so far of tissue that was frozen (``omega`` and ``cem43_min`` are
    0 then), None where tissue was heated; ``hottest_c`` the highest of tissue that was heated, None where it is not
    known. ``traces`` are what a generator recorded, arrays (n,) by name: time_s, applicator (its number), power_w,
    impedance_ohm, sensor_c; of cold time_s, applicator, needle_c (what the wall of a needle is held at).
    """

    plan_name: str
    geometry: VolumeGeometry
    times_s: NDArray[np.float64]
    temperature_c: NDArray[np.float32]
    omega: NDArray[np.float32]
    cem43_min: NDArray[np.float32]
    coagulated: NDArray[np.bool_]
    verdict_model: str
    surface: SurfaceMesh | None = None
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    coldest_c: NDArray[np.float32] | None = None
    hottest_c: NDArray[np.float32] | None = None
    traces: Mapping[str, NDArray[np.float64]] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        times = read_only(self.times_s, "times_s", ndim=1, dtype=np.float64)
        object.__setattr__(self, "times_s", times)
        expected: dict[str, tuple[int, ...]] = {
            "temperature_c": (times.size, *self.geometry.shape),
            "omega": (times.size, *self.geometry.shape),
            "cem43_min": self.geometry.shape,
            "coagulated": self.geometry.shape,
        }
        for name in ("coldest_c", "hottest_c"):
            if getattr(self, name) is not None:
                expected[name] = self.geometry.shape
        traces = {
            name: read_only(values, name, ndim=1, dtype=np.float64) for name, values in self.traces.items()
        }
        if len({values.size for values in traces.values()}) > 1:
            raise DataError("the traces of a generator are not equally long")
        object.__setattr__(self, "traces", FrozenMapping(traces))
        for name, shape in expected.items():
            values: NDArray[Any] = read_only(
                getattr(self, name), name, dtype=bool if name == "coagulated" else np.float32
            )
            if values.shape != shape:
                raise DataError(f"{name} has shape {values.shape}, its grid and times ask for {shape}")
            object.__setattr__(self, name, values)
        object.__setattr__(self, "parameters", FrozenMapping(self.parameters))

    @property
    def coagulated_ml(self) -> float:
        """Volume of the coagulated zone at the end in ml."""
        return int(np.count_nonzero(self.coagulated)) * self.geometry.voxel_volume_ml

    def coagulated_at(self, snapshot: int) -> NDArray[np.bool_]:
        """Return the zone at one snapshot, bool [k, j, i]: Arrhenius integral >= 1, or ever so cold by a snapshot."""
        if self.coldest_c is None:
            return np.asarray(self.omega[snapshot] >= 1.0)
        if not self.coagulated.any():
            return np.zeros(self.geometry.shape, bool)
        least = self.temperature_c[: range(self.times_s.size)[snapshot] + 1].min(axis=0)
        return np.asarray(least <= self.coldest_c[self.coagulated].max())


    @property
    def asked(self) -> dict[str, Any]:
        """What was asked for of verdict, perfusion and vessels other than the usual, by the names of ``ThermalModel``.

        Another simulation of the same patient that is to be compared with this one has to have it in common.
        """
        told, found = self.parameters, dict[str, Any]()
        if told.get("verdict name", _USUAL_VERDICTS[0]) not in _USUAL_VERDICTS:
            found["verdict"] = told["verdict name"]
        for name in ("perfusion factor", "vessel flow factor"):
            if float(told.get(name, 1.0)) != 1.0:
                found[name.replace(" ", "_")] = float(told[name])
        if told.get("vessels") == NO_SINKS:
            found["vessel_sinks"] = False
        return found

    @property
    def older_physics(self) -> str:
        """A line for who reads a result that this version of the program would not reckon again; else empty."""
        made_by = self.parameters.get("physics", PHYSICS)
        if made_by == PHYSICS:
            return ""
        return f"simulated by another state of the physics ({made_by}, now {PHYSICS}): simulate again before judging"


@dataclass(frozen=True, eq=False)
class ElectroResult:
    """How a chamber is activated from one site, without and with the lesions of a plan, and what they isolate.

    Per node of the chamber: ``before_ms`` and ``activation_ms`` (N,) when it is activated without and with the lesions
    (inf never), ``dead`` (N,) what they kill. ``veins`` says of every vein, appendage or named part that the lesions
    shall isolate "isolated", "connected" or "not checked", ``evidence`` why, line by line.
    """

    plan_name: str
    chamber: str
    site_mm: NDArray[np.float64]
    before_ms: NDArray[np.float64]
    activation_ms: NDArray[np.float64]
    dead: NDArray[np.bool_]
    veins: Mapping[str, str] = field(default_factory=FrozenMapping)
    evidence: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=FrozenMapping)
    assumed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "site_mm", read_only(self.site_mm, "site_mm", ndim=1, dtype=np.float64))
        for name in ("before_ms", "activation_ms"):
            object.__setattr__(self, name, read_only(getattr(self, name), name, ndim=1, dtype=np.float64))
        object.__setattr__(self, "dead", read_only(self.dead, "dead", ndim=1, dtype=bool))
        if not len(self.before_ms) == len(self.activation_ms) == len(self.dead):
            raise DataError("the maps of an activation are not equally long")
        for name in ("veins", "parameters"):
            object.__setattr__(self, name, FrozenMapping(getattr(self, name)))


Result = ThermalResult
Zoned = ThermalResult | TableZone  # what has a zone whose margin can be measured
