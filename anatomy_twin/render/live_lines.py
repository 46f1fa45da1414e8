"""Lines and tubes on surfaces in a 3-D view, drawn among them: what stands before them hides them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyvista
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from anatomy_twin.rehearsal.heart_shapes import SurfaceLines
from anatomy_twin.render.stage import unit_rgb

SIDES: Final = 10  # of a tube


class LiveLines:
    """Draws ``SurfaceLines``; those that did not change keep their actors."""

    def __init__(self, renderer: Any, finer: int = 1) -> None:
        self._renderer, self._finer = renderer, finer
        self._planes: Any = None
        self._drawn: dict[SurfaceLines, Any] = {}

    def show(self, lines: Iterable[SurfaceLines]) -> bool:
        """Show these lines and nothing else; return True where anything changed."""
        wanted = dict.fromkeys(one for one in lines if len(one.pieces_mm))
        gone = [one for one in self._drawn if one not in wanted]
        fresh = [one for one in wanted if one not in self._drawn]
        for one in gone:
            self._renderer.RemoveActor(self._drawn.pop(one))
        for one in fresh:
            self._drawn[one] = actor = self._made(one)
            self._renderer.AddActor(actor)
        return bool(gone or fresh)

    @property
    def shown(self) -> tuple[SurfaceLines, ...]:
        """What is drawn."""
        return tuple(self._drawn)

    def clip(self, planes: Any) -> None:
        """Hide what lies on the negative side of any plane of a ``vtkPlaneCollection``."""
        self._planes = planes
        for actor in self._drawn.values():
            actor.GetMapper().SetClippingPlanes(planes)

    def close(self) -> None:
        """Take everything off."""
        self.show(())

    def _made(self, lines: SurfaceLines) -> Any:
        ends = lines.pieces_mm.reshape(-1, 3).astype(np.float32)
        pairs = np.arange(len(ends)).reshape(-1, 2)
        mesh = pyvista.PolyData(ends, lines=np.column_stack([np.full(len(pairs), 2), pairs]).ravel())
        if lines.radius_mm > 0:
            joined = mesh.clean(tolerance=1e-4, absolute=True).strip()
            mesh = joined.tube(radius=lines.radius_mm, n_sides=SIDES, capping=True)
        mapper, actor = vtkPolyDataMapper(), vtkActor()
        mapper.SetInputData(mesh)
        mapper.ScalarVisibilityOff()
        if self._planes is not None:
            mapper.SetClippingPlanes(self._planes)
        actor.SetMapper(mapper)
        actor.PickableOff()
        look = actor.GetProperty()
        look.SetColor(*unit_rgb(lines.colour))
        if lines.radius_mm > 0:
            look.SetAmbient(0.35)
            look.SetDiffuse(0.75)
        else:
            look.LightingOff()
            look.SetLineWidth(lines.width_px * self._finer)
        return actor
