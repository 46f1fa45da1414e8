"""Libraries that take long to load and that a window does not need to open are loaded when they are first used."""

from __future__ import annotations

import importlib
from typing import Any


class _Later:
    """Stands for a module until something of it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, found)  # the next time it is there at once
        return found


def later(name: str) -> Any:
    """Return what can be used as the module ``name``, which is loaded as soon as it is used."""
    return _Later(name)
