"""What the header of one image says, as plain checked values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from anatomy_twin.scan.walk import PixelPlace


@dataclass(frozen=True, slots=True)
class PixelSource:
    """How the stored values of a file are coded and where they stand; ``None`` for what the header does not say.

    ``padding`` is the raw Pixel Padding Value. ``table`` tells that values go through a modality lookup table.
    ``stamp`` (size, time of change in ns) tells a later reader that the file is still the same one.
    """

    place: PixelPlace | None
    little: bool
    bits_allocated: int | None
    bits_stored: int | None
    high_bit: int | None
    signed: int | None
    padding: bytes
    table: bool
    deflated: bool
    stamp: tuple[int, int]
    offsets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """What the header of one image says; ``None`` or an empty text where it is absent or no number.

    ``aside`` tells why the image can be no slice of a volume, or is empty. ``patient_words`` are the words of the
    patient's name and ID: they are kept only to keep them out of what is stored. ``phase`` are (keyword, text) pairs
    that may tell one image from another at the same place. A multi-frame image gives one header for each of its
    ``frame_count`` frames, numbered by ``frame`` from 0. ``notes`` are lines to tell whoever loads it.
    """

    path: Path = field(repr=False)
    patient_key: str = field(repr=False)
    patient_words: frozenset[str] = field(repr=False)
    description: str = field(repr=False)
    sop_uid: str = field(repr=False)
    series_uid: str
    series_number: int | None
    modality: str
    aside: str
    image_type: tuple[str, ...]
    rows: int
    columns: int
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing_mm: tuple[float, ...] | None
    thickness_mm: float | None
    frame_of_reference_uid: str
    instance_number: int | None
    phase: tuple[tuple[str, str], ...]
    slope: float | None
    intercept: float | None
    rescale_type: str
    photometric: str
    tilt_deg: float | None
    patient_position: str
    kvp: float | None
    kernel: str
    transfer_syntax: str
    lossy: bool
    synthetic: bool
    frame: int = 0
    frame_count: int = 1
    units: str = ""
    notes: tuple[str, ...] = ()
    pixels: PixelSource | None = field(default=None, repr=False)
