"""Applicators that follow the hand: bodies of unit size that are only stretched and turned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyvista
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from anatomy_twin.rehearsal import Needle
from anatomy_twin.render.live_shapes import make_round
from anatomy_twin.render.stage import OUTSIDE_MM, heating_radius_mm, unit_rgb

STEEL: Final = (0.66, 0.68, 0.72)


@dataclass
class _Drawn:
    shaft: Any
    entry: Any
    point: Any
    heating: list[Any]
    axes: list[Any]  # thin lines over everything: the tip lies inside of the target, where nothing else shows it

    @property
    def actors(self) -> tuple[Any, ...]:
        return self.shaft, self.entry, self.point, *self.heating, *self.axes


class LiveNeedles:
    """Applicators on a VTK renderer, and their axes on the layer ``over`` it. ``show`` moves them by matrices."""

    def __init__(self, renderer: Any, over: Any, finer: int = 1) -> None:
        self._renderer, self._over, self._finer = renderer, over, finer
        self._line = _plain(pyvista.Line((0.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
        self._dot = _plain(pyvista.PolyData(np.zeros((1, 3))))
        self._drawn: list[_Drawn] = []
        rod = pyvista.Cylinder(center=(0, 0, 0.5), direction=(0, 0, 1), radius=1, height=1, resolution=20)
        self._rod = _mapper(rod)
        self._ball = _mapper(pyvista.Sphere(radius=1.0, theta_resolution=20, phi_resolution=14))
        self.needles: tuple[Needle, ...] = ()

    def show(self, needles: Iterable[Needle]) -> None:
        """Show these applicators, each from beyond its entry to its tip."""
        self.needles = tuple(needles)
        while len(self._drawn) < len(self.needles):
            self._drawn.append(
                _Drawn(self._actor(self._rod), self._actor(self._ball), self._above(self._dot), [], [])
            )
        while len(self._drawn) > len(self.needles):
            self._take_off(self._drawn.pop().actors)
        for drawn, needle in zip(self._drawn, self.needles, strict=True):
            self._place(drawn, needle)

    def close(self) -> None:
        """Take them off the renderer."""
        self.show(())

    def _take_off(self, actors: Iterable[Any]) -> None:
        for actor in actors:
            self._renderer.RemoveActor(actor)
            self._over.RemoveActor(actor)

    def _actor(self, mapper: Any) -> Any:
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.PickableOff()
        actor.SetUserMatrix(vtkMatrix4x4())
        look = actor.GetProperty()
        look.SetDiffuse(0.85)
        look.SetSpecular(0.6)
        look.SetSpecularPower(28)
        look.SetAmbient(0.25)
        self._renderer.AddActor(actor)
        return actor

    def _above(self, mapper: Any) -> Any:
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.PickableOff()
        actor.SetUserMatrix(vtkMatrix4x4())
        look = actor.GetProperty()
        look.LightingOff()
        look.SetLineWidth(1.5 * self._finer)
        look.SetPointSize(6.0 * self._finer)
        if mapper is self._dot:
            make_round(actor)
        look.SetOpacity(0.75)
        self._over.AddActor(actor)
        return actor

    def _place(self, drawn: _Drawn, needle: Needle) -> None:
        entry, tip = np.asarray(needle.entry_mm), np.asarray(needle.tip_mm)
        length = max(float(np.linalg.norm(tip - entry)), 1e-6)
        along = (tip - entry) / length
        pieces = needle.heating_mm
        while len(drawn.heating) < len(pieces):
            drawn.heating.append(self._actor(self._rod))
            drawn.axes.append(self._above(self._line))
        while len(drawn.heating) > len(pieces):
            self._take_off((drawn.heating.pop(), drawn.axes.pop()))
        _stretch(drawn.shaft, entry - OUTSIDE_MM * along, along, length + OUTSIDE_MM, max(needle.radius_mm, 0.9))
        _stretch(drawn.entry, entry, along, 2.6, 2.6)
        _stretch(drawn.point, tip, along, 1.0, 1.0)
        for rod, axis, (start, stop) in zip(drawn.heating, drawn.axes, pieces, strict=True):
            way = np.subtract(stop, start)
            reach = float(np.linalg.norm(way))
            _stretch(rod, np.asarray(start), way / reach, reach + 0.05, heating_radius_mm(needle))
            _stretch(axis, np.asarray(start), way / reach, reach, 1.0)
        drawn.shaft.GetProperty().SetColor(*STEEL)
        for actor in (*drawn.heating, *drawn.axes, drawn.entry, drawn.point):
            actor.GetProperty().SetColor(*unit_rgb(needle.colour))
            actor.GetProperty().SetAmbient(0.45)


def _mapper(mesh: Any) -> Any:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh.compute_normals(cell_normals=False, split_vertices=True, feature_angle=50.0))
    mapper.ScalarVisibilityOff()
    return mapper


def _plain(mesh: Any) -> Any:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(mesh)
    mapper.ScalarVisibilityOff()
    return mapper


def _stretch(actor: Any, start: Any, along: Any, length: float, radius: float) -> None:
    """Let a unit body along z reach ``length`` from ``start`` in the direction ``along``."""
    helper = np.eye(3)[int(np.argmin(np.abs(along)))]
    side = np.cross(along, helper)
    side = side / np.linalg.norm(side)
    other = np.cross(along, side)
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = radius * side, radius * other, length * along, start
    actor.GetUserMatrix().DeepCopy(matrix.ravel().tolist())
    actor.GetUserMatrix().Modified()
