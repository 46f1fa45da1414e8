"""Nothing that tells who the patient is, or where the files lay, gets into a stored case or its report."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path

import pytest

from anatomy_twin.cli.main import main
from tests.support.dicom_series import write_series

TEXTS = {
    "PatientName": "CANARYLAST^CANARYFIRST", "PatientID": "CANARYID0815", "StudyDescription": "CANARYSTUDY",
    "SeriesDescription": "CANARYSERIES", "InstitutionName": "CANARYHOSPITAL", "ReferringPhysicianName": "CANARYDOCTOR",
    "StationName": "CANARYSTATION", "AccessionNumber": "CANARYACCESS", "ImageComments": "CANARYCOMMENT",
    "ProtocolName": "CANARYPROTOCOL", "ConvolutionKernel": "CANARYLAST", "StudyID": "CANARYVISIT",
    "Manufacturer": "CANARYMAKER", "DeviceSerialNumber": "CANARYSERIAL",
}  # fmt: skip
MOMENTS = {
    "StudyDate": "19870605", "SeriesDate": "19870605", "AcquisitionDate": "19870605", "ContentDate": "19870605",
    "PatientBirthDate": "19450223", "AcquisitionTime": "134527.918273",
}  # fmt: skip
UIDS = "1.2.826.0.1.3680043.10.9999"  # all UIDs of the test series begin so
SECRETS = ("canary", "19870605", "1987-06-05", "19450223", "1945-02-23", "134527", "918273", UIDS)


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> tuple[Path, Path]:
    """A case and its report made from a series full of secrets, in folders and files that are secrets too."""
    place = tmp_path_factory.mktemp("privacy")
    series = place / "CANARYFOLDER" / "CANARYSUB"

    def mark(k, dataset):
        for keyword, value in {**TEXTS, **MOMENTS}.items():
            setattr(dataset, keyword, value)
        dataset.add_new((0x0009, 0x0010), "LO", "CANARYPRIVATE")

    write_series(series, shape=(12, 32, 32), name="CANARYFILE{:03d}.dcm".format, edit=mark)
    (series / "CANARYNOTES.txt").write_text("CANARY")
    case, report = place / "p.twin", place / "report"
    assert main(["import", str(place / "CANARYFOLDER"), "--out", str(case), "--pseudonym", "P-1"]) == 0
    assert main(["report", str(case), "--out", str(report)]) == 0
    return case, report


def unpacked(data: bytes) -> bytes:
    """The bytes of a file, and of everything packed inside: gzip (NRRD), PDF streams, pictures in a page."""
    parts = [data]
    parts += [base64.b64decode(text) for text in re.findall(rb"base64,([A-Za-z0-9+/=]+)", data)]
    for dictionary, body in re.findall(rb"<<([^<>]*)>>\s*stream\r?\n(.*?)\r?\n?endstream", data, re.DOTALL):
        if b"ASCII85Decode" in dictionary:
            body = base64.a85decode(b"<~" + body.strip().removeprefix(b"<~"), adobe=True)
        parts.append(zlib.decompress(body) if b"FlateDecode" in dictionary else body)
    start = data.find(b"\x1f\x8b\x08")
    if data.startswith(b"NRRD") and start > 0:
        parts.append(zlib.decompressobj(31).decompress(data[start:]))
    return b"\n".join(parts)


def test_the_search_sees_into_packed_files(stored):
    case, report = stored
    image = unpacked(next(case.rglob("*.nrrd")).read_bytes())
    assert len(image) > 12 * 32 * 32 * 2  # the voxels are there unpacked
    assert b"P-1" in unpacked((report / "report.json").read_bytes())
    pdf = unpacked((report / "report.pdf").read_bytes())
    assert b"rehearsal report" in pdf or b"rehearsal" in pdf.replace(b"\x00", b"")


def test_no_secret_is_stored(stored):
    files = [file for folder in stored for file in folder.rglob("*") if file.is_file()]
    assert {"case.json", "report.html", "report.json", "report.pdf"} <= {file.name for file in files}
    for file in files:
        data = unpacked(file.read_bytes()).lower()
        for secret in SECRETS:
            for encoding in ("ascii", "utf-16-le", "utf-16-be"):
                assert secret.encode(encoding) not in data, f"{file.name} holds {secret}"
        assert "canary" not in file.name.lower()
