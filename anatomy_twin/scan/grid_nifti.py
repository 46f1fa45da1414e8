"""The header of a NIfTI-1 or NIfTI-2 file, checked.

Layout: nifti1.h and nifti2.h of the NIfTI data format working group (https://nifti.nimh.nih.gov). World axes of NIfTI
are RAS; everything that leaves this file is LPS.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anatomy_twin.core import VolumeGeometry
from anatomy_twin.scan.grid_header import PLACE_TOLERANCE_MM, GridHeader, broken, check_amount, checked_sizes, placed
from anatomy_twin.scan.verdict import TOLERATED_MM

Fields = dict[str, Any]
Floats = NDArray[np.float64]
Place = tuple[Floats, Floats]  # steps along i, j and k as columns, and the centre of the first voxel

HEADER_BYTES = 544
_LAST_CODE = 5
# what sform and qform may refer to besides the scanner (1) and an aligned scan (2)
_TEMPLATES = {3: "the Talairach atlas", 4: "the MNI 152 template", 5: "a template"}
_MAX_OFFSET = 2**22
_TO_LPS = np.diag([-1.0, -1.0, 1.0])
_MM_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
# what they are and how many bytes they take
_REFUSED = {32: ("complex numbers", 8), 128: ("colours (RGB)", 3), 1536: ("128-bit floats", 16),
            1792: ("complex numbers", 16), 2048: ("complex numbers", 32), 2304: ("colours (RGBA)", 4)}  # fmt: skip
# name: (type, offset in NIfTI-1), (type, offset in NIfTI-2)
_FIELDS = {
    "dim": (("8i2", 40), ("8i8", 16)),
    "datatype": (("i2", 70), ("i2", 12)),
    "bitpix": (("i2", 72), ("i2", 14)),
    "pixdim": (("8f4", 76), ("8f8", 104)),
    "vox_offset": (("f4", 108), ("i8", 168)),
    "scl_slope": (("f4", 112), ("f8", 176)),
    "scl_inter": (("f4", 116), ("f8", 184)),
    "xyzt_units": (("u1", 123), ("i4", 500)),
    "qform_code": (("i2", 252), ("i4", 344)),
    "sform_code": (("i2", 254), ("i4", 348)),
    "quatern": (("3f4", 256), ("3f8", 352)),
    "qoffset": (("3f4", 268), ("3f8", 376)),
    "srow": (("(3,4)f4", 280), ("(3,4)f8", 400)),
}
_MAGIC = {1: (344, (b"n+1\0", b"ni1\0")), 2: (4, (b"n+2\0\r\n\x1a\n", b"ni2\0\r\n\x1a\n"))}


def nifti_version(head: bytes) -> int:
    """Return 1 or 2 if these first (unpacked) bytes are a NIfTI header, else 0."""
    for version, size in ((1, 348), (2, 540)):
        at, magics = _MAGIC[version]
        sized = head[:4] in (size.to_bytes(4, "little"), size.to_bytes(4, "big"))
        if sized and len(head) >= size and head[at:at + len(magics[0])] in magics:
            return version
    return 0


def nifti_header(path: Path, head: bytes, packed: bool) -> GridHeader:
    """Check the header in ``head``, the first (unpacked) bytes of a file.

    Raises ``ScanError`` where the bytes cannot be believed; what is believed but cannot be read truthfully is listed in
    ``problems``. The sform is taken where its code is above 0, else the qform.
    """
    version = nifti_version(head)
    at, magics = _MAGIC[version]
    if head[at:at + len(magics[0])] == magics[1]:
        raise broken("a NIfTI header without its voxels (.hdr and .img pair)", advice="give one .nii or .nii.gz file")
    fields = _fields(head, version)
    notes: list[str] = []
    problems: list[str] = []
    shape = _shape(fields, problems)
    dtype = _dtype(fields, head, problems)
    place_tolerance_mm = PLACE_TOLERANCE_MM
    unit_mm = _unit(fields, notes, problems)
    for name in ("sform_code", "qform_code"):
        if not 0 <= fields[name] <= _LAST_CODE:
            raise broken(f"there is no {name} {fields[name]}")
    steps, origin = None, None
    if fields["sform_code"] > 0:
        steps, origin = _sform(fields)
        notes += _other_sizes(fields, steps, unit_mm)
    if fields["qform_code"] > 0:
        by_qform, spread = _qform(fields, problems if steps is None else [])
        if steps is None and by_qform is not None:
            (steps, origin), place_tolerance_mm = by_qform, spread
        elif steps is not None and by_qform is not None:
            notes += _difference((steps, origin), by_qform, shape[-3:], unit_mm)
    taken = fields["sform_code"] or fields["qform_code"]
    if taken in _TEMPLATES:
        notes.append(f"its coordinates are those of {_TEMPLATES[taken]}, not of the scanner")
    geometry, moved_mm = None, 0.0
    if steps is not None and origin is not None:
        geometry, moved_mm = placed(_TO_LPS @ steps * unit_mm, _TO_LPS @ origin * unit_mm, _three(shape), notes,
                                    problems)
    elif not problems:
        problems.append("the file does not say where its voxels lie in the patient (no sform, no qform)")
    offset = _offset(fields, version)
    header = GridHeader(
        format=f"NIfTI-{version}", shape=shape, spacing_mm=_spacing(fields, geometry, unit_mm), geometry=geometry,
        dtype=dtype, encoding="gzip" if packed else "raw", source=path, offset=0 if packed else offset,
        scale=_scale(fields, notes, problems), notes=tuple(notes), problems=tuple(problems),
        place_tolerance_mm=place_tolerance_mm + moved_mm, lead_bytes=offset if packed else 0,
    )  # fmt: skip
    return check_amount(header)


def _fields(head: bytes, version: int) -> Fields:
    order = "<" if head[0] in (0x5C, 0x1C) else ">"  # 348 and 540 begin with their low byte
    result: Fields = {}
    for name, places in _FIELDS.items():
        kind, at = places[version - 1]
        dtype = np.dtype(kind).newbyteorder(order)
        value = np.frombuffer(head, dtype, 1, at)[0]
        value = value.astype(np.float64) if value.dtype.kind == "f" else value.astype(np.int64)
        result[name] = value if value.ndim else value.item()
    return result


def _three(shape: tuple[int, ...]) -> tuple[int, int, int]:
    return shape[-3], shape[-2], shape[-1]


def _shape(fields: Fields, problems: list[str]) -> tuple[int, ...]:
    count = int(fields["dim"][0])
    if not 1 <= count <= 7:
        raise broken(f"{count} dimensions are no NIfTI image")
    sizes = checked_sizes([int(size) for size in fields["dim"][1:count + 1]])
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes = sizes[:-1]
    if len(sizes) < 3:
        problems.append(f"an image of {len(sizes)} dimensions is no volume")
        sizes = (*sizes, 1, 1)[:3]
    if len(sizes) > 3:
        problems.append(f"the file holds {math.prod(sizes[3:])} volumes")
    return (math.prod(sizes[3:]),) * (len(sizes) > 3) + sizes[2::-1]


def _dtype(fields: Fields, head: bytes, problems: list[str]) -> np.dtype:
    code = fields["datatype"]
    if code in _TYPES:
        dtype = np.dtype(_TYPES[code]).newbyteorder("<" if head[0] in (0x5C, 0x1C) else ">")
        if fields["bitpix"] != 8 * dtype.itemsize:
            raise broken(f"values of type {code} have {8 * dtype.itemsize} bits, not {fields['bitpix']}")
        return dtype
    if code not in _REFUSED:
        raise broken(f"there is no data type {code}")
    what, size = _REFUSED[code]
    problems.append(f"the voxels are {what}, not grey values")
    return np.dtype(f"V{size}")


def _unit(fields: Fields, notes: list[str], problems: list[str]) -> float:
    code = fields["xyzt_units"] & 7
    if code == 0:
        notes.append("the file names no unit of length: millimetres assumed")
    elif code not in _MM_PER_UNIT:
        problems.append(f"the unit of length has the unknown code {code}")
    return _MM_PER_UNIT.get(code, 1.0)


def _sform(fields: Fields) -> Place:
    return fields["srow"][:, :3], fields["srow"][:, 3]


def _qform(fields: Fields, problems: list[str]) -> tuple[Place | None, float]:
    """Return steps and origin (RAS, units of the file) by the quaternion, and how far rounding may turn them.

    nifti1.h, method 2: R(a, b, c, d) with a = sqrt(1 - b2 - c2 - d2), third column times qfac.
    """
    b, c, d = (float(value) for value in fields["quatern"])
    left = 1.0 - (b * b + c * c + d * d)
    if not math.isfinite(left) or left < -1e-4:
        problems.append("the qform is no rotation")
        return None, 0.0
    a = math.sqrt(max(left, 0.0))
    if left < 1e-7:  # as nifti1.h: what is left is rounding of 32-bit numbers
        length = math.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    turn = np.array([
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ])  # fmt: skip
    steps = np.array([float(value) for value in fields["pixdim"][1:4]])
    if not np.isfinite(steps).all() or (steps <= 0).any():
        problems.append("the qform has voxels of no size")
        return None, 0.0
    steps[2] *= -1.0 if fields["pixdim"][0] < 0 else 1.0
    # readers differ in what they take for rounding where a is nearly 0 (up to 1.2 mrad)
    return (turn * steps, fields["qoffset"]), 1.0 if left < 1e-6 else PLACE_TOLERANCE_MM


def _difference(one: Place, other: Place, shape: tuple[int, ...], unit_mm: float) -> list[str]:
    """Say by how many millimetres sform and qform differ, if at all."""
    sizes = np.array(shape[::-1])
    apart = 0.0
    for corner in np.array(np.meshgrid(*[(0, size - 1) for size in sizes])).reshape(3, -1).T:
        gap = (one[0] @ corner + one[1]) - (other[0] @ corner + other[1])
        apart = max(apart, float(np.linalg.norm(gap)) * unit_mm)
    if apart <= TOLERATED_MM:
        return []
    return [f"sform and qform place the volume up to {apart:.4g} mm apart: the sform was taken"]


def _other_sizes(fields: Fields, steps: Floats, unit_mm: float) -> list[str]:
    """Say where the voxel sizes of the header (pixdim) are not those of the sform: some readers take them."""
    sizes, taken = np.abs(fields["pixdim"][1:4]), np.linalg.norm(steps, axis=0)
    if np.allclose(sizes, taken, rtol=1e-3, atol=0.0):
        return []
    told = " x ".join(f"{value * unit_mm:.4g}" for value in sizes)
    return [f"the header also names voxels of {told} mm: those of the sform were taken"]


def _spacing(fields: Fields, geometry: VolumeGeometry | None, unit_mm: float) -> tuple[float, float, float]:
    if geometry is not None:
        return geometry.spacing_mm
    values = [abs(float(value)) * unit_mm for value in fields["pixdim"][3:0:-1]]
    k, j, i = (value if math.isfinite(value) else 0.0 for value in values)
    return k, j, i


def _offset(fields: Fields, version: int) -> int:
    offset = fields["vox_offset"]
    least = 352 if version == 1 else 544
    if not math.isfinite(offset) or offset != int(offset) or not least <= offset <= _MAX_OFFSET:
        raise broken(f"voxels cannot begin at byte {offset:g}")
    return int(offset)


def _scale(fields: Fields, notes: list[str], problems: list[str]) -> tuple[float, float]:
    slope, intercept = fields["scl_slope"], fields["scl_inter"]
    if slope == 0:
        return 1.0, 0.0
    if math.isnan(slope):
        notes.append("the rescale slope is no number: stored values are taken as they are")
        return 1.0, 0.0
    if not 1e-9 < abs(slope) < 1e9 or not abs(intercept) < 1e9:
        problems.append(f"rescale slope {slope:g} and intercept {intercept:g} make no sense")
        return 1.0, 0.0
    return slope, intercept
