"""Volume files of every kind written by other libraries or by hand, and where their voxels must lie."""

from __future__ import annotations

import gzip
import importlib
import struct

import nibabel
import nrrd
import numpy as np
import SimpleITK as sitk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from anatomy_twin.scan import grid_file

TO_LPS = np.diag([-1.0, -1.0, 1.0])
SPACES = {"left-posterior-superior": (1, 1, 1), "RAS": (-1, -1, 1), "left-anterior-superior": (1, -1, 1)}
SHAPE = (4, 5, 6)  # [k, j, i]


def values(dtype="int16", shape=SHAPE, seed=0):
    kind = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if kind.kind == "f":
        return rng.normal(0, 500, shape).astype(kind)
    info = np.iinfo(kind)
    return rng.integers(max(info.min, -30000), min(info.max, 30000), shape).astype(kind)


def frame(degrees=(0.0, 0.0, 0.0), flip=1.0, spacing=(0.7, 0.8, 2.5), origin=(-100.25, 50.5, 12.125)):
    """Steps along i, j, k as columns, and the centre of the first voxel."""
    axes = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    axes[:, 2] *= flip
    return axes * np.array(spacing), np.array(origin)


def corners(steps, origin, shape=SHAPE):
    """The outer corners in the order of VolumeGeometry.corners_mm."""
    sides = [(-0.5, size - 0.5) for size in shape]
    kji = np.array(np.meshgrid(*sides, indexing="ij")).reshape(3, -1)
    return (steps @ kji[::-1] + origin[:, None]).T


frames = st.builds(
    frame,
    st.tuples(*[st.floats(-180, 180)] * 3),
    st.sampled_from([1.0, -1.0]),
    st.tuples(*[st.floats(0.3, 6.0)] * 3),
    st.tuples(*[st.floats(-400, 400)] * 3),
)
relaxed = settings(max_examples=25, deadline=None, derandomize=True,
                   suppress_health_check=[HealthCheck.function_scoped_fixture])


def itk_corners(path, shape=SHAPE):
    image = sitk.ReadImage(str(path))
    steps = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    return corners(steps, np.array(image.GetOrigin()), shape)


# ---- NIfTI


def write_nifti(path, array=None, place=None, sform=1, qform=1, version=1, order="<", unit="mm", **fields):
    """Write array [.., k, j, i] by nibabel; place is in RAS."""
    array = values() if array is None else array
    steps, origin = frame() if place is None else place
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps, origin
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    header = (nibabel.Nifti1Header if version == 1 else nibabel.Nifti2Header)(endianness=order)
    header.set_data_dtype(array.dtype)
    image = kind(array.T, None, header)
    image.header.set_xyzt_units(unit)
    image.set_sform(affine if sform else None, sform)
    image.set_qform(affine if qform else None, qform)
    for name, value in fields.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path


# ---- NRRD


def write_nrrd(path, array=None, place=None, space="left-posterior-superior", **more):
    """Write array [k, j, i] by pynrrd; place is in the axes of the space."""
    steps, origin = frame() if place is None else place
    header = {"space": space, "space directions": steps.T, "space origin": origin,
              "kinds": ["domain"] * 3, "encoding": "raw", **more}
    header = {name: value for name, value in header.items() if value is not None}
    nrrd.write(str(path), (values() if array is None else array).T, header)
    return path


def meta_text(name="LOCAL", **changes):
    fields = {"ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
              "CompressedData": "False", "TransformMatrix": "0 1 0 -1 0 0 0 0 1", "Offset": "1 2 3",
              "AnatomicalOrientation": "ALI", "ElementSpacing": "0.7 0.8 2.5", "DimSize": "6 5 4",
              "ElementType": "MET_SHORT", **changes, "ElementDataFile": name}
    return "".join(f"{key} = {value}\n" for key, value in fields.items() if value is not None).encode()


# ---- NIfTI and NRRD as bytes, to be changed by hand


def nifti_bytes(version=1, packed=False, **fields):
    """A good header with some fields overwritten by (format, offset, value), and its voxels."""
    image = (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image)(values().T, np.diag([1.0, 2.0, 3.0, 1.0]))
    data = bytearray(image.to_bytes())
    for kind, offset, *value in fields.values():
        struct.pack_into(kind, data, offset, *value)
    return gzip.compress(bytes(data)) if packed else bytes(data)


def nrrd_bytes(body=None, drop=(), **changes):
    fields = {"type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "6 5 4",
              "space directions": "(1,0,0) (0,2,0) (0,0,3)", "kinds": "domain domain domain", "endian": "little",
              "encoding": "raw", "space origin": "(0,0,0)"}
    fields.update({name.replace("_", " "): value for name, value in changes.items()})
    text = "".join(f"{name}: {value}\n" for name, value in fields.items() if name not in drop)
    return b"NRRD0005\n" + text.encode() + b"\n" + (values().tobytes() if body is None else body)


def decode_in_process(monkeypatch):
    """Decode in this process: the same function without the second that a child takes to start."""

    def call(function, *args, **limits):
        module, name = function.split(":")
        return getattr(importlib.import_module(module), name)(*args)

    monkeypatch.setattr(grid_file, "run_limited", call)
