"""How stored pixel values are coded and where they stand: checked before a byte of them is believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from anatomy_twin.errors import ScanError
from anatomy_twin.scan.decode import BY_SIMPLEITK, PLUGINS
from anatomy_twin.scan.headers import uid_name
from anatomy_twin.scan.slice_header import PixelSource, SliceHeader

NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"})
_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 53, 55, 81, 91, 203))
COPY_AGAIN = "copy the series again"
SEND_AGAIN = "send the series again"


def is_lossy(transfer_syntax: str) -> bool:
    """Tell whether values of this transfer syntax are not those of the scanner."""
    return transfer_syntax in _LOSSY


def syntax_name(transfer_syntax: str) -> str:
    """Return the name of a transfer syntax in plain words."""
    name = uid_name(transfer_syntax)
    return name if name != transfer_syntax else "unknown transfer syntax"


def readable_transfer_syntaxes() -> tuple[str, ...]:
    """Return the names of the transfer syntaxes that this package reads."""
    return tuple(syntax_name(uid) for uid in sorted(NATIVE | PLUGINS.keys() | BY_SIMPLEITK))


def check_readable(transfer_syntax: str) -> None:
    """Raise ``ScanError`` if no decoder of this package reads the transfer syntax."""
    if transfer_syntax not in NATIVE | PLUGINS.keys() | BY_SIMPLEITK:
        raise ScanError(f"pixels in {syntax_name(transfer_syntax)} cannot be read",
                        advice="send the series again uncompressed or as JPEG 2000")


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How a stored value is coded: bits allocated and used, the highest of them, and signedness."""

    bits: int
    stored: int
    high: int
    signed: bool

    @property
    def limits(self) -> tuple[int, int]:
        """The smallest and the largest value that the used bits can hold."""
        if self.signed:
            return -(1 << (self.stored - 1)), (1 << (self.stored - 1)) - 1
        return 0, (1 << self.stored) - 1


def checked_format(header: SliceHeader, where: str) -> PixelFormat:
    """Return the coding of the values; refuse what holds no plain grey whole numbers, or too few or too many."""
    source = header.pixels
    if source is None or source.place is None:
        raise ScanError("no pixels in an image", where=where, advice=SEND_AGAIN)
    if source.place.keyword != "PixelData":
        raise ScanError("floating point pixels in an image", where=where, advice=SEND_AGAIN)
    if source.table:
        raise ScanError("pixel values go through a table that is not read", where=where)
    bits, stored, high, signed = source.bits_allocated, source.bits_stored, source.high_bit, source.signed
    if bits is None or stored is None or high is None or signed is None:
        raise ScanError("the pixel description is broken", where=where, advice=SEND_AGAIN)
    # the highest bit is always the one below the number of stored bits (PS3.5 section 8.1.1)
    if bits not in (8, 16, 32) or not 1 <= stored <= bits or high != stored - 1 or signed not in (0, 1):
        raise ScanError(f"pixels of {stored} bits in {bits} with high bit {high} make no sense", where=where)
    if header.transfer_syntax in NATIVE:
        _check_length(source, header, bits, where)
    elif source.place.fragments is None:
        raise ScanError("pixels are not packed as their transfer syntax says", where=where, advice=SEND_AGAIN)
    elif not source.place.whole:
        raise ScanError("compressed pixels are cut short", where=where, advice=COPY_AGAIN)
    return PixelFormat(bits, stored, high, bool(signed))


def pixel_problem(headers: Iterable[SliceHeader]) -> str:
    """Say what the headers alone tell against reading the pixels of a series; nothing if they tell nothing."""
    headers = tuple(headers)
    try:
        for number, header in enumerate(headers, start=1):
            if header.pixels is not None:
                check_readable(header.transfer_syntax)
                checked_format(header, f"slice {number} of {len(headers)}")
    except ScanError as error:
        return f"{error.what} ({error.where})" if error.where else error.what
    return ""


def _check_length(source: PixelSource, header: SliceHeader, bits: int, where: str) -> None:
    assert source.place is not None
    if source.place.fragments is not None:
        raise ScanError("compressed pixels where plain ones should be", where=where, advice=SEND_AGAIN)
    expected, found = header.frame_count * header.rows * header.columns * bits // 8, source.place.length
    if found < expected:
        raise ScanError(f"pixels are cut short: {found} of {expected} bytes", where=where, advice=COPY_AGAIN)
    if not source.place.whole:
        raise ScanError("pixels claim more bytes than the file has", where=where, advice=COPY_AGAIN)
    if found > expected + 1:
        raise ScanError(f"more pixels than the header tells: {found} instead of {expected} bytes", where=where,
                        advice=SEND_AGAIN)


def padding_value(header: SliceHeader, form: PixelFormat) -> int | None:
    """Return the stored value that fills what was not scanned, if the header names one.

    It may be written as unsigned although the pixels are signed, so its bits are read as the pixels are.
    """
    assert header.pixels is not None
    raw = header.pixels.padding
    if len(raw) not in (2, 4):
        return None
    return int.from_bytes(raw, "little" if header.pixels.little else "big", signed=form.signed)
