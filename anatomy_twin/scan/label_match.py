"""Whether labels of another program belong to a scan: by the images that they name, else by where they lie."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from anatomy_twin.core import Volume, VolumeGeometry
from anatomy_twin.errors import ScanError

BY_IMAGES = "matched by the images that it names"
BY_POSITION = "matched by position alone: neither images nor a frame of reference could be compared"
# images of these classes (PS3.4 B.5) are of one modality
_MODALITY_OF = {
    f"1.2.840.10008.5.1.4.1.1.{ending}": modality
    for modality, endings in (("CT", ("2", "2.1", "2.2")), ("MR", ("4", "4.1", "4.4")), ("PT", ("128", "130", "128.1")))
    for ending in endings
}
_OTHER_SCAN = "give the labels of this scan, or the scan that they were made on"


@dataclass(frozen=True, eq=False)
class Target:
    """The scan that labels are for: its grid, the one-way stand-ins of its images and its modality, where known."""

    geometry: VolumeGeometry
    images: frozenset[str] = frozenset()
    modality: str = ""

    @staticmethod
    def of(volume: Volume | None) -> Target | None:
        """Return what of a volume is compared with labels."""
        return None if volume is None else Target(volume.geometry, frozenset(volume.instances), volume.modality)


def match_note(
    kind: str, named: Collection[str], frame_of_reference: str, target: Target, where: str, *, every: bool = False,
    classes: Collection[str] = (),
) -> str:
    """Say how labels belong to a scan, or refuse them.

    Parameters
    ----------
    kind : what the labels are called in messages ("segmentation", "structure set").
    named : stand-ins (``private_uid``) of the images that the labels name; none where they name no image.
    frame_of_reference : stand-in of the frame of reference of the labels, "" where they name none.
    target : the scan.
    classes : SOP classes of the images that the labels name, where known.
    every : refuse where any image that is named is not in the scan, not only where all are missing.

    The rule, first line that fits:

    1. Both sides know their images and share some: they belong together, be it that the scan holds only part of the
       images. Where all are shared and the frame of reference differs all the same, the note says so; where some are
       missing besides, the labels are refused.
    2. Both know their images and share none: taken only where both name the same frame of reference (another series
       of one examination), which the note says; refused otherwise.
    3. One side knows no images: frames of reference that differ are refused, equal ones taken.
    4. Nothing can be compared: taken by position alone, which the note says; refused where all the images that the
       labels name are of another modality than the scan.

    In every case the voxels or outlines must lie on those of the scan besides; that is checked where they are placed.
    """
    common = [one for one in named if one in target.images]
    theirs, ours = frame_of_reference, target.geometry.frame_of_reference_uid
    same, differ = bool(ours) and theirs == ours, bool(ours) and bool(theirs) and theirs != ours
    missing = len(named) - len(common)
    if named and target.images:
        if missing and (every or differ or not (common or same)):
            what = f"{kind} was made on another scan: of the {_images(len(named))} that it names this one holds none"
            if common:
                what = f"{kind} names {_images(len(named))}, of which the scan holds only {len(common)}"
            raise ScanError(what, where=where, advice=_OTHER_SCAN)
        if common:
            odd = "; its frame of reference is another one than the scan's" if differ else ""
            return f"{BY_IMAGES} ({len(common)} of {len(named)}){odd}"
        return "matched by frame of reference and position: it names images of another series"
    if differ:
        raise ScanError(f"{kind} was made on another scan (its frame of reference differs)", where=where,
                        advice=_OTHER_SCAN)
    made_on = {_MODALITY_OF[name] for name in classes if name in _MODALITY_OF}
    if not same and made_on and target.modality in _MODALITY_OF.values() and target.modality not in made_on:
        raise ScanError(f"{kind} was made on {' and '.join(sorted(made_on))} images, the scan is {target.modality}",
                        where=where, advice=_OTHER_SCAN)
    return "matched by frame of reference and position" if same else BY_POSITION


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"
