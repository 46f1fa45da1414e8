"""The sample scans that come with the program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAMES: Final = ("liver_tumour", "healthy_abdomen")  # an installed package has the first one only


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: its folder of DICOM files and a picture of it, which may be missing."""

    name: str
    folder: Path
    picture: Path


def samples() -> tuple[Sample, ...]:
    """Return the samples that are there: in the installed package, or in the checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    found = []
    for name in NAMES:
        for folder in (package / "sample_scans" / name, package.parent / "sample_scans" / name):
            if folder.is_dir():
                found.append(Sample(name, folder, package / "view" / "pictures" / f"sample_{name}.jpg"))
                break
    return tuple(found)
