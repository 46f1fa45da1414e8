"""Searches that compose planning, simulation and assessment."""

from anatomy_twin.search.ablation import confirm_duration
from anatomy_twin.search.applicators import search_ablation
from anatomy_twin.search.found import AblationSearch, Shortfall
from anatomy_twin.search.robustness import RANGES_NOTE, robustness, robustness_quantities

__all__ = [
    "RANGES_NOTE", "AblationSearch", "Shortfall", "confirm_duration", "robustness", "robustness_quantities",
    "search_ablation",
]
