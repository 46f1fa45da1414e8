"""Two scans of a patient -> a transform with its error."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anatomy_twin.registration.pair import Registration, carried_labels, carried_mask, carried_volume, register
    from anatomy_twin.registration.quality import Quality

__all__ = ["Quality", "Registration", "carried_labels", "carried_mask", "carried_volume", "register"]


def __getattr__(name: str) -> Any:
    """Load what is used when it is used: SimpleITK takes long to load."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "quality" if name == "Quality" else "pair"
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
