"""Uniform boxes and simple cases for the checks of the heat solver."""

from __future__ import annotations

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Applicator, Case, LabelMap, Volume, VolumeGeometry
from anatomy_twin.simulation.thermal import DamageModel, Evaporation, HeatPulse, ThermalSystem
from anatomy_twin.simulation.thermal.base import largest_time_step_s
from tests.support.toy_patient import make_segment

NO_DAMAGE = DamageModel(frequency_1_s=0.0)


def uniform_box(
    shape, spacing_mm, conductivity_w_m_k, heat_capacity_j_m3_k, rate_1_s=0.0, *, power_w=None, heated_s=1e9,
    axes=(0, 1, 2), closed=False, damage=NO_DAMAGE, evaporation=None, time_step_s=None, dtype=np.float32,
) -> ThermalSystem:
    """A system of one material. Heat flows along ``axes`` only; ``closed``: none passes to the outermost layer."""
    geometry = VolumeGeometry.upright(shape, (spacing_mm,) * 3)
    faces = []
    for axis in range(3):
        face = np.full(shape, conductivity_w_m_k * spacing_mm * 1e-3 if axis in axes else 0.0, dtype)
        if closed:
            view = np.moveaxis(face, axis, 0)
            view[0] = view[-2:] = 0.0
        faces.append(face)
    capacity = np.full(shape, heat_capacity_j_m3_k * (spacing_mm * 1e-3) ** 3, dtype)
    pulses = () if power_w is None else (HeatPulse(0.0, heated_s, power_w),)
    return ThermalSystem(
        geometry, *faces, capacity, np.full(shape, rate_1_s, dtype), np.zeros(shape, dtype), pulses,
        time_step_s or largest_time_step_s(*faces, capacity), damage=damage, evaporation=evaporation or Evaporation(),
    )


def liver_block(size_mm: float = 180.0, spacing_mm: float = 2.0, vein: tuple[float, float] | None = None):
    """A case that is all liver with a 20 mm tumour in its middle, and that middle in LPS mm.

    ``vein``: (distance from the middle along x, diameter) in mm of a straight vein along the head-foot axis.
    """
    size = round(size_mm / spacing_mm)
    geometry = VolumeGeometry.upright((size,) * 3, (spacing_mm,) * 3)
    centre = np.asarray(geometry.center_mm)
    away = geometry.to_world(np.moveaxis(np.indices(geometry.shape), 0, -1)) - centre
    array = np.zeros((4, *geometry.shape), np.uint8)
    array[0] = 1
    array[1] = 1
    array[2] = np.linalg.norm(away, axis=-1) <= 10.0
    segments = [make_segment("body", 0, 1), make_segment("liver", 1, 1), make_segment("tumour_1", 2, 1)]
    if vein is not None:
        array[3] = np.hypot(away[..., 0] - vein[0], away[..., 1]) <= vein[1] / 2.0
        segments.append(make_segment("hepatic_veins", 3, 1))
    labels = LabelMap(array, geometry, tuple(segments))
    volume = Volume(np.full(geometry.shape, 100, np.int16), geometry, synthetic=True)
    return Case.new(volume=volume, labels=labels), centre


def centred_plan(centre, power_w=60.0, duration_s=300.0, direction=(0.0, 0.0, -1.0), depth_mm=70.0) -> AblationPlan:
    """A plan whose applicator has the middle of its active zone at ``centre``."""
    along = np.asarray(direction) / np.linalg.norm(direction)
    tip = np.asarray(centre) + along * catalog.load("devices")["devices"]["mwa-generic"]["active_offset_mm"]
    applicator = Applicator("mwa-generic", tuple(tip - along * depth_mm), tuple(tip), power_w, duration_s)
    return AblationPlan("A", "tumour_1", (applicator,))
