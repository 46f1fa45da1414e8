"""Handles of plans: the points that a hand can grab, and what a plan becomes when one of them is moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Plan, PlaneCut, ResectionPlan
from anatomy_twin.core.plans import Applicator, LesionLine, LesionPlan, LesionPoint, SurfaceCut
from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal.heart_wall import Wall
from anatomy_twin.units import FARTHEST, Point, check_point

Floats = NDArray[np.float64]

LEAST_DEPTH_MM: Final = 5.0  # an applicator is never made shorter by hand
HEAT_OFFSET_MM: Final = 15.0  # where the catalog does not know the device
FAR: Final = (FARTHEST, FARTHEST, FARTHEST)


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What round a plan its handles need: the box (LPS mm) that they are held in, and the sizes of what is drawn.

    ``centre_mm`` and ``reach_mm`` are of the organ that is cut (a plane is drawn so wide), ``arrow_mm`` is the length
    of the arrow that stands on a plane. Where there is a ``wall`` of the heart, handles stay on it.
    """

    low_mm: Point = (-FARTHEST, -FARTHEST, -FARTHEST)
    high_mm: Point = FAR
    centre_mm: Point | None = None
    reach_mm: float = 80.0
    arrow_mm: float = 35.0
    wall: Wall | None = None

    def held(self, point_mm: Any) -> Floats:
        """Return the point of the wall, else of the box, that is nearest to a point."""
        if self.wall is not None:
            return np.asarray(self.wall.nearest(point_mm))
        return np.asarray(np.clip(np.asarray(point_mm, float), self.low_mm, self.high_mm))


@dataclass(frozen=True, slots=True)
class Handle:
    """A point of a plan that can be grabbed.

    ``name`` is its own among the handles of a plan; ``words`` say what it is, with ``{number}`` for the part it belongs
    to and ``{index}`` for the point of that part. ``kind`` is "tip", "entry", "shaft", "depth", "plane", "normal",
    "along", "control", "surface", "lesion", "line" or "line point". ``axis`` is the unit vector that it moves along
    with Shift, and always where ``sliding``; ``snaps`` lists what it is drawn to, the strongest first.
    """

    name: str
    words: str
    kind: str
    part: int
    point_mm: Point
    index: int = 0
    axis: Point | None = None
    sliding: bool = False
    snaps: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What it is, in words: "tip of applicator 1"."""
        return self.words.format(number=self.part + 1, index=self.index + 1)


def plan_handles(plan: Plan | None, context: PlanContext | None = None) -> tuple[Handle, ...]:
    """Return the handles of a plan in the order in which Tab goes through them; () for a plan without any."""
    room = context or PlanContext()
    if isinstance(plan, AblationPlan):
        return tuple(h for n, part in enumerate(plan.applicators) for h in _of_applicator(n, part))
    if isinstance(plan, ResectionPlan):
        return tuple(
            h for n, cut in enumerate(plan.cuts)
            for h in (_of_plane(n, cut, room) if isinstance(cut, PlaneCut) else
                      _of_surface(n, cut) if isinstance(cut, SurfaceCut) else ())
        )  # fmt: skip
    if isinstance(plan, LesionPlan):
        return tuple(h for n, lesion in enumerate(plan.lesions) for h in _of_lesion(n, lesion, room))
    return ()


def move_handle(plan: Plan, handle: Handle, point_mm: Any, context: PlanContext | None = None) -> Plan:
    """Return the plan with a handle of it (as ``plan_handles`` gave it) moved to a point in LPS mm.

    The point is held in the context's box, and on its axis where the handle slides. What would leave the part without
    a shape (a tip on its entry, an arrow of no length) leaves it as it is. Raises ``UsageError`` for a handle of
    another plan.
    """
    room = context or PlanContext()
    target = room.held(check_point("point_mm", point_mm))
    start = np.asarray(handle.point_mm)
    if handle.sliding and handle.axis is not None:
        axis = np.asarray(handle.axis)
        target = start + axis * float((target - start) @ axis)
    parts = _parts(plan)
    if not 0 <= handle.part < len(parts) or handle.kind not in _MOVES:
        raise UsageError(f"the plan {plan.name!r} has no handle {handle.name!r}")
    moved = _MOVES[handle.kind](parts[handle.part], handle, target, target - start)
    return _with_parts(plan, (*parts[: handle.part], moved, *parts[handle.part + 1 :]))


def along_axis(handle: Handle, eye_mm: Any, toward: Any) -> Floats | None:
    """Return the point of a handle's axis that is nearest to a line of sight; None where it looks along the axis."""
    if handle.axis is None:
        return None
    start, axis = np.asarray(handle.point_mm), np.asarray(handle.axis)
    sight = np.asarray(toward, float) / max(float(np.linalg.norm(toward)), 1e-12)
    slant = float(axis @ sight)
    if 1.0 - slant**2 < 0.02:
        return None
    offset = np.asarray(eye_mm, float) - start
    return np.asarray(start + axis * (float(offset @ axis) - slant * float(offset @ sight)) / (1.0 - slant**2))


