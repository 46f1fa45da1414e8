"""Twelve leads on grid paper, as an electrocardiogram is read: 25 mm/s, with what was measured above and what is
assumed below."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.render.text import write_png
from anatomy_twin.simulation.electro.ecg import LEADS, Ecg, EcgMeasures

SIZE: Final = (1320, 860)
COLUMNS: Final = 4
BOX_MS, BOX_MV = 200.0, 0.5  # a large square of the paper
_DPI: Final = 100
_PAPER, _FINE, _COARSE, _INK, _WORDS = "#fff7f5", "#f6d9d5", "#e8b0a8", "#1a1a22", "#4a4a55"


def ecg_picture(
    ecg: Ecg, measures: EcgMeasures, file: str | Path | None = None, *, title: str = "Simulated electrocardiogram"
) -> NDArray[np.uint8]:
    """Draw the twelve leads of a beat; return RGB (rows, columns, 3).

    Limb and chest leads have a scale of their own each, which is told beside them. ``file`` is where a PNG is written
    as well.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIZE[0] / _DPI, SIZE[1] / _DPI), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    figure.text(0.03, 0.955, title, fontsize=15, color=_INK)
    told = (f"QRS {measures.qrs_ms:.0f} ms   axis {measures.axis_deg:.0f}\N{DEGREE SIGN} ({measures.axis_name})   "
            f"T waves: {_t_waves(measures)}")
    figure.text(0.03, 0.92, told, fontsize=11, color=_INK)
    for number, line in enumerate(ecg.assumed):
        figure.text(0.03, 0.035 - 0.02 * number, line, fontsize=9, color=_WORDS)
    rows = len(LEADS) // COLUMNS
    for group in (LEADS[:6], LEADS[6:]):
        lines = [ecg.lead(name) for name in group]
        squares = _squares(lines)
        for name, line in zip(group, lines, strict=True):
            column, row = divmod(LEADS.index(name), rows)
            axes = figure.add_axes((0.03 + column * 0.242, 0.63 - row * 0.275, 0.235, 0.265))
            _draw(axes, ecg.times_ms, line, name, squares)
    canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    if file is not None:
        write_png(picture, Path(file))
    return picture


def _squares(lines: list[NDArray[np.float64]]) -> tuple[float, float, float]:
    """Return the lowest and highest voltage and the height of a large square for a group of leads, mV."""
    low, high = min(float(line.min()) for line in lines), max(float(line.max()) for line in lines)
    step = BOX_MV
    while (high - low) / step > 12.0:
        step *= 2.0
    while (high - low) / step < 3.0 and step > 1e-4:
        step /= 2.0
    return step * np.floor(low / step - 0.5), step * np.ceil(high / step + 0.5), step


def _draw(
    axes: Any, times_ms: NDArray[np.float64], line: NDArray[np.float64], name: str,
    squares: tuple[float, float, float],
) -> None:
    low, high, step = squares
    axes.set_facecolor(_PAPER)
    for part, colour, width in ((5, _FINE, 0.5), (1, _COARSE, 0.8)):
        axes.vlines(np.arange(0.0, times_ms[-1] + 1.0, BOX_MS / part), low, high, colors=colour, linewidth=width)
        axes.hlines(np.arange(low, high + 0.5 * step / part, step / part), 0.0, times_ms[-1], colors=colour,
                    linewidth=width)
    axes.plot(times_ms, line, color=_INK, linewidth=1.4)
    axes.set_xlim(0.0, times_ms[-1])
    axes.set_ylim(low, high)
    axes.text(0.02, 0.97, name, transform=axes.transAxes, fontsize=12, weight="bold", color=_INK, va="top")
    axes.text(0.98, 0.02, f"square {BOX_MS:g} ms, {step:g} mV", transform=axes.transAxes, fontsize=8, color=_WORDS,
              ha="right", va="bottom")
    axes.set_xticks([])
    axes.set_yticks([])


def _t_waves(measures: EcgMeasures) -> str:
    """Say which leads have which T wave, those of the same kind together."""
    kinds = {kind: [lead for lead, own in measures.t_waves.items() if own == kind]
             for kind in ("upright", "inverted", "flat")}
    return ", ".join(f"{kind} in {' '.join(leads)}" for kind, leads in kinds.items() if leads)
