"""Capabilities as data: a table of names to "module:function", and the protocols that those functions follow.

Other packages add to the table by entry points (groups ``anatomy_twin.segmenters``, ``anatomy_twin.simulators``,
``anatomy_twin.exporters``); these are read only when a name is not in the table.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from anatomy_twin.core import Case, LabelMap, Monitor, Plan, Result, Volume
    from anatomy_twin.core.results import ElectroResult


class Segmenter(Protocol):
    """Volume -> LabelMap. One that takes an ``argument`` (text) besides can be asked for as "NAME:ARGUMENT"."""

    def __call__(self, volume: Volume, seeds: Any, labels: LabelMap | None, monitor: Monitor) -> LabelMap:
        """Return the segments found; raise ``SegmentationError`` where the volume is not of the right kind."""


class Simulator(Protocol):
    """Case and plan -> Result."""

    def __call__(self, case: Case, plan: Plan, model: Any, monitor: Monitor) -> Result | ElectroResult:
        """Return the result of the plan; raise ``SimulationError`` where it cannot be simulated."""


class Exporter(Protocol):
    """One structure of a case -> a file."""

    def __call__(self, case: Case, path: Path, structure: str) -> Path:
        """Write the file whole or not at all and return its path."""


TABLE: Final[dict[str, dict[str, str]]] = {
    "segmenters": {
        "ct-abdomen": "anatomy_twin.segmentation.abdomen.ct_abdomen:segment_ct_abdomen",
        "cta-heart": "anatomy_twin.segmentation.heart.cta_heart:segment_cta_heart",
        "lge-left-atrium": "anatomy_twin.segmentation.heart.lge_atrium:segment_lge_left_atrium",
        "ct-head": "anatomy_twin.segmentation.head.ct_head:segment_ct_head",
        "ct-thorax": "anatomy_twin.segmentation.thorax.ct_thorax:segment_ct_thorax",
        "grow": "anatomy_twin.segmentation.clicks.seeded:segment_by_growing",
        "watershed": "anatomy_twin.segmentation.clicks.seeded:segment_by_flooding",
        "random-walker": "anatomy_twin.segmentation.clicks.seeded:segment_by_walking",
        "threshold": "anatomy_twin.segmentation.clicks.seeded:segment_by_threshold",
        "levelset": "anatomy_twin.segmentation.clicks.seeded:segment_by_levelset",
        "totalsegmentator": "anatomy_twin.segmentation.external.totalsegmentator:segment_totalsegmentator",
        "nnunet": "anatomy_twin.segmentation.external.nnunet:segment_nnunet",
        "onnx": "anatomy_twin.segmentation.external.onnx_segment:segment_onnx",
    },
    "simulators": {
        "thermal": "anatomy_twin.simulation.thermal:simulate_ablation",
        "electro": "anatomy_twin.simulation.electro.lesion_result:simulate_lesions",
    },
    "exporters": {
        ".stl": "anatomy_twin.export.stl:write",
        ".ply": "anatomy_twin.export.ply:write",
        ".obj": "anatomy_twin.export.obj:write",
        ".vtp": "anatomy_twin.export.vtk_xml:write_surface",
        ".vtu": "anatomy_twin.export.vtk_xml:write_tetrahedra",
    },
}


def names(kind: str) -> tuple[str, ...]:
    """Return the names of one kind ("segmenters"), those of installed plugins after ours."""
    others = sorted(point.name for point in metadata.entry_points(group=f"anatomy_twin.{kind}"))
    return (*TABLE[kind], *(name for name in others if name not in TABLE[kind]))


def resolve(kind: str, name: str) -> Callable[..., Any]:
    """Return the function behind a name.

    "NAME:ARGUMENT" hands what stands after the first colon to a function that takes an ``argument`` ("onnx:card.json",
    "totalsegmentator:total"). Raises ``UsageError`` naming the known ones when there is none, when a plugin cannot be
    loaded, or for an argument to one that takes none.
    """
    stem, colon, argument = name.partition(":")
    if colon and _target(kind, name) is None:
        found = resolve(kind, stem)
        if "argument" not in inspect.signature(found).parameters:
            raise UsageError(f"the {kind[:-1]} {stem!r} takes nothing after a colon", advice=f"write {stem}")
        return partial(found, argument=argument)
    target = _target(kind, name)
    if target is None:
        raise UsageError(f"no {kind[:-1]} is called {name!r}", advice=f"choose one of {', '.join(names(kind))}")
    module, _, function = target.partition(":")
    try:
        found: Callable[..., Any] = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the {kind[:-1]} {name!r} cannot be loaded: {error}") from error
    return found


def _target(kind: str, name: str) -> str | None:
    """Return "module:function" of a name, that of an entry point where the table has none."""
    if name in TABLE[kind]:
        return TABLE[kind][name]
    points = metadata.entry_points(group=f"anatomy_twin.{kind}", name=name)
    return next((point.value for point in points), None)
