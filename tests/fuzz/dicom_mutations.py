"""All broken DICOM files and folders: the families by name, seeded changes of bits and bytes, the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from tests.fuzz import dicom_codecs, dicom_enhanced, dicom_headers, dicom_structure, dicom_values
from tests.fuzz.case import Case
from tests.fuzz.dicom_bytes import HARMLESS, JPEG_2000, PIXELS, RLE, DicomFile, series_case
from tests.fuzz.dicom_headers import INTERCEPT, SLOPE

IMPORT = "tests.fuzz.command_run:import_case"
_EVERY = 17


def cases() -> tuple[Case, ...]:
    """Every broken DICOM file and folder."""
    found = [
        *dicom_headers.truncations(),
        *dicom_headers.polyglots(),
        *dicom_headers.lengths(),
        *dicom_headers.descriptions(),
        *dicom_values.numbers(),
        *dicom_values.texts(),
        *dicom_structure.structures(),
        *dicom_structure.syntaxes(),
        *dicom_structure.folders(),
        *dicom_codecs.codecs(),
        *dicom_enhanced.enhanced(),
        *flips(),
    ]
    return (*found, *commands(found))


def commands(found: list[Case]) -> list[Case]:
    """Some of the cases once more, through the command line."""
    return [
        replace(case, name=f"{case.family}-{case.name}", family="command line", run=IMPORT) for case in found[::_EVERY]
    ]


def flips() -> list[Case]:
    """Bits and bytes changed at seeded places before the pixels.

    Where rescaling itself is hit the file truly holds another value; that is a case of the numbers, not of these.
    """
    kinds: dict[str, tuple[int, Callable[[np.random.Generator, bytes, int], bytes]]] = {
        "bit": (105, _bit_flipped),
        "byte-lost": (16, lambda random, data, at: data[:at] + data[at + 1 :]),
        "byte-more": (16, lambda random, data, at: data[:at] + random.bytes(1) + data[at:]),
        "four-bytes": (24, lambda random, data, at: data[:at] + random.bytes(4) + data[at + 4 :]),
        "forty-bytes-zero": (12, lambda random, data, at: data[:at] + bytes(40) + data[at + 40 :]),
        "block-twice": (8, lambda random, data, at: data[:at] + data[at - 40 : at] + data[at:]),
    }
    made = []
    for kind, (count, change) in kinds.items():
        for seed in range(count):
            mutation = partial(_changed_somewhere, change, seed)
            made.append(series_case(f"{kind}-{seed}", "flip", mutation, HARMLESS, slices=((2, 5, 0)[seed % 3],)))
    for kind, syntax in (("rle", RLE), ("jpeg-2000", JPEG_2000)):
        for seed in range(6):
            mutation = partial(_changed_somewhere, _bit_flipped, 1000 + seed)
            made.append(series_case(f"{kind}-bit-{seed}", "flip", mutation, HARMLESS, syntax=syntax))
    return made


def _bit_flipped(random: np.random.Generator, data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << int(random.integers(8))]) + data[at + 1 :]


def _changed_somewhere(
    change: Callable[[np.random.Generator, bytes, int], bytes], seed: int, file: DicomFile
) -> bytes:
    random = np.random.default_rng(seed)
    data = file.encoded()
    end = len(data) - len(file[PIXELS].value)
    spared = set()
    for tag in (INTERCEPT, SLOPE):
        start = data.index(file[tag].encoded())
        spared |= set(range(start - 36, start + len(file[tag].encoded()) + 1))
    places = [place for place in range(132, end - 44) if place not in spared]
    return change(random, data, int(random.choice(places)))

