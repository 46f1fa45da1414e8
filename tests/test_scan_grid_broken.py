"""Broken and hostile NIfTI, NRRD and MetaImage files: a refusal in one line, and nothing left behind."""

from __future__ import annotations

import bz2
import gzip
import pickle
import zlib

import numpy as np
import pytest

from anatomy_twin.errors import ScanError, TwinError
from anatomy_twin.scan.grid_file import describe_grid, is_grid_file, read_grid
from anatomy_twin.scan.volume_file import load_volume_file, series_of_file
from tests.support.volume_files import decode_in_process, meta_text, nifti_bytes, nrrd_bytes, values


@pytest.fixture
def here(monkeypatch):
    decode_in_process(monkeypatch)


def flipped(data, at):
    data = bytearray(data)
    data[at] ^= 0x55
    return bytes(data)


def floats(*numbers, at=280):
    return (f"<{len(numbers)}f", at, *numbers)


ZEROS = bytes(2**22)
STORED = gzip.compress(nifti_bytes(), 0)  # not packed at all: a changed byte changes a voxel and nothing else
NO_FORM = ("<2h", 252, 1, 0)  # qform only
BROKEN = {
    "nii-empty": ("a.nii", b""),
    "nii-pickle": ("a.nii", pickle.dumps({"array": [1, 2, 3]})),
    "nii-gz-pickle": ("a.nii.gz", gzip.compress(pickle.dumps(values()))),
    "nii-gz-of-nothing": ("a.nii.gz", b"\x1f\x8b"),
    "nii-header-cut": ("a.nii", nifti_bytes()[:200]),
    "nii-voxels-cut": ("a.nii", nifti_bytes()[:-1]),
    "nii-voxels-missing": ("a.nii", nifti_bytes()[:352]),
    "nii-gz-cut": ("a.nii.gz", nifti_bytes(packed=True)[:-20]),
    "nii-gz-trailer-cut": ("a.nii.gz", nifti_bytes(packed=True)[:-3]),
    "nii-gz-voxel-changed": ("a.nii.gz", flipped(STORED, len(STORED) - 100)),
    "nii-gz-checksum-changed": ("a.nii.gz", flipped(STORED, len(STORED) - 6)),
    "nii-gz-unpacks-to-more": ("a.nii.gz", gzip.compress(nifti_bytes() + ZEROS)),
    "nii-gz-cannot-hold": ("a.nii.gz", nifti_bytes(packed=True, dim=("<4h", 40, 3, 600, 500, 400))),
    "nii-gz-bomb": ("a.nii.gz", gzip.compress(nifti_bytes(dim=("<4h", 40, 3, 1024, 1024, 1024)) + ZEROS)),
    "nii-no-dims": ("a.nii", nifti_bytes(dim=("<h", 40, 0))),
    "nii-nine-dims": ("a.nii", nifti_bytes(dim=("<h", 40, 9))),
    "nii-zero-dim": ("a.nii", nifti_bytes(dim=("<4h", 40, 3, 6, 0, 4))),
    "nii-negative-dim": ("a.nii", nifti_bytes(dim=("<4h", 40, 3, -6, -5, 4))),
    "nii-absurd-dims": ("a.nii", nifti_bytes(dim=("<4h", 40, 3, 32767, 32767, 32767))),
    "nii2-absurd-dims": ("a.nii", nifti_bytes(2, dim=("<4q", 16, 3, 2**62, 2**62, 2**62))),
    "nii-dims-of-less": ("a.nii", nifti_bytes(dim=("<4h", 40, 3, 6, 1, 4)) + ZEROS),
    "nii-unknown-type": ("a.nii", nifti_bytes(kind=("<h", 70, 77))),
    "nii-type-0": ("a.nii", nifti_bytes(kind=("<h", 70, 0))),
    "nii-lying-bits": ("a.nii", nifti_bytes(kind=("<2h", 70, 4, 8))),
    "nii-offset-nan": ("a.nii", nifti_bytes(offset=("<f", 108, np.nan))),
    "nii-offset-in-header": ("a.nii", nifti_bytes(offset=("<f", 108, 40.0))),
    "nii-offset-behind-file": ("a.nii", nifti_bytes(offset=("<f", 108, 4096.0))),
    "nii-offset-huge": ("a.nii.gz", nifti_bytes(packed=True, offset=("<f", 108, 1e30))),
    "nii2-offset-negative": ("a.nii", nifti_bytes(2, offset=("<q", 168, -540))),
    "nii-nan-place": ("a.nii", nifti_bytes(place=floats(1.0, 0.0, 0.0, np.nan))),
    "nii-infinite-step": ("a.nii", nifti_bytes(place=floats(np.inf))),
    "nii-step-overflow": ("a.nii", nifti_bytes(2, place=("<d", 400, 1e300))),
    "nii-zero-sform": ("a.nii", nifti_bytes(place=floats(*[0.0] * 12))),
    "nii-two-axes-alike": ("a.nii", nifti_bytes(place=floats(1.0, 1.0, 0, 0, 0, 0))),
    "nii-far-away": ("a.nii", nifti_bytes(place=floats(1.0, 0, 0, 1e9))),
    "nii-no-rotation": ("a.nii", nifti_bytes(form=NO_FORM, place=floats(0.9, 0.9, 0.9, at=256))),
    "nii-nan-rotation": ("a.nii", nifti_bytes(form=NO_FORM, place=floats(np.nan, 0, 0, at=256))),
    "nii-nan-voxel-size": ("a.nii", nifti_bytes(form=NO_FORM, place=floats(1.0, np.nan, 1.0, 1.0, at=76))),
    "nii-no-voxel-size": ("a.nii", nifti_bytes(form=NO_FORM, place=floats(1.0, 0.0, 1.0, 1.0, at=76))),
    "nii-slope-infinite": ("a.nii", nifti_bytes(slope=("<2f", 112, np.inf, 0.0))),
    "nii-intercept-nan": ("a.nii", nifti_bytes(slope=("<2f", 112, 2.0, np.nan))),
    "nii-unknown-unit": ("a.nii", nifti_bytes(unit=("<b", 123, 5))),
    "nii-pair": ("a.hdr", nifti_bytes(magic=("<4s", 344, b"ni1\0"))),
    "nii-wrong-magic": ("a.nii", nifti_bytes(magic=("<4s", 344, b"n+9\0"))),
    "nrrd-no-end": ("a.nrrd", nrrd_bytes(b"")[:-1]),
    "nrrd-magic-only": ("a.nrrd", b"NRRD0004"),
    "nrrd-later-version": ("a.nrrd", nrrd_bytes().replace(b"NRRD0005", b"NRRD0009")),
    "nrrd-endless-header": ("a.nrrd", b"NRRD0004\n" + b"# x\n" * 2**20 + b"\n"),
    "nrrd-endless-line": ("a.nrrd", b"NRRD0004\n" + b"(" * 2**23),
    "nrrd-voxels-cut": ("a.nrrd", nrrd_bytes()[:-1]),
    "nrrd-zero-size": ("a.nrrd", nrrd_bytes(sizes="6 0 4")),
    "nrrd-absurd-sizes": ("a.nrrd", nrrd_bytes(sizes="99999 99999 99999")),
    "nrrd-endless-number": ("a.nrrd", nrrd_bytes(sizes="9" * 5000)),
    "nrrd-sizes-no-numbers": ("a.nrrd", nrrd_bytes(sizes="6 5 x")),
    "nrrd-sizes-too-few": ("a.nrrd", nrrd_bytes(sizes="6 5")),
    "nrrd-dimension-16": ("a.nrrd", nrrd_bytes(dimension="16", sizes="1 " * 16, drop=("kinds",))),
    "nrrd-no-type": ("a.nrrd", nrrd_bytes(drop=("type",))),
    "nrrd-block": ("a.nrrd", nrrd_bytes(type="block")),
    "nrrd-no-byte-order": ("a.nrrd", nrrd_bytes(drop=("endian",))),
    "nrrd-hex": ("a.nrrd", nrrd_bytes(encoding="hex")),
    "nrrd-no-field": ("a.nrrd", nrrd_bytes().replace(b"kinds: ", b"kinds ")),
    "nrrd-twice": ("a.nrrd", nrrd_bytes().replace(b"kinds", b"sizes: 4 5 6\nkinds")),
    "nrrd-nan-direction": ("a.nrrd", nrrd_bytes(space_directions="(1,0,0) (0,nan,0) (0,0,3)")),
    "nrrd-infinite-origin": ("a.nrrd", nrrd_bytes(space_origin="(0,inf,0)")),
    "nrrd-huge-origin": ("a.nrrd", nrrd_bytes(space_origin="(0,1e999,0)")),
    "nrrd-broken-vector": ("a.nrrd", nrrd_bytes(space_directions="(1,0,0) (0,2,0 (0,0,3)")),
    "nrrd-vectors-of-two": ("a.nrrd", nrrd_bytes(space_directions="(1,0) (0,2) (0,3)")),
    "nrrd-gzip-junk": ("a.nrrd", nrrd_bytes(b"junk" * 99, encoding="gzip")),
    "nrrd-gzip-cut": ("a.nrrd", nrrd_bytes(gzip.compress(values().tobytes())[:-9], encoding="gzip")),
    "nrrd-gzip-too-little": ("a.nrrd", nrrd_bytes(gzip.compress(values().tobytes()[:-2]), encoding="gzip")),
    "nrrd-gzip-bomb": ("a.nrrd", nrrd_bytes(gzip.compress(ZEROS), encoding="gzip")),
    "nrrd-bzip2-bomb": ("a.nrrd", nrrd_bytes(bz2.compress(ZEROS), encoding="bzip2")),
    "nrrd-bzip2-cut": ("a.nrrd", nrrd_bytes(bz2.compress(values().tobytes())[:-9], encoding="bzip2")),
    "nrrd-bzip2-absurd": ("a.nrrd", nrrd_bytes(bz2.compress(ZEROS), encoding="bzip2", sizes="1024 1024 1024")),
    "nrrd-text-too-few": ("a.nrrd", nrrd_bytes(b"1 " * 119, encoding="ascii")),
    "nrrd-text-no-numbers": ("a.nrrd", nrrd_bytes(b"1 " * 119 + b"__import__", encoding="ascii")),
    "nrrd-text-too-large": ("a.nrrd", nrrd_bytes(b"1 " * 119 + b"40000", encoding="ascii")),
    "nrrd-line-skip": ("a.nrrd", nrrd_bytes(line_skip="1")),
    "nrrd-byte-skip-negative": ("a.nrrd", nrrd_bytes(byte_skip="-7")),
    "nrrd-byte-skip-behind": ("a.nrrd", nrrd_bytes(byte_skip="999999999999")),
    "nrrd-from-end-too-short": ("a.nrrd", nrrd_bytes(b"12", byte_skip="-1")),
    **{f"nrrd-data-file-{n}": ("a.nhdr", nrrd_bytes(b"", data_file=name)) for n, name in enumerate((
        "/etc/passwd", "../outside.raw", "..\\outside.raw", "sub/outside.raw", "LIST", "LIST 3", "a%03d.raw 1 9 1",
        "absent.raw", "link.raw", "..", ".", "", "C:inside.raw", "in\x1bside.raw", "x" * 300, "folder"))},
    "mha-no-end": ("a.mha", meta_text().rsplit(b"ElementDataFile", 1)[0]),
    "mha-voxels-cut": ("a.mha", meta_text() + values().tobytes()[:-1]),
    "mha-no-dims": ("a.mha", meta_text(DimSize=None) + values().tobytes()),
    "mha-zero-dim": ("a.mha", meta_text(DimSize="6 0 4") + values().tobytes()),
    "mha-absurd-dims": ("a.mha", meta_text(DimSize="30000 30000 30000") + values().tobytes()),
    "mha-two-sizes": ("a.mha", meta_text(DimSize="6 5") + values().tobytes()),
    "mha-two-dims": ("a.mha", meta_text(NDims="2", DimSize="6 20") + values().tobytes()),
    "mha-colours": ("a.mha", meta_text(ElementNumberOfChannels="3") + values().tobytes() * 3),
    "mha-unknown-type": ("a.mha", meta_text(ElementType="MET_STRING") + values().tobytes()),
    "mha-no-byte-order": ("a.mha", meta_text(BinaryDataByteOrderMSB=None) + values().tobytes()),
    "mha-two-byte-orders": ("a.mha", meta_text(ElementByteOrderMSB="True") + values().tobytes()),
    "mha-nan-offset": ("a.mha", meta_text(Offset="1 nan 3") + values().tobytes()),
    "mha-long-axes": ("a.mha", meta_text(TransformMatrix="2 0 0 0 2 0 0 0 2") + values().tobytes()),
    "mha-negative-spacing": ("a.mha", meta_text(ElementSpacing="1 -1 1") + values().tobytes()),
    "mha-rescaled": ("a.mha", meta_text(ElementToIntensityFunctionSlope="2") + values().tobytes()),
    "mha-skip": ("a.mha", meta_text(HeaderSize="-1") + values().tobytes()),
    "mha-mesh": ("a.mha", meta_text(ObjectType="Mesh") + values().tobytes()),
    "mha-zlib-cut": ("a.mha", meta_text(CompressedData="True") + zlib.compress(values().tobytes())[:-5]),
    "mha-zlib-bomb": ("a.mha", meta_text(CompressedData="True") + zlib.compress(ZEROS)),
    **{f"mha-data-file-{n}": ("a.mhd", meta_text(name)) for n, name in enumerate((
        "/etc/passwd", "../outside.raw", "LIST", "a%d.raw 1 9 1", "link.raw", "absent.raw"))},
}
assert len({data for _, data in BROKEN.values()}) == len(BROKEN)


