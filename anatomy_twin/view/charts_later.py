"""PyVista without the part of matplotlib that only its charts need, which the window does not draw."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

HELD_BACK: Final = ("matplotlib.pyplot", "matplotlib.backends.backend_agg")


@contextmanager
def charts_later() -> Iterator[None]:
    """Hold matplotlib's plotting back from what is imported meanwhile: a quarter of the time PyVista takes to load.

    What was imported loads it when it first uses it; whoever imports it afterwards gets the real modules.
    """
    stand_ins = {name: _Later(name) for name in HELD_BACK if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, module in stand_ins.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


class _Later(ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system asks for these; it must not load anything
            raise AttributeError(name)
        if name[0].isupper():  # ``from module import Name`` looks a class up at once: it is called later, if ever
            return lambda *args, **options: getattr(self._real(), name)(*args, **options)
        return getattr(self._real(), name)

    def _real(self) -> ModuleType:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return importlib.import_module(self.__name__)
