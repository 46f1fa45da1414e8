"""The whole chain from a scan to an assessed plan. Each stage takes a case and returns a new one with its provenance.

This is the only room that knows all others of the chain; the command line and the window call it. Its names are loaded
when they are first used: a window that only opens a case needs few of the chain's libraries.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anatomy_twin.pipeline.af import run_af_ablation
    from anatomy_twin.pipeline.anatomy import (
        check_tetrahedra,
        mesh_case,
        tetrahedra_case,
        tetrahedra_facts,
        vessels_case,
        without,
    )
    from anatomy_twin.pipeline.arrhythmia import compared_case, induction_case, lesions_case, searched_case
    from anatomy_twin.pipeline.chain import (
        add_plan,
        assess_case,
        import_scan,
        propose_case,
        run_liver_ablation,
        simulate_case,
        warm_up,
    )
    from anatomy_twin.pipeline.confirmation import confirm_case
    from anatomy_twin.pipeline.foreign import surface_case
    from anatomy_twin.pipeline.heart import chamber_case, heart_of, made_up_fibrosis
    from anatomy_twin.pipeline.heart_scans import import_heart
    from anatomy_twin.pipeline.labels import edit_case, labels_case, load_labels, segment_case, target_case
    from anatomy_twin.pipeline.searching import robustness_case, search_case
    from anatomy_twin.pipeline.targets import candidates, centre_mm, choose_target, named_target

__all__ = [
    "add_plan", "assess_case", "candidates", "centre_mm", "chamber_case", "check_tetrahedra", "choose_target",
    "compared_case", "confirm_case", "edit_case", "heart_of", "import_heart", "import_scan", "induction_case",
    "labels_case", "lesions_case", "load_labels", "made_up_fibrosis", "mesh_case", "named_target", "propose_case",
    "robustness_case", "run_af_ablation", "run_liver_ablation", "search_case", "searched_case", "segment_case",
    "simulate_case", "surface_case", "target_case", "tetrahedra_case", "tetrahedra_facts", "vessels_case",
    "warm_up", "without",
]
_PLACES = {
    "af": ("run_af_ablation",),
    "arrhythmia": ("compared_case", "induction_case", "lesions_case", "searched_case"),
    "heart": ("chamber_case", "heart_of", "made_up_fibrosis"),
    "heart_scans": ("import_heart",),
    "anatomy": ("check_tetrahedra", "mesh_case", "tetrahedra_case", "tetrahedra_facts", "vessels_case", "without"),
    "chain": ("add_plan", "assess_case", "import_scan", "propose_case", "run_liver_ablation", "simulate_case",
              "warm_up"),
    "confirmation": ("confirm_case",),
    "foreign": ("surface_case",),
    "labels": ("edit_case", "labels_case", "load_labels", "segment_case", "target_case"),
    "searching": ("robustness_case", "search_case"),
    "targets": ("candidates", "centre_mm", "choose_target", "named_target"),
}  # fmt: skip
_HOME = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
