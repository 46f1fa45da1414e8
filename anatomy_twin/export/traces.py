"""What a simulated generator recorded as a table of comma separated values."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from anatomy_twin import catalog
from anatomy_twin.core import AblationPlan, Case, Plan
from anatomy_twin.errors import DataError, UsageError
from anatomy_twin.export.write import write_whole


def write_traces(case: Case, plan_name: str, path: str | Path) -> Path:
    """Write the traces of a plan's result, one line for each record, and return the file.

    The first line names the columns (time_s, applicator, then what was recorded with its unit). Raises ``DataError``
    where the plan has no result or nothing was recorded (microwaves), ``UsageError`` for another suffix than .csv and
    ``StoreError`` where the disk refuses.
    """
    path = traces_ready(path)
    result = case.results.get(case.plan(plan_name).name)
    if result is None or not result.traces or not result.traces["time_s"].size:
        what = "is not simulated" if result is None else "has no records of a generator"
        raise _unrecorded(plan_name, what)
    names = list(result.traces)
    rows = np.column_stack([result.traces[name] for name in names])
    lines = [",".join(names), *(",".join(f"{value:.10g}" for value in row) for row in rows)]
    return write_whole(path, ("\n".join(lines) + "\n").encode("ascii"))


def traces_ready(path: str | Path, plan: Plan | None = None) -> Path:
    """Return the path of a table that may be written, before there is anything to write.

    Raises ``UsageError`` for a name that does not end in .csv, ``DataError`` for a ``plan`` of antennas,
    whose generator records nothing.
    """
    path = Path(path)
    if path.suffix.lower() != ".csv":
        raise UsageError("a table of traces is written as .csv", where=path.name, advice="end the name with .csv")
    devices = catalog.load("devices")["devices"]
    if isinstance(plan, AblationPlan) and all("sar" in devices.get(one.device, {}) for one in plan.applicators):
        raise _unrecorded(plan.name, "has no records of a generator")
    return path


def _unrecorded(plan_name: str, what: str) -> DataError:
    return DataError(f"plan {plan_name!r} {what}", advice="simulate a plan of radiofrequency or cold")
