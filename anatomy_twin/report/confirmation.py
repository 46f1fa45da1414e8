"""What the report says and shows of a confirmation: how well the scans were registered before anything else."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.assess import Boundary, mask_boundary
from anatomy_twin.core import Case, Confirmation
from anatomy_twin.rehearsal import SlicePlane, format_number, structure_label
from anatomy_twin.rehearsal.confirmed import GRADE_OF, VERDICT_OF, registration_grade
from anatomy_twin.rehearsal.second_scan import SecondScan, laid_over, sample_second
from anatomy_twin.rehearsal.slabs import sample_slab
from anatomy_twin.rehearsal.slicing import DIRECTIONS
from anatomy_twin.units import place_text

WINDOW: Final = (-60.0, 240.0)
WIDTH_MM: Final = 110.0
BOTH_MM: Final = 220.0  # of both scans: the border of the organ is to be seen
PIXELS: Final = 440
TUMOUR, ZONE, WORST, ORGAN = "#43d675", "#ffc446", "#ff5a3c", "#3cd6ff"
GRADE_WORDS: Final = {"good": "good", "fair": "fair: look at both scans", "poor": "POOR: do not rely on the verdict",
                      "not checked": "not checked: look at both scans"}  # fmt: skip


def confirmation_rows(case: Case, verdict_of: Any) -> list[dict[str, Any]]:
    """Return a row per confirmation: registration, warnings, assumptions, numbers, then the verdict."""
    rows = []
    for found in case.confirmations.values():
        grade = registration_grade(found)
        rows.append({
            "name": found.name, "target": structure_label(found.target), "plan": found.plan_name,
            "grade": {**verdict_of(GRADE_OF[grade]), "word": GRADE_WORDS[grade]},
            "error": "not checked" if found.error_mm is None else f"{found.error_mm:.1f} mm",
            "registration": found.registration, "error_mm": found.error_mm, "error_p95_mm": found.error_p95_mm,
            "warnings": list(found.warnings),
            "contraction": f"{found.contraction_percent:g} % of length, assumed",
            "numbers": [
                {"label": q.label, "shown": "not checked" if q.value is None else format_number(q.value, q.unit),
                 "note": q.note, "place": "" if q.place_mm is None else place_text(q.place_mm)}
                for q in found.quantities
            ],
            "place": place_text(found.place_mm), "place_after": place_text(found.place_after_mm),
            "margin": found.margin_text, "verdict_text": found.verdict, "reason": found.reason,
            "title": "After treatment" + (f" by plan {found.plan_name}" if found.plan_name else ""),
            "summary": f"{structure_label(found.target)} on the scan {found.name}: least margin {found.margin_text}; "
                       f"registration of the two scans: {GRADE_WORDS[grade]}",
            "verdict": {**verdict_of(VERDICT_OF[found.verdict]), "word": found.verdict},
        })  # fmt: skip
    return rows


def confirmation_tasks(case: Case) -> list[tuple[str, str, Any]]:
    """Return (group, caption, function that draws) of the pictures of each confirmation.

    Group "registration NAME" shows both scans in squares, "confirmation NAME" two slices and the histogram.
    """
    tasks: list[tuple[str, str, Any]] = []
    for found in case.confirmations.values():
        tumour, group = _tumour(case, found), f"confirmation {found.name}"
        zone = mask_boundary(found.labels.mask("ablation_zone"), found.labels.geometry)
        for plane in ("axial", "coronal"):
            caption = (f"{plane.capitalize()} slice in squares of the scan before and of {found.name}, brought to its "
                       "place: edges go on where they fit; the organ of before is outlined")  # fmt: skip
            tasks.append((f"registration {found.name}", caption, lambda plane=plane, found=found: both_scans(
                case, found, plane)))
        for plane in _planes(found, tumour):
            caption = (f"{plane.capitalize()} slice of the scan {found.name} through the worst point: zone (yellow), "
                       f"{structure_label(found.target).lower()} of before (green), worst point (cross)")  # fmt: skip
            tasks.append((group, caption, lambda plane=plane, found=found, zone=zone, tumour=tumour: slice_of(
                found, zone, tumour, plane)))
        caption = "Margins over the surface of the target: parts of it in percent"
        tasks.append((group, caption, lambda found=found: histogram_of(found)))
    return tasks


def _tumour(case: Case, found: Confirmation) -> Boundary:
    labels = case.label_map.reindexed(*case.label_map.geometry.canonical_axes())
    return mask_boundary(labels.mask(found.target), labels.geometry)


def _planes(found: Confirmation, tumour: Boundary) -> list[str]:
    """The two planes that show the worst point and most of the target: they hold the way from its middle there."""
    middle = found.transform.to_moving(tumour.geometry.to_world(np.argwhere(tumour.field > 0).mean(axis=0)))
    way = np.abs(np.subtract(found.place_after_mm, middle))
    normal = {"axial": 2, "coronal": 1, "sagittal": 0}
    return sorted(normal, key=lambda plane: (round(float(way[normal[plane]]), 3), -normal[plane]))[:2]


def both_scans(case: Case, found: Confirmation, plane: str) -> NDArray[np.uint8]:
    """Draw both scans in squares through the worst point, with the organ of the scan before; RGB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    right, down = DIRECTIONS[plane]
    pixel = BOTH_MM / PIXELS
    corner = np.asarray(found.place_mm) - 0.5 * (PIXELS - 1) * pixel * (np.asarray(right) + np.asarray(down))
    where = SlicePlane(plane, (float(corner[0]), float(corner[1]), float(corner[2])), right, down, pixel,
                       (PIXELS, PIXELS))  # fmt: skip
    second = SecondScan(found.name, found.volume, found.transform, "checker")
    first = sample_slab(case.volume.array, case.volume.geometry, where)
    image = np.nan_to_num(laid_over(first, sample_second(second, where), second, pixel), nan=WINDOW[0])
    figure = Figure(figsize=(PIXELS / 100, PIXELS / 100), dpi=100, facecolor="black")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow(image, cmap="gray", vmin=WINDOW[0], vmax=WINDOW[1], interpolation="nearest")
    labels = case.label_map
    organ = labels.segment(found.target).part_of
    if organ in labels:
        inside = sample_slab(labels.mask(organ).astype(np.float32), labels.geometry, where, outside=0.0)
        if inside.min() < 0.5 < inside.max():
            axes.contour(inside, levels=[0.5], colors=ORGAN, linewidths=1.2)
    _scale(axes, 50, BOTH_MM)
    axes.text(10, 12, f"R  {plane}", color="white", fontsize=10, va="top")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _scale(axes: Any, length_mm: int, width_mm: float) -> None:
    """Draw a bar of a length on a picture that is ``width_mm`` wide."""
    axes.plot([14, 14 + length_mm * PIXELS / width_mm], [PIXELS - 16] * 2, color="white", linewidth=2.5)
    axes.text(14, PIXELS - 22, f"{length_mm} mm", color="white", fontsize=9, va="bottom")


