#!/usr/bin/env python3
"""Measure how fast a CT series becomes a volume, side by side with other readers, in one run.

    python3 scripts/bench_load.py [--quick] [--json] [--slices 400] [--rounds 5] [--no-peers] [--yes]

A seeded series of 512x512 slices (12 bits in 16, explicit little endian, about 120 elements of header, file names in
no order) is written into a temporary folder and read by each reader in turn, round after round. Every reading has a
fresh process: imports, one reading of a tiny series of the same kind (so that compiled kernels, caches and decoders
stand for everybody), then the measured one, with the files in the page cache. "peak" is the largest resident memory
above what the process had just before, as a multiple of the volume's bytes (int16); the largest child process is added,
and where its share cannot be told from that of the warm-up's child the figure is a bound. Each volume is compared with
the truth, voxel by voxel and in its place in the patient. dcm2niix also writes its volume to the disk.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peers
from peer_readers import FROM_PEERS

SEED = 20261122
OURS = "anatomy_twin"
REFERENCE = "SimpleITK, sorted list"
NATIVE = (OURS, REFERENCE, "SimpleITK, own discovery", "pydicom", "highdicom, int16", "highdicom", "dicom2nifti",
          "dcm2niix")  # fmt: skip
COMPRESSED = (OURS, REFERENCE, "pydicom", "highdicom, int16", "dicom2nifti", "dcm2niix")
SYNTAXES = {
    "deflated": "1.2.840.10008.1.2.1.99",
    "RLE": "1.2.840.10008.1.2.5",
    "JPEG lossless": "1.2.840.10008.1.2.4.70",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
}
TABLES = {"native": "native, explicit little endian", "signed_16_bit": "native", "compressed": "compressed"}
SPACING_MM = (1.0, 0.75, 0.75)
ORIGIN_MM = (-190.0, -185.0, -400.0)
INTERCEPT = -1024
_LIMIT_S = 120.0


@dataclass(frozen=True)
class Written:
    """A series on disk: its folder, its files sorted along the slice normal, its truth and index-to-LPS matrix."""

    folder: Path
    files: tuple[Path, ...]
    truth: Path
    affine: tuple[tuple[float, ...], ...]
    nbytes: int


def main(arguments: list[str]) -> int:
    """Write the series, measure all readers and print the tables; 0 if our volume equals the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="60 slices, 2 rounds, fewer compressed: within 60 s")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else there")
    parser.add_argument("--slices", type=int, help="slices of the native series (400)")
    parser.add_argument("--compressed-slices", type=int, help="slices of a compressed series (40; 0: none)")
    parser.add_argument("--size", type=int, default=512, help="rows and columns of a slice")
    parser.add_argument("--rounds", type=int, help="readings of each reader (5)")
    parser.add_argument("--readers", help="only these, by name, separated by semicolons")
    parser.add_argument("--no-peers", action="store_true", help="without the readers that have to be installed")
    parser.add_argument("--yes", action="store_true", help="ask nothing during the set-up")
    options = parser.parse_args(arguments)
    python = peers.product_python("bench_load.py", __doc__ or "", ["--yes"] if options.yes else [])
    if python != Path(sys.executable):
        return peers.again(python, __file__, arguments)
    installed = None if options.no_peers else peers.peer_python(_say)
    report = {"machine": peers.machine_facts(python, installed), **measure(options, python, installed)}
    print(json.dumps(report) if options.json else as_text(report, options.size))
    ours = [kind["readers"][OURS] for table in TABLES for kind in report[table].values() if OURS in kind["readers"]]
    return 0 if ours and all(row.get("voxels") == "same" for row in ours) else 1


