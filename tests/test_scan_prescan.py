"""The bounded walk over DICOM bytes: it agrees with pydicom on what is sound, and refuses what breaks a bound."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import pydicom
import pydicom.data
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from anatomy_twin.errors import ScanError
from anatomy_twin.scan import prescan as inflating
from anatomy_twin.scan import walk as bounds
from anatomy_twin.scan.headers import TAGS
from anatomy_twin.scan.prescan import NoDicomError, prescan
from tests.support.dicom_series import write_series

WANTED = frozenset(TAGS.values())
META = b"\0" * 128 + b"DICM"


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def file_of(*elements: bytes, syntax: bytes = b"1.2.840.10008.1.2.1\0") -> bytes:
    return META + element(2, 0x10, b"UI", syntax) + b"".join(elements)


def nested(depth: int) -> bytes:
    """Sequences of undefined length inside each other, closed as they should be."""
    head = struct.pack("<HH2sHI", 8, 0x1111, b"SQ", 0, bounds.UNDEFINED)
    head += struct.pack("<HHI", 0xFFFE, 0xE000, bounds.UNDEFINED)
    tail = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return head * depth + tail * depth


def local_pydicom_files() -> list[Path]:
    folder = Path(pydicom.data.__file__).parent / "test_files"
    return sorted(path for path in folder.glob("*.dcm"))


def test_every_kept_value_is_the_one_that_pydicom_reads():
    compared = 0
    for file in local_pydicom_files():
        data = file.read_bytes()
        try:
            found = prescan(data, wanted=WANTED)
        except ScanError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom tells what it thinks of its own odd files
            dataset = pydicom.dcmread(file, force=True)
        for tag, (vr, raw) in found.values.items():
            if vr == b"SQ" or tag >> 16 == 2:
                continue
            theirs = dataset.get_item(tag)
            assert theirs is not None, (file.name, hex(tag))
            if isinstance(theirs.value, bytes):
                assert theirs.value.rstrip(b" \0") == raw.rstrip(b" \0"), (file.name, hex(tag))
                compared += 1
        if found.pixels is not None and found.pixels.fragments is None:
            assert len(dataset[found.pixels.keyword].value) == found.pixels.length
    assert compared > 500


@pytest.mark.parametrize("kind", ["path", "bytes"])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2",
                                    "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"])  # fmt: skip
def test_pixels_are_found_where_they_stand(tmp_path, kind, syntax):
    truth = write_series(tmp_path, shape=(1, 6, 6), syntax=syntax)
    source = truth.files[0] if kind == "path" else truth.files[0].read_bytes()
    found = prescan(source, wanted=WANTED)
    assert found.transfer_syntax == syntax
    data = found.inflated if found.inflated is not None else truth.files[0].read_bytes()
    stored = pydicom.dcmread(truth.files[0]).PixelData
    assert data[found.pixels.start : found.pixels.start + found.pixels.length].startswith(stored[:50])
    assert (found.pixels.fragments is not None) == (syntax == "1.2.840.10008.1.2.5")


def test_what_does_not_say_that_it_is_dicom():
    for data in (b"", b"hello", b"\0" * 200, b"GIF89a" + b"\0" * 300, b"\x08\x00 not an element"):
        with pytest.raises(NoDicomError):
            prescan(data)


def test_a_walk_keeps_to_the_deepest_nesting():
    prescan(file_of(nested(bounds.DEEPEST)))
    for depth in (bounds.DEEPEST + 1, 50_000):
        with pytest.raises(ScanError, match="deeper than 16"):
            prescan(file_of(nested(depth)))


def test_counts_of_elements_and_items_are_bounded(monkeypatch):
    monkeypatch.setattr(bounds, "MOST_ELEMENTS", 100)
    monkeypatch.setattr(bounds, "MOST_ITEMS", 50)
    many = b"".join(element(8, 0x1000 + number, b"SH", b"ab") for number in range(101))
    with pytest.raises(ScanError, match="more than 100 elements"):
        prescan(file_of(many))
    items = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 51
    sequence = struct.pack("<HH2sHI", 8, 0x1111, b"SQ", 0, len(items)) + items
    with pytest.raises(ScanError, match="more than 50 items"):
        prescan(file_of(sequence))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (element(8, 0x60, b"CS", b"CT")[:-1], "claims more bytes than there are"),
        (struct.pack("<HH2sHI", 8, 0x1111, b"SQ", 0, 400), "claims more bytes than there are"),
        (struct.pack("<HH2sHI", 8, 0x1111, b"UT", 0, 0xFFFFFFFF), "undefined length that is no sequence"),
        (nested(2)[:-8], "ends inside a sequence"),
        (struct.pack("<HHI", 0xFFFE, 0xE00D, 0), "where none can be"),
        (nested(1)[:12] + element(8, 0x60, b"CS", b"CT"), "between the items"),
        (element(0x28, 0x10, b"US", b"\x10\0") * 2, "has the element Rows twice"),
        (b"\x08\0\x60", "ends in the middle of an element"),
    ],
)
def test_what_breaks_its_own_lengths_is_named(body, words):
    with pytest.raises(ScanError, match=words):
        prescan(file_of(body), wanted=WANTED)
    if not words.startswith("has the element"):
        with pytest.raises(ScanError, match=words):
            prescan(file_of(body), "")


def test_a_deflated_file_grows_to_its_limit_only(monkeypatch):
    monkeypatch.setattr(inflating, "LARGEST_INFLATED_BYTES", 2**20)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflater.compress(element(8, 0x60, b"CS", b"CT") + b"\0" * 2**22) + deflater.flush()
    with pytest.raises(ScanError, match="grows beyond 1 MB"):
        prescan(file_of(packed, syntax=b"1.2.840.10008.1.2.1.99"))
    with pytest.raises(ScanError, match=r"cut short|damaged"):
        prescan(file_of(packed[:100], syntax=b"1.2.840.10008.1.2.1.99"))


def test_zeros_behind_the_last_element_are_let_be_and_other_bytes_are_not():
    good = file_of(element(8, 0x60, b"CS", b"CT"))
    assert prescan(good + b"\0" * 333, wanted=WANTED).values[0x00080060] == (b"CS", b"CT")
    with pytest.raises(ScanError):
        prescan(good + b"\0\0\0\0\0\1\0\0\0\1\0")


def test_a_sequence_of_unknown_type_is_implicit_inside(tmp_path):
    """PS3.5 6.2.2, note 7: undefined length in UN; pydicom writes and reads the same."""
    inner = Dataset()
    inner.PatientID = "1"
    outer = Dataset()
    outer.ReferencedImageSequence = Sequence([inner])
    outer["ReferencedImageSequence"].is_undefined_length = True
    buffer = pydicom.filebase.DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    pydicom.filewriter.write_dataset(buffer, outer)
    implicit = buffer.getvalue()
    explicit_head = implicit[:4] + b"UN\0\0" + implicit[4:8]
    found = prescan(file_of(explicit_head + implicit[8:] + element(0x28, 0x10, b"US", b"\x10\0")), wanted=WANTED)
    assert found.values[0x00280010] == (b"US", b"\x10\0")
    assert found.items == 1
