"""A case as a scene of plain data that can be drawn anywhere."""

from anatomy_twin.rehearsal.scene import (
    INTENDED_USE,
    FieldSeries,
    Marker,
    Needle,
    OverlayLayer,
    Scene,
    SurfaceLayer,
)

__all__ = ["INTENDED_USE", "FieldSeries", "Marker", "Needle", "OverlayLayer", "Scene", "SurfaceLayer"]
