"""The verbs about a heart on a made atrium: plan, simulate, induce, assess, export, report; refusals in one line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import pyvista

from anatomy_twin.anatomy.heart.chamber_file import load_chamber
from anatomy_twin.assess import assess
from anatomy_twin.assess.heart import sites_cut_off
from anatomy_twin.cli.main import main
from anatomy_twin.core import Assessment, SiteOutcome
from anatomy_twin.store import load_case
from tests.support.made_atrium import FOUR, made_atrium

EDGE_MM = 2.2


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A case of the made atrium with made-up fibrosis, with lesions that were simulated and paced by verbs."""
    folder = tmp_path_factory.mktemp("heart")
    made = made_atrium(step_mm=2.0).surface
    corners = np.c_[np.full(len(made.triangles), 3), made.triangles].ravel()
    pyvista.PolyData(made.points_mm, corners).save(folder / "atrium.vtp")
    case = str(folder / "atrium.twin")
    assert main(["import", "--chamber", str(folder / "atrium.vtp"), "--edge-mm", str(EDGE_MM), "--fibrosis", "III",
                 "--seed", "2", "--out", case]) == 0
    assert main(["plan", case, "--lesions", "pvi,roof", "--name", "PVI"]) == 0
    assert main(["plan", case, "--lesions", "veins", "--name", "each vein"]) == 0
    assert main(["simulate", case, "--plan", "PVI"]) == 0
    assert main(["induce", case, "--plan", "PVI", "--sites", "2", "--workers", "1"]) == 0
    assert main(["assess", case, "--plan", "PVI"]) == 0
    return folder / "atrium.twin"


@pytest.fixture(scope="module")
def case(saved):
    return load_case(saved)


