"""Measuring: distances, angles, areas, balls, diameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow


def attach(window: RehearsalWindow) -> None:
    """Draw on the desk of a window what this group of tools has."""
