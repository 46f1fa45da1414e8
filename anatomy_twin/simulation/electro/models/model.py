"""What an ionic model is: rates to read, tables for its kernel, one kernel to advance many cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.catalog import load
from anatomy_twin.core import FrozenMapping
from anatomy_twin.errors import SimulationError

Numbers = NDArray[np.float64]
Parameters = Mapping[str, float]
TABLE_COLUMNS = 32
ROWS_PER_MV = 10.0
LOWEST_MV, HIGHEST_MV = -110.0, 80.0  # beyond, gates move as at these


class Rates(NamedTuple):
    """How a cell changes: dV/dt = -current; gates relax to steady values; the rest has a slope.

    ``current`` in mV/ms (pA/pF), of the shape of V; ``steady`` and ``time_constant_ms`` [gate, ...]; ``slopes``
    [other variable, ...] per ms.
    """

    current: Numbers
    steady: Numbers
    time_constant_ms: Numbers
    slopes: Numbers


class React(Protocol):
    """The kernel of a model: advances blocks of 8 cells, in place, by the step its tables and constants are made for.

    Parameters
    ----------
    v : float32 [8 blocks], mV over the model's base, changed.
    state : float32 [block, variable, 8], the other variables less their bases, changed.
    local : float32 [block or 1, row, 8], what is read of the parameters of each node.
    first_rows : int32 [block or 1, 8], the row where the table of each node's kind of cell begins.
    table : float32 [row, 32]; constants : float32, in the order of the kernel's CONSTANTS.
    starts, length : the first blocks of the stretches to advance, and how many blocks each has.
    """

    def __call__(
        self, v: NDArray[Any], state: NDArray[Any], local: NDArray[Any], first_rows: NDArray[np.int32],
        table: NDArray[Any], constants: NDArray[Any], starts: NDArray[np.int64], length: int,
    ) -> None:
        """Advance."""


@dataclass(frozen=True, slots=True)
class IonicModel:
    """One ionic model.

    ``variables`` all but V, the first ``gates`` of them relax to a steady value. ``rates(v, y, parameters)`` the
    published equations in float64 on arrays, V in mV, y [variable, ...]. ``react`` the kernel
    (``kernels/ionic_*.py``) with ``constants(parameters, dt_ms)`` in its order; ``local`` the parameters that may
    differ from node to node, ``local_rows(values, dt_ms)`` what the kernel reads of them, a list of numbers or arrays
    over nodes (None: they themselves); and, where it needs one, ``columns(v, parameters, dt_ms)`` the table [V, 32] of
    one kind of cell, in which the parameters ``of_table`` may differ between kinds as well. The kernel keeps V less
    ``base_mv`` and some variables less their ``bases``: a step changes 140 mM of potassium by less than float32 can
    tell, but not what it differs from 139.
    """

    name: str
    variables: tuple[str, ...]
    gates: int
    base_mv: float
    local: tuple[str, ...]
    rates: Callable[[Numbers, Numbers, Parameters], Rates]
    constants: Callable[[Parameters, float], Numbers]
    react: React
    local_rows: Callable[[Mapping[str, Any], float], list[Any]] | None = None
    columns: Callable[[Numbers, Parameters, float], Numbers] | None = None
    of_table: tuple[str, ...] = ()
    bases: Mapping[str, float] = field(default_factory=dict)

    def read_of(self, values: Mapping[str, Any], dt_ms: float) -> list[Any]:
        """Return what the kernel reads of parameters that may differ from node to node, row by row."""
        if self.local_rows is None:
            return [values[name] for name in self.local]
        return self.local_rows(values, dt_ms)

    def kept_less(self) -> Numbers:
        """Return what each variable is kept less in the state of the kernel, [variable]."""
        return np.array([self.bases.get(name, 0.0) for name in self.variables])

    @property
    def facts(self) -> dict[str, Any]:
        """The model's entry in the catalog: label, source, parameters, variants."""
        found: dict[str, Any] = load("ionic")["models"][self.name]
        return found

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the kinds of cell, the first is the default."""
        return tuple(self.facts["variants"])

    def parameters(self, variant: str = "", **changed: float) -> FrozenMapping[str, float]:
        """Return the parameters of a kind of cell, some of them changed.

        Raises ``SimulationError`` for a kind or a parameter that the model does not have, or a value that is no number.
        """
        facts = self.facts
        variant = variant or self.variants[0]
        if variant not in facts["variants"]:
            raise SimulationError(
                f"{facts['label']} has no kind of cell {variant!r}", advice=f"use one of {', '.join(self.variants)}"
            )
        own = facts["variants"][variant]
        found = {**facts["parameters"], **own.get("parameters", {})}
        found |= {name: found[name] * scale for name, scale in own.get("scales", {}).items()}
        unknown = sorted(set(changed) - set(found))
        if unknown:
            raise SimulationError(
                f"{facts['label']} has no parameter {unknown[0]!r}", advice=f"it has {', '.join(sorted(found))}"
            )
        for name, value in changed.items():
            if not np.isfinite(value):
                raise SimulationError(f"the parameter {name} of {facts['label']} is {value}", advice="give a number")
        return FrozenMapping({**found, **{name: float(value) for name, value in changed.items()}})

    def initial(self, variant: str = "") -> tuple[float, Numbers]:
        """Return the published initial V in mV and the other variables, float64 [variable]."""
        facts = self.facts
        own = facts["variants"][variant or self.variants[0]].get("initial", {})
        values = {**facts["initial"], **own}
        return float(values["v_mv"]), np.array([values[name] for name in self.variables])


def sigmoid(v: Numbers, middle: float, width: float) -> Numbers:
    """Return 1 / (1 + exp((middle - V) / width)): rises with V for a positive width."""
    result: Numbers = 1.0 / (1.0 + np.exp((middle - v) / width))
    return result


def table_of(columns: list[Numbers]) -> Numbers:
    """Return columns over V as a kernel's table [V, 32], filled up with zeros."""
    return np.stack(columns + [np.zeros_like(columns[0])] * (TABLE_COLUMNS - len(columns)), axis=1)


def gate_columns(steady: Numbers, time_constant_ms: Numbers, dt_ms: float) -> list[Numbers]:
    """Return two columns for each gate: what a step leaves of the old value, and what it adds.

    The exact solution over dt for a constant V (Rush and Larsen, IEEE Trans Biomed Eng 1978;25:389).
    """
    found = []
    for target, tau in zip(steady, time_constant_ms, strict=True):
        found += [np.exp(-dt_ms / tau), -target * np.expm1(-dt_ms / tau)]
    return found


def table_voltages() -> Numbers:
    """Return the V of the rows of a table, mV."""
    count = round((HIGHEST_MV - LOWEST_MV) * ROWS_PER_MV) + 1
    return LOWEST_MV + np.arange(count) / ROWS_PER_MV


def table_constants(base_mv: float) -> dict[str, float]:
    """Return what kernels with a table begin with: V of its first row over the base, rows per mV, the last place."""
    return {
        "v_first": LOWEST_MV - base_mv, "rows_per_mv": ROWS_PER_MV, "last_place": table_voltages().size - 1.001,
    }
