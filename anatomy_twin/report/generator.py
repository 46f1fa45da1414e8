"""What the generator of a plan did, in the report: a chart over time, and its numbers in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Case
from anatomy_twin.errors import UsageError
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.rehearsal.courses import (
    LINE_RGB,
    CourseChart,
    generator_charts,
    generator_summary,
    shown_range,
    shown_unit,
    summary_words,
)

DASHES: Final = ("-", "--", ":", "-.")


def device_facts(name: str) -> Mapping[str, Any]:
    """Return what the catalog knows of a device, nothing of an unknown one."""
    try:
        devices: Mapping[str, Any] = catalog.load("devices")["devices"]
    except (UsageError, KeyError):
        return {}
    return devices.get(name, {})


def device_label(name: str) -> str:
    """Return a device's name as people read it; that of an unknown one as it stands in the plan."""
    return str(device_facts(name).get("label", name))


def generator_lines(case: Case, plan_name: str) -> list[str]:
    """Return the numbers of a plan's generator in short lines, none where nothing is known of it."""
    summary = generator_summary(case.results.get(plan_name), case.plans.get(plan_name))
    lines = [] if summary is None else summary_words(summary)
    return [(line[:1].upper() + line[1:]).replace("degC", "\N{DEGREE SIGN}C") for line in lines]


def generator_tasks(case: Case, plan_name: str) -> list[tuple[str, str, Any]]:
    """Return (group, caption, function that draws) of the chart of a plan's generator, none where nothing is known."""
    plan = case.plans.get(plan_name)
    charts = generator_charts(case.results.get(plan_name), plan)
    if not charts or not isinstance(plan, AblationPlan):
        return []
    names = [chart.label[:1].lower() + chart.label[1:] for chart in charts]
    words = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    caption = f"{words[:1].upper()}{words[1:]} over time"
    devices = [device_label(applicator.device) for applicator in plan.applicators]
    return [("course", caption, lambda: _picture(charts, devices))]


def _picture(charts: tuple[CourseChart, ...], devices: list[str]) -> NDArray[np.uint8]:
    """Draw the charts one below the other, with one time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Chart

    chart = Chart(figsize=(5.6, 5.6), dpi=100, facecolor="white", layout="constrained")
    canvas = FigureCanvasAgg(chart)
    fields = chart.subplots(len(charts), 1, sharex=True, squeeze=False)[:, 0]
    for axes, one in zip(fields, charts, strict=True):
        for line in one.lines:
            colour = tuple(part / 255 for part in LINE_RGB[(line.part - 1) % len(LINE_RGB)][1])
            axes.plot(line.times_s / 60.0, line.values, DASHES[(line.part - 1) % len(DASHES)], color=colour,
                      linewidth=1.4, label=f"applicator {line.part}: {devices[line.part - 1]}")  # fmt: skip
        axes.set_ylim(shown_range(one))
        axes.set_ylabel(f"{one.label[:1].lower()}{one.label[1:]} ({shown_unit(one)})", fontsize=8)
        axes.grid(True, color="#dde2e8")
        axes.spines[["top", "right"]].set_visible(False)
    fields[0].legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=1, fontsize=7, frameon=False)
    fields[-1].set_xlabel("time (min)")
    chart.text(0.5, -0.0, INTENDED_USE, ha="center", va="bottom", fontsize=7, color="#555b66")
    chart.get_layout_engine().set(rect=(0, 0.035, 1, 0.965))
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