@pytest.fixture
def temp(tmp_path, monkeypatch):
    """A folder for temporary files that must be empty in the end."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def refusal(path):
    with pytest.raises(TwinError) as caught:
        load_volume_file(path)
    line = str(caught.value)
    assert "\n" not in line and len(line) < 300 and line.isprintable()
    assert str(path.parent) not in line and "Error" not in line and "passwd" not in line
    return line


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_in_one_line(here, temp, tmp_path, name):
    file, data = BROKEN[name]
    folder = tmp_path / "scan"
    (folder / "sub").mkdir(parents=True)
    (folder / "folder").mkdir()
    for place in (tmp_path / "outside.raw", folder / "sub" / "outside.raw", folder / "C:inside.raw"):
        place.write_bytes(values().tobytes())
    (folder / "link.raw").symlink_to(tmp_path / "outside.raw")
    (folder / file).write_bytes(data)
    before = sorted(folder.rglob("*"))
    refusal(folder / file)
    assert sorted(folder.rglob("*")) == before
    if is_grid_file(folder / file):
        with pytest.raises(TwinError):
            series = series_of_file(folder / file)
            assert not series.loadable or name in NEEDS_VOXELS
            raise ScanError(series.verdict.line)


NEEDS_VOXELS = {name for name in BROKEN if any(part in name for part in ("gz", "bzip2", "zlib", "text"))}


@pytest.mark.parametrize("name", ["nii-gz-cut", "nii-gz-voxel-changed", "nrrd-gzip-bomb", "mha-zlib-cut"])
def test_broken_voxels_cost_one_child_process(temp, tmp_path, name):
    file, data = BROKEN[name]
    (tmp_path / file).write_bytes(data)
    refusal(tmp_path / file)


def test_no_plain_file_is_refused_without_waiting(tmp_path):
    import os

    os.mkfifo(tmp_path / "a.nii")
    (tmp_path / "b.nii").symlink_to(tmp_path / "absent.nii")
    (tmp_path / "c.nii").mkdir()
    for name in ("a.nii", "b.nii", "c.nii", "d.nii"):
        refusal(tmp_path / name)
        assert not is_grid_file(tmp_path / name)


def test_every_changed_byte_of_packed_files_is_found_or_harmless(here, temp, tmp_path):
    """One byte changed anywhere in the packed voxels: refused, or equal to the truth; never another volume."""
    rng = np.random.default_rng(5)
    for name, data, start in (
        ("a.nii.gz", nifti_bytes(packed=True), 10),
        ("a.nrrd", nrrd_bytes(gzip.compress(values().tobytes()), encoding="gzip"), -200),
        ("b.nrrd", nrrd_bytes(bz2.compress(values().tobytes()), encoding="bzip2"), -200),
        ("a.mha", meta_text(CompressedData="True") + zlib.compress(values().tobytes()), -200),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        truth = read_grid(path)
        refused = 0
        for at in rng.integers(start % len(data), len(data), 40):
            path.write_bytes(flipped(data, at))
            try:
                grid = read_grid(path)
            except ScanError:
                refused += 1
                continue
            assert np.array_equal(grid.array, truth.array), (name, at)
            assert grid.geometry.is_close(truth.geometry, 1e-9), (name, at)
        assert refused >= 35, name


def test_random_damage_to_headers_ends_in_a_header_or_one_refusal(tmp_path):
    rng = np.random.default_rng(11)
    outcomes = {"header": 0, "refused": 0}
    for name, data in (("a.nii", nifti_bytes()), ("b.nii", nifti_bytes(2)), ("a.nrrd", nrrd_bytes()),
                       ("a.mha", meta_text() + values().tobytes())):
        for _ in range(120):
            changed = bytearray(data)
            for at in rng.integers(0, min(len(data) - 240, 560), rng.integers(1, 6)):
                changed[at] = rng.integers(0, 256)
            (tmp_path / name).write_bytes(changed)
            try:
                header = describe_grid(tmp_path / name)
            except ScanError as error:
                assert "\n" not in str(error) and len(str(error)) < 300
                outcomes["refused"] += 1
            else:
                assert header.problems or header.geometry is not None
                assert header.offset + (header.data_bytes if not header.problems else 0) <= len(data)
                outcomes["header"] += 1
    assert min(outcomes.values()) > 50, outcomes