def measure(options: argparse.Namespace, python: Path, installed: Path | None) -> dict[str, Any]:
    """Write each series, read it with all readers and return the tables by name."""
    quick = options.quick
    slices = options.slices or (60 if quick else 400)
    few = options.compressed_slices if options.compressed_slices is not None else (6 if quick else 40)
    rounds = options.rounds or (2 if quick else 5)
    chosen = tuple(options.readers.split(";")) if options.readers else NATIVE
    compressed = tuple(reader for reader in (COMPRESSED[:2] if quick else COMPRESSED) if reader in chosen)
    hu, tiny = ct_like(slices, options.size), ct_like(4, 32)
    kinds = [("native", "12 bits", "", False, chosen, hu, rounds)]
    if not quick:
        kinds.append(("signed_16_bit", "16 bits with sign", "", True, (OURS, REFERENCE), hu, rounds))
    for name, syntax in SYNTAXES.items() if few else ():
        kinds.append(("compressed", name, syntax, False, compressed, hu[:few], 1 if quick else min(rounds, 3)))
    report: dict[str, Any] = {table: {} for table in TABLES}
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-bench-") as scratch:
        for number, (table, name, syntax, signed, readers, values, times) in enumerate(kinds):
            _say(f"{table.replace('_', ' ')}, {name}: {len(values)} slices, {times} rounds")
            series = write_series(Path(scratch) / f"{number}", values, syntax, signed)
            warm_up = write_series(Path(scratch) / f"{number}-tiny", tiny, syntax, signed)
            rows = compare(series, warm_up, readers, times, python, installed)
            report[table][name] = {"slices": len(values), "volume_bytes": series.nbytes, "rounds": times,
                                   "readers": rows}
            shutil.rmtree(series.folder)
    return report


def compare(
    series: Written, warm_up: Written, readers: Iterable[str], rounds: int, python: Path, installed: Path | None
) -> dict[str, dict[str, Any]]:
    """Read a series ``rounds`` times with each reader in turn; return the named figures of each reader."""
    for file in series.files:
        file.read_bytes()  # into the page cache
    request = {
        "folder": str(series.folder), "files": [str(file) for file in series.files],
        "warm_up": [str(warm_up.folder), [str(file) for file in warm_up.files]],
        "truth": [str(series.truth), series.affine],
    }
    readings: dict[str, list[dict[str, Any]]] = {reader: [] for reader in readers}
    failures: dict[str, str] = {}
    for number in range(rounds):
        names = list(readings)
        start = number % len(names)
        for reader in names[start:] + names[:start]:
            own = installed if reader in FROM_PEERS else python
            if reader in failures or own is None:
                failures.setdefault(reader, peers.NOT_AVAILABLE)
                continue
            outcome = peers.run_reader({**request, "reader": reader}, own, _LIMIT_S)
            if outcome.reply is None:
                failures[reader] = f"refuses: {outcome.failure}"
            else:
                readings[reader].append(outcome.reply)
    base = readings.get(REFERENCE, []) if REFERENCE not in failures else []
    return {reader: {"failure": failures[reader]} if reader in failures else _figures(done, base, series.nbytes)
            for reader, done in readings.items()}


def _figures(done: list[dict[str, Any]], base: list[dict[str, Any]], nbytes: int) -> dict[str, Any]:
    """Sum up the readings of one reader; ratios are medians of those within each round."""
    walls, cpus = ([one[name] for one in done] for name in ("wall_s", "cpu_s"))
    peaks = [one["peak_bytes"] for one in done]
    wrong = [one["agrees"] for one in done if one["agrees"] != "same"]
    figures = {
        "wall_median_s": statistics.median(walls), "wall_min_s": min(walls),
        "cpu_median_s": statistics.median(cpus), "cpu_min_s": min(cpus),
        "peak_volumes": None if None in peaks else max(peaks) / nbytes,
        "peak_is_upper_bound": any(one["peak_is_upper_bound"] for one in done),
        "baseline_bytes": statistics.median(one["baseline_bytes"] for one in done),
        "dtype": done[0].get("dtype", ""), "voxels": wrong[0] if wrong else "same",
    }
    if base:
        figures["ratio"] = statistics.median(
            one["wall_s"] / other["wall_s"] for one, other in zip(done, base, strict=True))
        figures["ratio_of_minima"] = min(walls) / min(other["wall_s"] for other in base)
        figures["cpu_ratio"] = statistics.median(
            one["cpu_s"] / other["cpu_s"] for one, other in zip(done, base, strict=True))
    return figures


# ---- the series

