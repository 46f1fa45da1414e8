"""Searches that compose planning, simulation and assessment."""

from anatomy_twin.search.ablation import confirm_duration

__all__ = ["confirm_duration"]
