"""Where a device leaves its heat: from an applicator and the catalog to watts per voxel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import Applicator, VolumeGeometry
from anatomy_twin.errors import SimulationError
from anatomy_twin.kernels import bioheat

VACUUM_PERMITTIVITY_F_M = 8.8541878128e-12
SPEED_OF_LIGHT_M_S = 299792458.0
EMITTERS_PER_MM = 1.0
SUBDIVISIONS = 3


def device(name: str) -> Mapping[str, Any]:
    """Return the catalog entry of a device; ``SimulationError`` if there is none."""
    devices: Mapping[str, Any] = catalog.load("devices")["devices"]
    if name not in devices:
        raise SimulationError(f"no device is called {name!r}", advice=f"the catalog has {', '.join(devices)}")
    return devices[name]


def check_settings(applicator: Applicator) -> None:
    """Raise ``SimulationError`` if power or time is out of the range of the applicator's device."""
    entry = device(applicator.device)
    setting, set_unit = catalog.device_setting(dict(entry))
    for label, value, unit, limits in (
        (setting, applicator.power_w, set_unit, entry["power_w"]),
        ("time", applicator.duration_s, "s", entry["duration_s"]),
    ):
        if not limits[0] <= value <= limits[1]:
            raise SimulationError(
                f"{label} {value:g} {unit} is out of the range of {applicator.device}",
                advice=f"give {limits[0]:g} to {limits[1]:g} {unit}",
            )


def time_in_words(applicator: Applicator) -> str:
    """Return when an applicator works."""
    start = f"{applicator.start_s:g} s after the start" if applicator.start_s else "the start"
    return f"{applicator.duration_s:g} s from {start}"


def attenuation_1_m(frequency_hz: float, relative_permittivity: float, conductivity_s_m: float) -> float:
    """Return the attenuation of a plane wave's field in a lossy dielectric in 1/m.

    a = (2 pi f / c) sqrt(e / 2 (sqrt(1 + tan2) - 1)), tan = conductivity / (2 pi f e0 e): any text on electromagnetism.
    """
    angular = 2.0 * math.pi * frequency_hz
    tangent = conductivity_s_m / (angular * VACUUM_PERMITTIVITY_F_M * relative_permittivity)
    root = math.sqrt(relative_permittivity / 2.0 * (math.sqrt(1.0 + tangent * tangent) - 1.0))
    return angular / SPEED_OF_LIGHT_M_S * root


def absorbed_power_w(applicator: Applicator) -> float:
    """Return the power that leaves the antenna into tissue: what is set, less the loss in cable and shaft."""
    return applicator.power_w * (1.0 - float(device(applicator.device)["sar"]["shaft_loss"]))


def active_zone_mm(applicator: Applicator) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the proximal end, the centre and the distal end of the heating part of an applicator in LPS mm."""
    entry = device(applicator.device)
    along = np.asarray(applicator.direction)
    centre = np.asarray(applicator.tip_mm) - along * float(entry["active_offset_mm"])
    half = along * float(entry["active_length_mm"]) / 2.0
    return centre - half, centre, centre + half


def expected_reach_mm(applicator: Applicator) -> float:
    """Return half the length of the zone that the device's table expects: its least row that is not below the setting.

    Above the table the largest row grows with the cube root of the energy.
    """
    rows = device(applicator.device)["zone_table"]
    reach = lambda row: max(row["length_mm"], row["diameter_mm"]) / 2.0  # noqa: E731
    above = [
        row for row in rows
        if row["power_w"] >= applicator.power_w and row["duration_s"] >= applicator.duration_s
    ]
    if above:
        return float(min(reach(row) for row in above))
    if not rows:
        return 30.0
    largest = max(rows, key=reach)
    energy = applicator.power_w * applicator.duration_s / (largest["power_w"] * largest["duration_s"])
    return float(reach(largest) * max(1.0, energy) ** (1.0 / 3.0))


def power_per_voxel_w(
    applicator: Applicator, geometry: VolumeGeometry, absorbing: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return W per voxel [k, j, i] of a microwave antenna, with the sum exactly ``absorbed_power_w``.

    Emitters lie along the active length with a half cosine of strength (that of the current on a resonant antenna);
    each is attenuated as in liver (``bioheat.attenuated_line``), whatever the tissue. ``absorbing`` (bool [k, j, i])
    are the voxels that take up heat: not air. The powers are scaled so that they add up to the absorbed power.
    ``geometry`` is an isotropic grid. Raises ``SimulationError`` if no heat would land in tissue.
    """
    entry = device(applicator.device)
    if entry["kind"] != "mwa":
        raise SimulationError(f"devices of kind {entry['kind']!r} cannot be simulated", where=applicator.device)
    sar, spacing = entry["sar"], geometry.spacing_mm[0]
    field_1_m = attenuation_1_m(entry["frequency_hz"], sar["relative_permittivity"], sar["conductivity_s_m"])
    start, _, stop = active_zone_mm(applicator)
    count = max(3, round(float(entry["active_length_mm"]) * EMITTERS_PER_MM) | 1)
    share = (np.arange(count) + 0.5) / count
    weights = np.sin(np.pi * share)
    axes = np.asarray(geometry.direction)  # rotate into the axes of the grid; the kernel knows no patient
    turn = lambda point: np.ascontiguousarray(np.asarray(point) @ axes)  # noqa: E731
    density = np.zeros(geometry.shape)
    bioheat.attenuated_line(
        density, turn(geometry.origin_mm), float(spacing), turn(start + share[:, None] * (stop - start)),
        weights / weights.sum(), field_1_m / 1000.0, turn(applicator.tip_mm), turn(applicator.entry_mm),
        float(entry["shaft_diameter_mm"]) / 2.0, SUBDIVISIONS,
    )
    density[~absorbing] = 0.0
    total = density.sum()
    if not total > 0:
        raise SimulationError("the heating part of the applicator lies outside tissue", where=applicator.device)
    return density * (absorbed_power_w(applicator) / total)