def ct_like(slices: int, size: int, seed: int = SEED) -> Any:
    """Return HU [k, j, i] as int16: a body with lungs, organs, spine and noise in air, not symmetric in any axis."""
    import numpy as np

    random = np.random.default_rng(seed)
    j, i = np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size), indexing="ij")
    noise = [random.normal(0, 14, (size, size)) for _ in range(4)]
    volume = np.empty((slices, size, size), np.int16)
    organs = (  # place across and down, half width and height, place along the body, HU
        (-0.42, -0.05, 0.33, 0.4, 0.7, -840), (0.45, -0.02, 0.27, 0.36, 0.75, -830), (-0.38, 0.0, 0.4, 0.42, -0.2, 112),
        (0.5, 0.15, 0.2, 0.22, -0.15, 125), (0.03, 0.4, 0.13, 0.13, 0.0, 420), (0.07, 0.1, 0.07, 0.06, 0.1, 190),
    )
    for k, height in enumerate(np.linspace(-1, 1, slices)):
        image = np.full((size, size), -1000.0)
        image[(i / 0.92) ** 2 + (j / 0.68) ** 2 < 1] = -95
        image[(i / 0.84) ** 2 + (j / 0.6) ** 2 < 1] = 52
        for x, y, wide, high, centre, value in organs:
            reach = 1 - ((height - centre) / (0.55 if abs(centre) > 0.12 else 3)) ** 2
            if reach > 0:
                image[((i - x) / wide) ** 2 + ((j - y) / high) ** 2 < reach] = value
        turned = np.roll(noise[k % 4], (37 * k, 101 * k), (0, 1))
        volume[k] = np.clip(np.rint(image + turned), INTERCEPT, 3071)
    return volume


def write_series(folder: Path, hu: Any, syntax: str = "", signed: bool = False) -> Written:
    """Write HU [k, j, i] (int16) as one CT series, in a compressed transfer syntax if one is named.

    Stored values are HU + 1024: 12 of 16 bits without a sign, or with ``signed`` 16 bits with one.
    """
    import numpy as np

    folder.mkdir(parents=True)
    whole = signed or syntax == SYNTAXES["JPEG lossless"]  # its encoder writes 16 bits
    header = _header(hu.shape[1:], 16 if whole else 12, signed)
    files = []
    for k, number in enumerate(np.random.default_rng(SEED).permutation(len(hu))):
        z = f"{ORIGIN_MM[2] + k * SPACING_MM[0]:.3f}"
        header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = f"2.25.{SEED}{k + 1:05d}"
        header.InstanceNumber, header.SliceLocation = k + 1, z
        header.ImagePositionPatient = [*(f"{value:g}" for value in ORIGIN_MM[:2]), z]
        files.append(folder / f"IM{number:05d}")
        _save(header, hu[k].astype(np.int32) - INTERCEPT, syntax, files[-1])
    truth = folder.with_suffix(".npy")
    np.save(truth, hu)
    x, y, z = ORIGIN_MM
    affine = ((0.0, 0.0, SPACING_MM[2], x), (0.0, SPACING_MM[1], 0.0, y), (SPACING_MM[0], 0.0, 0.0, z),
              (0.0, 0.0, 0.0, 1.0))  # fmt: skip
    return Written(folder, tuple(files), truth, affine, hu.nbytes)


def _save(header: Any, stored: Any, syntax: str, file: Path) -> None:
    import pydicom

    if "PixelData" in header:
        del header.PixelData
    header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    header.PixelData = stored.astype("<u2").tobytes()
    if syntax == SYNTAXES["JPEG lossless"]:
        header.PixelData = _jpeg_lossless(stored, file)
        header["PixelData"].VR, header["PixelData"].is_undefined_length = "OB", True
    elif syntax and syntax != SYNTAXES["deflated"]:
        header.compress(syntax, generate_instance_uid=False)
    header.file_meta.TransferSyntaxUID = syntax or pydicom.uid.ExplicitVRLittleEndian
    pydicom.dcmwrite(file, header, enforce_file_format=True)


