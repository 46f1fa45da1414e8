"""Make the synthetic CT series of sample_scans/ with their ground truth, README and checksums."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

from anatomy_twin.phantom import SyntheticPatient, make_patient, write_series, write_truth_seg

CASES = {"liver_tumour": 7, "healthy_abdomen": 11}


def main(argv: list[str] | None = None) -> int:
    """Make all cases, or compare what stands with what would be made (``--check``)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, help="only this case")
    parser.add_argument("--seed", type=int, help="another patient than the usual one")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "sample_scans")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is missing or differs")
    options = parser.parse_args(argv)
    cases = [options.case] if options.case else list(CASES)
    if options.check:
        with tempfile.TemporaryDirectory() as scratch:
            make_cases(cases, options.seed, Path(scratch))
            return compare(Path(scratch), options.out)
    make_cases(cases, options.seed, options.out)
    write_readme(options.out)
    write_sums(options.out)
    return 0


def make_cases(cases: list[str], seed: int | None, out: Path) -> None:
    """Write series, truth SEG and truth JSON of each case."""
    for case in cases:
        patient = make_patient(CASES[case] if seed is None else seed, case)
        series = out / case
        shutil.rmtree(series, ignore_errors=True)
        files = write_series(patient, series)
        write_truth_seg(patient, out / "truth" / f"{case}_seg.dcm", series)
        (out / "truth" / f"{case}.json").write_text(json.dumps(truth_facts(patient), indent=1) + "\n", encoding="utf-8")
        size = sum(path.stat().st_size for path in files) / 1e6
        print(f"{case}: {len(files)} slices, {size:.2f} MB")


def truth_facts(patient: SyntheticPatient) -> dict[str, object]:
    """Centres and volumes that tests and tutorials may look up."""
    names = sorted(name for name in patient.truth.names)
    return {
        "kind": patient.facts["kind"], "seed": int(patient.facts["seed"]), "phase": patient.facts["phase"],
        "coordinates": "LPS mm of the series' frame of reference",
        "tumours": [
            {
                "name": tumour.name, "centre_mm": [round(value, 2) for value in tumour.centre_mm],
                "mean_diameter_mm": round(2 * tumour.radius_mm, 2),
                "volume_ml": round(patient.truth.volume_ml(tumour.name), 3),
                "gap_to_hepatic_vein_over_3_mm": round(tumour.vein_gap_mm, 2),
            }
            for tumour in patient.tumours
        ],
        "volumes_ml": {name: round(patient.truth.volume_ml(name), 2) for name in names},
    }


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of each data file by its path below ``folder``."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".dcm", ".json"))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def write_sums(out: Path) -> None:
    """Write SHA256SUMS as sha256sum does."""
    lines = [f"{digest}  {name}\n" for name, digest in checksums(out).items()]
    (out / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def compare(fresh: Path, stored: Path) -> int:
    """Print what differs; 0 when all files made afresh are stored with the same bytes."""
    have = checksums(stored)
    wrong = [name for name, digest in checksums(fresh).items() if have.get(name) != digest]
    for name in wrong:
        print(f"{name}: {'differs' if name in have else 'missing'}", file=sys.stderr)
    print("sample scans are as made" if not wrong else f"{len(wrong)} files differ")
    return 1 if wrong else 0


def write_readme(out: Path) -> None:
    """Write how the samples were made and how large they are."""
    rows = []
    for case in CASES:
        files = sorted((out / case).glob("*.dcm"))
        if files:
            size = sum(path.stat().st_size for path in files) / 1e6
            rows.append(f"| `{case}` | {len(files)} | {size:.1f} | `truth/{case}_seg.dcm`, `truth/{case}.json` |")
    text = README.replace("@ROWS@", "\n".join(rows))
    (out / "README.md").write_text(text, encoding="utf-8")


README = """# Synthetic scans

Every picture here is **synthetic**: made by `scripts/make_sample_scans.py` from a seed. No data of any person went in.

| case | slices | MB | ground truth |
|---|---|---|---|
@ROWS@

A case folder holds one CT series (CT Image Storage, JPEG 2000 lossless, portal venous phase). `truth/` holds what was
drawn: a DICOM SEG with all structures and a small JSON with the centres and volumes of the tumours. The program itself
never reads `truth/`; tests and scripts do. `SHA256SUMS` lists all files (`sha256sum -c SHA256SUMS`).

How it is made: organs are smooth implicit shapes, bent by low-frequency noise and placed in an order of priority so
that they never overlap; portal vein, hepatic veins and hepatic artery grow inside the liver by constrained constructive
optimisation and taper by Murray's law; each tissue gets the attenuation of its contrast phase; the picture is blurred
as a scanner does and gets noise with the spectrum of filtered back projection. Size, shape and pathology follow from
the seed. `scripts/make_sample_scans.py --check` makes everything again and compares (the last bit of floating-point
functions may differ between kinds of processor; within one kind the bytes are equal).

What it is good for: trying the program, tests with a known truth, training. What it is not: evidence of how well a
method works on patients. Results on these scans are labelled as results on synthetic data.
"""

if __name__ == "__main__":
    raise SystemExit(main())
