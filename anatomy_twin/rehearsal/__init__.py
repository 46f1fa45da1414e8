"""A case as a scene of plain data that can be drawn anywhere."""

from anatomy_twin.rehearsal.build import (
    SYNTHETIC_NOTE,
    build_scene,
    chosen_plan,
    format_interval,
    format_number,
    format_quantity,
    structure_colour,
    structure_label,
    window_of,
)
from anatomy_twin.rehearsal.plan_layers import device_size, needles_of, targets_of
from anatomy_twin.rehearsal.pointer import Pointer, Tool
from anatomy_twin.rehearsal.scene import (
    INTENDED_USE,
    FieldSeries,
    Marker,
    Needle,
    OverlayLayer,
    Scene,
    SegmentLook,
    SurfaceLayer,
)
from anatomy_twin.rehearsal.shapes import ALWAYS, CutTint, Shape, Tint
from anatomy_twin.rehearsal.slicing import (
    PLANES,
    SliceImage,
    SlicePlane,
    letters_of,
    plane_through,
    sample,
    slice_image,
    slice_mask,
    slice_mask_fraction,
)

__all__ = [
    "ALWAYS", "INTENDED_USE", "PLANES", "SYNTHETIC_NOTE", "CutTint", "FieldSeries", "Marker", "Needle", "OverlayLayer",
    "Pointer", "Scene", "SegmentLook", "Shape", "SliceImage", "SlicePlane", "SurfaceLayer", "Tint", "Tool",
    "build_scene", "chosen_plan", "device_size", "format_interval", "format_number", "format_quantity", "letters_of",
    "needles_of", "plane_through", "sample", "slice_image", "slice_mask", "slice_mask_fraction", "structure_colour",
    "structure_label", "targets_of", "window_of",
]
