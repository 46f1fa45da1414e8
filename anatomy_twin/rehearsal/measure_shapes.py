"""Measurements as shapes: what is drawn of them on slices and in 3-D."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from anatomy_twin.core import Angle, Area, Ball, Diameters, Measurement
from anatomy_twin.rehearsal.measure_edit import points_of
from anatomy_twin.rehearsal.shapes import Shape
from anatomy_twin.units import Point, check_point

COLOUR: Final = (120, 235, 255)
MARKED: Final = (255, 214, 120)
DIM: Final = (64, 116, 128)
REACH_MM: Final = 2.5  # from a slice within which a measurement is drawn as lying in it
DIM_REACH_MM: Final = 15.0
ARC_POINTS: Final = 25
ARC_SHARE: Final = 0.3  # of the shorter arm


def measurement_shapes(
    measurement: Measurement, words: str, *, marked: bool = False, lit: bool = False, knobs: bool = False
) -> tuple[Shape, ...]:
    """Return what is drawn of a measurement: lines, its value near them, and points to grab where ``knobs``.

    Out of its plane it is drawn dim and without words, further off not at all.
    """
    colour = MARKED if marked or lit else COLOUR
    name = f"measurement {measurement.name}"
    lines = _lines(measurement)
    shapes = [Shape(kind, points, DIM, name, width_px=1.0, reach_mm=DIM_REACH_MM, dashed=True,
                    only="slices")
              for kind, points, _ in lines]  # fmt: skip
    for kind, points, dashed in lines:
        fill = 0.12 if kind == "outline" else 0.0
        width = 2.2 if marked or lit else 1.6
        shapes.append(Shape(kind, points, colour, name, width_px=width, reach_mm=REACH_MM, dashed=dashed, fill=fill,
                            lit=lit))  # fmt: skip
    if isinstance(measurement, Ball):
        shapes.append(Shape("circle", (measurement.centre_mm,), colour, name, width_px=1.6, fill=0.1, lit=lit,
                            radius_mm=measurement.radius_mm, reach_mm=measurement.radius_mm))  # fmt: skip
    if words:
        # in 3-D the words of many would lie over each other: only those of the one that is marked or held
        only = "" if marked or lit else "slices"
        shapes.append(Shape("text", (_word_place(measurement),), colour, name, words, reach_mm=REACH_MM, lit=lit,
                            only=only))  # fmt: skip
    if knobs:
        shapes += knob_shapes(points_of(measurement), colour, name)
    elif not isinstance(measurement, Area):  # ends that can be seen
        shapes += [replace(dot, radius_px=2.0) for dot in knob_shapes(points_of(measurement), colour, name)]
    return tuple(shapes)


def knob_shapes(
    points_mm: tuple[Point, ...], colour: tuple[int, int, int], name: str, lit: int = -1, only: str = ""
) -> list[Shape]:
    """Return a dot at each of some points; the one numbered ``lit`` larger."""
    return [Shape("knob", (point,), colour, f"{name} {n}", radius_px=6.5 if n == lit else 4.5, reach_mm=REACH_MM,
                  lit=n == lit, only=only) for n, point in enumerate(points_mm)]  # fmt: skip


def drawing_shapes(kind: str, points_mm: tuple[Point, ...], words: str, only: str = "") -> tuple[Shape, ...]:
    """Return what is drawn of a measurement that is not finished: the last point follows the mouse.

    ``only`` is where it is drawn (see ``Shape``).
    """
    name = "measurement that is drawn"
    shapes: list[Shape] = []
    if kind == "ball" and len(points_mm) > 1:
        radius = float(np.linalg.norm(np.subtract(points_mm[1], points_mm[0])))
        shapes.append(Shape("circle", points_mm[:1], MARKED, name, radius_mm=radius, reach_mm=max(radius, REACH_MM),
                            fill=0.1, lit=True))  # fmt: skip
    pairs = [points_mm[:2], points_mm[2:4]] if kind == "diameters" else [points_mm]
    for line in pairs:
        if len(line) > 1:
            shapes.append(Shape("line", line, MARKED, name, width_px=2.0, dashed=kind == "ball", lit=True))
    if kind == "area" and len(points_mm) > 2:
        shapes.append(Shape("line", (points_mm[-1], points_mm[0]), MARKED, name, width_px=1.0, dashed=True, lit=True))
    if kind == "angle" and len(points_mm) == 3:
        shapes.append(Shape("line", _arc(*points_mm), MARKED, name, width_px=1.0, lit=True))
    shapes += knob_shapes(points_mm if len(points_mm) <= 12 else (points_mm[0], points_mm[-1]), MARKED, name)
    if words and points_mm:
        shapes.append(Shape("text", (points_mm[-1],), MARKED, name, words, lit=True))
    return tuple(replace(shape, only=only) for shape in shapes)


def _lines(measurement: Measurement) -> list[tuple[str, tuple[Point, ...], bool]]:
    """Return the lines of a measurement: kind, points, whether dashed."""
    points = points_of(measurement)
    if isinstance(measurement, Area):
        return [("outline", points, False)]
    if isinstance(measurement, Ball):
        return [("line", points, True)]
    if isinstance(measurement, Diameters):
        return [("line", points[:2], False), ("line", points[2:], False)]
    if isinstance(measurement, Angle):
        return [("line", points, False), ("line", _arc(*points), False)]
    return [("line", points, False)]


def _word_place(measurement: Measurement) -> Point:
    points = points_of(measurement)
    if isinstance(measurement, Area):  # the corner furthest to the left of the patient and up, beside the outline
        return max(points, key=lambda point: (round(point[0] + point[2], 3), point))
    return points[1]


def _arc(first_mm: Point, vertex_mm: Point, second_mm: Point) -> tuple[Point, ...]:
    """Return points on the arc of an angle, from arm to arm."""
    one, other = np.subtract(first_mm, vertex_mm), np.subtract(second_mm, vertex_mm)
    lengths = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if min(lengths) < 1e-9:
        return first_mm, vertex_mm
    one, other = one / lengths[0], other / lengths[1]
    across = other - (other @ one) * one
    size = float(np.linalg.norm(across))
    if size < 1e-9:
        return first_mm, vertex_mm
    turns = np.linspace(0.0, np.arctan2(size, other @ one), ARC_POINTS)
    points = np.cos(turns)[:, None] * one + np.sin(turns)[:, None] * across / size
    return tuple(check_point("arc", point) for point in vertex_mm + ARC_SHARE * min(lengths) * points)
