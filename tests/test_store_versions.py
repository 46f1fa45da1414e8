"""Cases that older versions of the program wrote."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from anatomy_twin.core import Display
from anatomy_twin.store import load_case, save_case
from tests.support.full_case import full_case
from tests.support.saved_cases import assert_equal, reseal

FIRST_CERTIFICATE = ("watertight", "outward", "volume_error_percent", "triangle_count", "touches_border")


@pytest.fixture
def saved(tmp_path):
    return save_case(full_case(), tmp_path / "toy.twin")


def test_a_case_of_the_first_version_is_read(saved):
    """What that version did not know stays not checked or empty; everything else is as it was."""
    content = json.loads((saved / "anatomy.json").read_text())
    for name in ("trees", "tetrahedra", "territories"):
        del content[name]
    for entry in content["structures"]:
        entry.pop("coarse")
        entry["certificate"] = entry["certificate"] and {name: entry["certificate"][name] for name in FIRST_CERTIFICATE}
    data = json.dumps(content).encode()
    (saved / "anatomy.json").write_bytes(data)

    def older(manifest):
        without_later_parts(saved, manifest, 1)
        for name in list(manifest["files"]):
            if name.startswith(("trees/", "tetrahedra/", "territories", "surfaces/coarse/")):
                (saved / name).unlink()
                del manifest["files"][name]
        manifest["files"]["anatomy.json"] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    reseal(saved, older)
    case, old = full_case(), load_case(saved)
    assert not old.anatomy.trees and old.anatomy.territories is None and not old.anatomy.tetrahedra
    certificate = old.anatomy["body"].certificate
    assert certificate.watertight and certificate.manifold is None and certificate.pieces is None
    assert_equal(old.anatomy["liver"].surface, case.anatomy["liver"].surface)
    first = without_heart(replace(case, measurements={}, display=Display()))
    assert_equal(replace(old, anatomy=case.anatomy, plans=case.plans), first)


def test_a_case_of_the_second_version_is_read(saved):
    """Its resections had one way to combine cuts; measurements and display were not known."""
    reseal(saved, lambda manifest: without_later_parts(saved, manifest, 2))
    case, old = full_case(), load_case(saved)
    cut = "Plan Bé / Δ"
    plans = {**case.plans, cut: replace(case.plans[cut], combination="any")}
    assert_equal(old, without_heart(replace(case, measurements={}, display=Display(), plans=plans)))


def test_a_case_of_the_third_version_is_read(saved):
    """Its transforms had no field and always an error; there were no confirmations."""
    reseal(saved, lambda manifest: without_later_parts(saved, manifest, 3))
    assert_equal(load_case(saved), without_heart(full_case()))


def test_numbers_of_before_intervals_were_kept_are_read(saved):
    """They stood in the notes, which stay as they are."""
    def older(manifest):
        for name, entry in manifest["files"].items():
            if name.startswith("assessments/"):
                content = json.loads((saved / name).read_text())
                for quantity in content["quantities"]:
                    del quantity["interval"]
                data = json.dumps(content).encode()
                (saved / name).write_bytes(data)
                entry.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())

    reseal(saved, older)
    case, old = full_case(), load_case(saved)
    for name, numbers in case.assessments.items():
        rows = tuple(replace(quantity, interval=None) for quantity in numbers.quantities)
        assert_equal(old.assessments[name], replace(numbers, quantities=rows))
    assert any(q.interval for numbers in case.assessments.values() for q in numbers.quantities)


def test_a_case_of_the_fourth_version_is_read(saved):
    """It had no chambers of a heart and nothing of its rhythm."""
    reseal(saved, lambda manifest: without_later_parts(saved, manifest, 4))
    assert_equal(load_case(saved), without_heart(full_case()))


HEART = ("chambers", "muscles", "activations", "inductions", "lesion_searches")


def without_heart(case):
    """Return a case as it was before hearts could be kept."""
    return replace(case, **{name: {} for name in HEART})


def without_later_parts(saved, manifest, version):
    """Turn a saved case into one of an older version."""
    manifest["schema_version"] = version
    for name in HEART:
        manifest["case"].pop(name)
        for file in (file for file in list(manifest["files"]) if file.startswith(f"{name}/")):
            (saved / file).unlink()
            del manifest["files"][file]
    if version == 4:
        return
    manifest["case"].pop("confirmations")
    manifest["case"].pop("robustness")
    for entry in manifest["case"]["transforms"]:
        del entry["field"], entry["error_kind"]
    if version == 3:
        return
    for name in ("measurements", "display"):
        file = manifest["case"].pop(name)
        (saved / file).unlink()
        del manifest["files"][file]
    for file in saved.glob("plans/*.json"):
        content = json.loads(file.read_text(encoding="utf-8"))
        if content.pop("combination", None) is not None:
            data = json.dumps(content).encode()
            file.write_bytes(data)
            relative = file.relative_to(saved).as_posix()
            manifest["files"][relative] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
