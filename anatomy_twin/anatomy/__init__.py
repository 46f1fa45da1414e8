"""Labels become anatomy: closed surfaces in LPS mm, each with a certificate, and volumes counted from voxels."""

from anatomy_twin.anatomy.build import build_anatomy
from anatomy_twin.anatomy.certificate import certify, is_watertight
from anatomy_twin.anatomy.mesh_file import load_surface
from anatomy_twin.anatomy.surfaces import surface_of

__all__ = ["build_anatomy", "certify", "is_watertight", "load_surface", "surface_of"]
