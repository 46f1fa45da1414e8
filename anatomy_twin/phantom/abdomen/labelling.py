"""Labels of a drawn canvas as a label map, and the patient turned into a mirror image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from anatomy_twin.core import LabelMap, VesselTree
from anatomy_twin.phantom.abdomen.drawing import Inside
from anatomy_twin.phantom.abdomen.variants import MIRRORED
from anatomy_twin.phantom.canvas import EXCLUSIVE, PART, VALUE, Canvas
from anatomy_twin.phantom.labels import truth_segment

FAINT_HU = 10.0


def label_map(canvas: Canvas, inside: Inside, mirrored: bool) -> LabelMap:
    """Return the truth: organs in layer 0, their parts in 1, lesions in 2, the trunk in 3. Arms belong to nothing."""
    body = (canvas.labels > 0).astype(np.uint8)
    stack = np.stack([canvas.labels, canvas.parts, canvas.lesions, body])
    segments = [truth_segment(name, 0, value, stack) for name, value in VALUE.items()]
    segments += [truth_segment(name, 1, value, stack) for name, value in PART.items()]
    for number, tumour in enumerate(inside.tumours, start=1):
        faint = bool(tumour.contrast_hu) and abs(tumour.contrast_hu) < FAINT_HU
        note = f"{tumour.contrast_hu:+.0f} HU against the liver: hardly visible in this phase" if faint else ""
        segments.append(truth_segment(tumour.name, 2, number, stack, note=note))
    for number, lesion in enumerate(inside.kidney_lesions, start=1 + len(inside.tumours)):
        kidney = MIRRORED[lesion.kidney] if mirrored else lesion.kidney
        segments.append(truth_segment(lesion.name, 2, number, stack, part_of=kidney))
    segments.append(truth_segment("body", 3, 1, stack))
    return LabelMap(stack, canvas.geometry, tuple(segment for segment in segments if segment))


def mirror(canvas: Canvas) -> None:
    """Turn image and labels about the midline; organs in pairs get the name of the side on which they now lie."""
    table = np.arange(len(EXCLUSIVE) + 1, dtype=np.uint8)
    for name, other in MIRRORED.items():
        table[VALUE[name]] = VALUE[other]
    canvas.image = np.ascontiguousarray(canvas.image[:, :, ::-1])
    canvas.labels = np.ascontiguousarray(table[canvas.labels][:, :, ::-1])
    canvas.parts = np.ascontiguousarray(canvas.parts[:, :, ::-1])
    canvas.lesions = np.ascontiguousarray(canvas.lesions[:, :, ::-1])


def turned(tree: VesselTree, twice_middle_mm: float, mirrored: bool) -> VesselTree:
    """Return a tree (LPS mm), mirrored about x = ``twice_middle_mm`` / 2 if asked."""
    if not mirrored:
        return tree
    nodes = tree.nodes_mm * (-1, 1, 1) + (twice_middle_mm, 0, 0)
    return replace(tree, nodes_mm=nodes)
