"""Broken values in DICOM headers: numbers that are none, texts that want to be something else."""

from __future__ import annotations

import struct
from functools import partial

import numpy as np

from tests.fuzz.case import REFUSED, Case
from tests.fuzz.dicom_bytes import HARMLESS, PIXELS, DicomFile, number_text, series_case, text, with_values
from tests.fuzz.dicom_headers import (
    ALL,
    CHARSET,
    DESCRIPTION,
    FRAME_OF_REFERENCE,
    IMAGE_TYPE,
    INTERCEPT,
    KERNEL,
    KVP,
    MIDDLE,
    MODALITY,
    NAME,
    NUMBER,
    ORIENTATION,
    PADDING,
    PATIENT_ID,
    POSITION,
    RESCALE_TYPE,
    SERIES_UID,
    SLOPE,
    SOP_CLASS,
    SOP_UID,
    SPACING,
    STUDY_UID,
    THICKNESS,
    setting,
    u16,
)


def numbers() -> list[Case]:
    """Numbers in words that are none, or that no scanner has."""
    wrong: dict[str, tuple[int, bytes]] = {
        **{f"spacing-{name}": (SPACING, text(f"{value}\\{value}")) for name, value in {
            "nan": "nan", "inf": "inf", "minus-inf": "-inf", "0": "0", "negative": "-0.8", "huge": "1e308",
            "tiny": "1e-308", "hexadecimal": "0x1", "comma": "0,8", "words": "wide", "overflow": "1" + "0" * 400,
        }.items()},
        "spacing-one-value": (SPACING, text("0.8")),
        "spacing-three-values": (SPACING, text("0.8\\0.7\\0.6")),
        "spacing-empty": (SPACING, b""),
        "spacing-swapped": (SPACING, text("0.7\\0.8")),
        "orientation-zeros": (ORIENTATION, number_text(0, 0, 0, 0, 0, 0)),
        "orientation-collinear": (ORIENTATION, number_text(1, 0, 0, 1, 0, 0)),
        "orientation-long": (ORIENTATION, number_text(2, 0, 0, 0, 2, 0)),
        "orientation-nan": (ORIENTATION, number_text("nan", 0, 0, 0, 1, 0)),
        "orientation-five": (ORIENTATION, number_text(1, 0, 0, 0, 1)),
        "orientation-turned": (ORIENTATION, number_text(0, 1, 0, 1, 0, 0)),
        "orientation-skewed": (ORIENTATION, number_text(1, 0, 0, 0.1, 1, 0)),
        "position-nan": (POSITION, number_text(-30, -40, "nan")),
        "position-far": (POSITION, number_text(-30, -40, "1e300")),
        "position-two": (POSITION, number_text(-30, -40)),
        "position-empty": (POSITION, b""),
        "position-of-its-neighbour": (POSITION, number_text(-30, -40, 52.5)),
        "position-1-mm-off": (POSITION, number_text(-30, -40, 56)),
        "position-1-mm-aside": (POSITION, number_text(-29, -40, 55)),
        "slope-0": (SLOPE, number_text(0)),
        "slope-nan": (SLOPE, number_text("nan")),
        "slope-inf": (SLOPE, number_text("inf")),
        "slope-huge": (SLOPE, number_text("1e300")),
        "slope-tiny": (SLOPE, number_text("1e-300")),
        "slope-empty": (SLOPE, b""),
        "slope-two-values": (SLOPE, number_text(1, 2)),
        "slope-words": (SLOPE, text("steep ")),
        "intercept-nan": (INTERCEPT, number_text("nan")),
        "intercept-huge": (INTERCEPT, number_text("1e300")),
        "intercept-empty": (INTERCEPT, b""),
    }
    right: dict[str, tuple[int, bytes]] = {
        "spacing-with-spaces": (SPACING, text(" 0.8 \\ 0.7 ")),
        "spacing-with-plus": (SPACING, text("+0.8\\+.7")),
        "spacing-exponent": (SPACING, text("8e-1\\7E-1")),
        "spacing-nul-padded": (SPACING, b"0.8\\0.7\0"),
        "spacing-underscore": (SPACING, text("0.8_0\\0.7_0")),
        "spacing-long": (SPACING, text("0.8" + "0" * 5000 + "\\0.7")),
        "position-arabic-digits": (POSITION, text("-30\\-40\\\N{ARABIC-INDIC DIGIT FIVE}\N{ARABIC-INDIC DIGIT FIVE}")),
        "number-words": (NUMBER, text("third ")),
        "number-huge": (NUMBER, number_text(10**30)),
        "number-negative": (NUMBER, number_text(-3)),
        "thickness-nan": (THICKNESS, number_text("nan")),
        "thickness-huge": (THICKNESS, number_text("1e300")),
        "kvp-words": (KVP, text("=1+1 ")),
        "kvp-inf": (KVP, number_text("inf")),
    }
    cases = [series_case(name, "number", setting(tag, value), REFUSED) for name, (tag, value) in wrong.items()]
    cases += [series_case(name, "number", setting(tag, value), HARMLESS) for name, (tag, value) in right.items()]
    return cases + _values_of_one_slice()


