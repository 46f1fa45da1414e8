"""Capabilities as data: a table of names to "module:function", and the protocols that those functions follow.

Other packages add to the table by entry points (groups ``anatomy_twin.segmenters``, ``anatomy_twin.simulators``,
``anatomy_twin.exporters``); these are read only when a name is not in the table.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import Case, LabelMap, Monitor, Plan, Result, Volume


class Segmenter(Protocol):
    """Volume -> LabelMap."""

    def __call__(self, volume: Volume, seeds: Any, labels: LabelMap | None, monitor: Monitor) -> LabelMap:
        """Return the segments found; raise ``SegmentationError`` where the volume is not of the right kind."""


class Simulator(Protocol):
    """Case and plan -> Result."""

    def __call__(self, case: Case, plan: Plan, model: Any, monitor: Monitor) -> Result:
        """Return the result of the plan; raise ``SimulationError`` where it cannot be simulated."""


class Exporter(Protocol):
    """One structure of a case -> a file."""

    def __call__(self, case: Case, path: Path, structure: str) -> Path:
        """Write the file whole or not at all and return its path."""


TABLE: Final[dict[str, dict[str, str]]] = {
    "segmenters": {"ct-abdomen": "anatomy_twin.segmentation.ct_abdomen:segment_ct_abdomen"},
    "simulators": {"thermal": "anatomy_twin.simulation.thermal:simulate_ablation"},
    "exporters": {
        ".stl": "anatomy_twin.export.stl:write",
        ".ply": "anatomy_twin.export.ply:write",
        ".obj": "anatomy_twin.export.obj:write",
    },
}


def names(kind: str) -> tuple[str, ...]:
    """Return the names of one kind ("segmenters"), those of installed plugins after ours."""
    others = sorted(point.name for point in metadata.entry_points(group=f"anatomy_twin.{kind}"))
    return (*TABLE[kind], *(name for name in others if name not in TABLE[kind]))


def resolve(kind: str, name: str) -> Callable[..., Any]:
    """Return the function behind a name.

    Raises ``UsageError`` naming the known ones when there is none, or when a plugin cannot be loaded.
    """
    target = TABLE[kind].get(name)
    if target is None:
        points = metadata.entry_points(group=f"anatomy_twin.{kind}", name=name)
        target = next((point.value for point in points), None)
    if target is None:
        raise UsageError(f"no {kind[:-1]} is called {name!r}", advice=f"choose one of {', '.join(names(kind))}")
    module, _, function = target.partition(":")
    try:
        found: Callable[..., Any] = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the {kind[:-1]} {name!r} cannot be loaded: {error}") from error
    return found
