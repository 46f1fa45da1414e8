"""Broken and hostile descriptions: plan files, and the manifests and JSON parts of cases."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from anatomy_twin.store import load_plan, save_case
from anatomy_twin.store.sealed_json import seal, unseal
from tests.fuzz.archives import is_the_case, read_case, small_case
from tests.fuzz.case import REFUSED, TRUTH, WARNED, Case

PLANS, MANIFESTS = "plans", "manifests"
RUN_PLAN = "tests.fuzz.manifests:read_plan"
RUN_CASE = "tests.fuzz.manifests:read_folder"
APPLICATOR = {"device": "d", "entry_mm": [0, 0, 0], "tip_mm": [9, 9, 9], "power_w": 60, "duration_s": 300}
PLAN = {"name": "x", "target": "tumour_1", "margin_mm": 5, "applicators": [APPLICATOR]}
read_folder = read_case  # a case is a folder or its archive


def read_plan(path: Path) -> Any:
    """Read a plan as a user would."""
    return load_plan(path)


def is_the_plan(plan: Any) -> bool:
    only = plan.applicators[0]
    return (plan.name, plan.target, plan.margin_mm, only.tip_mm, only.power_w, only.duration_s) == (
        "x", "tumour_1", 5.0, (9.0, 9.0, 9.0), 60.0, 300.0
    )


def changed(**fields: Any) -> bytes:
    """A plan file with other fields; None takes one away."""
    return json.dumps({k: v for k, v in {**PLAN, **fields}.items() if v is not None}).encode()


def applicator(**fields: Any) -> bytes:
    return changed(applicators=[{**APPLICATOR, **fields}])


class _Loud:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("made_by_a_pickle",)


GOOD_PLANS = {
    "as-documented": json.dumps(PLAN).encode(),
    "with-kind": changed(kind="AblationPlan"),
    "without-margin": changed(margin_mm=None),
    "with-mark-of-order": b"\xef\xbb\xbf" + json.dumps(PLAN).encode(),
}
BAD_PLANS = {
    "empty": b"",
    "nothing-but-null": b"null",
    "a-list": b"[]",
    "a-number": b"1",
    "cut": json.dumps(PLAN).encode()[:-20],
    "two-documents": json.dumps(PLAN).encode() * 2,
    "deep-lists": b"[" * 900_000,
    "deep-objects": b'{"a":' * 180_000,
    "deep-and-closed": b"[" * 70 + b"]" * 70,
    "many-empty-lists": b"[" + b"[]," * 330_000 + b"[]]",
    "not-a-number": json.dumps(PLAN).replace("60", "NaN").encode(),
    "infinite": json.dumps(PLAN).replace("60", "-Infinity").encode(),
    "exponent": json.dumps(PLAN).replace("60", "1e999").encode(),
    "long-number": json.dumps(PLAN).replace("60", "9" * 4000).encode(),
    "very-long-number": json.dumps(PLAN).replace("60", "9" * 400_000).encode(),
    "key-twice": json.dumps(PLAN).replace('"name"', '"margin_mm": 9, "name"', 1).encode(),
    "not-utf-8": json.dumps(PLAN).replace("tumour_1", "tumour_\xff").encode("latin-1"),
    "half-a-character": json.dumps(PLAN).replace("tumour_1", "\\ud800").encode(),
    "yaml": b"!!python/object/apply:os.system ['touch made_by_yaml']\n",
    "pickle": pickle.dumps(_Loud()),
    "gzip": gzip.compress(json.dumps(PLAN).encode(), mtime=0),
    "larger-than-a-plan": b" " * 1_000_001,
    "unknown-kind": changed(kind="os.system"),
    "kind-is-a-list": changed(kind=["AblationPlan"]),
    "unknown-field": changed(command="rm -rf /"),
    "dunder-field": changed(__class__="x"),
    "no-target": changed(target=None),
    "no-applicators": changed(applicators=None),
    "empty-applicators": changed(applicators=[]),
    "applicators-an-object": changed(applicators={"0": APPLICATOR}),
    "many-applicators": changed(applicators=[APPLICATOR] * 13),
    "applicator-null": changed(applicators=[None]),
    "name-escapes": changed(name="\x1b]0;owned\x07"),
    "name-long": changed(name="n" * 900_000),
    "name-a-number": changed(name=7),
    "margin-text": changed(margin_mm="5"),
    "margin-true": changed(margin_mm=True),
    "margin-negative": changed(margin_mm=-5),
    "point-of-two": applicator(tip_mm=[1, 2]),
    "point-far": applicator(tip_mm=[1e300, 0, 0]),
    "point-text": applicator(tip_mm="9,9,9"),
    "tip-at-entry": applicator(tip_mm=[0, 0, 0]),
    "power-huge": applicator(power_w=1e6),
    "time-negative": applicator(duration_s=-1),
    "segment-cut-of-nothing": json.dumps({"kind": "ResectionPlan", "name": "x", "organ": "liver", "targets": [],
                                          "cuts": [{"kind": "SegmentCut", "segments": []}]}).encode(),
    "cut-of-no-kind": json.dumps({"kind": "ResectionPlan", "name": "x", "organ": "liver", "targets": [],
                                  "cuts": [{"segments": ["V"]}]}).encode(),
    "plane-without-direction": json.dumps(
        {"kind": "ResectionPlan", "name": "x", "organ": "liver", "targets": [],
         "cuts": [{"kind": "PlaneCut", "point_mm": [0, 0, 0], "normal": [0, 0, 0]}]}).encode(),
}


def _plan_file(data: bytes, folder: Path) -> Path:
    path = folder / "plan.json"
    path.write_bytes(data)
    return path


def _plan_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "plan.json")
    return folder / "plan.json"


def _plan_device(folder: Path) -> Path:
    (folder / "plan.json").symlink_to("/dev/zero")
    return folder / "plan.json"


def _resealed(change: Callable[[dict[str, Any]], Any], folder: Path) -> Path:
    """A case whose manifest was changed by somebody who knows how it is sealed."""
    path = save_case(small_case(), folder / "x.twin")
    manifest = unseal((path / "case.json").read_bytes(), "case.json")
    change(manifest)
    (path / "case.json").write_bytes(seal(manifest))
    return path


def _raw(make: Callable[[bytes], bytes], folder: Path) -> Path:
    """A case whose manifest is other bytes."""
    path = save_case(small_case(), folder / "x.twin")
    (path / "case.json").write_bytes(make((path / "case.json").read_bytes()))
    return path


def _part(relative: str, make: Callable[[bytes], bytes], folder: Path) -> Path:
    """A case with one file changed and everything sealed again, so that only the reader of that file can refuse it."""
    data = make((save_case(small_case(), folder / "x.twin") / relative).read_bytes())

    def change(manifest: dict[str, Any]) -> None:
        manifest["files"][relative] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    path = _resealed(change, folder)
    (path / relative).write_bytes(data)
    return path


def _linked(relative: str, folder: Path) -> Path:
    path = _resealed(lambda manifest: None, folder)
    shutil.move(path / relative, folder / "elsewhere")
    (path / relative).symlink_to(folder / "elsewhere")
    return path


def _piped(folder: Path) -> Path:
    path = _resealed(lambda manifest: None, folder)
    (path / "plans" / "A.json").unlink()
    os.mkfifo(path / "plans" / "A.json")
    return path


def _nrrd(**fields: str) -> Callable[[bytes], bytes]:
    def make(data: bytes) -> bytes:
        head, _, body = data.partition(b"\n\n")
        lines = [line for line in head.decode().split("\n") if line.partition(": ")[0].replace(" ", "_") not in fields]
        lines += [f"{name.replace('_', ' ')}: {text}" for name, text in fields.items()]
        return "\n".join(lines).encode() + b"\n\n" + body

    return make


def _inflating(data: bytes) -> bytes:
    head, _, _ = data.partition(b"\n\n")
    return head + b"\n\n" + gzip.compress(bytes(200 * 1024**2), mtime=0)


def _json(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def make(data: bytes) -> bytes:
        content = json.loads(data)
        change(content)
        return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()

    return make


def _file_of_plan(name: Any) -> Callable[[dict[str, Any]], Any]:
    def change(manifest: dict[str, Any]) -> None:
        manifest["files"][str(name)] = {"bytes": 1, "sha256": "0"}
        manifest["case"]["plans"][0]["file"] = name

    return change


MANIFEST_CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "path-leads-out": _file_of_plan("../../etc/passwd"),
    "path-absolute": _file_of_plan("/etc/passwd"),
    "path-backslash": _file_of_plan("plans\\A.json"),
    "path-drive": _file_of_plan("C:/x"),
    "path-zero-byte": _file_of_plan("plans/A.json\0"),
    "path-a-number": _file_of_plan(7),
    "path-long": _file_of_plan("a" * 5000),
    "path-escapes": _file_of_plan("\x1b[2J"),
    "format-other": lambda m: m.update(format="other"),
    "version-newer": lambda m: m.update(schema_version=99),
    "version-true": lambda m: m.update(schema_version=True),
    "version-long": lambda m: m.update(schema_version=10**4000),
    "version-a-list": lambda m: m.update(schema_version=[1]),
    "no-case": lambda m: m.pop("case"),
    "no-files": lambda m: m.pop("files"),
    "case-a-list": lambda m: m.update(case=[]),
    "files-a-list": lambda m: m.update(files=[]),
    "files-of-numbers": lambda m: m.update(files=dict.fromkeys(m["files"], 1)),
    "size-huge": lambda m: m["files"]["plans/A.json"].update(bytes=2**70),
    "size-text": lambda m: m["files"]["plans/A.json"].update(bytes="1"),
    "checksum-wrong": lambda m: m["files"]["plans/A.json"].update(sha256="0" * 64),
    "checksum-a-list": lambda m: m["files"]["plans/A.json"].update(sha256=[0]),
    "primary-unknown": lambda m: m["case"].update(primary="other"),
    "primary-a-list": lambda m: m["case"].update(primary=["scan"]),
    "volumes-null": lambda m: m["case"].update(volumes=None),
    "volumes-none": lambda m: m["case"].update(volumes=[]),
    "volume-twice": lambda m: m["case"]["volumes"].append(m["case"]["volumes"][0]),
    "plan-as-volume": lambda m: m["case"]["volumes"][0].update(file="plans/A.json"),
    "patient-height": lambda m: m["case"]["patient"].update(height_cm=1e300),
    "patient-field": lambda m: m["case"]["patient"].update(__class__="x"),
    "pseudonym-escapes": lambda m: m["case"]["patient"].update(pseudonym="\x1b[2J"),
    "transform-not-square": lambda m: m["case"]["transforms"].append(
        {"fixed": "scan", "moving": "scan", "matrix": [[1.0]], "error_mm": 1.0}),
    "transform-of-text": lambda m: m["case"]["transforms"].append(
        {"fixed": "scan", "moving": "scan", "matrix": "identity", "error_mm": 1.0}),
    "file-that-nothing-uses": lambda m: m["case"].update(plans=[]),
}
MANIFEST_BYTES: dict[str, Callable[[bytes], bytes]] = {
    "bytes-none": lambda data: b"",
    "bytes-cut": lambda data: data[:200],
    "bytes-seal-gone": lambda data: _json(lambda content: content.pop("sealed_by_sha256"))(data),
    "bytes-seal-wrong": lambda data: data.replace(b"LPS", b"RAS"),
    "bytes-deep": lambda data: b"[" * 2_000_000,
    "bytes-many-lists": lambda data: b"[" + b"[]," * 2_000_000 + b"[]]",
    "bytes-large": lambda data: data + b" " * 40_000_000,
    "bytes-nan": lambda data: data.replace(b"null", b"NaN", 1),
    "bytes-long-number": lambda data: data.replace(b": 1,", b": " + b"9" * 100_000 + b",", 1),
    "bytes-key-twice": lambda data: data.replace(b'"format"', b'"format": "x",\n "format"', 1),
    "bytes-pickle": lambda data: pickle.dumps(_Loud()),
    "bytes-other-spelling": lambda data: data.replace(b"\n ", b"\n  ", 1),
}
VOLUME = "volumes/scan.nrrd"
PARTS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "volume-claims-voxels": (VOLUME, _nrrd(sizes="100000 100000 100000")),
    "volume-claims-what-no-bytes-hold": (VOLUME, _nrrd(sizes="2000 2000 400")),
    "volume-claims-more": (VOLUME, _nrrd(sizes="5 4 4")),
    "volume-of-negative-size": (VOLUME, _nrrd(sizes="-5 -4 3")),
    "volume-size-nan": (VOLUME, _nrrd(sizes="5 4 nan")),
    "volume-data-elsewhere": (VOLUME, _nrrd(data_file="/etc/passwd")),
    "volume-encoding": (VOLUME, _nrrd(encoding="bzip2")),
    "volume-inflates": (VOLUME, _inflating),
    "volume-no-nrrd": (VOLUME, lambda data: b"\x93NUMPY" + data),
    "volume-direction-nan": (VOLUME, _nrrd(space_directions="(nan,0,0) (0,1,0) (0,0,2)")),
    "volume-flat": (VOLUME, _nrrd(space_directions="(1,0,0) (1,0,0) (0,0,2)")),
    "plan-kind-unknown": ("plans/A.json", _json(lambda content: content.update(kind="Popen"))),
    "plan-deep": ("plans/A.json", lambda data: b"[" * 500_000),
    "plan-other-name": ("plans/A.json", _json(lambda content: content.update(margin_mm="5"))),
    "provenance-an-object": ("provenance.json", lambda data: b"{}\n"),
    "anatomy-a-list": ("anatomy.json", lambda data: b"[]\n"),
    "anatomy-of-nothing-known": ("anatomy.json", lambda data: b'{"notes": [], "structures": [{"key": "x"}]}\n'),
}


def cases() -> tuple[Case, ...]:
    """Good descriptions, to prove that the readers can read, and every bad one once."""
    made = [Case(n, PLANS, partial(_plan_file, data), RUN_PLAN, TRUTH, is_the_plan) for n, data in GOOD_PLANS.items()]
    made += [Case(n, PLANS, partial(_plan_file, data), RUN_PLAN, REFUSED) for n, data in BAD_PLANS.items()]
    made += [Case("pipe", PLANS, _plan_pipe, RUN_PLAN, REFUSED), Case("device", PLANS, _plan_device, RUN_PLAN, REFUSED)]
    writers = {name: partial(_resealed, change) for name, change in MANIFEST_CHANGES.items()}
    writers |= {name: partial(_raw, make) for name, make in MANIFEST_BYTES.items()}
    writers |= {name: partial(_part, *what) for name, what in PARTS.items()}
    writers |= {"manifest-a-link": partial(_linked, "case.json"), "volume-a-link": partial(_linked, VOLUME),
                "folder-a-link": partial(_linked, "plans"), "plan-a-pipe": _piped}
    made += [Case(name, MANIFESTS, write, RUN_CASE, REFUSED) for name, write in writers.items()]
    good = partial(_resealed, lambda manifest: None)
    made.append(Case("as-saved", MANIFESTS, good, RUN_CASE, TRUTH, is_the_case))
    timings = partial(_raw_timings, b"{}")
    made.append(Case("timings-unsealed", MANIFESTS, timings, RUN_CASE, WARNED, is_the_case, "timings"))
    return tuple(made)


def _raw_timings(data: bytes, folder: Path) -> Path:
    path = _resealed(lambda manifest: None, folder)
    (path / "run" / "timings.json").write_bytes(data)
    return path
