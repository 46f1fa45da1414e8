"""Cells of a tissue: their parameters arranged for a kernel, their state, and one step without diffusion.

Every node has its own conductances (fibrosis, drugs, gradients) and its own kind of cell. Conductances lie beside the
state in vectors of 8 nodes; where all nodes are alike there is one such vector, which stays in the nearest cache. A
kind of cell whose gates differ has its own rows in the table, and every node its own first row: the kernel fetches
rows node by node anyway, so kinds may be mixed freely within a vector and nodes keep the order that diffusion wants.

The kernels keep V less ``model.base_mv``, about the potential of rest: float32 tells 8e-6 mV apart at -85 mV, which is
more than a cell at rest moves in a step, but 1e-7 mV near 0. Diffusion does not see the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core.frozen import read_only
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro.models.model import IonicModel, Numbers, Parameters, table_voltages

LANES: Final = 8
BEYOND_MV: Final = 1000.0  # no cell gets there
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reaction:
    """Cells arranged for the kernel of their model and one time step.

    ``local`` float32 [block or 1, row, 8]; ``first_rows`` int32 [block or 1, 8]; ``table`` float32 [row, 32];
    ``constants`` float32. ``count`` nodes, in ``blocks`` of 8, the last filled up.
    """

    model: IonicModel
    dt_ms: float
    count: int
    local: Floats
    first_rows: NDArray[np.int32]
    table: Floats
    constants: Floats

    @property
    def blocks(self) -> int:
        """How many vectors of 8 nodes there are."""
        return -(-self.count // LANES)


def arrange(
    model: IonicModel, dt_ms: float, kinds: Sequence[Parameters], count: int = LANES, *,
    kind_of_node: NDArray[Any] | None = None, scales: Mapping[str, NDArray[Any]] | None = None,
) -> Reaction:
    """Return cells arranged for the kernel.

    Parameters
    ----------
    model, dt_ms : the ionic model and the time step; another step needs another arrangement.
    kinds : the parameters of each kind of cell (``model.parameters``, ``drugs.blocked``).
    count : number of nodes; kind_of_node : [node] which of the kinds, default the first.
    scales : name of a parameter of ``model.local`` -> [node], what it is multiplied by there.

    Raises ``SimulationError`` where kinds differ in what may not differ, for scales of what is not local or that are
    negative or no numbers, and a time step that is not positive.
    """
    if not (np.isfinite(dt_ms) and dt_ms > 0.0):
        raise SimulationError(f"a time step of {dt_ms} ms", advice="use a positive one, such as 0.02")
    if count < 1:
        raise SimulationError(f"{count} nodes", advice="a tissue has one or more")
    _check_kinds(model, kinds)
    which = np.zeros(count, dtype=np.int64) if kind_of_node is None else np.asarray(kind_of_node, dtype=np.int64)
    if which.shape != (count,) or not (which.min() >= 0 and which.max() < len(kinds)):
        raise SimulationError(f"kinds of cells are not given as {count} numbers from 0 to {len(kinds) - 1}")
    values: dict[str, Any] = {name: np.array([kind[name] for kind in kinds])[which] for name in model.local}
    for name, scale in (scales or {}).items():
        checked = _checked_scale(model, name, np.asarray(scale, dtype=np.float64), count)
        values[name] = values[name] * checked
    rows = np.stack([np.broadcast_to(row, count) for row in model.read_of(values, dt_ms)])
    alike = bool((rows == rows[:, :1]).all())
    table, rows_per_kind = np.zeros((2, 32)), 0
    if model.columns is not None:
        parts = _distinct(model, kinds)
        made = [model.columns(table_voltages(), kinds[index], dt_ms) for index in sorted(set(parts))]
        table, rows_per_kind = np.concatenate(made), made[0].shape[0]
        order = {index: place for place, index in enumerate(sorted(set(parts)))}
        first = np.array([order[index] for index in parts])[which] * rows_per_kind
    else:
        first = np.zeros(count, dtype=np.int64)
    one_kind = bool((first == first[:1]).all())
    local = _blocks(rows[:, :1].repeat(LANES, 1) if alike else rows)
    first_rows = first[:1].repeat(LANES)[None] if one_kind else _padded(first).reshape(-1, LANES)
    return Reaction(
        model, float(dt_ms), count, read_only(local, "local", dtype=np.float32),
        read_only(first_rows, "first_rows", dtype=np.int32), read_only(table, "table", dtype=np.float32),
        read_only(model.constants(kinds[0], dt_ms), "constants", dtype=np.float32),
    )


def initial_state(model: IonicModel, count: int = LANES, variant: str = "") -> tuple[Floats, Floats]:
    """Return V over the base (mV) [node, filled up to blocks of 8] and the other variables, as published."""
    v, y = model.initial(variant)
    return tissue_state(model, np.full(count, v), np.repeat(y[:, None], count, 1))


def tissue_state(model: IonicModel, v_mv: NDArray[Any], y: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return nodes with V [node] in mV and other variables [variable, node] as the kernels keep them.

    V over the base, filled up to blocks of 8, and [block, variable, 8]: for cells that were paced alone
    (``cell.pace``), taken for each node by its kind.
    """
    return _padded(np.asarray(v_mv) - model.base_mv).astype(np.float32), packed(model, y)


