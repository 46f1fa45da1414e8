"""Searches that compose planning, simulation and assessment."""

from anatomy_twin.search.ablation import confirm_duration
from anatomy_twin.search.robustness import Probability, Robustness, robustness, robustness_quantities

__all__ = ["Probability", "Robustness", "confirm_duration", "robustness", "robustness_quantities"]
