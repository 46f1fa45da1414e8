"""The bounded walk over DICOM bytes, and the values that are read from what it keeps."""

from __future__ import annotations

from anatomy_twin.errors import TwinError
from anatomy_twin.scan.headers import TAGS
from anatomy_twin.scan.prescan import prescan
from anatomy_twin.scan.values import HeaderValues

WANTED = frozenset(TAGS.values())
# words that a blind change would not find
WORDS = (b"DICM", b"SQ\0\0", b"UN\0\0", b"OB\0\0\xff\xff\xff\xff", b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0",
         b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xff\xff\xff\xff", b"\xe0\x7f\x10\x00", b"1.2.840.10008.1.2",
         b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.2", b"\x02\x00\x10\x00UI",
         b"\x08\x00\x05\x00CS", b"ISO 2022 IR 87", b"\x28\x00\x10\x00US\x02\x00")  # fmt: skip


def one_input(data: bytes) -> None:
    """Walk over the bytes; what the walk tells must lie within them."""
    try:
        found = prescan(data, "input", WANTED)
        prescan(data, "input", times=2)
        values = HeaderValues(TAGS, found.values, found.little)
        for keyword in TAGS:
            if not all(text.isprintable() for text in values.texts(keyword)):
                raise AssertionError(f"{keyword} is not printable")
            values.number(keyword)
            values.integer(keyword)
    except TwinError as error:
        if not error.line.isprintable():
            raise AssertionError(f"not printable: {error.line!r}") from error
        return
    size = len(found.inflated) if found.inflated is not None else len(data)
    if found.pixels is not None:
        ends = [start + length for start, length in found.pixels.fragments or ()]
        assert 0 <= found.pixels.start <= max([found.pixels.start + found.pixels.length, *ends]) <= size


def seeds() -> dict[str, bytes]:
    """Good slices in several codings, and broken ones of every family, all smaller than 3 kB."""
    from tests.fuzz.dicom_bytes import BIG, DEFLATED, EXPLICIT, IMPLICIT, RLE, good
    from tests.fuzz.dicom_mutations import flips
    from tests.fuzz.dicom_structure import structures
    from tests.fuzz.seeds import slices_of

    named = (("explicit", EXPLICIT), ("implicit", IMPLICIT), ("big", BIG), ("deflated", DEFLATED), ("rle", RLE))
    found = {name: good(syntax).files[2] for name, syntax in named}
    return {**found, **slices_of([*structures(), *flips()[:70:5]], largest=3000)}
