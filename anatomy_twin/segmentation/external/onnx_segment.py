"""Any 3-D network that a card describes: scan -> the network's grid -> probabilities -> labels on the scan's voxels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import SILENT, LabelMap, Monitor, Volume, VolumeGeometry, inverse_axes, reindex
from anatomy_twin.errors import SegmentationError, UsageError
from anatomy_twin.segmentation.external.labels import Target, label_map_of, target_of
from anatomy_twin.segmentation.external.onnx_card import Card, read_card
from anatomy_twin.segmentation.external.onnx_network import Network
from anatomy_twin.segmentation.external.onnx_window import slide
from anatomy_twin.segmentation.ground.working_grid import resample

VARIABLE: Final = "ANATOMY_TWIN_ONNX_CARD"
MEMORY_BYTES: Final = 6 * 2**30
NOBODY: Final = np.uint16(0xFFFF)
_AXIS_OF: Final = {"S": 0, "I": 0, "P": 1, "A": 1, "L": 2, "R": 2}
_AHEAD: Final = "SPL"  # where the upright axes k, j, i point to

Axes = tuple[tuple[int, int, int], tuple[bool, bool, bool]]
Floats = NDArray[np.float32]


def segment_onnx(
    volume: Volume, seeds: Mapping[str, Any], labels: LabelMap | None, monitor: Monitor = SILENT, argument: str = "",
) -> LabelMap:
    """Run the network of a card on a volume and return what it finds.

    ``argument`` is the path of the card (``segment(volume, "onnx:liver.json")``); without one the variable
    ANATOMY_TWIN_ONNX_CARD names it. See ``onnx_card`` for what a card holds.

    The scan is brought onto the card's spacing and orientation, the network is slid over it, and its probabilities are
    brought back onto the voxels of the scan, where the most probable class wins; what several channels of a "sigmoid"
    network claim goes to the most probable one of each layer. The result does not depend on the order of the scan's
    axes. All segments have the state "check" with the rule "external". ``labels`` that stand already are not used.

    Raises ``UsageError`` for a card that cannot be used, seeds, or onnxruntime missing; ``SegmentationError`` where
    the scan is of another modality, too large for the memory allowed, or the network fails; ``Cancelled``.
    """
    if seeds:
        raise UsageError("onnx takes no seeds", advice="leave them out, or correct its result with grow")
    path = argument or os.environ.get(VARIABLE, "")
    if not path:
        raise UsageError("onnx needs the card of a network", advice=f"write onnx:CARD.json, or name it in {VARIABLE}")
    card = read_card(path)
    if volume.modality != card.modality:
        raise SegmentationError(f"the network {card.name} is for {card.modality}, the scan is {volume.modality}",
                                advice="choose another card")
    targets = named_targets(card)
    network = Network(card)
    axes = card_axes(card.orientation)
    upright = volume.canonical()
    grid = card_grid(upright.geometry, card, axes)
    _check_memory(card, network.channels, grid, volume.geometry)
    monitor.stage(card.name)
    image = normalised(resample(upright.array, upright.geometry, grid), card)
    image = np.ascontiguousarray(reindex(image, *axes))
    found = slide(image, network.run, network.channels, card.patch, card.overlap, card.trim, card.outside, monitor)
    monitor.stage("bringing labels back")
    found = reindex(found, *inverse_axes(*axes))
    winner = _winners(found, grid, upright.geometry, card, monitor)
    return _labels(volume, winner, card, targets)


def card_axes(orientation: str) -> Axes:
    """Return (order, flips) that turn upright axes (k to the head, j to the back, i to the left) into the card's."""
    order = [_AXIS_OF[letter] for letter in orientation]
    flips = [letter not in _AHEAD for letter in orientation]
    return (order[0], order[1], order[2]), (flips[0], flips[1], flips[2])


