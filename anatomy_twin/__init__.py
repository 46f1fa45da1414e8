"""anatomy_twin: a patient's scan becomes a twin that can be operated on before the patient is.

Names are loaded when they are first used (see ``__init__.pyi`` for the list); importing this package costs nothing.
"""

import sys as _sys
from types import ModuleType as _ModuleType

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)


class _Package(_ModuleType):
    """Keeps the public functions ``assess`` and ``export`` from being hidden by the rooms of the same name."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in {"assess", "export"} and isinstance(value, _ModuleType):
            return
        super().__setattr__(name, value)


_sys.modules[__name__].__class__ = _Package
