"""The pictures of a report."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess.promise import compare_zones
from anatomy_twin.core import SILENT, Case, Monitor, ThermalResult, check_cancelled
from anatomy_twin.errors import DataError, PlanError, RenderError
from anatomy_twin.rehearsal import PLANES, Scene, format_number
from anatomy_twin.render import (
    can_render,
    render_scene,
    slice_picture,
    territories_picture,
    trees_picture,
    zone_panes,
)
from anatomy_twin.render.views import view_axes
from anatomy_twin.report.confirmation import confirmation_tasks
from anatomy_twin.report.entries import Found, entry_tasks
from anatomy_twin.report.generator import generator_tasks
from anatomy_twin.report.heart_pictures import heart_tasks
from anatomy_twin.report.robustness import robustness_tasks

SLICE_PIXELS = 560
CLOSE_UP_MM = 120.0
NEEDS_3D = ("scene", "entries", "robust_target", "territories", "trees", "heart", "heart_activation", "heart_pacing",
            "heart_rounds")  # fmt: skip
_ENCODING: dict[str, dict[str, Any]] = {
    "WEBP": {"quality": 90, "method": 2},
    "JPEG": {"quality": 92, "subsampling": 0},
}


@dataclass(frozen=True, eq=False)
class Figure:
    """One picture: ``group`` says which part of the report it belongs to; RGB (rows, columns, 3)."""

    group: str
    caption: str
    picture: NDArray[np.uint8]

    def encoded(self, kind: str) -> bytes:
        """Return the file content as "WEBP" (pages) or "JPEG" (PDF)."""
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(self.picture).save(buffer, kind, **_ENCODING[kind])
        return buffer.getvalue()


def make_pictures(
    case: Case, scene: Scene, plan_name: str, entries: Sequence[Found] = (), monitor: Monitor = SILENT
) -> tuple[list[Figure], list[str]]:
    """Return the pictures of a case, one of its plans ("" for none) and the maps of its entries, and lines that say
    which ones could not be made and why.
    """
    result = case.results.get(plan_name)
    tasks = [
        *_tasks(scene, result), *generator_tasks(case, plan_name), *entry_tasks(case, plan_name, entries),
        *robustness_tasks(case, scene, plan_name), *confirmation_tasks(case), *_anatomy_tasks(case),
        *heart_tasks(case, plan_name),
    ]
    figures, missing = _beside_the_table(case, scene, result)
    works, message = can_render()
    if not works:
        missing.append(message[:1].upper() + message[1:] + ".")
    for number, (group, caption, draw) in enumerate(tasks):
        check_cancelled(monitor)
        monitor.progress(number / len(tasks))
        if group.split()[0] in NEEDS_3D and not works:
            continue
        try:
            figures.append(Figure(group, caption, draw()))
        except (DataError, RenderError) as error:
            missing.append(error.line)
    return figures, missing


def _tasks(scene: Scene, result: ThermalResult | None) -> list[tuple[str, str, Any]]:
    pixels = (SLICE_PIXELS, SLICE_PIXELS)
    tasks: list[tuple[str, str, Any]] = []
    if scene.surfaces:
        tasks.append(("scene", "The patient from the front: the patient's right is on your left", lambda: render_scene(
            scene, size=(896, 672), view="anterior", title="", hide=("body", "bone", "bowel"))))
    if scene.needles:
        view = _needle_side(scene)
        tasks.append(("scene", f"Close-up of the target from the side of the applicator ({view})", lambda: render_scene(
            scene, size=(672, 672), view=view, title="", focus_mm=scene.focus_mm, width_mm=150.0,
            hide=("body", "bone", "lung_right", "lung_left", "bowel"), legend=False)))
    aimed = scene.needles or any(layer.label.endswith("(target)") for layer in scene.surfaces)
    where = "through the target" if aimed else "through the focus"
    for plane in PLANES:
        tasks.append(("overlay", f"{plane.capitalize()} slice {where}", lambda plane=plane: slice_picture(
            scene, plane, size=pixels)))
    if result is not None:
        tasks += _result_tasks(scene, result, pixels)
    return tasks


def _beside_the_table(
    case: Case, scene: Scene, result: ThermalResult | None
) -> tuple[list[Figure], list[str]]:
    """Return the zone that the device's table promises and the simulated one, or why they cannot be set side by side.

    There is nothing to say of a device without a table and where the simulation left nothing to measure.
    """
    if result is None or not result.coagulated.any():
        return [], []
    try:
        panes = zone_panes(case, compare_zones(case, result.plan_name), size=(SLICE_PIXELS, SLICE_PIXELS), scene=scene)
    except (PlanError, DataError) as error:
        return [], [f"No ellipsoid of a device's table stands beside the simulation: {error.line}."]
    return [Figure("zones", f"{pane.title}: {pane.numbers}", pane.picture) for pane in panes], []


def _anatomy_tasks(case: Case) -> list[tuple[str, str, Any]]:
    tasks: list[tuple[str, str, Any]] = []
    if case.anatomy.territories is not None:
        tasks.append(("territories", "Segments of the liver, estimated from vessels and landmarks",
                      lambda: territories_picture(case)))
    if case.anatomy.trees:
        tasks.append(("trees", "Vessel trees of the liver", lambda: trees_picture(case)))
    return tasks


def _needle_side(scene: Scene) -> str:
    """Return the oblique view that looks from the side on which the first applicator enters."""
    needle = scene.needles[0]
    outward = np.subtract(needle.entry_mm, needle.tip_mm)
    names = ("anterior-right", "anterior-left", "posterior-right", "posterior-left")
    return max(names, key=lambda name: float(view_axes(name)[0] @ outward))


def _result_tasks(scene: Scene, result: ThermalResult, pixels: tuple[int, int]) -> list[tuple[str, str, Any]]:
    tasks: list[tuple[str, str, Any]] = []
    targets = [layer.name for layer in scene.overlays if layer.label.endswith("(target)")]
    frozen, peaks = result.coldest_c is not None, _extremes_c(result)
    hottest = int(np.argmin(peaks) if frozen else np.argmax(peaks))
    moment = format_number(float(result.times_s[hottest]), "s")
    for plane in PLANES:
        caption = f"{plane.capitalize()}: temperature after {moment}"
        tasks.append(("temperature", caption, lambda plane=plane: slice_picture(
            scene, plane, size=pixels, width_mm=CLOSE_UP_MM, field="temperature", snapshot=hottest)))
    damage = next((series for series in scene.fields if series.name == "damage"), None)
    outlined = damage is None or damage.by_limit
    what = "ice at its largest (blue), lethal zone" if frozen else "coagulated zone at the end"
    for plane in PLANES if outlined else ():
        caption = f"{plane.capitalize()}: {what} (orange), target with its margin"
        tasks.append(("damage", caption, lambda plane=plane: slice_picture(
            scene, plane, size=pixels, width_mm=CLOSE_UP_MM, only=("ice", "zone", "rim", *targets))))
    for plane in () if outlined else PLANES:
        tasks.append(("damage", f"{plane.capitalize()}: coagulated part at the end", lambda plane=plane: slice_picture(
            scene, plane, size=pixels, width_mm=CLOSE_UP_MM, field="damage")))
    for marker in scene.markers[:1]:
        for plane in PLANES[:2]:
            tasks.append(("margin", f"{plane.capitalize()} slice through the worst point: {marker.label.lower()}",
                          lambda plane=plane, place=marker.point_mm: slice_picture(
                              scene, plane, size=pixels, width_mm=80.0, point_mm=place)))
    words = "Highest temperature and coagulated volume"
    if frozen:
        words = "Lowest temperature and volume of the lethal zone"
    tasks.append(("course", f"{words} over time", lambda: _course(scene, result)))
    return tasks


def _extremes_c(result: ThermalResult) -> NDArray[np.float32]:
    """Return the highest temperature of each snapshot, of a freezing the lowest."""
    each = result.temperature_c.reshape(result.times_s.size, -1)
    return np.asarray(each.max(axis=1) if result.coldest_c is None else each.min(axis=1))


def _course(scene: Scene, result: ThermalResult) -> NDArray[np.uint8]:
    """Draw the highest temperature and the coagulated volume against time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Chart

    minutes = result.times_s / 60
    damage = next(series.values for series in scene.fields if series.name == "damage")
    volume = [np.count_nonzero(moment >= 1.0) * result.geometry.voxel_volume_ml for moment in damage]
    chart = Chart(figsize=(5.6, 5.6), dpi=100, facecolor="white", layout="constrained")
    canvas = FigureCanvasAgg(chart)
    upper, lower = chart.subplots(2, 1, sharex=True)
    frozen = result.coldest_c is not None
    upper.plot(minutes, _extremes_c(result), "o-", color="#1c7fa8" if frozen else "#b5361c", linewidth=2, markersize=4)
    upper.set_ylabel(f"{'lowest' if frozen else 'highest'} temperature (\N{DEGREE SIGN}C)")
    lower.plot(minutes, volume, "s-", color="#1c5fa8", linewidth=2, markersize=4)
    lower.set_ylabel("lethal zone (ml)" if frozen else "coagulated volume (ml)")
    lower.set_xlabel("time (min)")
    lower.set_ylim(bottom=0)
    for axes in (upper, lower):
        axes.grid(True, color="#dde2e8")
        axes.spines[["top", "right"]].set_visible(False)
    chart.text(0.5, -0.0, scene.notice, ha="center", va="bottom", fontsize=7, color="#555b66")
    chart.get_layout_engine().set(rect=(0, 0.035, 1, 0.965))  # type: ignore[union-attr]
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
