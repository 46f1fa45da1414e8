"""A ring of muscle that re-enters when it is paced beside what recovers late, as a case, and lesions across it."""

from __future__ import annotations

import numpy as np

from anatomy_twin.core import Case, LesionLine, LesionPlan, PacingProtocol, Volume, VolumeGeometry
from anatomy_twin.simulation.electro.chamber_tissue import ClassTissue, ElectroModel
from tests.support.sheets import sheet

AROUND_MM, VELOCITY_M_S, CENTRE_MM = 150.0, 0.5, 28.0
RADIUS_MM = AROUND_MM / (2.0 * np.pi)
_CELLS = {"tau_in": 0.3, "tau_close": 60.0, "tau_open": 80.0}
_USUAL = ClassTissue(VELOCITY_M_S, VELOCITY_M_S, parameters=_CELLS)
_LATE = ClassTissue(VELOCITY_M_S, VELOCITY_M_S, parameters=_CELLS | {"tau_close": 110.0})
LATE = ElectroModel("ring", dt_ms=0.1, classes={"healthy": _USUAL, "interstitial": _LATE, "dense": _USUAL})
PROTOCOL = PacingProtocol(drive_ms=400.0, drive_count=2, longest_ms=240.0, shortest_ms=150.0, step_ms=10.0,
                          sustained_ms=1100.0, radius_mm=3.0)  # fmt: skip
SITES = {"beside": (CENTRE_MM + RADIUS_MM, CENTRE_MM, 0.0), "opposite": (CENTRE_MM - RADIUS_MM, CENTRE_MM, 0.0)}


def polar(points):
    away = np.asarray(points)[:, :2] - CENTRE_MM
    return np.hypot(*away.T), np.arctan2(away[:, 1], away[:, 0])


def ring(late=True):
    """A ring about 6 mm wide, with fibres along x and an arc of 1.2 rad that recovers late beside angle 0."""
    def arc(points):
        _, angle = polar(points)
        return ((angle > 0.15) & (angle < 1.35)).astype(int) * late

    return sheet(56.0, 56.0, 1.2, lambda points: np.abs(polar(points)[0] - RADIUS_MM) < 3.2, classes=arc)


def across(angle, radius_mm=2.0, reach_mm=3.5):
    """A line across the ring at an angle."""
    way = np.array([np.cos(angle), np.sin(angle), 0.0])
    middle = np.array([CENTRE_MM, CENTRE_MM, 0.0])
    return LesionLine(tuple(tuple(middle + (RADIUS_MM + side) * way) for side in (-reach_mm, reach_mm)), radius_mm)


def ring_case(late=True):
    volume = Volume(np.zeros((2, 2, 2), np.float32), VolumeGeometry.upright((2, 2, 2), (1.0, 1.0, 1.0)))
    case = Case.new(volume=volume).with_chamber(ring(late))
    return case.with_plan(LesionPlan("cut", "left_atrium", (across(2.5),)))
