"""One object of many frames, read as slices, and what an independent reader finds in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from anatomy_twin.scan.frames import frame_headers
from anatomy_twin.scan.headers import Listing
from anatomy_twin.scan.series import ranked
from anatomy_twin.scan.slice_header import SliceHeader


def header_of(path: Path, dataset: Dataset) -> SliceHeader:
    """What a file says as a whole, as far as the frames need it."""
    return SliceHeader(
        path=path, patient_key="", patient_words=frozenset(), description="", sop_uid=str(dataset.SOPInstanceUID),
        series_uid=str(dataset.SeriesInstanceUID), series_number=1, modality=str(dataset.Modality), aside="",
        image_type=tuple(dataset.get("ImageType", ())), rows=int(dataset.Rows), columns=int(dataset.Columns),
        position_mm=None, orientation=None, pixel_spacing_mm=None, thickness_mm=None, frame_of_reference_uid="",
        instance_number=1, phase=(("EchoTime", ""), ("AcquisitionNumber", "7")), slope=None, intercept=None,
        rescale_type="", photometric="MONOCHROME2", tilt_deg=None, patient_position="HFS", kvp=None, kernel="",
        transfer_syntax=str(dataset.file_meta.TransferSyntaxUID), lossy=False, synthetic=False,
    )  # fmt: skip


def read(path: Path) -> tuple[SliceHeader, ...]:
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    return frame_headers(header_of(path, dataset), dataset)


def series_of(path: Path):
    """The series that the frames of one file make, judged as any other slices."""
    return ranked(Listing(read(path), {}, ()))


def assert_places(one, truth) -> None:
    """The sorted frames and the grid lie where the stack was put."""
    assert one.verdict.uniform, one.verdict.line
    np.testing.assert_allclose([h.position_mm for h in one.headers], truth.positions_mm, atol=1e-6)
    np.testing.assert_allclose(one.spacing_mm, truth.spacing_mm, rtol=1e-6)
    np.testing.assert_allclose(one.grid.direction @ np.diag(one.spacing_mm), np.column_stack(
        [truth.step, truth.column * truth.spacing_mm[1], truth.row * truth.spacing_mm[2]]), atol=1e-6)  # fmt: skip
