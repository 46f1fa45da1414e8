"""One good series of 20 slices and its defective variants, each with the analytic truth.

The picture is a smooth function of the place in the patient, steep and different along each axis. So a reader's answer
is judged at the places that its own geometry claims, whatever the order and direction of its array: a voxel is right
if it holds the value that belongs to the place where the reader says that it lies. Nothing has to be resampled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom

from tests.support.dicom_series import AXIAL, CORONAL, as_localizer, write_series
from tests.support.enhanced_series import Frame, shuffled, slab, write_enhanced

SHAPE = (20, 28, 24)
SPACING_MM = (2.0, 0.8, 0.7)
ORIGIN_MM = (-30.0, -40.0, 50.0)
INTERCEPT = -1024.0
# a voxel is right within this; the picture changes by 20 HU per mm along the stack, so it also bounds the place: 0.1 mm
TOLERANCE_HU = 2.5
_PLACE_MM = 0.12
_EDGE = 2e-3
_REACH = 0.75
RIGHT, WARNED, WRONG, WARNED_WRONG = "right", "warns and right", "WRONG", "WRONG, warns"
_GRADIENT = np.array([9.0, 14.0, 20.0])
_CENTRE = np.array([-22.0, -29.0, 69.0])

Floats = np.ndarray


def picture(points_mm: Floats, offset: float = 0.0) -> Floats:
    """Return the HU that belong to places (..., 3) in LPS mm: linear, with weak products that break every symmetry."""
    x, y, z = np.moveaxis(np.asarray(points_mm, float) - _CENTRE, -1, 0)
    return offset + 150.0 + _GRADIENT[0] * x + _GRADIENT[1] * y + _GRADIENT[2] * z + 0.15 * x * y + 0.08 * y * z


@dataclass(frozen=True, eq=False)
class Stack:
    """One right answer: slices at known places whose pixels hold ``picture(place, offset)``.

    ``positions_mm`` (n, 3) are the centres of the first pixels, ``axes`` the direction along a row and down a column.
    ``outside`` is what pixels hold that were not scanned: (mask [row, column], the values that may stand there).
    """

    positions_mm: Floats
    shape: tuple[int, int]
    axes: Sequence[Sequence[float]] = AXIAL
    spacing_mm: tuple[float, float, float] = SPACING_MM
    offset: float = 0.0
    outside: tuple[Floats, tuple[float, ...]] | None = None

    def without(self, *slices: int) -> Stack:
        """Return the stack without some of its slices."""
        return replace(self, positions_mm=np.delete(self.positions_mm, slices, axis=0))

    def judge(self, array: Floats, affine: Floats) -> Judgement:
        """Judge an answer: array [a, b, c] and the 4 x 4 matrix from its index to LPS mm."""
        index = np.stack(np.meshgrid(*map(np.arange, array.shape), indexing="ij"), axis=-1)
        places = index @ np.asarray(affine)[:3, :3].T + np.asarray(affine)[:3, 3]
        row, column = (np.asarray(axis, float) for axis in self.axes)
        normal = np.cross(row, column)
        heights = self.positions_mm @ normal
        along = places @ normal
        nearest = np.argmin(np.abs(along[..., None] - heights), axis=-1)
        rest = places - self._corner(along, heights, nearest)
        at_row, at_column = rest @ column / self.spacing_mm[1], rest @ row / self.spacing_mm[2]
        off = np.abs(along - heights[nearest])
        # between two slices that are shifted sideways nothing is known of the last pixels at the rim
        rim = np.where(off < 0.01, -_EDGE, 1.98)
        inside = ((at_row > rim) & (at_row < self.shape[0] - 1 - rim) & (at_column > rim)
                  & (at_column < self.shape[1] - 1 - rim) & (along > heights.min() - _PLACE_MM)
                  & (along < heights.max() + _PLACE_MM))  # fmt: skip
        good = np.abs(array - picture(places, self.offset)) <= TOLERANCE_HU
        if self.outside is not None:
            mask, allowed = self.outside
            rows, columns = (np.clip(np.rint(at).astype(int), 0, size - 1)
                             for at, size in ((at_row, self.shape[0]), (at_column, self.shape[1])))
            good = np.where(mask[rows, columns], np.isin(array, allowed), good)
        scanned = off < _PLACE_MM
        reached = np.unique(along[inside]) if inside.any() else np.array([np.inf])
        lost = sum(np.abs(reached - height).min() > _REACH * self.spacing_mm[0] for height in heights)
        return Judgement(int(np.count_nonzero(inside & ~good)), int(np.count_nonzero(inside)), int(lost),
                         int(np.count_nonzero(inside & ~scanned & good)))

    def _corner(self, along: Floats, heights: Floats, nearest: Floats) -> Floats:
        """Return where the first pixel of a slice at any height lies, between those of its neighbours (tilt)."""
        order = np.argsort(heights)
        if len(order) < 2:
            return self.positions_mm[nearest]
        return np.stack([np.interp(along, heights[order], self.positions_mm[order, axis]) for axis in range(3)], -1)


@dataclass(frozen=True)
class Judgement:
    """How an answer compares with one stack.

    ``wrong`` of ``compared`` voxels hold a value that does not belong to their place; ``lost`` slices of the series
    have no voxel near them; ``made_up`` voxels lie where nothing was scanned, with the value that would have been
    there (interpolated).
    """

    wrong: int
    compared: int
    lost: int
    made_up: int

    @property
    def right(self) -> bool:
        """True if everything that was scanned is there, each value at its place."""
        return self.compared > 0 and self.wrong == 0 and self.lost == 0


@dataclass(frozen=True, eq=False)
class Truth:
    """What a reader may answer: each of ``stacks``, and ``optional`` ones that are right but need not be there.

    An answer that equals none of them is wrong. One that leaves out a stack, or fills places that were not scanned,
    needs a word of warning.
    """

    stacks: tuple[Stack, ...]
    optional: tuple[Stack, ...] = ()

    def verdict(self, arrays: Sequence[tuple[Floats, Floats]], warned: bool) -> str:
        """Return RIGHT, WARNED, WRONG or WARNED_WRONG for an answer: (array, index-to-LPS matrix) of each volume."""
        wanted, found = set(range(len(self.stacks))), set()
        complete, wrong = True, not arrays
        for array, affine in arrays:
            right = {number: one for number, one in enumerate(self._judged(array, affine)) if one.right}
            wrong |= not right
            found |= right.keys()
            complete &= any(one.made_up == 0 for one in right.values())
        if wrong or not found & wanted:
            return WARNED_WRONG if warned else WRONG
        if warned:
            return WARNED
        return RIGHT if complete and wanted <= found else WRONG

    def is_right(self, array: Floats, affine: Floats) -> bool:
        """Tell whether one volume equals one of the right answers."""
        return any(one.right for one in self._judged(array, affine))

    def _judged(self, array: Floats, affine: Floats) -> list[Judgement]:
        if array.ndim != 3 or array.dtype.kind not in "iuf":
            return []
        return [stack.judge(array, affine) for stack in (*self.stacks, *self.optional)]


@dataclass(frozen=True)
class Variant:
    """One defect: ``write`` makes the series in a folder and returns its truth."""

    name: str
    write: Callable[[Path], Truth]
    what: str


def good_series(folder: Path, *, heights_mm: Sequence[float] | None = None, tilt_deg: float = 0.0, offset: float = 0.0,
                axes: Sequence[Sequence[float]] = AXIAL, spacing_mm: tuple[float, float, float] = SPACING_MM,
                slope: Callable[[int], float] = lambda k: 1.0, count: int = SHAPE[0], prepare: object = None,
                **options: object) -> Stack:
    """Write the series whose pixels follow from their places, and return its stack.

    ``heights_mm`` moves slices along the normal; ``prepare(k, stored) -> stored`` changes the stored pixels.
    """
    shape = (count, *SHAPE[1:])
    row, column = (np.asarray(axis, float) for axis in axes)
    normal = np.cross(row, column) * (-1.0 if options.get("descending") else 1.0)
    step = (normal + column * np.tan(np.radians(tilt_deg))) * spacing_mm[0]
    positions = np.asarray(ORIGIN_MM) + np.outer(np.arange(count), step)
    if heights_mm is not None:
        positions = positions + np.outer(heights_mm, normal)
    down, along = np.meshgrid(np.arange(shape[1]) * spacing_mm[1], np.arange(shape[2]) * spacing_mm[2], indexing="ij")
    plane = down[..., None] * column + along[..., None] * row
    stored = np.stack([np.rint((picture(position + plane, offset) - INTERCEPT) / slope(k))
                       for k, position in enumerate(positions)])
    if callable(prepare):
        stored = np.stack([prepare(k, image) for k, image in enumerate(stored)])
    edit = options.pop("edit", None)

    def finish(k: int, dataset: pydicom.Dataset) -> None:
        dataset.RescaleSlope = f"{slope(k):g}"
        if callable(edit):
            edit(k, dataset)

    truth = write_series(folder, shape=shape, spacing_mm=spacing_mm, axes=axes, origin_mm=ORIGIN_MM, tilt_deg=tilt_deg,
                         shifts_mm=heights_mm, stored=stored, intercept=INTERCEPT, edit=finish, **options)
    assert np.allclose(truth.positions_mm, positions)
    kept = [k for k in range(count) if k not in options.get("skip", ())]
    return Stack(positions[kept], shape[1:], axes, spacing_mm, offset)


# ---- the defects

def _file(number: int) -> str:
    """Return a file name that tells nothing about the order."""
    return f"im{(number * 7 + 3) % 101:03d}.dcm"


def _setting(**values: object) -> Callable[[int, pydicom.Dataset], None]:
    def edit(k: int, dataset: pydicom.Dataset) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return edit


def _series(**options: object) -> Callable[[Path], Truth]:
    return lambda folder: Truth((good_series(folder, **{"name": _file, **options}),))


def _duplicate(new_identity: bool) -> Callable[[Path], Truth]:
    def write(folder: Path) -> Truth:
        stack = good_series(folder, name=_file)
        dataset = pydicom.dcmread(folder / _file(7))
        if new_identity:
            dataset.SOPInstanceUID += ".99"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.InstanceNumber = SHAPE[0] + 1
        dataset.save_as(folder / "again.dcm", enforce_file_format=True)
        return Truth((stack,))

    return write


def _two_phases(folder: Path) -> Truth:
    def second(k: int, dataset: pydicom.Dataset) -> None:
        dataset.AcquisitionNumber, dataset.AcquisitionTime = 2, "101500"
        dataset.InstanceNumber = SHAPE[0] + k + 1
        dataset.SOPInstanceUID += ".2"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID

    first = good_series(folder, name=_file, edit=_setting(AcquisitionTime="101200"))
    return Truth((first, good_series(folder, name=lambda k: _file(k + 50), edit=second, offset=120.0)))


def _localizer(folder: Path) -> Truth:
    def scout(k: int, dataset: pydicom.Dataset) -> None:
        as_localizer(k, dataset)
        dataset.InstanceNumber = SHAPE[0] + 1
        dataset.SOPInstanceUID += ".3"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID

    stack = good_series(folder, name=_file)
    return Truth((stack,), (good_series(folder, name=lambda k: _file(60), edit=scout, axes=CORONAL, count=1),))


def _truncated(folder: Path) -> Truth:
    stack = good_series(folder, name=_file)
    file = folder / _file(10)
    file.write_bytes(file.read_bytes()[: -SHAPE[1] * SHAPE[2]])
    return Truth((stack.without(10),))


def _corrupt(folder: Path) -> Truth:
    stack = good_series(folder, name=_file)
    file = folder / _file(10)
    file.write_bytes(file.read_bytes()[:132] + np.random.default_rng(5).bytes(3000))
    return Truth((stack.without(10),))


def _mixed_rows(folder: Path) -> Truth:
    rows, first_small = 20, 12

    def edit(k: int, dataset: pydicom.Dataset) -> None:
        if k >= first_small:
            dataset.Rows = rows
            dataset.PixelData = dataset.PixelData[: rows * SHAPE[2] * 2]

    whole = good_series(folder, name=_file, edit=edit)
    small = replace(whole.without(*range(first_small)), shape=(rows, SHAPE[2]))
    return Truth((whole.without(*range(first_small, SHAPE[0])), small))


def _strays(folder: Path) -> Truth:
    stack = good_series(folder, name=_file)
    (folder / "readme.txt").write_text("a letter that lies beside the images")
    directory = pydicom.dataset.FileDataset("", {}, preamble=b"\0" * 128, file_meta=pydicom.dataset.FileMetaDataset())
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    directory.file_meta.MediaStorageSOPInstanceUID = "2.25.4711"
    directory.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    directory.FileSetID, directory.FileSetConsistencyFlag = "SCANS", 0
    directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.DirectoryRecordSequence = []
    directory.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return Truth((stack,))


def _overlay_bits(folder: Path) -> Truth:
    def prepare(k: int, stored: Floats) -> Floats:
        image = stored.astype(np.uint16)
        image[5:12, 3:9] |= 1 << 15
        image[20:, 10:] |= 1 << 13
        return image

    bits = _setting(BitsStored=12, HighBit=11)
    return Truth((good_series(folder, name=_file, signed=False, prepare=prepare, edit=bits),))


def _padding(folder: Path) -> Truth:
    down, along = np.meshgrid(np.linspace(-1, 1, SHAPE[1]), np.linspace(-1, 1, SHAPE[2]), indexing="ij")
    mask = down**2 + along**2 > 1

    def edit(k: int, dataset: pydicom.Dataset) -> None:
        dataset.add_new(0x00280120, "SS", -2000)

    stack = good_series(folder, name=_file, edit=edit, prepare=lambda k, stored: np.where(mask, -2000, stored))
    return Truth((replace(stack, outside=(mask, (-2000 + INTERCEPT, INTERCEPT))),))


def _enhanced(arrange: Callable[[list[Frame]], list[Frame]], phases: int = 1) -> Callable[[Path], Truth]:
    """Return a writer of one multi-frame object: the good series, its frames arranged, in one or more phases."""

    def write(folder: Path) -> Truth:
        truth, frames = slab(shape=SHAPE, spacing_mm=SPACING_MM, origin_mm=ORIGIN_MM, slope=1.0, intercept=INTERCEPT)
        down, along = np.meshgrid(np.arange(SHAPE[1]) * SPACING_MM[1], np.arange(SHAPE[2]) * SPACING_MM[2],
                                  indexing="ij")
        plane = down[..., None] * truth.column + along[..., None] * truth.row
        written, stacks = [], []
        for phase in range(phases):
            chosen = arrange(frames)
            offset = 120.0 * phase
            written += [replace(frame, temporal=phase + 1, stored=np.rint(
                picture(frame.position_mm + plane, offset) - INTERCEPT).astype(np.int16)) for frame in chosen]
            positions = np.array(sorted((frame.position_mm for frame in chosen), key=lambda place: place[2]))
            stacks.append(Stack(positions, SHAPE[1:], offset=offset))
        write_enhanced(folder / "im000.dcm", truth, written)
        return Truth(tuple(stacks))

    return write


_JITTER_MM = tuple(np.random.default_rng(2).uniform(-0.02, 0.02, SHAPE[0]))
_WIDER_MM = tuple(float(max(0, k - 9)) for k in range(SHAPE[0]))
_SHUFFLED = tuple(int(n) + 1 for n in np.random.default_rng(3).permutation(SHAPE[0]))


def _number(k: int, dataset: pydicom.Dataset) -> None:
    dataset.InstanceNumber = _SHUFFLED[k]


def _without(keyword: str) -> Callable[[int, pydicom.Dataset], None]:
    return lambda k, dataset: dataset.__delitem__(keyword)


VARIANTS: tuple[Variant, ...] = (
    Variant("gantry tilt 15 degrees", _series(tilt_deg=15.0, edit=_setting(GantryDetectorTilt="15")),
            "each slice is moved down the columns by tan(15 degrees) of the step"),
    Variant("missing slice", _series(skip=(10,)), "one of 20 is not there"),
    Variant("duplicate slice, same UID", _duplicate(False), "a copy of one file"),
    Variant("duplicate slice, new UID", _duplicate(True), "a copy with an identity of its own"),
    Variant("two phases in one series", _two_phases, "40 slices at 20 places, acquisition 1 and 2"),
    Variant("localizer inside", _localizer, "one coronal scout with the same series UID"),
    Variant("non-uniform spacing", _series(heights_mm=_WIDER_MM), "2 mm in the lower half, 3 mm in the upper"),
    Variant("0.02 mm jitter", _series(heights_mm=_JITTER_MM), "slices off the grid by up to 0.02 mm"),
    Variant("MONOCHROME1", _series(edit=_setting(PhotometricInterpretation="MONOCHROME1")), "inverted on the screen"),
    Variant("truncated pixels", _truncated, "one file has lost the lower half of its pixels"),
    Variant("zero PixelSpacing", _series(edit=_setting(PixelSpacing=["0", "0"])), "0 x 0 mm in every slice"),
    Variant("no ImagePositionPatient", _series(edit=_without("ImagePositionPatient")), "in no slice"),
    Variant("mixed Rows", _mixed_rows, "the upper 8 slices have 20 rows instead of 28"),
    Variant("slope per slice", _series(slope=lambda k: round(0.5 + 0.037 * k, 3)), "PET-like rescaling"),
    Variant("corrupt file in folder", _corrupt, "one slice is noise after its first 132 bytes"),
    Variant("stray txt and DICOMDIR", _strays, "what lies beside images on a disc"),
    Variant("big endian", _series(syntax=pydicom.uid.ExplicitVRBigEndian), "explicit big endian"),
    Variant("descending", _series(descending=True), "instance numbers run against the normal"),
    Variant("shuffled InstanceNumber", _series(edit=_number), "numbers in no order"),
    Variant("absent InstanceNumber", _series(edit=_without("InstanceNumber")), "no numbers"),
    Variant("anisotropic spacing", _series(spacing_mm=(5.0, 0.9, 0.45)), "5 x 0.9 x 0.45 mm"),
    Variant("overlay bits", _overlay_bits, "old overlays in the unused bits 13 and 15 of 12-bit pixels"),
    Variant("padding values", _padding, "-2000 outside the scanned circle"),
    Variant("missing first 5", _series(skip=range(5)), "nothing but the numbers tells"),
)
ENHANCED_VARIANTS: tuple[Variant, ...] = (
    Variant("enhanced, ordered", _enhanced(lambda frames: frames), "one multi-frame object"),
    Variant("enhanced, shuffled frames", _enhanced(shuffled), "frames in another order than their places"),
    Variant("enhanced, missing frame", _enhanced(lambda frames: frames[:10] + frames[11:]), "19 of 20 frames"),
    Variant("enhanced, two temporal positions", _enhanced(lambda frames: frames, phases=2), "40 frames at 20 places"),
)
