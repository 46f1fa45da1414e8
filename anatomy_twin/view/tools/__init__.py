"""What the left mouse button can do, and what is drawn of plans and measurements. Tools know the desk, not Qt."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from anatomy_twin.view.window import RehearsalWindow

ATTACHED: Final = ("plan_handles", "measuring", "segmenting")


def attach_all(window: RehearsalWindow) -> None:
    """Let every group of tools put its sources of shapes and tints on the desk of a window that was just made."""
    for name in ATTACHED:
        importlib.import_module(f"anatomy_twin.view.tools.{name}").attach(window)
