"""Make the spatial prior of the abdominal organs from generated anatomies.

    python scripts/build_prior.py [--seeds 20] [--out anatomy_twin/catalog/organ_prior.npz]

Each anatomy is scanned, its landmarks are found in the picture (never taken from the truth), and its organs are counted
in normalised coordinates, 24 times with random stretch and shift. Deterministic: the same seeds give the same file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from anatomy_twin.phantom.patient import make_patient
from anatomy_twin.segmentation.abdomen.ct_abdomen import find_ground
from anatomy_twin.segmentation.ground.landmarks import Landmarks, coordinates, find_landmarks
from anatomy_twin.segmentation.ground.prior import BIN, BINS, LOW, ORGANS
from anatomy_twin.segmentation.ground.working_grid import resample

STRETCH = 0.12
SHIFT_MM = (16.0, 10.0, 10.0)
TURNS = 24
BLUR_BINS = (0.8, 0.8, 0.8)
OUT = Path(__file__).resolve().parents[1] / "anatomy_twin" / "catalog" / "organ_prior.npz"


def count(
    landmarks: Landmarks, masks: dict[str, NDArray[np.float32]], rng: np.random.Generator,
    hits: dict[str, NDArray[np.float64]], all_of: NDArray[np.float64],
) -> None:
    """Add one anatomy to the counts, many times with random stretch and shift."""
    beside, before, along = coordinates(landmarks, landmarks.geometry)
    if along is None:
        return
    shape = landmarks.geometry.shape
    shift = np.divide(SHIFT_MM, (landmarks.height_mm, landmarks.front_mm, landmarks.width_mm))
    for _ in range(TURNS):
        scale, moved = 1.0 + STRETCH * np.clip(rng.normal(size=3), -2, 2), shift * np.clip(rng.normal(size=3), -2, 2)
        z = np.broadcast_to(place(along * scale[0] + moved[0], 0)[:, None, None], shape)
        y = np.broadcast_to(place(before * scale[1] + moved[1], 1)[:, :, None], shape)
        x = np.broadcast_to(place(beside * scale[2] + moved[2], 2)[:, None, :], shape)
        inside = (z >= 0) & (y >= 0) & (x >= 0)
        flat = np.ravel_multi_index((z[inside], y[inside], x[inside]), BINS)
        all_of += np.bincount(flat, minlength=all_of.size)
        for name, mask in masks.items():
            hits[name] += np.bincount(flat, mask[inside], minlength=all_of.size)


def place(values: NDArray[np.float32], axis: int) -> NDArray[np.int64]:
    """Return the bin of each value, -1 outside the table."""
    bins = np.floor((values - LOW[axis]) / BIN[axis]).astype(np.int64)
    return np.where((bins >= 0) & (bins < BINS[axis]), bins, -1)


def build(seeds: int) -> dict[str, NDArray[np.uint8]]:
    """Return the table per organ, uint8: 255 is always."""
    hits = {name: np.zeros(int(np.prod(BINS))) for name in ORGANS}
    all_of = np.zeros(int(np.prod(BINS)))
    for seed in range(1, seeds + 1):
        made = make_patient(seed, "healthy_abdomen", "portal", 8.0, 112, 4.0)
        ground = find_ground(made.volume)
        scene, own = ground.scene, ground.grid.geometry
        marks = find_landmarks(own, ground.frame, (scene.hu > 180.0) & scene.body, scene.lungs, scene.depth)
        source = made.truth.geometry
        masks = {name: resample(made.truth.mask(name), source, own) for name in ORGANS if name in made.truth}
        count(marks, masks, np.random.default_rng([seed, 5]), hits, all_of)
        print(f"anatomy {seed}: {'; '.join(marks.lines())}", flush=True)
    blur = [ndimage.gaussian_filter(part.reshape(BINS), BLUR_BINS, mode="nearest") for part in (all_of, *hits.values())]
    least = 1e-3 * float(blur[0].max())
    return {
        name: np.rint(255.0 * np.clip(part / np.maximum(blur[0], least), 0.0, 1.0)).astype(np.uint8)
        for name, part in zip(hits, blur[1:], strict=True)
    }


def main() -> None:
    """Read the options, build, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="anatomies 1 to this number (default 20)")
    parser.add_argument("--out", type=Path, default=OUT, help="the file to write")
    options = parser.parse_args()
    table = build(options.seeds)
    np.savez_compressed(options.out, **table)  # type: ignore[arg-type]
    print(f"{options.out}: {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
