"""Whole cases: exact round trips, equal bytes, atomic replacement, every damage found."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from anatomy_twin.core import AblationPlan, Applicator, Case, Cost, SilentMonitor, VolumeGeometry
from anatomy_twin.errors import Cancelled, StoreError
from anatomy_twin.notice import INTENDED_USE
from anatomy_twin.rehearsal import scene
from anatomy_twin.store import load_case, save_case, verify_case
from anatomy_twin.store.folder import safe_names
from anatomy_twin.store.sealed_json import dump, parse
from anatomy_twin.store.swap import replacing
from tests.support.full_case import full_case
from tests.support.saved_cases import assert_equal, reseal


class Listener(SilentMonitor):
    def __init__(self):
        self.warnings, self.fractions = [], []

    def warn(self, message):
        self.warnings.append(message)

    def progress(self, fraction):
        self.fractions.append(fraction)


@pytest.fixture
def saved(tmp_path) -> Path:
    return save_case(full_case(), tmp_path / "toy.twin")


def files_of(folder: Path) -> dict[str, bytes]:
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


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


def test_the_manifest_says_frame_units_and_use(saved):
    manifest = json.loads((saved / "case.json").read_text())
    assert manifest["schema_version"] == 5 and manifest["coordinates"] == "LPS, mm"
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
    (lambda m: m.update(schema_version=6), "schema version 6.*reads 1 to 5.*update"),
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
