"""DICOM files and folders become volumes; what cannot be read truthfully is refused by name.

Names are loaded when they are first used: child processes import single modules of this room and must start fast.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "find": ["find_series"],
        "pixels": ["readable_transfer_syntaxes"],
        "series": ["Series"],
        "verdict": ["GeometryVerdict"],
        "volume": ["load_volume"],
    },
)
