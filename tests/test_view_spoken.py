"""What rooms below say in English is said in the language of the window, whatever names and numbers it holds."""

from __future__ import annotations

import re

import pytest

from anatomy_twin import catalog

pytestmark = pytest.mark.gui


@pytest.fixture
def german(qapp):
    from anatomy_twin.view.words import install_language

    install_language("de")
    yield
    install_language("en")


def test_english_stays_as_it_is(qapp):
    from anatomy_twin.view.spoken import spoken

    assert spoken("crosses no bone: nearest is bone at 17.9 mm") == "crosses no bone: nearest is bone at 17.9 mm"


def test_clauses_are_said_one_by_one(german):
    from anatomy_twin.view.spoken import spoken

    assert spoken("divides the organ: 48 % of the liver are removed") == "teilt das Organ: Leber: 48 % werden entfernt"
    assert spoken("removes tumour 1: all of tumour 1 is removed") == "entfernt Tumor 1: Tumor 1 wird ganz entfernt"
    line = "Not checked: applicator 2: crosses no heart: nothing within 20 mm; outlines to be confirmed: heart"
    assert spoken(line) == (
        "Nicht geprüft: Applikator 2: kreuzt das Herz nicht: nichts im Umkreis von 20 mm; zu bestätigende Umrisse: Herz"
    )
    assert spoken("at least 5 mm, borderline from 0 mm") == "mindestens 5 mm, grenzwertig ab 0 mm"
    line = "not met: 5 mm rim covered 32.5 %, limit at least 100 %, borderline from 90 %"
    assert spoken(line) == "nicht erfüllt: 5-mm-Saum abgedeckt 32.5 %, Grenzwert mindestens 100 %, grenzwertig ab 90 %"
    line = "contrast phase: portal venous (aorta 162 HU, liver 113 HU), judged from the image and not from its header"
    assert spoken(line) == (
        "Kontrastphase: portalvenös (Aorta 162 HU, Leber 113 HU), nach dem Bild beurteilt, nicht nach seinem Kopf"
    )
    assert spoken("sensors at most 85 degC").endswith("85 \N{DEGREE SIGN}C")
    assert spoken("nobody knows this line") == "nobody knows this line"


def test_every_device_has_a_name_in_german(german):
    from anatomy_twin.view.names import named

    labels = [device["label"] for device in catalog.load("devices")["devices"].values() if "file" not in device]
    assert labels and not [label for label in labels if named(label) == label]


def test_every_rule_and_number_of_a_plan_is_said(german, toy_case):
    from anatomy_twin.plan import check_plan
    from anatomy_twin.view.spoken import spoken

    check = check_plan(toy_case, toy_case.plan("A"))
    for line in [rule.name for rule in check.rules] + [rule.reason for rule in check.rules]:
        assert spoken(line) != line, line
    for cost in check.costs:
        assert spoken(cost.name) != cost.name and spoken(cost.reason) != cost.reason
    for group in catalog.load("limits")["tissue_groups"]:
        assert spoken(group["rule"]) != group["rule"]
    from anatomy_twin.assess import assess

    for quantity in assess(toy_case, toy_case.plan("A")).quantities:
        for line in filter(None, (quantity.limit, quantity.note)):
            said = spoken(line)
            assert said != line and not re.search(r"\b(the|of|with|least)\b", said.partition("Arrhenius")[0]), said


def test_places_and_structures_inside_a_sentence_are_read_and_names_of_files_stay():
    from anatomy_twin.view.spoken import spoken

    told = spoken("tumour_candidate_1, which holds the point -83.0, -166.0, 33.0 mm LPS")
    assert told == "Tumour candidate 1, which holds the point R 83.0, A 166.0, H 33.0 mm"
    assert spoken("written to /tmp/liver_tumour.twin and a_b/c") == "written to /tmp/liver_tumour.twin and a_b/c"