def heat_offset_mm(device: str) -> float:
    """Return how far behind the tip a device heats most."""
    entry = catalog.load("devices")["devices"].get(device, {})
    return float(entry.get("active_offset_mm", HEAT_OFFSET_MM))


def surface_points(cut: SurfaceCut, steps: int = 12) -> Floats:
    """Return points of the Bezier surface of 4 x 4 control points, (steps + 1, steps + 1, 3) in LPS mm."""
    u = np.linspace(0.0, 1.0, steps + 1)
    weights = np.stack([(1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u**2 * (1 - u), u**3], axis=1)
    grid = np.asarray(cut.control_points_mm).reshape(4, 4, 3)
    return np.asarray(np.einsum("ua,vb,abc->uvc", weights, weights, grid))


# the handles of each kind of part


def _of_applicator(n: int, part: Applicator) -> tuple[Handle, ...]:
    axis = part.direction
    tip, entry = np.asarray(part.tip_mm), np.asarray(part.entry_mm)
    # the heated centre slides along the shaft: where it is put, the heat is; kept apart from tip and entry
    back = min(heat_offset_mm(part.device), 0.4 * part.depth_mm)
    heat, middle = tip - back * np.asarray(axis), 0.5 * (entry + tip - back * np.asarray(axis))

    def made(kind: str, words: str, point: Any, *snaps: str, sliding: bool = False) -> Handle:
        name = f"applicator {n + 1}: {kind}"
        return Handle(name, words, kind, n, check_point(name, point), 0, axis, sliding, snaps)

    return (
        made("tip", "tip of applicator {number}", tip, "target", "vessel", "surface"),
        made("entry", "entry of applicator {number}", entry, "skin"),
        made("shaft", "applicator {number}", middle),
        made("depth", "depth of applicator {number}", heat, "target", sliding=True),
    )


def _of_plane(n: int, cut: PlaneCut, room: PlanContext) -> tuple[Handle, ...]:
    normal = np.asarray(cut.normal)
    centre = np.asarray(cut.point_mm)
    return (
        Handle(f"plane {n + 1}: centre", "plane {number}", "plane", n, cut.point_mm, 0, cut.normal,
               snaps=("vessel", "surface")),
        Handle(f"plane {n + 1}: normal", "direction of plane {number}", "normal", n,
               check_point("normal", centre + room.arrow_mm * normal), 0, cut.normal),
        Handle(f"plane {n + 1}: along", "distance of plane {number}", "along", n,
               check_point("along", centre + 0.5 * room.arrow_mm * normal), 0, cut.normal, True),
    )  # fmt: skip


def _of_surface(n: int, cut: SurfaceCut) -> tuple[Handle, ...]:
    points = np.asarray(cut.control_points_mm)
    spread = points - points.mean(axis=0)
    normal = check_point("normal", np.linalg.svd(spread, full_matrices=False)[2][2])
    whole = Handle(f"surface {n + 1}: whole", "surface {number}", "surface", n,
                   check_point("centre", points.mean(axis=0)), 0, normal)  # fmt: skip
    return (whole, *(
        Handle(f"surface {n + 1}: point {k + 1}", "point {index} of surface {number}", "control", n, point, k, normal,
               snaps=("vessel", "surface"))
        for k, point in enumerate(cut.control_points_mm)
    ))  # fmt: skip


def _of_lesion(n: int, lesion: LesionLine | LesionPoint, room: PlanContext) -> tuple[Handle, ...]:
    snaps = ("surface",) if room.wall is None else ("wall",)
    if isinstance(lesion, LesionPoint):
        return (Handle(f"lesion {n + 1}", "lesion {number}", "lesion", n, lesion.point_mm, snaps=snaps),)
    points = [Handle(f"line {n + 1}: point {k + 1}", "point {index} of line {number}", "line point", n, point, k,
                     snaps=snaps) for k, point in enumerate(lesion.points_mm)]  # fmt: skip
    if len(points) > 2 and lesion.points_mm[0] == lesion.points_mm[-1]:
        points.pop()  # a closed line ends where it begins
    middle = room.held(0.5 * np.add(lesion.points_mm[0], lesion.points_mm[1]))
    return (*points, Handle(f"line {n + 1}: whole", "line {number}", "line", n, check_point("line", middle),
                            snaps=snaps[room.wall is None:]))  # fmt: skip


# what a part becomes: part, handle, where the handle goes, how far that is


def _move_tip(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    if np.linalg.norm(target - part.entry_mm) < LEAST_DEPTH_MM:
        return part
    return replace(part, tip_mm=check_point("tip_mm", target))


def _move_entry(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    if np.linalg.norm(target - part.tip_mm) < LEAST_DEPTH_MM:
        return part
    return replace(part, entry_mm=check_point("entry_mm", target))


def _move_shaft(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    return replace(part, entry_mm=check_point("entry_mm", np.add(part.entry_mm, shift)),
                   tip_mm=check_point("tip_mm", np.add(part.tip_mm, shift)))  # fmt: skip


def _move_depth(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    axis = np.asarray(part.direction)
    depth = max(part.depth_mm + float(shift @ axis), LEAST_DEPTH_MM)
    return replace(part, tip_mm=check_point("tip_mm", np.asarray(part.entry_mm) + depth * axis))


def _move_plane(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    return replace(part, point_mm=check_point("point_mm", np.add(part.point_mm, shift)))


def _turn_plane(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    arrow = target - part.point_mm
    return part if np.linalg.norm(arrow) < 1e-3 else replace(part, normal=check_point("normal", arrow))


def _move_control(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    points = list(part.control_points_mm)
    points[handle.index] = check_point("control point", target)
    return replace(part, control_points_mm=tuple(points))


def _move_surface(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    points = tuple(check_point("control point", np.add(point, shift)) for point in part.control_points_mm)
    return replace(part, control_points_mm=points)


def _move_lesion(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    return replace(part, point_mm=check_point("point_mm", target))


def _move_line_point(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    points = list(part.points_mm)
    if handle.index == 0 and len(points) > 2 and points[0] == points[-1]:
        points[-1] = check_point("line point", target)
    points[handle.index] = check_point("line point", target)
    return replace(part, points_mm=tuple(points))


def _move_line(part: Any, handle: Handle, target: Floats, shift: Floats) -> Any:
    return replace(part, points_mm=tuple(check_point("line point", np.add(p, shift)) for p in part.points_mm))


_MOVES: Final[dict[str, Callable[[Any, Handle, Floats, Floats], Any]]] = {
    "tip": _move_tip, "entry": _move_entry, "shaft": _move_shaft, "depth": _move_depth, "plane": _move_plane,
    "normal": _turn_plane, "along": _move_plane, "control": _move_control, "surface": _move_surface,
    "lesion": _move_lesion, "line point": _move_line_point, "line": _move_line,
}  # fmt: skip


def _parts(plan: Plan) -> tuple[Any, ...]:
    if isinstance(plan, AblationPlan):
        return plan.applicators
    if isinstance(plan, ResectionPlan):
        return plan.cuts
    return plan.lesions if isinstance(plan, LesionPlan) else ()


def _with_parts(plan: Plan, parts: tuple[Any, ...]) -> Plan:
    if isinstance(plan, AblationPlan):
        return replace(plan, applicators=parts)
    if isinstance(plan, ResectionPlan):
        return replace(plan, cuts=parts)
    assert isinstance(plan, LesionPlan)
    return replace(plan, lesions=parts)