def _values_of_one_slice() -> list[Case]:
    """Values that one slice truly has, unlike its neighbours: they count, or the series is refused."""

    def doubled(array: np.ndarray) -> None:
        array[2] = (array[2] + 1024) * 2 - 1024

    def lifted(array: np.ndarray) -> None:
        array[2] += 24

    def padded(array: np.ndarray) -> None:
        array[2, 0, :4] = -1024

    def padding(value: bytes, vr: bytes, file: DicomFile) -> DicomFile:
        pixels = np.frombuffer(file[PIXELS].value, "<i2").copy()
        pixels[:4] = -2000
        return file.set(PADDING, value, vr).set(PIXELS, pixels.tobytes())

    shown = HARMLESS - {"truth"}
    return [
        series_case("slope-2-in-one-slice", "number", setting(SLOPE, number_text(2)), HARMLESS,
                    truth=with_values(doubled)),
        series_case("intercept-1000-in-one-slice", "number", setting(INTERCEPT, number_text(-1000)), HARMLESS,
                    truth=with_values(lifted)),
        series_case("rescale-type-other-in-one-slice", "number", setting(RESCALE_TYPE, text("US"), b"LO"), REFUSED),
        series_case("padding", "number", partial(padding, struct.pack("<h", -2000), b"SS"), shown,
                    truth=with_values(padded)),
        series_case("padding-as-unsigned", "number", partial(padding, u16(-2000), b"US"), shown,
                    truth=with_values(padded)),
        series_case("padding-of-4-bytes", "number", setting(PADDING, struct.pack("<i", 500), b"US"), HARMLESS),
        series_case("padding-in-tissue", "number", setting(PADDING, struct.pack("<h", 500), b"SS"), HARMLESS),
        series_case("padding-text", "number", setting(PADDING, b"none", b"LO"), HARMLESS),
    ]


def texts() -> list[Case]:
    """Names, identifiers and character sets that want to be a path, markup, a formula or a command."""
    hostile = {
        "path": "../../../../tmp/evil", "backslashes": "..\\..\\evil", "script": "<script>alert(1)</script>",
        "formula": "=cmd|' /C calc'!A0", "format": "%s%s%n{0.__class__}", "template": "{{7*7}}${7*7}",
        "escape": "\x1b]0;evil\x07\x1b[2J", "newline": "one\ntwo\r\nthree", "nul": "one\0two", "long": "A" * 12_000,
        "reversed": "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe", "zero-width": "a\N{ZERO WIDTH SPACE}b\N{BYTE ORDER MARK}",
        "groups": "a=b=c=d=e^f^g^h^i^j", "carets": "^" * 2000, "absolute": "/etc/passwd",
    }  # fmt: skip
    identity = [
        series_case(f"name-{name}", "text", setting(NAME, text(value)), HARMLESS, slices=ALL)
        for name, value in hostile.items()
    ]
    everywhere = [
        series_case(f"everywhere-{name}", "text", partial(_everywhere, text(value)), HARMLESS, slices=ALL)
        for name, value in hostile.items()
    ]
    one = {
        "uid-path": (SOP_UID, text("../../../etc/passwd", b"\0")),
        "uid-empty": (SOP_UID, b""),
        "uid-letters": (SOP_UID, text("1.2.x.<b>", b"\0")),
        "uid-long": (SOP_UID, b"1." * 4000 + b"10"),
        "uid-leading-zeros": (SOP_UID, text("1.02.003.0", b"\0")),
        "uid-newline": (SOP_UID, b"1.2\n3.4\0"),
        "class-unknown": (SOP_CLASS, text("1.2.3.4", b"\0")),
        "class-empty": (SOP_CLASS, b""),
        "modality-empty": (MODALITY, b""),
        "charset-unknown": (CHARSET, text("EVIL")),
        "charset-empty": (CHARSET, b""),
        "charset-many": (CHARSET, text("\\".join(["ISO 2022 IR 87"] * 900))),
        "charset-japanese": (CHARSET, text("\\ISO 2022 IR 87")),
        "charset-chinese": (CHARSET, text("GB18030")),
        "charset-python": (CHARSET, text("idna")),
        "charset-rot13": (CHARSET, text("rot_13")),
        "description-not-utf8": (DESCRIPTION, b"\xff\xfe\xed\xa0\x80\xc0\xaf"),
        "description-broken-escape": (DESCRIPTION, b"\x1b$B\x1b(J\x1b$)C\xb1\xb2\x1b\x1b"),
        "kernel-markup": (KERNEL, text("<img src=x onerror=1>")),
        "kernel-path": (KERNEL, text("../B30f")),
    }
    alone = [
        series_case(name, "text", setting(tag, value), HARMLESS, slices=MIDDLE if tag in (SOP_UID, MODALITY) else ALL)
        for name, (tag, value) in one.items()
    ]
    refused = {
        "uid-of-its-neighbour": (SOP_UID, text("1.2.826.0.1.3680043.10.9999.1.2", b"\0")),
        "series-uid-path": (SERIES_UID, text("../../evil", b"\0")),
        "series-uid-empty": (SERIES_UID, b""),
        "modality-other": (MODALITY, text("MR")),
        "class-report": (SOP_CLASS, text("1.2.840.10008.5.1.4.1.1.88.22", b"\0")),
        "type-localizer": (IMAGE_TYPE, text("ORIGINAL\\PRIMARY\\LOCALIZER")),
        "frame-of-reference-other": (FRAME_OF_REFERENCE, text("1.2.3", b"\0")),
        "patient-other": (PATIENT_ID, text("ID-4712")),
    }
    return [*identity, *everywhere, *alone,
            *(series_case(name, "text", setting(*pair), REFUSED) for name, pair in refused.items())]  # fmt: skip


def _everywhere(value: bytes, file: DicomFile) -> DicomFile:
    for tag in (DESCRIPTION, PATIENT_ID, KERNEL, STUDY_UID, 0x00080070):
        file.set(tag, value)
    return file
