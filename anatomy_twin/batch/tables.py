"""The tables of a batch: structures.csv, studies.csv and the manifest batch.json, each replaced as a whole.

CSV as in RFC 4180 (commas, CRLF, quotes doubled), UTF-8, a dot in numbers, an empty field where there is no value.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from anatomy_twin.batch.measure import COLUMNS, TRUTH_COLUMNS
from anatomy_twin.batch.study import Outcome, Study
from anatomy_twin.batch.task import RESULTS, read_record
from anatomy_twin.core.labels import ABSENT_STATES, STATES
from anatomy_twin.store.swap import disk_refusal, replacing_file

STRUCTURES, STUDIES, MANIFEST = "structures.csv", "studies.csv", "batch.json"
STUDY_COLUMNS: Final = (
    "study", "state", "reason", "seconds", "peak_memory_mb", "modality", "synthetic", "slices", "rows", "columns",
    "slice_step_mm", "row_spacing_mm", "column_spacing_mm", "structures_found", "structures_to_check",
    "structures_absent", "notes", "warnings", "input_sha256", "version",
)
_DIGITS: Final = {"dice": 4, "centreline_found": 4, "centreline_right": 4, "centreline_found_wide": 4}


def rows_of(out: Path, outcomes: Iterable[Outcome]) -> Iterator[dict[str, Any]]:
    """Yield the rows of all finished studies: the columns of ``measure.COLUMNS`` after the name of the study."""
    for outcome in outcomes:
        if outcome.done and (record := read_record(out / RESULTS / outcome.name)) is not None:
            for row in record["rows"]:
                yield {"study": outcome.name, **row}


def write_tables(out: Path, studies: Sequence[Study], outcomes: Mapping[str, Outcome], names: bool) -> None:
    """Write both tables of the studies that have an outcome, in the order of ``studies``.

    ``names`` adds the column folder, which may tell who the patient is.
    """
    folder_of = {study.name: study.folder for study in studies}
    present = [outcomes[study.name] for study in studies if study.name in outcomes]
    lead = ("study", "folder") if names else ("study",)

    def named(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "folder": folder_of[row["study"]]} if names else row

    write_csv(out / STRUCTURES, (*lead, *COLUMNS, *TRUTH_COLUMNS), map(named, rows_of(out, present)))
    write_csv(out / STUDIES, (*lead, *STUDY_COLUMNS[1:]), (named(_study_row(out, outcome)) for outcome in present))


def _study_row(out: Path, outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {
        "study": outcome.name, "state": outcome.state, "reason": outcome.reason, "seconds": outcome.seconds,
        "peak_memory_mb": outcome.peak_memory_mb,
    }
    record = read_record(out / RESULTS / outcome.name) if outcome.done else None
    if record is None:
        return row
    # rows of groups and of what only the truth has are none of the result
    states = [entry["state"] for entry in record["rows"] if entry["code"] and entry["state"] in STATES]
    row.update(
        modality=record["modality"], synthetic=record["synthetic"],
        **dict(zip(("slices", "rows", "columns"), record["shape"], strict=True)),
        **dict(zip(("slice_step_mm", "row_spacing_mm", "column_spacing_mm"), record["spacing_mm"], strict=True)),
        structures_found=sum(state not in ABSENT_STATES for state in states),
        structures_to_check=states.count("check"),
        structures_absent=sum(state in ABSENT_STATES for state in states),
        notes="; ".join(record["notes"]), warnings="; ".join(record["warnings"]),
        input_sha256=record["fingerprint"]["input_sha256"], version=record["version"],
    )
    return row


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table of the given columns; the older file is there until the new one is whole."""
    with _writing(path) as stream:
        text = io.TextIOWrapper(stream, "utf-8", newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_field(column, row.get(column)) for column in columns])
        text.detach()  # what it holds is written, and the stream stays open


def _field(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{_DIGITS.get(column, 3)}f}" if math.isfinite(value) else ""
    text = str(value)
    # a spreadsheet would run a text that begins so; "-190 to -25 HU" is none of these
    runs = text[:1] in {"=", "+", "@", "\t", "\r"} or (text[:1] == "-" and not text[1:2].isdigit())
    return f"'{text}" if runs else text


def write_manifest(out: Path, document: Mapping[str, Any]) -> None:
    """Write the manifest."""
    with _writing(out / MANIFEST) as stream:
        stream.write(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8"))


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[BinaryIO]:
    try:
        with replacing_file(path) as stream:
            yield stream
    except OSError as error:
        raise disk_refusal("a table", error, path.name) from error


def read_manifest(out: Path) -> Mapping[str, Any] | None:
    """Return the manifest of an earlier run, None where there is none that can be read."""
    try:
        found = json.loads((out / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