def card_grid(upright: VolumeGeometry, card: Card, axes: Axes) -> VolumeGeometry:
    """Return the upright grid of the card's spacing that covers the same box (its far side within half a voxel)."""
    spacing = np.empty(3)
    spacing[list(axes[0])] = card.spacing_mm
    extent = np.asarray(upright.shape) * np.asarray(upright.spacing_mm)
    k, j, i = (max(1, int(np.floor(size / step + 0.5))) for size, step in zip(extent, spacing, strict=True))
    x, y, z = upright.to_world((-0.5 + 0.5 * spacing / np.asarray(upright.spacing_mm)).tolist()).tolist()
    steps = (float(spacing[0]), float(spacing[1]), float(spacing[2]))
    return VolumeGeometry((k, j, i), steps, upright.direction, (x, y, z), upright.frame_of_reference_uid)


def normalised(image: Floats, card: Card) -> Floats:
    """Return grey values as the network wants them (see ``Card``)."""
    (low, high), (first, last) = card.window, card.scale
    share = (np.clip(image, low, high) - low) / (high - low)
    return np.asarray((first + share * (last - first) - card.mean) / card.sd, dtype=np.float32)


def _check_memory(card: Card, channels: int, grid: VolumeGeometry, scan: VolumeGeometry) -> None:
    """Refuse what would not fit: all channels on the network's grid, some copies of the scan, some patches."""
    room = float(np.prod([max(n, p) for n, p in zip(grid.shape, [max(card.patch)] * 3, strict=True)]))
    need = 4.0 * ((channels + 4) * room + 4 * float(np.prod(scan.shape)) + 4 * channels * float(np.prod(card.patch)))
    need += card.network.stat().st_size
    if need > MEMORY_BYTES:
        raise SegmentationError(
            f"the network would need about {need / 2**30:.1f} GB for this scan, {MEMORY_BYTES / 2**30:.0f} are allowed",
            where=card.name, advice="use a card with larger voxels or fewer channels",
        )


def _winners(
    found: Floats, grid: VolumeGeometry, upright: VolumeGeometry, card: Card, monitor: Monitor
) -> dict[int, NDArray[np.uint16]]:
    """Return for each layer the channel that wins each voxel of the scan (upright axes), 0xFFFF where none does."""
    layers: dict[int, list[int]] = {}
    for channel, name in sorted(card.classes.items()):
        layers.setdefault(target_of(name).layer if card.activation == "sigmoid" else 0, []).append(channel)
    every = range(found.shape[0]) if card.activation != "sigmoid" else sorted(card.classes)
    result: dict[int, NDArray[np.uint16]] = {}
    for layer, members in layers.items():
        best = np.full(upright.shape, -np.inf, np.float32)
        winner = np.full(upright.shape, NOBODY)
        for channel in every if card.activation != "sigmoid" else members:
            here = resample(found[channel], grid, upright)
            better = here > best
            if card.activation == "sigmoid":
                better &= here >= card.threshold
            best[better] = here[better]
            winner[better] = channel if channel in card.classes else NOBODY
            monitor.progress((channel + 1) / found.shape[0])
        result[layer] = winner
    return result


def _labels(
    volume: Volume, winners: Mapping[int, NDArray[np.uint16]], card: Card, targets: Mapping[int, Target]
) -> LabelMap:
    """Return the label map: channels become numbers from 1, layer by layer, then segments."""
    order, flips = volume.geometry.canonical_axes()
    digest = hashlib.sha256(card.network.read_bytes()).hexdigest()[:12]
    told = f"the network {card.name} (sha256 {digest})"
    note, notes = f"made by {told}, a learned model; not reviewed", (f"made by {told}, a learned model",)
    maps = []
    for _, winner in sorted(winners.items()):
        numbers = np.where(winner == NOBODY, 0, winner + np.uint16(1)).astype(np.uint16)
        maps.append(np.ascontiguousarray(reindex(numbers, *inverse_axes(order, flips))))
    return label_map_of(maps, targets, volume, note, notes, list(targets.values()))


def named_targets(card: Card) -> dict[int, Target]:
    """Return where each number (channel + 1) goes; two classes that the catalog calls the same are refused."""
    targets = {channel + 1: target_of(name) for channel, name in card.classes.items()}
    names = [target.name for target in targets.values()]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(f"two classes of the card are both {twice[0]}", where=card.name, advice="rename one")
    return targets
