"""Whole cases: exact round trips, equal bytes, atomic replacement, every damage found."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from anatomy_twin.core import AblationPlan, Applicator, Case, Cost, Display, SilentMonitor, VolumeGeometry
from anatomy_twin.errors import Cancelled, StoreError
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.rehearsal import scene
from anatomy_twin.store import load_case, save_case, verify_case
from anatomy_twin.store.folder import safe_names
from anatomy_twin.store.sealed_json import dump, parse, seal, unseal
from anatomy_twin.store.swap import replacing
from tests.support.full_case import full_case


class Listener(SilentMonitor):
    def __init__(self):
        self.warnings, self.fractions = [], []

    def warn(self, message):
        self.warnings.append(message)

    def progress(self, fraction):
        self.fractions.append(fraction)


def assert_equal(a, b, where="case"):
    """Equal to the last bit, types included."""
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.shape == b.shape, where
        np.testing.assert_array_equal(a, b, where)
    elif is_dataclass(a):
        assert type(a) is type(b), where
        for part in fields(a):
            assert_equal(getattr(a, part.name), getattr(b, part.name), f"{where}.{part.name}")
    elif hasattr(a, "items"):
        assert type(a) is type(b) and list(a) == list(b), where
        for key in a:
            assert_equal(a[key], b[key], f"{where}[{key!r}]")
    elif isinstance(a, tuple):
        assert isinstance(b, tuple) and len(a) == len(b), where
        for n, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_equal(x, y, f"{where}[{n}]")
    else:
        assert a == b and (type(a) is type(b) or {type(a), type(b)} <= {int, float}), where


@pytest.fixture
def saved(tmp_path) -> Path:
    return save_case(full_case(), tmp_path / "toy.twin")


FIRST_CERTIFICATE = ("watertight", "outward", "volume_error_percent", "triangle_count", "touches_border")


def files_of(folder: Path) -> dict[str, bytes]:
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def reseal(folder: Path, change) -> None:
    """Change the manifest as somebody would who knows how it is sealed."""
    manifest = unseal((folder / "case.json").read_bytes(), "case.json")
    change(manifest)
    (folder / "case.json").write_bytes(seal(manifest))


def test_a_full_case_comes_back_exactly(saved):
    listener = Listener()
    assert_equal(load_case(saved, monitor=listener), full_case())
    assert listener.warnings == [] and listener.fractions[-1] == 1.0
    assert not load_case(saved).volume.array.flags.writeable


def test_equal_cases_give_equal_bytes_also_after_a_round_trip(saved, tmp_path):
    again = save_case(load_case(saved), tmp_path / "elsewhere" / "other.twin")
    assert files_of(again) == files_of(saved)


def test_only_the_run_folder_knows_how_long_it_took(saved, tmp_path):
    slower = save_case(replace(full_case(), timings_s={"segment": 99.0}), tmp_path / "slower.twin")
    before, after = files_of(saved), files_of(slower)
    assert [name for name in before if before[name] != after[name]] == ["run/timings.json"]
    assert "run/timings.json" not in json.loads(before["case.json"])["files"]


def test_nothing_tells_where_when_or_by_whom_it_was_written(saved):
    words = [str(saved), str(saved.parent), os.uname().nodename]
    for name, data in files_of(saved).items():
        for word in words:
            assert word.encode() not in data, (name, word)
        if name.endswith(".nrrd"):
            stream = data[data.index(b"\n\n") + 2 :]
            assert stream[:2] == b"\x1f\x8b" and stream[3:8] == bytes(5)  # gzip: no name, no time


def test_a_minimal_case_comes_back(tmp_path):
    case = Case.new(volume=full_case().volumes["arterial phase"])
    assert_equal(load_case(save_case(case, tmp_path / "m.twin")), case)


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
    first = replace(case, measurements={}, display=Display())
    assert_equal(replace(old, anatomy=case.anatomy, plans=case.plans), first)


def test_a_case_of_the_second_version_is_read(saved):
    """Its resections had one way to combine cuts; measurements and display were not known."""
    reseal(saved, lambda manifest: without_later_parts(saved, manifest, 2))
    case, old = full_case(), load_case(saved)
    cut = "Plan Bé / Δ"
    plans = {**case.plans, cut: replace(case.plans[cut], combination="any")}
    assert_equal(old, replace(case, measurements={}, display=Display(), plans=plans))


def without_later_parts(saved, manifest, version):
    """Turn a saved case into one of an older version."""
    manifest["schema_version"] = version
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


def test_the_manifest_says_frame_units_and_use(saved):
    manifest = json.loads((saved / "case.json").read_text())
    assert manifest["schema_version"] == 3 and manifest["coordinates"] == "LPS, mm"
    assert manifest["intended_use"] == INTENDED_USE == scene.INTENDED_USE


def test_verify_finds_any_changed_byte(saved):
    assert verify_case(saved).ok
    rng = np.random.default_rng(5)
    for name, data in files_of(saved).items():
        for place in {0, len(data) - 1, int(rng.integers(0, len(data)))}:
            damaged = bytearray(data)
            damaged[place] ^= 1 << int(rng.integers(0, 8))
            (saved / name).write_bytes(damaged)
            report = verify_case(saved)
            assert not report.ok and any(line.startswith(name) for line in report.problems), (name, place)
        if not name.startswith("run/"):
            with pytest.raises(StoreError):
                load_case(saved)
        (saved / name).write_bytes(data)
    assert verify_case(saved).ok


def test_a_missing_changed_or_shortened_file_is_named(saved):
    surface = saved / "surfaces" / "liver.vtp"
    data = surface.read_bytes()
    surface.write_bytes(data[:-1] + b"x")
    with pytest.raises(StoreError, match=r"changed.*surfaces/liver\.vtp.*verify"):
        load_case(saved)
    surface.write_bytes(data[:-1])
    with pytest.raises(StoreError, match=r"changed.*surfaces/liver\.vtp"):
        load_case(saved)
    surface.unlink()
    with pytest.raises(StoreError, match=r"missing.*surfaces/liver\.vtp"):
        load_case(saved)
    assert verify_case(saved).problems == ("surfaces/liver.vtp: missing",)


def test_extra_files_are_reported_and_not_read(saved):
    (saved / "plans" / "extra.json").write_text("{}")
    (saved / "hidden").symlink_to("/etc")
    report, listener = verify_case(saved), Listener()
    assert report.ok and report.extra == ("hidden", "plans/extra.json")
    assert_equal(load_case(saved, monitor=listener), full_case())
    assert len(listener.warnings) == 2


def test_lost_timings_cost_no_more_than_the_timings(saved):
    (saved / "run" / "timings.json").write_text("{}")
    listener = Listener()
    assert dict(load_case(saved, monitor=listener).timings_s) == {} and "timings" in listener.warnings[0]
    assert not verify_case(saved).ok


@pytest.mark.parametrize("name", [
    "../outside.json", "/etc/passwd", "plans/../../x", "C:\\x", "plans\\A.json", "plans//A.json", "", ".hidden", "a\0b",
    "~/x", "plans/A.json ", "a/b/c/d/e", "x" * 500, 7,
])  # fmt: skip
def test_a_manifest_cannot_lead_out_of_the_case(saved, name):
    def change(manifest):
        manifest["files"][str(name)] = {"bytes": 1, "sha256": "0"}
        manifest["case"]["plans"][0]["file"] = name

    reseal(saved, change)
    with pytest.raises(StoreError):
        load_case(saved)
    assert not verify_case(saved).ok


def test_links_are_refused(saved, tmp_path):
    target = tmp_path / "plan.json"
    shutil.move(saved / "plans" / "A.json", target)
    (saved / "plans" / "A.json").symlink_to(target)
    with pytest.raises(StoreError, match="link"):
        load_case(saved)
    assert any("link" in line for line in verify_case(saved).problems)
    shutil.move(saved / "plans", tmp_path / "plans")
    (saved / "plans").symlink_to(tmp_path / "plans")
    with pytest.raises(StoreError, match="link"):
        load_case(saved)


@pytest.mark.parametrize(("change", "words"), [
    (lambda m: m.update(schema_version=4), "schema version 4.*reads 1 to 3.*update"),
    (lambda m: m.update(schema_version=0), "schema version 0"),
    (lambda m: m.update(format="other"), "not that of a case"),
    (lambda m: m["case"].update(primary="no such"), "no such"),
    (lambda m: m["case"].pop("plans"), "plans"),
    (lambda m: m["case"]["plans"].append(m["case"]["plans"][0]), "same name"),
    (lambda m: m["case"]["plans"].pop(), "nothing in the case refers"),
    (lambda m: m["case"]["patient"].update(height_cm="170"), "float"),
    (lambda m: m["case"]["patient"].update(nickname="x"), "nickname"),
    (lambda m: m["case"]["patient"].update(weight_kg=1e9), "weight_kg"),
    (lambda m: m["case"]["transforms"][0].update(matrix=[[1.0]]), "4 x 4"),
    (lambda m: m["case"]["volumes"][0].update(synthetic=1), "bool"),
    (lambda m: m["case"]["plans"][0].update(name=["x"]), "str"),
])  # fmt: skip
def test_contents_that_do_not_fit_are_refused_in_one_line(saved, change, words):
    reseal(saved, change)
    with pytest.raises(StoreError, match=words) as caught:
        load_case(saved)
    assert "\n" not in str(caught.value)


def test_a_plan_of_an_unknown_kind_or_with_strange_values_is_refused(saved):
    plan = saved / "plans" / "A.json"
    good = json.loads(plan.read_text())
    for change in ({"kind": "ModulePlan"}, {"margin_mm": "5"}, {"margin_mm": -5.0}, {"applicators": []}, {"x": 1}):
        data = dump({**good, **change})
        plan.write_bytes(data)
        import hashlib

        entry = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        reseal(saved, lambda manifest, entry=entry: manifest["files"].update({"plans/A.json": entry}))
        with pytest.raises(StoreError, match=r"plans/A\.json"):
            load_case(saved)


@pytest.mark.parametrize("text", [
    '{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', '{"a": 1, "a": 2}', "[" * 100_000, "[" * 80 + "]" * 80, "\xff",
    '{"a": ' + "9" * 5000 + "}", "", "{",
])  # fmt: skip
def test_json_with_traps_is_refused(text):
    with pytest.raises(StoreError):
        parse(text.encode("latin-1"), "x.json")


def test_numbers_that_are_not_finite_are_not_written(tmp_path):
    case = full_case()
    check = replace(case.checks["A"], costs=(Cost("length", float("nan"), "mm"),))
    with pytest.raises(StoreError, match="cannot be stored"):
        save_case(case.with_plan(case.plan("A"), check), tmp_path / "nan.twin")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_case_is_refused(tmp_path):
    for path in (tmp_path / "nothing.twin", tmp_path):
        with pytest.raises(StoreError):
            load_case(path)
        with pytest.raises(StoreError):
            verify_case(path)


def test_foreign_folders_and_files_are_never_replaced(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_text("dear")
    with pytest.raises(StoreError, match="no case"):
        save_case(full_case(), photos)
    with pytest.raises(StoreError, match="file or link"):
        save_case(full_case(), photos / "a.jpg")
    assert (photos / "a.jpg").read_text() == "dear" and len(list(tmp_path.iterdir())) == 1


def test_saving_again_replaces_the_case_and_leaves_nothing_else(saved):
    changed = full_case().with_plan(AblationPlan("B", "tumour_2", (Applicator("d", (0, 0, 0), (9, 9, 9), 1, 1),)))
    save_case(changed, saved)
    assert_equal(load_case(saved), changed)
    assert [path.name for path in saved.parent.iterdir()] == ["toy.twin"]


def test_a_cancelled_save_leaves_the_old_case(saved):
    class Stopper(SilentMonitor):
        calls = 0

        @property
        def cancelled(self):
            self.calls += 1
            return self.calls > 5

    before = files_of(saved)
    with pytest.raises(Cancelled):
        save_case(full_case().with_step("more", {}), saved, monitor=Stopper())
    assert files_of(saved) == before and [path.name for path in saved.parent.iterdir()] == ["toy.twin"]


def test_a_killed_save_leaves_the_old_case_and_its_litter_is_swept(saved):
    before = files_of(saved)
    code = (
        "import os, sys; from pathlib import Path; from anatomy_twin.store.swap import replacing\n"
        "with replacing(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').write_text('x'); os._exit(9)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    ended = subprocess.run([sys.executable, "-c", code, str(saved)], env=environment, check=False)
    assert ended.returncode == 9 and len(list(saved.parent.iterdir())) == 2
    assert_equal(load_case(saved), full_case())
    assert files_of(saved) == before and [path.name for path in saved.parent.iterdir()] == ["toy.twin"]


def test_a_case_that_was_moved_aside_by_a_killed_save_is_put_back(saved):
    aside = saved.parent / ".toy.twin.old-12345678"
    aside.mkdir()
    saved.rename(aside / "case")
    assert_equal(load_case(saved), full_case())
    assert not aside.exists()


def test_a_folder_that_another_save_is_writing_is_left_alone(tmp_path):
    with replacing(tmp_path / "x.twin") as first:
        (first / "a").write_text("1")
        with replacing(tmp_path / "x.twin") as second:
            assert first.is_dir() and first != second
            (second / "a").write_text("2")
    assert (tmp_path / "x.twin" / "a").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["x.twin"]


def test_file_names_are_safe_everywhere_and_never_meet():
    names = ["A", "a", "../x", "..\\x", "con", "CON", "ä", "", "_case", "x" * 200, "a b", "a/b", "-rf", ".", "..", "A."]
    chosen = safe_names(names)
    assert chosen["A"] == "A" and chosen[""] == "_case"
    assert len({name.lower() for name in chosen.values()}) == len(names)
    for name in chosen.values():
        assert name.isascii() and len(name) < 80 and not set(name) & set("/\\.: ") and not name.startswith("-")


def test_volumes_of_every_number_type_keep_it(tmp_path):
    case = full_case()
    volume = case.volumes["arterial phase"]
    whole = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
    for dtype in (*whole, "float32", "float64", ">i2"):
        array = np.arange(60).reshape(3, 4, 5).astype(dtype)[:, ::-1]
        one = Case.new(volume=replace(volume, array=array))
        back = load_case(save_case(one, tmp_path / "t.twin")).volume.array
        assert back.dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(back, array)
    half = Case.new(volume=replace(volume, array=np.zeros((3, 4, 5), np.float16)))
    with pytest.raises(StoreError, match="float16"):
        save_case(half, tmp_path / "h.twin")


def test_random_oblique_grids_come_back_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(0)
    for seed in range(5):
        q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        geometry = VolumeGeometry((3, 4, 5), tuple(rng.uniform(0.1, 5, 3)), q, tuple(rng.normal(size=3) * 500), "1.2")
        case = Case.new(volume=replace(full_case().volumes["arterial phase"], geometry=geometry))
        assert_equal(load_case(save_case(case, tmp_path / f"{seed}.twin")), case)
