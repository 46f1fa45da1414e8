"""The scan itself in 3-D, without surfaces: how each value is coloured and seen through comes from the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyvista
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction, vtkPlaneCollection
from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolume, vtkVolumeProperty

from anatomy_twin import catalog
from anatomy_twin.core import Volume
from anatomy_twin.errors import UsageError

MOST_VOXELS: Final = {True: 6_000_000, False: 120_000_000}  # by whether the processor draws
MOVING_SAMPLE, RESTING_SAMPLE, COARSEST = 5.0, 2.5, 10.0  # pixels between rays of the software mapper at the start


def volume_looks() -> dict[str, str]:
    """Return name and label of every way to draw a volume."""
    return {name: look["label"] for name, look in catalog.load("volume_looks")["looks"].items()}


def look_of(name: str) -> dict[str, Any]:
    """Return a way to draw a volume by name; ``UsageError`` where there is none."""
    looks = catalog.load("volume_looks")["looks"]
    if name not in looks:
        raise UsageError(f"no look of a volume is called {name!r}", advice=f"use one of {', '.join(looks)}")
    return dict(looks[name])


def grid_of(volume: Volume, most_voxels: int) -> Any:
    """Return a volume as image data in LPS mm, thinned by whole steps until it has at most ``most_voxels``.

    Steps go along the finest axis first, so that voxels become more even; values between are averaged.
    """
    array, spacing = volume.array, np.asarray(volume.geometry.spacing_mm, float)
    steps = np.ones(3, int)
    while np.prod([-(-size // step) for size, step in zip(array.shape, steps, strict=True)]) > most_voxels:
        steps[int(np.argmin(spacing * steps))] += 1
    thin = _thinned(array, steps)
    affine = volume.geometry.affine  # index [k, j, i] to LPS mm
    grid = pyvista.ImageData(dimensions=thin.shape[::-1])
    columns = affine[:3, :3][:, ::-1] * steps[::-1]
    lengths = np.linalg.norm(columns, axis=0)
    grid.spacing = tuple(lengths)
    grid.origin = tuple(volume.geometry.to_world((steps - 1) / 2.0))
    directions = columns / lengths
    grid.SetDirectionMatrix(*directions.ravel())
    grid.point_data["value"] = thin.ravel()
    grid.GetPointData().SetActiveScalars("value")
    return grid


def _thinned(array: NDArray[Any], steps: NDArray[Any]) -> NDArray[np.int16]:
    """Return means of blocks of so many voxels; the last block along an axis may be smaller."""
    for axis, step in enumerate(int(step) for step in steps):
        if step > 1:
            whole = array.shape[axis] // step * step
            along = (slice(None),) * axis
            means = array[(*along, slice(0, whole, step))].astype(np.float32)
            for first in range(1, step):  # ten times as fast as np.add.reduceat
                means += array[(*along, slice(first, whole, step))]
            means /= step
            rest = array[(*along, slice(whole, None))]
            if rest.shape[axis]:
                last = rest.mean(axis=axis, keepdims=True, dtype=np.float32)
                means = np.concatenate([means, last], axis=axis)
            array = means
    return np.asarray(np.clip(np.rint(array), -32768, 32767), np.int16)


class LiveVolume:
    """A volume on a VTK renderer. ``software``: the processor draws: VTK's fixed-point mapper, fewer voxels."""

    def __init__(self, renderer: Any, volume: Volume, software: bool) -> None:
        self._renderer, self._volume, self._software = renderer, volume, software
        self._mapper: Any = None
        self.actor = vtkVolume()
        self.name = ""
        self._sample = {True: MOVING_SAMPLE, False: RESTING_SAMPLE}  # by whether the view moves
        self._planes: list[Any] = []

    def show(self, name: str) -> None:
        """Draw the volume by a look of the catalog, "" for not at all."""
        if not name:
            if self.name:
                self._renderer.RemoveVolume(self.actor)
            self.name = ""
            return
        look = look_of(name)
        if self._mapper is None:
            self._make()
        self.actor.SetProperty(property_of(look))
        if look["blend"] == "maximum":
            self._mapper.SetBlendModeToMaximumIntensity()
        else:
            self._mapper.SetBlendModeToComposite()
        if not self.name:
            self._renderer.AddVolume(self.actor)
        self.name = name

    def set_moving(self, moving: bool) -> None:
        """Draw with fewer rays while the view moves."""
        if self._mapper is not None and self._software:
            self._mapper.SetImageSampleDistance(self._sample[moving])
            self._mapper.SetSampleDistance(self._step * (2.0 if moving else 1.0))

    def learn(self, moving: bool, seconds: float, aim_s: float) -> None:
        """Take the time of a frame and draw the next of its kind with as many rays as fit into ``aim_s``."""
        if self._software and self.name:
            wanted = self._sample[moving] * float(np.sqrt(seconds / aim_s))
            self._sample[moving] = float(np.clip(0.5 * (self._sample[moving] + wanted), 1.0, COARSEST))

    def clip(self, planes: Iterable[Any]) -> None:
        """Hide what lies on the negative side of any of some ``vtkPlane``s."""
        self._planes = list(planes)
        if self._mapper is not None:
            held = vtkPlaneCollection()
            for plane in self._planes:
                held.AddItem(plane)
            self._mapper.SetClippingPlanes(held)

    def close(self) -> None:
        """Take it off the renderer and free what it holds."""
        self.show("")
        if self._mapper is not None:
            self._mapper.RemoveAllInputConnections(0)
            self.actor.ReleaseGraphicsResources(self._renderer.GetRenderWindow())
            self._mapper = None

    def _make(self) -> None:
        grid = grid_of(self._volume, MOST_VOXELS[self._software])
        if self._software:
            from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper

            self._mapper = vtkFixedPointVolumeRayCastMapper()
            self._mapper.SetAutoAdjustSampleDistances(False)
            self._mapper.SetLockSampleDistanceToInputSpacing(False)
            self._mapper.SetMinimumImageSampleDistance(1.0)
            self._mapper.SetMaximumImageSampleDistance(COARSEST)
        else:
            from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkSmartVolumeMapper

            self._mapper = vtkSmartVolumeMapper()
        self._step = 0.7 * min(grid.spacing)
        self._mapper.SetInputData(grid)
        self.actor.SetMapper(self._mapper)
        self.actor.PickableOff()
        self.clip(self._planes)


def property_of(look: dict[str, Any]) -> Any:
    """Return VTK's description of how values are coloured and seen through."""
    opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
    for value, share in look["opacity"]:
        opacity.AddPoint(value, share)
    for value, *rgb in look["colour"]:
        colour.AddRGBPoint(value, *(part / 255 for part in rgb))
    made = vtkVolumeProperty()
    made.SetScalarOpacity(opacity)
    made.SetColor(colour)
    made.SetScalarOpacityUnitDistance(1.0)
    made.SetInterpolationTypeToLinear()
    made.SetShade(bool(look["shade"]))
    made.SetAmbient(0.25)
    made.SetDiffuse(0.8)
    made.SetSpecular(0.2)
    return made
