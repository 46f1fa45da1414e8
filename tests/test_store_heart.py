"""A heart lives in the case: kept to the last bit, seen by other programs, refused where torn or made to fit badly."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import pyvista

from anatomy_twin.errors import StoreError
from anatomy_twin.pipeline.procedures.naming import with_name
from anatomy_twin.store import load_case, save_case, verify_case
from anatomy_twin.store.sealed_json import dump
from anatomy_twin.store.vtt import decode_vtt, encode_vtt
from tests.support.saved_cases import assert_equal, reseal
from tests.support.small_heart import tube, with_heart
from tests.support.toy_case import planned_case


@pytest.fixture(scope="module")
def case():
    return with_heart(planned_case(8.0))


@pytest.mark.parametrize("file", ["case.twin", "case.zip"])
def test_it_is_read_as_it_was_saved(tmp_path, case, file):
    saved = save_case(case, tmp_path / file)
    back = load_case(saved)
    assert_equal(back, case)
    assert back.chamber("left_atrium").surface.points_mm.flags.writeable is False
    assert verify_case(saved).ok
    assert_equal(load_case(save_case(back, tmp_path / f"again {file}")), case)


def test_chambers_without_what_may_be_unknown_are_kept(tmp_path, case):
    bare = replace(tube(), region_names=(), regions=None, fibres=None, substrate=None, wall_mm=None)
    muscle = replace(case.muscles["ventricles"], depth=None, substrate=None, parts={}, notes=())
    once = case.with_chamber(bare).with_chamber(muscle)
    assert not once.activations and not once.inductions, "what was read off other chambers goes"
    assert_equal(load_case(save_case(once, tmp_path / "case.twin")), once)


def test_other_programs_see_the_wall(tmp_path, case):
    saved = save_case(case, tmp_path / "case.twin")
    mesh = pyvista.read(saved / "chambers/left_atrium/surface.vtp")
    chamber = case.chambers["left_atrium"]
    np.testing.assert_array_equal(mesh.points, chamber.surface.points_mm)
    np.testing.assert_array_equal(mesh.point_data["region"], chamber.regions)
    np.testing.assert_array_equal(mesh.point_data["substrate_class"], chamber.substrate.classes)
    np.testing.assert_array_equal(mesh.cell_data["epi"], chamber.fibres.epi)


def test_a_table_of_every_kind_of_column_comes_back():
    columns = {"on": np.array([True, False]), "count": np.array([-1, 2**53]), "small": np.float32([1 / 3, np.nan]),
               "exact": np.array([1 / 3, np.inf])}
    back = decode_vtt(encode_vtt(columns), "t")
    assert list(back) == list(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(back[name], column)
    assert back["small"].dtype == np.float32 and back["exact"].dtype == np.float64
    with pytest.raises(StoreError, match="equally long"):
        encode_vtt({"a": np.zeros(2), "b": np.zeros(3)})
    for bad in (b"", b"<VTKFile/>", encode_vtt(columns).replace(b"binary\">A", b"binary\">B"), b"<!DOCTYPE x>"):
        with pytest.raises(StoreError):
            decode_vtt(bad, "t")


def test_a_damaged_file_is_told_by_its_name(tmp_path, case):
    saved = save_case(case, tmp_path / "case.twin")
    for relative in ("chambers/left_atrium/surface.vtp", "muscles/ventricles/fibres.nrrd",
                     "activations/lesions/maps.vtt", "inductions/_case/induction.json"):
        file = saved / relative
        whole = file.read_bytes()
        file.write_bytes(whole[:-7] + b"nothing")
        with pytest.raises(StoreError, match="checksum differs") as caught:
            load_case(saved)
        assert caught.value.where == relative
        assert any(relative in line for line in verify_case(saved).problems)
        file.unlink()
        with pytest.raises(StoreError, match="missing"):
            load_case(saved)
        file.write_bytes(whole)
    load_case(saved)


def _changed(saved, relative, change):
    content = json.loads((saved / relative).read_text())
    change(content)
    data = dump(content)
    (saved / relative).write_bytes(data)
    reseal(saved, lambda manifest: manifest["files"].update(
        {relative: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}}))


@pytest.mark.parametrize(("relative", "change", "words"), [
    ("chambers/left_atrium/chamber.json", lambda c: c["openings"][0].update(points=[0, 1, 99]), "not there"),
    ("chambers/left_atrium/chamber.json", lambda c: c.pop("notes"), "missing"),
    ("chambers/left_atrium/chamber.json", lambda c: c.update(region_names=["low"]), "do not fit"),
    ("chambers/left_atrium/chamber.json", lambda c: c.update(name="other"), "called otherwise"),
    ("activations/lesions/activation.json", lambda c: c.update(chamber="other"), "does not fit the heart chamber"),
    ("muscles/ventricles/muscle.json", lambda c: c.update(parts=["base"]), "missing or of another kind"),
    ("inductions/lesions/induction.json", lambda c: c["without"][1].update(last_ms=1), "missing"),
    ("inductions/lesions/induction.json", lambda c: c["without"][1].update(arrhythmia="hiccup"), "no arrhythmia"),
    ("lesion_searches/lesions/search.json", lambda c: c.update(more=1), "unknown fields"),
    ("activations/lesions/activation.json", lambda c: c.update(site_mm=[1, 2]), "3 values expected"),
])
def test_parts_that_do_not_fit_are_refused(tmp_path, case, relative, change, words):
    saved = save_case(case, tmp_path / "case.twin")
    _changed(saved, relative, change)
    with pytest.raises(StoreError, match=words) as caught:
        load_case(saved)
    assert "\n" not in caught.value.line


def test_it_follows_a_new_name_of_its_plan(case):
    renamed = with_name(case, "lesions", "PVI")
    for table in (renamed.activations, renamed.inductions, renamed.lesion_searches):
        assert table["PVI"].plan_name == "PVI" and "lesions" not in table
    assert renamed.inductions[""].plan_name == ""