def voltage_mv(model: IonicModel, v: Floats, count: int | None = None) -> Floats:
    """Return V in mV [node] from V over the base."""
    return v[:count] + np.float32(model.base_mv)


def packed(model: IonicModel, y: NDArray[Any]) -> Floats:
    """Return variables [variable, node] as the kernels keep them: float32 [block, variable, 8]."""
    return _blocks(np.asarray(y) - model.kept_less()[:, None]).astype(np.float32)


def unpacked(model: IonicModel, state: Floats, count: int | None = None) -> Numbers:
    """Return variables kept as [block, variable, 8] as float64 [variable, node]."""
    flat = np.swapaxes(state, 0, 1).reshape(state.shape[1], -1).astype(np.float64) + model.kept_less()[:, None]
    return flat if count is None else flat[:, :count]


def advance(
    reaction: Reaction, v: Floats, state: Floats, starts: NDArray[np.int64] | None = None, length: int = 0
) -> None:
    """Advance the cells by one time step, in place: all of them, or stretches of ``length`` blocks from ``starts``."""
    if starts is None:
        starts, length = np.zeros(1, dtype=np.int64), reaction.blocks
    reaction.model.react(
        v, state, reaction.local, reaction.first_rows, reaction.table, reaction.constants, starts, length
    )


def advance_exactly(model: IonicModel, dt_ms: float, v: Numbers, y: Numbers, parameters: Parameters) -> None:
    """Advance cells by one time step from the published rates in float64, in place: V [node], y [variable, node].

    The scheme of the kernels (Rush-Larsen for gates, explicit Euler for the rest) without tables.
    """
    rates = model.rates(v, y, parameters)
    v -= dt_ms * rates.current
    y[: model.gates] = rates.steady + (y[: model.gates] - rates.steady) * np.exp(-dt_ms / rates.time_constant_ms)
    y[model.gates :] += dt_ms * rates.slopes


def refuse_unfinite(v: NDArray[Any], time_ms: float, step: int, count: int | None = None) -> None:
    """Raise ``SimulationError`` that names node and step where V (over the base) is no number or beyond any cell's."""
    wrong = ~(np.abs(v[:count]) < BEYOND_MV)
    if wrong.any():
        node = int(np.argmax(wrong))
        raise SimulationError(
            f"the voltage of node {node} is {v[node]:g} mV at step {step}", where=f"{time_ms:g} ms",
            advice="use a shorter time step, or look at the parameters of that node",
        )


def _blocks(rows: NDArray[Any]) -> NDArray[Any]:
    """[row, node] -> [block, row, 8], the last node repeated to fill the last block."""
    padded = np.stack([_padded(row) for row in rows]) if len(rows) else np.zeros((0, LANES))
    return np.ascontiguousarray(np.swapaxes(padded.reshape(len(padded), -1, LANES), 0, 1))


def _padded(values: NDArray[Any]) -> NDArray[Any]:
    return np.pad(values, (0, -len(values) % LANES), mode="edge")


def _check_kinds(model: IonicModel, kinds: Sequence[Parameters]) -> None:
    if not kinds:
        raise SimulationError("no kind of cell is given", advice="give the parameters of at least one")
    may_differ = {*model.local, *model.of_table}
    for kind in kinds[1:]:
        for name, value in kind.items():
            if value != kinds[0][name] and name not in may_differ:
                raise SimulationError(
                    f"kinds of cells of one tissue differ in {name}", where=model.name,
                    advice=f"what may differ is {', '.join(sorted(may_differ))}",
                )


def _checked_scale(model: IonicModel, name: str, scale: Numbers, count: int) -> Numbers:
    if name not in model.local:
        raise SimulationError(
            f"{name!r} cannot differ from node to node in {model.name}", advice=f"these can: {', '.join(model.local)}"
        )
    if scale.shape != (count,):
        raise SimulationError(f"the scale of {name} has shape {scale.shape}, there are {count} nodes")
    wrong = ~(np.isfinite(scale) & (scale >= 0.0))
    if wrong.any():
        node = int(np.argmax(wrong))
        raise SimulationError(f"the scale of {name} is {scale[node]:g}", where=f"node {node}", advice="use 0 or more")
    return scale


def _distinct(model: IonicModel, kinds: Sequence[Parameters]) -> list[int]:
    """For each kind the first kind whose table is the same."""
    keys = [tuple(kind[name] for name in model.of_table) for kind in kinds]
    return [keys.index(key) for key in keys]
