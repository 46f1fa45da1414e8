"""Labels become anatomy: closed surfaces in LPS mm, each with a certificate, and volumes counted from voxels.

Names are loaded when they are first used: the child process that reads a surface file needs nothing of the rest.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "build": ["build_anatomy"],
        "surface.certificate": ["certify", "is_watertight"],
        "solid.mesh_file": ["load_surface"],
        "surface.surfaces": ["surface_of"],
    },
)
