"""Make the synthetic CT and MR series of sample_scans/ with their ground truth, README and checksums."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anatomy_twin.phantom import SyntheticPatient, make_patient, write_series, write_truth_seg
from anatomy_twin.phantom.heart.lge import mr_from_ct


@dataclass(frozen=True)
class Sample:
    """One patient: a seed, and the series with what ``make_patient`` takes; "" lies in the folder itself."""

    seed: int
    series: dict[str, dict[str, Any]] = field(default_factory=dict)


CASES = {
    "liver_tumour": Sample(7, {"": {"kind": "liver_tumour"}}),
    "healthy_abdomen": Sample(11, {"": {"kind": "healthy_abdomen"}}),
    "atrial_fibrillation": Sample(12, {
        "cta": {"kind": "heart", "phase": "arterial", "noise_hu": 14.0, "matrix": 200, "slice_mm": 1.5},
        "late_enhancement": {"kind": "heart_lge", "phase": "delayed", "noise_hu": 10.0, "matrix": 144, "slice_mm": 1.5},
    }),
}


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
        sample = CASES[case]
        shutil.rmtree(out / case, ignore_errors=True)
        for name, options in sample.series.items():
            own = sample.seed if seed is None else seed
            patient = make_patient(own, **options)
            series, stem = out / case / name, f"{case}_{name}" if name else case
            files = write_series(patient, series)
            write_truth_seg(patient, out / "truth" / f"{stem}_seg.dcm", series)
            facts = truth_facts(patient)
            if name == "late_enhancement":
                facts |= {"mr_from_ct": mr_from_ct(own).round(9).tolist(), "fibrosis": patient.facts["fibrosis"]}
            (out / "truth" / f"{stem}.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
            size = sum(path.stat().st_size for path in files) / 1e6
            print(f"{stem}: {len(files)} slices, {size:.2f} MB")


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
    for case, sample in CASES.items():
        for name in sample.series:
            files = sorted((out / case / name).glob("*.dcm"))
            if files:
                size = sum(path.stat().st_size for path in files) / 1e6
                place, stem = (f"{case}/{name}", f"{case}_{name}") if name else (case, case)
                rows.append(f"| `{place}` | {len(files)} | {size:.1f} | `truth/{stem}_seg.dcm`, `truth/{stem}.json` |")
    text = README.replace("@ROWS@", "\n".join(rows))
    (out / "README.md").write_text(text, encoding="utf-8")


README = """# Synthetic scans

Every picture here is **synthetic**: made by `scripts/make_sample_scans.py` from a seed. No data of any person went in.

| case | slices | MB | ground truth |
|---|---|---|---|
@ROWS@

The folders of the abdomen hold one CT series each (CT Image Storage, JPEG 2000 lossless, portal venous phase).
`atrial_fibrillation` holds two scans of one heart: a contrast CT and a late-enhancement MR in which the patient lies
elsewhere and a little turned. `truth/` holds what was drawn: a DICOM SEG with all structures of each series and a small
JSON with the centres and volumes of the tumours, of the MR also the share of the wall that is fibrosis and the true
transform from the CT. The program itself never reads `truth/`; tests and scripts do. `SHA256SUMS` lists all files
(`sha256sum -c SHA256SUMS`).

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
