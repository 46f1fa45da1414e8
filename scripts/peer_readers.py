"""The readers that the scripts compare, this project's among them: how a user of each library reads a folder.

``prepare()`` of each imports its library and returns ``(load, arrays_of)``. ``load(folder, files)`` does what a user
of the library writes; ``arrays_of(result)`` is not measured and returns [(array, matrix from array index to LPS mm)]
and the words of warning that came with the result.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any


def _ours(repair: bool = False):
    import numpy as np

    import anatomy_twin

    def load(folder: Path, files: list[Path]) -> Any:
        return anatomy_twin.load_volume(folder, repair=repair)

    def arrays_of(volume: Any) -> Any:
        return [(volume.array, np.asarray(volume.geometry.affine))], volume.warnings

    return load, arrays_of


def _simpleitk(discover: bool):
    import SimpleITK as sitk

    def load(folder: Path, files: list[Path]) -> Any:
        names = [str(file) for file in files]
        if discover:
            series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
            found = [sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid) for uid in series]
            names = max(found, key=len)
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(names)
        image = reader.Execute() if len(names) != 1 else sitk.ReadImage(names[0])
        return image, sitk.GetArrayViewFromImage(image)

    return load, _arrays_of_simpleitk


def _arrays_of_simpleitk(result: Any) -> Any:
    import numpy as np

    image, array = result
    steps = np.asarray(image.GetDirection()).reshape(3, 3) * np.asarray(image.GetSpacing())
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps[:, ::-1], image.GetOrigin()
    return [(array, affine)], ()


def _pydicom():
    import numpy as np
    import pydicom

    def load(folder: Path, files: list[Path]) -> Any:
        slices = [pydicom.dcmread(file) for file in files]
        first = slices[0]
        normal = np.cross(first.ImageOrientationPatient[:3], first.ImageOrientationPatient[3:])
        slices.sort(key=lambda one: float(np.dot(normal, one.ImagePositionPatient)))
        array = np.stack([one.pixel_array for one in slices]).astype(np.int16)
        array *= np.int16(slices[0].RescaleSlope)
        array += np.int16(slices[0].RescaleIntercept)
        return slices, array

    def arrays_of(result: Any) -> Any:
        slices, array = result
        first, last = (np.asarray(slices[n].ImagePositionPatient, float) for n in (0, -1))
        axes = np.asarray(slices[0].ImageOrientationPatient, float)
        down, along = (float(value) for value in slices[0].PixelSpacing)
        affine = np.eye(4)
        affine[:3, :3] = np.column_stack([(last - first) / (len(slices) - 1), axes[3:] * down, axes[:3] * along])
        affine[:3, 3] = first
        return [(array, affine)], ()

    return load, arrays_of


def _highdicom(dtype: str):
    import highdicom
    import numpy as np
    import pydicom

    def load(folder: Path, files: list[Path]) -> Any:
        slices = [pydicom.dcmread(file) for file in files]
        if len(slices) == 1 and "NumberOfFrames" in slices[0]:
            return highdicom.Image.from_dataset(slices[0]).get_volume(dtype=np.dtype(dtype))
        return highdicom.get_volume_from_series(slices, dtype=np.dtype(dtype))

    def arrays_of(volume: Any) -> Any:
        return [(volume.array, np.asarray(volume.affine))], ()

    return load, arrays_of


def _dicom2nifti():
    import dicom2nifti

    def load(folder: Path, files: list[Path]) -> Any:
        return dicom2nifti.dicom_series_to_nifti(str(folder), None, reorient_nifti=False)["NII"]

    def arrays_of(image: Any) -> Any:
        return _arrays_of_nifti([image]), ()

    return load, arrays_of


def _dcm2niix():
    import nibabel

    program = Path(sys.executable).parent / "dcm2niix"

    def load(folder: Path, files: list[Path]) -> Any:
        out = Path(tempfile.mkdtemp())
        done = subprocess.run([program, "-z", "n", "-b", "n", "-f", "volume", "-o", out, folder], stdout=2)
        if done.returncode:
            raise RuntimeError(f"exit code {done.returncode}")
        return sorted(out.glob("*.nii"))

    def arrays_of(written: Any) -> Any:
        return _arrays_of_nifti([nibabel.load(file) for file in written]), ()

    return load, arrays_of


def _arrays_of_nifti(images: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Turn RAS into LPS and [i, j, k] into [k, j, i]; each volume of a fourth axis stands for itself."""
    import numpy as np

    arrays = []
    for image in images:
        array = np.asanyarray(image.dataobj)
        if array.ndim < 3:
            array = array[(..., *[None] * (3 - array.ndim))]
        affine = (np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine)[:, [2, 1, 0, 3]]
        for one in np.moveaxis(array.reshape(*array.shape[:3], -1), 3, 0):
            arrays.append((np.transpose(one), affine))
    return arrays


READERS: dict[str, Callable[[], Any]] = {
    "anatomy_twin": _ours,
    "anatomy_twin, repair": partial(_ours, True),
    "SimpleITK, sorted list": partial(_simpleitk, False),
    "SimpleITK, own discovery": partial(_simpleitk, True),
    "pydicom": _pydicom,
    "highdicom, int16": partial(_highdicom, "int16"),
    "highdicom": partial(_highdicom, "float64"),
    "dicom2nifti": _dicom2nifti,
    "dcm2niix": _dcm2niix,
}
FROM_PEERS = frozenset({"dicom2nifti", "dcm2niix"})
PROGRAMS = frozenset({"dcm2niix"})  # they write a file