def slice_of(found: Confirmation, zone: Boundary, tumour: Boundary, plane: str) -> NDArray[np.uint8]:
    """Draw the scan after through the worst point: zone, target carried over, worst point; RGB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from scipy import ndimage

    # the patient's right, on sagittal slices the front, is on the left of the picture
    right = np.array([0.0, 1.0, 0.0]) if plane == "sagittal" else np.array([1.0, 0.0, 0.0])
    down = np.array([0.0, 1.0, 0.0]) if plane == "axial" else np.array([0.0, 0.0, -1.0])
    steps = (np.arange(PIXELS) - 0.5 * (PIXELS - 1)) * WIDTH_MM / PIXELS
    places = np.asarray(found.place_after_mm) + steps[None, :, None] * right + steps[:, None, None] * down
    at = np.moveaxis(found.volume.geometry.to_index(places), -1, 0)
    image = ndimage.map_coordinates(np.asarray(found.volume.array, np.float32), at, order=1, cval=-1000.0)
    dead = zone.sample(places)
    before = tumour.sample(found.transform.to_fixed(places))
    figure = Figure(figsize=(PIXELS / 100, PIXELS / 100), dpi=100, facecolor="black")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow(image, cmap="gray", vmin=WINDOW[0], vmax=WINDOW[1], interpolation="nearest")
    for field, colour in ((dead, ZONE), (before, TUMOUR)):
        if field.min() < 0 < field.max():
            axes.contour(field, levels=[0.0], colors="black", linewidths=3.2)
            axes.contour(field, levels=[0.0], colors=colour, linewidths=1.8)
    middle = 0.5 * (PIXELS - 1)
    axes.plot([middle], [middle], "+", color="black", markersize=17, markeredgewidth=4)
    axes.plot([middle], [middle], "+", color=WORST, markersize=15, markeredgewidth=2)
    _scale(axes, 20, WIDTH_MM)
    axes.text(10, 12, "A  sagittal" if plane == "sagittal" else f"R  {plane}", color="white", fontsize=10, va="top")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def histogram_of(found: Confirmation) -> NDArray[np.uint8]:
    """Draw how margins are spread over the target's surface, with the limits and the registration's error; RGB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PIXELS / 100, PIXELS / 100), dpi=100, facecolor="white", layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    edges, shares = np.array(found.histogram_edges_mm), np.array(found.histogram_percent)
    colours = ["#be3412" if low < 0 else "#b07600" if low < 5 else "#007276" for low in edges[:-1]]
    axes.bar(edges[:-1], shares, width=np.diff(edges), align="edge", color=colours, edgecolor="white")
    for limit, name in ((0.0, "0"), (5.0, "5 mm")):
        axes.axvline(limit, color="#30343c", linewidth=1.2, linestyle="--")
        axes.text(limit, 1.01, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=8)
    top = float(shares.max()) if shares.size else 1.0
    if found.low_mm is not None and found.high_mm is not None:
        axes.plot([found.low_mm, found.high_mm], [0.94 * top] * 2, color="black", linewidth=2.2, solid_capstyle="butt")
    axes.plot([found.margin_mm], [0.94 * top], "o", color="black", markersize=5)
    axes.text(found.margin_mm, 0.97 * top, "least", ha="center", va="bottom", fontsize=8)
    axes.set_xlabel("margin (mm)")
    axes.set_ylabel("surface of the target (%)")
    axes.set_xlim(min(float(edges[0]), -1.0), max(float(edges[-1]), 6.0))
    axes.set_ylim(0, 1.12 * top)
    axes.spines[["top", "right"]].set_visible(False)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
