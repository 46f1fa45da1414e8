"""Searches that compose planning, simulation and assessment."""

from anatomy_twin.search.ablation import confirm_duration
from anatomy_twin.search.applicators import search_ablation
from anatomy_twin.search.found import AblationSearch, Shortfall
from anatomy_twin.search.lesion_comparison import (
    LesionComparison,
    LesionRobustness,
    compare_lesion_sets,
    lesion_robustness,
)
from anatomy_twin.search.lesion_screening import Screening, screening
from anatomy_twin.search.lesions import LesionBudget, lesion_plan_of, search_lesions
from anatomy_twin.search.robustness import RANGES_NOTE, robustness, robustness_quantities

__all__ = [
    "RANGES_NOTE", "AblationSearch", "LesionBudget", "LesionComparison", "LesionRobustness", "Screening", "Shortfall",
    "compare_lesion_sets", "confirm_duration", "lesion_plan_of", "lesion_robustness", "robustness",
    "robustness_quantities", "screening", "search_ablation", "search_lesions",
]