def _jpeg_lossless(stored: Any, file: Path) -> bytes:
    """Encode one slice by SimpleITK, whose file is then taken apart: pydicom has no encoder for it."""
    import numpy as np
    import pydicom
    import SimpleITK as sitk

    temporary = file.with_suffix(".tmp.dcm")
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor("JPEG")
    writer.SetFileName(str(temporary))
    writer.Execute(sitk.GetImageFromArray(stored.astype(np.uint16)))
    dataset = pydicom.dcmread(temporary)
    temporary.unlink()
    if dataset.file_meta.TransferSyntaxUID != SYNTAXES["JPEG lossless"] or dataset.BitsStored != 16:
        raise RuntimeError("SimpleITK wrote another coding than JPEG lossless in 16 bits")
    return dataset.PixelData


def _header(shape: tuple[int, int], bits: int, signed: bool) -> Any:
    """Return a dataset with what a scanner writes: about 120 elements, a private group, nested sequences."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = "2.25.1"
    meta.ImplementationClassUID = "2.25.2"
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = CTImageStorage
    for keyword, value in _TEXTS.items():
        setattr(ds, keyword, value)
    for keyword, count in (("StudyInstanceUID", 3), ("SeriesInstanceUID", 4), ("FrameOfReferenceUID", 5)):
        setattr(ds, keyword, f"2.25.{SEED}{count}")
    ds.ReferencedStudySequence = [_reference("1.2.840.10008.3.1.2.3.1", 6)]
    ds.ReferencedImageSequence = [_reference(CTImageStorage, n) for n in range(7, 10)]
    code, modifier = Dataset(), Dataset()
    for item, value, scheme, meaning in ((code, "77477000", "SCT", "Computerized axial tomography"),
                                         (modifier, "51440002", "SCT", "Right and left")):
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    code_with_modifier, request = Dataset(), Dataset()
    code_with_modifier.CodeValue, code_with_modifier.CodingSchemeDesignator = "ABDCT", "99LOCAL"
    code_with_modifier.CodeMeaning = "Abdomen with contrast"
    request.RequestedProcedureID, request.ScheduledProcedureStepID = "RP-1", "SPS-1"
    request.ScheduledProtocolCodeSequence = [code_with_modifier]
    ds.ProcedureCodeSequence, ds.RequestAttributesSequence = [code], [request]
    ds.AnatomicRegionSequence = [modifier]
    block = ds.private_block(0x0029, "ANATOMY TWIN BENCH 1", create=True)
    for element in range(12):
        block.add_new(element, ("LO", "DS", "IS", "OB")[element % 4],
                      ("private text", "1.25", "7", bytes(range(200)))[element % 4])
    nested = Dataset()
    nested.ReferencedSOPSequence = [_reference(CTImageStorage, 10)]
    block.add_new(0x20, "SQ", [nested])
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, bits, bits - 1, int(signed)
    ds.PixelSpacing = [f"{SPACING_MM[1]:g}", f"{SPACING_MM[2]:g}"]
    ds.SmallestImagePixelValue, ds.LargestImagePixelValue = 0, 4095
    return ds


def _reference(class_uid: str, number: int) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = class_uid, f"2.25.{SEED}{number}"
    return item


_TEXTS: dict[str, Any] = {
    "SpecificCharacterSet": "ISO_IR 192", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"],
    "InstanceCreationDate": "20200101", "InstanceCreationTime": "101112.345000", "StudyDate": "20200101",
    "SeriesDate": "20200101", "AcquisitionDate": "20200101", "ContentDate": "20200101", "StudyTime": "101000.000000",
    "SeriesTime": "101100.000000", "AcquisitionTime": "101112.000000", "ContentTime": "101112.000000",
    "AccessionNumber": "A-1", "Modality": "CT", "Manufacturer": "test bench", "InstitutionName": "none",
    "InstitutionAddress": "none", "ReferringPhysicianName": "None^None", "StationName": "BENCH1",
    "StudyDescription": "Abdomen", "SeriesDescription": "Abdomen 1.0 B30f", "PerformingPhysicianName": "None^None",
    "OperatorsName": "None^None", "ManufacturerModelName": "bench", "PatientName": "Bench^Series",
    "PatientID": "BENCH-1", "PatientBirthDate": "19700101", "PatientSex": "O", "PatientAge": "050Y",
    "PatientSize": "1.75", "PatientWeight": "75", "PatientComments": "synthetic", "ContrastBolusAgent": "contrast",
    "BodyPartExamined": "ABDOMEN", "ScanOptions": "HELICAL", "SliceThickness": "1", "KVP": "120",
    "DataCollectionDiameter": "500", "DeviceSerialNumber": "1", "SoftwareVersions": "1.0", "ProtocolName": "Abdomen",
    "ContrastBolusRoute": "IV", "ContrastBolusVolume": "90", "ReconstructionDiameter": "384",
    "DistanceSourceToDetector": "1040", "DistanceSourceToPatient": "570", "GantryDetectorTilt": "0",
    "TableHeight": "153", "RotationDirection": "CW", "ExposureTime": "500", "XRayTubeCurrent": "240",
    "Exposure": "180", "FilterType": "0", "GeneratorPower": "30", "FocalSpots": "1.2",
    "DateOfLastCalibration": "20200101", "TimeOfLastCalibration": "060000.000000",
    "ConvolutionKernel": "B30f", "PatientPosition": "HFS",
    "ExposureModulationType": "XYZ_EC", "EstimatedDoseSaving": 12.5, "CTDIvol": 8.25, "SpiralPitchFactor": 0.9,
    "SingleCollimationWidth": 0.6, "TotalCollimationWidth": 38.4, "TableSpeed": 46.0, "TableFeedPerRotation": 23.0,
    "StudyID": "1", "SeriesNumber": "3", "AcquisitionNumber": "1",
    "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"], "PositionReferenceIndicator": "",
    "ImageComments": "synthetic", "WindowCenter": ["40", "-600"], "WindowWidth": ["400", "1200"],
    "WindowCenterWidthExplanation": ["WINDOW1", "WINDOW2"], "RescaleIntercept": str(INTERCEPT), "RescaleSlope": "1",
    "RescaleType": "HU", "LossyImageCompression": "00", "RequestingPhysician": "None^None",
    "RequestedProcedureDescription": "CT abdomen", "PerformedProcedureStepStartDate": "20200101",
    "PerformedProcedureStepStartTime": "101000.000000", "PerformedProcedureStepID": "P-1",
    "PerformedProcedureStepDescription": "Abdomen", "IrradiationEventUID": f"2.25.{SEED}11",
}  # fmt: skip


# ---- the tables

def as_text(report: dict[str, Any], size: int) -> str:
    """Return the report as markdown tables."""
    lines = [f"{name}: {value}" for name, value in report["machine"].items()] + [""]
    for table, title in TABLES.items():
        for name, kind in report[table].items():
            lines += [f"### {title}: {name}, {kind['slices']} slices of {size}x{size} "
                      f"({kind['volume_bytes'] / 1e6:.0f} MB)", ""]
            lines += ["| reader | wall s median (min) | cpu s median (min) | wall / SimpleITK sorted (minima) "
                      "| cpu / its cpu | peak / volume | type | voxels |", "|---|---|---|---|---|---|---|---|"]
            lines += [_line(reader, row) for reader, row in kind["readers"].items()] + [""]
    return "\n".join(lines)


def _line(reader: str, row: dict[str, Any]) -> str:
    if "failure" in row:
        return f"| {reader} | {row['failure'][:100]} | | | | | | |"
    ratio, cpu = (f"{row['ratio']:.2f} ({row['ratio_of_minima']:.2f})", f"{row['cpu_ratio']:.2f}"
                  ) if "ratio" in row else ("", "")
    peak = "at most " * row["peak_is_upper_bound"] + f"{row['peak_volumes']:.2f}" if row["peak_volumes"] else ""
    return (f"| {reader} | {row['wall_median_s']:.2f} ({row['wall_min_s']:.2f}) "
            f"| {row['cpu_median_s']:.2f} ({row['cpu_min_s']:.2f}) | {ratio} | {cpu} | {peak} "
            f"| {row['dtype']} | {row['voxels']} |")


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
