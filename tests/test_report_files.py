"""The report: complete, self-contained, honest about what is not known."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import reportlab.rl_config

from anatomy_twin import catalog
from anatomy_twin.core import Case, Patient
from anatomy_twin.errors import Cancelled, DataError, ReportError
from anatomy_twin.rehearsal import INTENDED_USE, build_scene
from anatomy_twin.render import can_render
from anatomy_twin.report import pictures, write_report
from anatomy_twin.report.content import build_content, format_point, verdict_of
from tests.support.toy_case import planned_case, scanned_case
from tests.support.toy_patient import toy_patient


class Page(HTMLParser):
    """Collects tags, words and what the page would load."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.sources, self._silent = [], [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._silent = tag in ("style", "title")
        self.sources += [value for key, value in attrs if key in ("src", "href", "srcset", "data", "action")]

    def handle_endtag(self, tag):
        self._silent = False

    def handle_data(self, data):
        if not self._silent and data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self):
        return " ".join(self.words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The full report of the planned toy case."""
    place = tmp_path_factory.mktemp("report")
    assert write_report(planned_case(), place) == place / "report.html"
    return place


def pdf_text(file):
    """The words of a PDF, page by page, by an independent reader."""
    import shutil
    import subprocess

    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    done = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\f").split("\f")


def test_the_page_asks_for_nothing_outside_itself(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.sources and all(source.startswith("data:image/webp;base64,") for source in page.sources)
    assert not {"script", "link", "iframe", "object", "form"} & set(page.tags)
    assert "@import" not in text and "url(" not in text
    assert "http" not in re.sub(r"http-equiv", "", text)


def test_the_page_says_what_matters_with_word_and_symbol(folder):
    words = Page((folder / "report.html").read_text(encoding="utf-8")).text
    assert words.startswith(INTENDED_USE)
    for part in (
        "TOY-001", "Generated patient", "Plan does not hold", "not met: Minimal ablative margin 3.2 mm",
        "broken: keeps off large vessels", "\N{MULTIPLICATION X} not met", "\N{CHECK MARK} met", "? not checked",
        "the gallbladder was not found", "3.2 mm", "at least 5 mm", "R 66.0, A 13.0, H 25.0 mm",
        "Microwave antenna", "assumed", "60.0 W", "5.0 min (300 s)", "Liver", "segmenter", "1.25", "ab12" * 16,
        "uniform", "the field is analytic", "ACCLAIM protocol",
    ):
        assert part in words, part


def test_pictures_for_every_part(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    captions = re.findall(r'<img alt="([^"]+)"', text)
    slices = [c for c in captions if re.match("Axial|Coronal|Sagittal", c)]
    assert len(slices) == 3 + 3 + 3 + 2
    assert sum("worst point" in c for c in slices) == 2
    if can_render()[0]:
        assert sum("patient from the front" in c or "Close-up" in c for c in captions) == 2


def test_the_pdf_tells_the_same_and_its_use_on_every_sheet(folder):
    pages = pdf_text(folder / "report.pdf")
    assert len(pages) >= 3
    for page in pages:
        assert INTENDED_USE in page and "generated patient" in page.lower()
    words = " ".join(" ".join(pages).split())
    for part in ("TOY-001", "Plan does not hold", "not met", "not checked", "Microwave", "3.2 mm", "60.0 W", "assumed"):
        assert part in words, part
    assert "\N{MULTIPLICATION X}" in words and "\N{CHECK MARK}" in words
    assert reportlab.rl_config.useA85 == 1, "the switch of the library is as it was"


def test_the_json_holds_the_numbers(folder):
    data = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    numbers = {row["name"]: row for row in data["numbers"]}
    assert numbers["minimal_margin_mm"]["value"] == 3.2 and numbers["minimal_margin_mm"]["unit"] == "mm"
    assert numbers["gallbladder_peak_c"]["value"] is None
    assert [row["outcome"] for row in data["rules"]] == ["broken", "not checked", "passed"]
    assert data["plan"][0]["tip_mm"] == [-66.0, -13.0, 25.0]
    assert data["notice"] == INTENDED_USE and data["synthetic"]
    volumes = {row["name"]: row["volume_ml"] for row in data["volumes"]}
    assert volumes["liver"] == pytest.approx(planned_case().label_map.volume_ml("liver"))
    assert data["timings_s"] == {"segmenting organs": 1.25}


def test_nothing_but_the_three_files_is_left(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json", "report.pdf"]


def test_every_text_is_escaped(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_tasks", lambda *_: [])
    nasty = '<script>alert("x")</script> & <b>'
    case = replace(scanned_case(), patient=Patient(nasty)).with_step(nasty, {nasty: nasty})
    text = write_report(case, tmp_path).read_text(encoding="utf-8")
    assert "<script" not in text and "&lt;script&gt;" in text
    assert nasty.split(" &")[0] in " ".join(" ".join(pdf_text(tmp_path / "report.pdf")).split())


def test_what_a_board_asks_first_comes_first(folder):
    """Verdict, margins, the plan's numbers, then the pictures; where it was entered and what it rests on later."""
    words = Page((folder / "report.html").read_text(encoding="utf-8")).text
    sheets = " ".join(" ".join(pdf_text(folder / "report.pdf")).split())
    for text in (words, sheets):
        order = [text.index(part) for part in (
            "Plan does not hold", "Minimal ablative margin 3.2 mm", "Read this first", "Entry on the skin Tip",
            "The patient in three dimensions", "Where the margin is smallest", "Rules of the path", "Coagulation",
            "Entries on the skin", "Limit Verdict Note and place", "What the simulation used",
            "Provenance")]  # fmt: skip
        assert order == sorted(order)


def test_a_very_long_fact_does_not_break_the_pdf(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_tasks", lambda *_: [])
    case = scanned_case().with_step("a stage", {"found": "word " * 8000})
    write_report(case, tmp_path)
    assert "all of it is in report.json" in " ".join(" ".join(pdf_text(tmp_path / "report.pdf")).split())
    facts = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["provenance"][-1]["facts"]
    assert len(facts["found"]) == 40000


def test_a_case_without_plan_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "can_render", lambda: (False, "no pictures: apt-get install -y libegl1"))
    words = Page(write_report(scanned_case(), tmp_path / "new" / "folder").read_text(encoding="utf-8")).text
    assert "No plan yet" in words and "Rules of the path" not in words and "Tumour 1" in words
    assert "apt-get install -y libegl1" in words, "a missing 3-D picture is explained"
    assert words.count("slice through the focus") == 3, "slices are there all the same"


def test_a_bare_scan_has_a_report(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "can_render", lambda: (False, "no pictures"))
    words = Page(write_report(Case.new(volume=toy_patient()[0]), tmp_path).read_text(encoding="utf-8")).text
    assert "No plan yet" in words and "Structures" not in words and "65 slices of 60 x 82" in words


def test_a_plan_that_was_neither_checked_nor_simulated_is_not_called_good():
    case = scanned_case().with_plan(planned_case().plan("A"))
    content = build_content(case, build_scene(case), "A")
    assert content["summary"]["text"] == "Plan is not fully checked"
    assert "rules not checked" in content["summary"]["detail"] and "not simulated" in content["summary"]["detail"]


def test_absent_and_doubtful_structures_keep_their_state():
    case = scanned_case()
    liver = replace(case.anatomy["liver"], state="check", note="leaks into the heart")
    veins = replace(case.anatomy["hepatic_veins"], state="not visible in this phase", volume_ml=0.0, surface=None,
                    certificate=None)
    anatomy = replace(case.anatomy, structures={**case.anatomy.structures, "liver": liver, "hepatic_veins": veins})
    case = replace(case, anatomy=anatomy)
    rows = {row["name"]: row for row in build_content(case, build_scene(case), "")["volumes"]}
    assert rows["liver"]["kind"] == "caution" and rows["liver"]["note"] == "leaks into the heart"
    assert rows["hepatic_veins"]["volume_ml"] is None and rows["hepatic_veins"]["volume"] == "\N{EM DASH}"
    assert rows["hepatic_veins"]["state"] == "not visible in this phase"


def test_verdicts_differ_in_word_and_symbol_and_stand_out_on_white():
    words = ("met", "borderline", "not met", "not checked")
    looks = [verdict_of(word) for word in words]
    assert len({look["symbol"] for look in looks}) == len({look["word"] for look in looks}) == 4
    for look in looks:
        red, green, blue = (int(look["colour"][n : n + 2], 16) / 255 for n in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
        luminance = float(np.dot([0.2126, 0.7152, 0.0722], linear))
        # WCAG 2.1, 1.4.3: large bold text needs a contrast of 3 to 1 against white
        assert 1.05 / (luminance + 0.05) >= 3.0, look
    assert set(catalog.load("palettes")["verdicts"]) >= {*words, "passed", "broken", ""}


def test_places_are_told_by_side():
    assert format_point((-62.04, 20.0, -3.0)) == "R 62.0, P 20.0, F 3.0 mm"
    assert format_point(None) == ""


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ReportError, match="needs a folder"):
        write_report(scanned_case(), tmp_path / "taken")
    with pytest.raises(ReportError, match="needs a folder"):
        write_report(scanned_case(), tmp_path / "taken" / "below")
    assert (tmp_path / "taken").read_text() == "mine"
    with pytest.raises(DataError, match="no plan is called"):
        write_report(scanned_case(), tmp_path / "new", plan_name="Z")
    assert not (tmp_path / "new").exists()


def test_stopping_leaves_nothing_behind(tmp_path):
    class Stop:
        cancelled = True

        def stage(self, name): ...
        def progress(self, fraction): ...
        def warn(self, message): ...

    with pytest.raises(Cancelled):
        write_report(scanned_case(), tmp_path / "new", Stop())
    assert not (tmp_path / "new").exists()
