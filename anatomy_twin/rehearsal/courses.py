"""What the generators of a plan did over time, as plain data: the lines of charts, and the numbers that sum them up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Plan, ThermalResult
from anatomy_twin.core.frozen import read_only

Floats = NDArray[np.float64]
# told apart without colour too: by the way they are dashed; light ones for dark grounds, dark ones for paper
LINE_RGB: Final = (((240, 200, 40), (150, 100, 0)), ((90, 190, 255), (0, 90, 170)), ((255, 130, 170), (170, 20, 80)),
                   ((120, 220, 150), (0, 110, 60)))  # fmt: skip
LABELS: Final = {
    "power": ("Power", "W"), "impedance": ("Impedance", "ohm"), "sensor": ("Sensors at the tips of the tines", "degC"),
    "tissue": ("Tissue at the cooled tip", "degC"),
    "set": ("Power as set", "W"), "needle": ("Temperature of the needle", "degC"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class CourseLine:
    """One line of a chart, of applicator ``part`` (from 1): ``values`` (n,) at ``times_s`` (n,); NaN interrupts it."""

    part: int
    times_s: Floats
    values: Floats

    def __post_init__(self) -> None:
        for name in ("times_s", "values"):
            object.__setattr__(self, name, read_only(getattr(self, name), name, ndim=1, dtype=np.float64))

    def at(self, time_s: float) -> float | None:
        """Return the value that was last recorded at a time; None before the first, and in an interruption."""
        before = int(np.searchsorted(self.times_s, time_s + 1e-6, side="right")) - 1
        value = float(self.values[before]) if before >= 0 else np.nan
        return value if np.isfinite(value) else None


@dataclass(frozen=True, eq=False)
class CourseChart:
    """One quantity over time: ``name`` of ``LABELS``, what it is called, its unit, a line for each applicator."""

    name: str
    label: str
    unit: str
    lines: tuple[CourseLine, ...]


@dataclass(frozen=True, slots=True)
class PartSummary:
    """What one applicator (number ``part``, from 1) did; None where nothing was recorded of it.

    A sensor within a cooled tip would read the coolant: of these ``hottest_tissue_c`` is that of the tissue at the tip.
    """

    part: int
    highest_power_w: float | None = None
    energy_j: float | None = None
    least_ohm: float | None = None
    final_ohm: float | None = None
    hottest_sensor_c: float | None = None
    hottest_tissue_c: float | None = None
    coldest_needle_c: float | None = None


@dataclass(frozen=True, slots=True)
class GeneratorSummary:
    """What a plan's generator did. ``measured`` is False where power is only known as it is set (microwaves).

    ``paused_s`` is how long the generator gave no power although an applicator had time left.
    """

    measured: bool
    parts: tuple[PartSummary, ...]
    energy_j: float | None = None
    paused_s: float | None = None


def generator_charts(result: ThermalResult | None, plan: Plan | None) -> tuple[CourseChart, ...]:
    """Return what a simulated plan's generators did over time: nothing for other plans and older results of cold.

    Radiofrequency: power given, impedance and temperature as the simulated generator measured them. Microwaves: the
    power as it is set, which the model takes as given. Cold: what the wall of each needle is held at while gas flows.
    """
    if result is None or not isinstance(plan, AblationPlan):
        return ()
    traces = result.traces
    if "power_w" in traces and traces["power_w"].size:
        return _radiofrequency_charts(result, plan)
    if "needle_c" in traces and traces["needle_c"].size:
        return (_chart("needle", [_measured(traces, part, "needle_c") for part in _parts(traces)]),)
    if result.coldest_c is None and _kind(plan) == "mwa":
        end = _end_s(plan)
        lines = []
        for part, applicator in enumerate(plan.applicators, start=1):
            start, stop = applicator.start_s, applicator.start_s + applicator.duration_s
            times, power = np.array([0.0, start, start, stop, stop, end]), applicator.power_w
            lines.append(CourseLine(part, times, np.array([0.0, 0.0, power, power, 0.0, 0.0])))
        return (_chart("set", lines),)
    return ()


def generator_summary(result: ThermalResult | None, plan: Plan | None) -> GeneratorSummary | None:
    """Return the numbers of a simulated plan's generators, None where nothing is known of them.

    The energy is the integral of the power, which stays as it is from one record of the generator to the next.
    """
    if result is None or not isinstance(plan, AblationPlan):
        return None
    traces = result.traces
    if "power_w" in traces and traces["power_w"].size:
        lasted = _lasted_s(traces["time_s"], _end_s(plan))
        energy = traces["power_w"] * lasted
        parts = []
        for part in _parts(traces):
            mine = traces["applicator"] == part
            ohm, sensor = traces["impedance_ohm"][mine], traces["sensor_c"][mine]
            hottest = float(sensor.max()) if np.isfinite(sensor).all() else None
            at_sensor, at_tissue = (None, hottest) if _cooled(plan) else (hottest, None)
            parts.append(PartSummary(
                part, float(traces["power_w"][mine].max()), float(energy[mine].sum()), float(ohm.min()),
                float(ohm[-1]), at_sensor, at_tissue,
            ))
        paused = float(lasted[traces["power_w"] <= 0.0].sum())
        return GeneratorSummary(True, tuple(parts), float(energy.sum()), paused)
    if "needle_c" in traces and traces["needle_c"].size:
        return GeneratorSummary(True, tuple(
            PartSummary(part, coldest_needle_c=float(traces["needle_c"][traces["applicator"] == part].min()))
            for part in _parts(traces)
        ))
    if result.coldest_c is None and _kind(plan) == "mwa":
        found = tuple(
            PartSummary(part, one.power_w, one.power_w * one.duration_s)
            for part, one in enumerate(plan.applicators, start=1)
        )
        return GeneratorSummary(False, found, sum(one.energy_j or 0.0 for one in found))
    return None


def summary_words(summary: GeneratorSummary) -> tuple[str, ...]:
    """Return a summary as short lines in English: one for the generator, one for each applicator."""
    lines = []
    if summary.energy_j is not None:
        how = "given by the generator" if summary.measured else "as set (not measured)"
        paused = "" if not summary.paused_s else f"; {summary.paused_s:.0f} s without power"
        lines.append(f"{summary.energy_j / 1000.0:.1f} kJ {how}{paused}")
    for part in summary.parts:
        found = []
        if part.highest_power_w is not None:
            limit = "at most" if summary.measured else "set to"
            found.append(f"{limit} {part.highest_power_w:.0f} W")
        if part.least_ohm is not None and part.final_ohm is not None:
            found.append(f"impedance at least {part.least_ohm:.0f}, at the end {part.final_ohm:.0f} ohm")
        if part.hottest_sensor_c is not None:
            found.append(f"sensors at most {part.hottest_sensor_c:.0f} degC")
        if part.hottest_tissue_c is not None:
            found.append(f"tissue at the cooled tip at most {part.hottest_tissue_c:.0f} degC")
        if part.coldest_needle_c is not None:
            found.append(f"needle at {part.coldest_needle_c:.0f} degC or warmer")
        lines.append(f"applicator {part.part}: {'; '.join(found)}")
    return tuple(lines)


def summary_document(summary: GeneratorSummary) -> dict[str, Any]:
    """Return a summary as JSON types; what was not recorded is left out."""
    names = {"part": "applicator", "hottest_sensor_c": "hottest_sensor_degC",
             "hottest_tissue_c": "hottest_tissue_degC", "coldest_needle_c": "coldest_needle_degC"}  # fmt: skip
    parts = [
        {names.get(key, key): value for key, value in asdict(part).items() if value is not None}
        for part in summary.parts
    ]
    whole = {"measured": summary.measured, "energy_j": summary.energy_j, "without_power_s": summary.paused_s}
    return {**{key: value for key, value in whole.items() if value is not None}, "applicators": parts}


def _radiofrequency_charts(result: ThermalResult, plan: AblationPlan) -> tuple[CourseChart, ...]:
    traces, end = result.traces, _end_s(plan)
    times = np.append(traces["time_s"], max(end, float(traces["time_s"][-1])))
    power = []
    for part in _parts(traces):
        given = np.where(traces["applicator"] == part, traces["power_w"], 0.0)
        # a power lasts until the next one: steps
        power.append(CourseLine(part, np.repeat(times, 2)[1:-1], np.repeat(given, 2)))
    charts = [_chart("power", power)]
    for name, key in (("impedance", "impedance_ohm"), ("tissue" if _cooled(plan) else "sensor", "sensor_c")):
        lines = [_measured(traces, part, key) for part in _parts(traces)]
        if any(np.isfinite(line.values).any() for line in lines):
            charts.append(_chart(name, lines))
    return tuple(charts)


def _measured(traces: Any, part: int, key: str) -> CourseLine:
    """Return what was measured at one applicator; the line is interrupted while another one was on, or none."""
    mine = np.flatnonzero(traces["applicator"] == part)
    times, values = traces["time_s"][mine], traces[key][mine]
    usual = float(np.median(np.diff(times))) if times.size > 1 else 0.0
    gaps = np.flatnonzero(np.diff(times) > 3.0 * usual) + 1
    return CourseLine(part, np.insert(times, gaps, times[gaps - 1] + usual), np.insert(values, gaps, np.nan))


def _chart(name: str, lines: list[CourseLine]) -> CourseChart:
    label, unit = LABELS[name]
    return CourseChart(name, label, unit, tuple(lines))


def _parts(traces: Any) -> list[int]:
    return [int(part) for part in np.unique(traces["applicator"])]


def _lasted_s(times_s: Floats, end_s: float) -> Floats:
    return np.diff(np.append(times_s, max(end_s, float(times_s[-1]))))


def _end_s(plan: AblationPlan) -> float:
    return max(one.start_s + one.duration_s for one in plan.applicators)


def _kind(plan: AblationPlan) -> str:
    devices = catalog.load("devices")["devices"]
    return str(devices.get(plan.applicators[0].device, {}).get("kind", ""))


def _cooled(plan: AblationPlan) -> bool:
    """True where coolant runs through the tips of a plan's electrodes."""
    devices = catalog.load("devices")["devices"]
    return "coolant_c" in devices.get(plan.applicators[0].device, {}).get("electrode", {})


def shown_unit(chart: CourseChart) -> str:
    """Return the unit of a chart as people write it."""
    return {"degC": "\N{DEGREE SIGN}C", "ohm": "\N{GREEK CAPITAL LETTER OMEGA}"}.get(chart.unit, chart.unit)


def shown_range(chart: CourseChart) -> tuple[float, float]:
    """Return the least and the largest value of the axis of a chart, with room above the lines."""
    values = np.concatenate([line.values for line in chart.lines])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if chart.unit != "degC":
        low = 0.0
    room = 0.08 * max(high - low, 1.0)
    return (low if low == 0.0 else low - room), high + room


def round_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Return up to about ``most`` round numbers between two: 1, 2 or 5 times a power of ten apart."""
    if not high > low:
        return (low,)
    power = 10.0 ** np.floor(np.log10((high - low) / max(most, 1)))
    step = next(part * power for part in (1.0, 2.0, 5.0, 10.0) if (high - low) / (part * power) <= max(most, 1))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return tuple(round(n * step, 9) for n in range(first, last + 1))
