"""What a path holds: DICOM files, one volume file, or an archive of either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from anatomy_twin.archive import archive_kind, opened
from anatomy_twin.core import SILENT, Monitor
from anatomy_twin.errors import ScanError
from anatomy_twin.scan.grid_file import is_grid_file
from anatomy_twin.scan.series import Series, listing_of, ranked
from anatomy_twin.scan.volume_file import series_of_file


def find_series(path: str | PathLike[str], monitor: Monitor = SILENT) -> tuple[Series, ...]:
    """List the image series in a DICOM file or folder (recursive, any file name), best first.

    Only headers are read. Images are split by patient, series, matrix, frame of reference, image type, plane and pixel
    size, and by echo, b-value, temporal position, acquisition and the like where they make two volumes of one series
    (``anatomy_twin.scan.grouping`` has the rules). The order: whole scans before fragments, CT before MR before PET,
    what loads before what does not, originals before derived images, more slices before fewer, finer before coarser;
    equal parts of one series come in the order of what tells them apart, the lowest first. Localizers, secondary
    captures and colour images are listed last, with a verdict that refuses them. A NIfTI, NRRD or MetaImage file is
    one series; an archive (zip, tar) is unpacked for the time of the call.

    Raises ``ScanError`` where there is no image at all.
    """
    with unpacked(path) as place:
        if is_grid_file(place):
            return (series_of_file(place),)
        return ranked(listing_of(place, monitor))


@contextmanager
def unpacked(path: str | PathLike[str]) -> Iterator[Path]:
    """Give the folder that an archive unpacks to for the time of the block, or the path itself if it is none."""
    if not str(path):
        raise ScanError("no folder is named", advice="give a DICOM file or a folder of them")
    place = Path(path)
    if not place.is_file() or is_grid_file(place) or archive_kind(place) is None:
        yield place
        return
    with opened(place) as folder:
        try:
            yield folder
        except ScanError as error:
            if error.where not in (folder.name, str(folder)):
                raise
            raise type(error)(error.what, where=place.name, advice=error.advice) from error