def said(capsys, *arguments):
    """Run a verb with --json and return its document."""
    capsys.readouterr()
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments):
    """Return the line with which a verb refuses."""
    capsys.readouterr()
    assert main([str(word) for word in arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    return lines[-1]


def test_lesions_isolate_all_veins_and_the_case_keeps_it(case):
    result = case.activations["PVI"]
    assert {name: result.veins[name] for name in FOUR} == dict.fromkeys(FOUR, "isolated")
    rim = case.chambers["left_atrium"].opening(FOUR[0]).points
    assert np.isfinite(result.before_ms[rim]).all() and not np.isfinite(result.activation_ms[rim]).any()
    assert case.checks["PVI"].rules
    assert [step.stage for step in case.provenance if "paths" not in step.facts][-1] == "measuring margins"


def test_numbers_are_named_and_true(case):
    numbers = {one.name: one for one in case.assessments["PVI"].quantities}
    assert numbers["veins_isolated"].value == 4.0 and numbers["veins_isolated"].verdict == "met"
    general = {one.name: one for one in case.assessments[""].quantities}
    assert 20.0 < general["left_atrium_fibrosis_percent"].value < 35.0
    assert "made up" in general["left_atrium_fibrosis_percent"].note
    assert "Utah III" in general["left_atrium_fibrosis_percent"].note
    chamber = case.chambers["left_atrium"]
    # the divergence theorem on the wall alone, rims closed by fans about their middles
    a, b, c = (chamber.surface.points_mm[chamber.surface.triangles[:, n]] for n in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6000.0
    for rim in chamber.openings:
        ring = chamber.rim_mm(rim)
        after, middle = np.roll(ring, -1, axis=0), ring.mean(axis=0)
        volume += np.einsum("ij,ij->i", after, np.cross(ring, middle[None])).sum() / 6000.0
    assert general["left_atrium_volume_ml"].value == pytest.approx(abs(volume), rel=0.01)
    induced = case.inductions["PVI"]
    apart = sites_cut_off(chamber, induced.dead)
    counted = [one for one in induced.with_plan if one.induced and not apart(one)]
    assert numbers["inducible_sites"].value == len(counted)
    assert "screened" in numbers["inducible_sites"].note and "assumed" in numbers["inducible_sites"].source


def test_a_site_within_an_isolated_vein_is_told_apart(case):
    chamber, dead = case.chambers["left_atrium"], case.activations["PVI"].dead
    apart = sites_cut_off(chamber, dead)
    for name, inside in ((FOUR[0], True), (FOUR[3], True), ("mitral_valve", False)):
        place = chamber.rim_mm(chamber.opening(name))[0]
        assert apart(SiteOutcome(name, place, True, True)) is inside
    nothing = sites_cut_off(chamber, np.zeros(len(dead), bool))
    assert not nothing(SiteOutcome("vein", chamber.rim_mm(chamber.opening(FOUR[0]))[0], True, True))


def test_what_was_not_done_is_not_checked(case):
    bare = case.without_plan("PVI").with_plan(case.plan("PVI"))
    found = assess(bare, bare.plan("PVI"))
    assert isinstance(found, Assessment)
    verdicts = {one.name: one.verdict for one in found.quantities}
    assert verdicts["veins_isolated"] == verdicts["inducible_sites"] == "not checked"


def test_json_of_each_verb(saved, capsys):
    told = said(capsys, "simulate", saved, "--plan", "PVI")
    assert set(FOUR) <= set(told["veins"]) and told["parameters"]["site"]
    told = said(capsys, "induce", saved, "--plan", "PVI", "--sites", "2", "--workers", "1")
    assert told["screened"] is True and len(told["without"]) == len(told["with_plan"]) == 2
    assert told["without"][0]["captured"] and told["assumed"]
    told = said(capsys, "plan", saved, "--lesions", "veins", "--name", "each vein")  # replaced by the same
    assert told["lesions"] == 4 and told["sets"] == ["veins"]


def test_a_chamber_is_written_for_other_programs(saved, case, tmp_path, capsys):
    chamber = case.chambers["left_atrium"]
    said(capsys, "export", saved, "--chamber", "left_atrium", "--plan", "PVI", "--out", tmp_path / "a.vtp")
    mesh = pyvista.read(tmp_path / "a.vtp")
    np.testing.assert_allclose(mesh.points, chamber.surface.points_mm, atol=1e-4)
    np.testing.assert_array_equal(mesh.point_data["region"], chamber.regions)
    np.testing.assert_array_equal(mesh.point_data["ablated"] > 0, case.activations["PVI"].dead)
    never = ~np.isfinite(case.activations["PVI"].activation_ms)
    assert (mesh.point_data["activation_ms"][never] == -1).all()
    files = said(capsys, "export", saved, "--chamber", "left_atrium", "--out", tmp_path / "b.pts")["files"]
    assert [name.rsplit(".", 1)[1] for name in files] == ["pts", "elem", "lon"]
    back = load_chamber(tmp_path / "b.pts").chamber
    assert back.surface.area_cm2 == pytest.approx(chamber.surface.area_cm2, rel=1e-5)
    assert len(back.openings) == len(chamber.openings)
    along = np.abs(np.einsum("ij,ij->i", back.fibres.endo, chamber.fibres.endo))
    assert np.median(along) > 0.999


def test_the_report_tells_of_the_heart(saved, tmp_path, capsys):
    said(capsys, "report", saved, "--out", tmp_path / "report", "--plan", "PVI")
    content = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    heart = content["heart"]
    assert heart["made_up"] and any("MADE UP" in line for line in heart["chambers"][0]["lines"])
    assert {vein["verdict"]["word"] for vein in heart["veins"] if "vein" in vein["name"]} == {"isolated"}
    assert heart["pacing"]["title"].startswith("Screening") and len(heart["pacing"]["rows"]) == 2
    assert heart["pacing"]["assumed"] and content["rules_title"] == "Rules of the lesions"
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "not read from this patient" in page and "Inducibility" in page and "Lesion sets compared" in page


@pytest.mark.parametrize(("arguments", "words"), [
    (("plan", "@", "--lesions", "star"), "no set of lesions is called 'star'"),
    (("plan", "@", "--lesions", ","), "no lesions are named"),
    (("plan", "@", "--lesions", "pvi", "--target", "tumour_1"), "exclude each other"),
    (("plan", "@", "--chamber", "left_atrium"), "goes with --lesions"),
    (("simulate", "@", "--plan", "PVI", "--spacing", "2"), "plans that heat"),
    (("simulate", "@", "--plan", "none"), "no plan is called"),
    (("induce", "@", "--sites", "0"), "0 sites"),
    (("induce", "@", "--workers", "0"), "0 processes"),
    (("induce", "@", "--plan", "none"), "no plan is called"),
    (("induce", "@", "--chamber", "right_ventricle"), "no heart chamber is called"),
    (("export", "@", "--chamber", "left_atrium", "--out", "x.stl"), "cannot be written as .stl"),
    (("export", "@", "--structure", "left_atrium", "--plan", "PVI", "--out", "x.stl"), "goes with --chamber"),
    (("mesh", "@", "--edge-mm", "1"), "goes with --heart"),
    (("mesh", "@", "--heart"), "no pulmonary veins"),
    (("import", "--out", "x.twin"), "give a scan, or --chamber"),
    (("import", "scan", "--axes", "RAS", "--out", "x.twin"), "goes with --chamber"),
    (("run", "scan", "--procedure", "liver-ablation", "--sites", "3", "--out", "x.twin"), "is for --procedure af"),
    (("run", "scan", "--procedure", "af-ablation", "--device", "x", "--out", "x.twin"), "is for --procedure liver"),
])
def test_refusals_are_one_line(saved, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert words in refused(capsys, *(saved if word == "@" else word for word in arguments))
    assert not list(tmp_path.iterdir())
