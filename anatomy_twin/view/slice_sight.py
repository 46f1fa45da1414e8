"""What a slice view looks at: which plane, which part of it, how large. No widget here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from anatomy_twin.core import AblationPlan
from anatomy_twin.rehearsal import SlicePlane
from anatomy_twin.rehearsal.near_plan import plan_extent
from anatomy_twin.rehearsal.oblique import Frame, PlaneChoice, extent, place_of, plane_at, voxel_step_mm
from anatomy_twin.units import Point, check_point

if TYPE_CHECKING:
    from anatomy_twin.view.desk import Desk

ACROSS_MM: Final = 140.0  # how much a view across an applicator shows
CUT_MM: Final = 220.0  # and one in the plane of a cut
TURN_DEG: Final = 5.0
DEPTH_STEP_MM: Final = 1.0
FINEST_MM: Final = 0.02
NEAR: Final = 1.15  # of what a plan is about, seen round it
LARGER: Final = 1.3  # a sight that makes less than this of a difference is not worth it


@dataclass(frozen=True, slots=True)
class Sight:
    """A plane and the part of it that is seen; without ``pixel_mm`` all of it, without ``centre_mm`` its middle."""

    home: str
    chosen: PlaneChoice | None = None
    pixel_mm: float | None = None
    centre_mm: Point | None = None

    @property
    def choice(self) -> PlaneChoice:
        """The plane that is looked at: by default that of the view's home."""
        return self.chosen or PlaneChoice(self.home)

    def of(self, choice: PlaneChoice) -> Sight:
        """Return a sight of another plane, as large and in the same place."""
        return Sight(self.home, choice, self.pixel_mm, self.centre_mm)

    def possible(self, desk: Desk) -> bool:
        """True where the plan has what the plane goes by."""
        return self._place(desk) is not None

    def plane(self, desk: Desk, shape: tuple[int, int], scale: float = 1.0) -> SlicePlane:
        """Return the plane as a picture of ``shape`` points, ``scale`` of them to a point of the screen."""
        frame, through = self.place(desk)
        fit_mm, middle = self._whole(desk, frame, through, (shape[0] / scale, shape[1] / scale))
        pixel = (self.pixel_mm or fit_mm) / scale
        return plane_at(self.choice.kind, frame, through, self.centre_mm or middle, pixel, shape)

    def place(self, desk: Desk) -> tuple[Frame, Point]:
        """Return how the plane stands and a point of it; that of the view's home where the plan has no such plane."""
        found = self._place(desk) or place_of(
            PlaneChoice(self.home), desk.scene.volume.geometry, None, desk.focus_mm
        )
        assert found is not None
        return found

    def stepped(self, desk: Desk, count: float) -> tuple[Sight, Point | None]:
        """Return the sight ``count`` slices nearer to the viewer, and where the crossing point goes with it.

        Along an applicator the plane turns about it; across it the plane goes towards the entry.
        """
        if self.choice.kind == "along":
            return self.of(self.choice.turned(count * TURN_DEG)), None
        if self.choice.kind in ("across", "cut"):
            moved = self.of(
                replace(self.choice, depth_mm=self.choice.depth_mm + count * DEPTH_STEP_MM)
            )
            return moved, moved.place(desk)[1] if self.choice.kind == "across" and self.possible(desk) else None
        normal = self.place(desk)[0].normal
        step = voxel_step_mm(desk.scene.volume.geometry, normal)
        return self, check_point("focus_mm", np.asarray(desk.focus_mm) - normal * step * count)

    def zoomed(self, plane: SlicePlane, factor: float, at: tuple[float, float], desk: Desk) -> Sight:
        """Return the sight magnified by a factor; what lies at pixel ``at`` (row, column) stays there."""
        frame, through = self.place(desk)
        fit_mm, _ = self._whole(desk, frame, through, plane.shape)
        pixel = float(np.clip(plane.pixel_mm / factor, FINEST_MM, max(2.0 * fit_mm, FINEST_MM)))
        held = plane.to_world(at)
        rows, columns = (plane.shape[0] - 1) / 2 - at[0], (plane.shape[1] - 1) / 2 - at[1]
        centre = held + pixel * (rows * np.asarray(plane.down) + columns * np.asarray(plane.right))
        return Sight(self.home, self.choice, pixel, check_point("centre_mm", centre))

    def panned(self, plane: SlicePlane, by: tuple[float, float], desk: Desk) -> Sight:
        """Return the sight with the picture shifted by (rows, columns) pixels; its middle stays over the scan."""
        middle = plane.to_world([(plane.shape[0] - 1) / 2 - by[0], (plane.shape[1] - 1) / 2 - by[1]])
        corners = desk.scene.volume.geometry.corners_mm()
        held = np.clip(middle, corners.min(axis=0), corners.max(axis=0))
        return Sight(self.home, self.choice, plane.pixel_mm, check_point("centre_mm", held))

    def near(self, desk: Desk, shape: tuple[int, int]) -> Sight:
        """Return the sight of what the plan shown is about; the same where there is no plan, or it is large."""
        extent = plan_extent(desk.plan, desk.scene.surfaces)
        if extent is None:
            return self
        pixel = 2.0 * NEAR * extent[1] / max(min(shape), 16)
        whole = self.plane(desk, shape).pixel_mm
        return self if whole < LARGER * pixel else Sight(self.home, self.choice, pixel, extent[0])

    def holding(self, desk: Desk, plane: SlicePlane) -> Sight:
        """Return the sight with the crossing point in it, where a magnified picture would have lost it."""
        if self.pixel_mm is None:
            return self
        row, column = plane.to_pixel(desk.focus_mm)
        if 0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]:
            return self
        return Sight(self.home, self.choice, self.pixel_mm, desk.focus_mm)

    def _place(self, desk: Desk) -> tuple[Frame, Point] | None:
        return place_of(self.choice, desk.scene.volume.geometry, desk.plan, desk.focus_mm)

    def _whole(self, desk: Desk, frame: Frame, through: Point, shape: Any) -> tuple[float, Point]:
        """Return the pixel size at which the view shows what it is for, and the middle of that."""
        width, height, middle = extent(desk.slice_layers.body(desk), frame)
        rows, columns = max(float(shape[0]), 16.0), max(float(shape[1]), 16.0)
        fit_mm = max(width / columns, height / rows)
        plan = desk.plan
        if self.choice.kind == "cut" and self.possible(desk):
            return min(fit_mm, CUT_MM / min(rows, columns)), through
        if not isinstance(plan, AblationPlan) or not self.possible(desk):
            return fit_mm, middle
        if self.choice.kind == "across":
            return min(fit_mm, ACROSS_MM / min(rows, columns)), through
        if self.choice.kind == "along":
            applicator = plan.applicators[self.choice.number]
            half = check_point("middle", (np.asarray(applicator.entry_mm) + np.asarray(applicator.tip_mm)) / 2)
            return min(fit_mm, max(1.6 * applicator.depth_mm, ACROSS_MM) / min(rows, columns)), half
        return fit_mm, middle
