"""The library of cases: cards, search, several programs at once, older and newer tables, SQLite and a real server."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import anatomy_twin as at
from anatomy_twin.core import FrozenMapping, Monitor
from anatomy_twin.errors import Cancelled, StoreError, UsageError
from anatomy_twin.pipeline.library import add_cases, library_url, open_library, refresh
from tests.support import postgres
from tests.support.toy_patient import toy_patient

pytest.importorskip("sqlalchemy")
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def cases(tmp_path_factory, toy_case):
    """A folder with a planned case, a scan alone, one zip, something broken and something else."""
    folder = tmp_path_factory.mktemp("cases")
    named = replace(toy_case, patient=at.Patient("Alder"))
    at.save_case(named, folder / "a/alder.twin")
    volume, _ = toy_patient()
    at.save_case(at.Case.new(volume=volume, patient=at.Patient("Birch")), folder / "birch.twin")
    at.save_case(at.Case.new(volume=volume, patient=at.Patient("Cedar")), folder / "cedar.twin.zip")
    (folder / "broken.twin").mkdir()
    (folder / "broken.twin/case.json").write_text("{}")
    (folder / "notes.txt").write_text("nothing")
    return folder


@pytest.fixture(scope="module")
def server():
    if postgres.why_not():
        pytest.skip(postgres.why_not())
    pytest.importorskip("psycopg")
    with postgres.server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sub' / 'library.sqlite'}"
    from sqlalchemy import create_engine, text

    url = request.getfixturevalue("server")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS twin_cases, twin_library"))
    engine.dispose()
    return url


def test_cases_of_a_folder_are_found_again_by_words_and_filters(address, cases, toy_case):
    with open_library(address) as library:
        found = add_cases(library, cases)
        assert [place.name for place in found.added] == ["alder.twin", "birch.twin", "cedar.twin.zip"]
        assert len(found.refused) == 1 and found.refused[0].startswith("broken:")
        assert "1 could not be read" in found.told
        alder = library.search("ALDER tumour")[0]
        assert alder.title == "alder" and alder.modality == "CT" and alder.plans == {"A": "ablation, simulated"}
        assert alder.targets == ("tumour_1", "tumour_2") and "liver" in alder.organs and alder.synthetic
        assert alder.margin_mm == toy_case.assessments["A"]["minimal_margin_mm"].value and alder.remnant_percent is None
        assert alder.thumbnail.startswith(PNG) and alder.states["ok"] == len(alder.organs) + 2
        assert {card.title for card in library.search()} == {"alder", "birch", "cedar"}
        assert [card.title for card in library.search(has_plan=True)] == ["alder"]
        assert {card.title for card in library.search(has_plan=False)} == {"birch", "cedar"}
        assert library.search(modality="MR") == () and library.modalities() == ("CT",)
        day = alder.changed[:10]
        assert len(library.search(since=day, until=day)) == 3 and library.search(until="2000-01-01") == ()
        for text in ("100%", "_", "alder'; DROP TABLE twin_cases; --", "%"):
            assert library.search(text) == () or text == "_"
        again = add_cases(library, cases)
        assert again.added == () and len(again.unchanged) == 3


def test_a_card_keeps_tags_and_note_when_its_case_changes(address, cases, tmp_path):
    place = Path(shutil.copytree(cases / "birch.twin", tmp_path / "birch.twin"))
    with open_library(address) as library:
        add_cases(library, place)
        library.label(place, tags=["teaching ", "teaching", "left lobe"], note=" ask again ")
        assert library.search("teaching ask")[0].tags == ("teaching", "left lobe")
        assert library.search(tag="teaching") and not library.search(tag="teach")
        added = library.card(place).added
        case = at.load_case(place)
        at.save_case(replace(case, patient=at.Patient("Beech")), place)
        assert len(refresh(library).added) == 1
        card = library.card(place)
        assert (card.pseudonym, card.note, card.added) == ("Beech", "ask again", added)
        assert library.search("beech teaching") and not library.search("birch beech birchwood")
        with pytest.raises(UsageError, match="at most"):
            library.label(place, tags=[str(n) for n in range(30)])
        assert library.remove(place) and not library.remove(place) and place.is_dir()
        with pytest.raises(StoreError, match="no such case"):
            library.label(place, note="x")


def test_what_is_gone_is_marked_and_comes_back(address, cases, tmp_path):
    place = Path(shutil.copytree(cases / "birch.twin", tmp_path / "birch.twin"))
    with open_library(address) as library:
        add_cases(library, place)
        place.rename(tmp_path / "away")
        assert refresh(library).missing == (place,)
        assert library.card(place).missing and library.search(missing=True)
        (tmp_path / "away").rename(place)
        assert refresh(library).unchanged == (place,) and not library.card(place).missing
        with pytest.raises(StoreError, match="no saved case"):
            add_cases(library, tmp_path / "nothing")


class Stopping:
    """A monitor that asks to stop at the second case."""

    cancelled = False

    def stage(self, name: str) -> None:
        pass

    def progress(self, fraction: float) -> None:
        self.cancelled = 0.2 < fraction < 1.0

    def warn(self, message: str) -> None:
        pass


def test_a_stopped_search_keeps_what_it_read(address, cases):
    monitor: Monitor = Stopping()
    with open_library(address) as library:
        with pytest.raises(Cancelled):
            add_cases(library, cases, monitor)
        assert 1 <= len(library.search()) < 3


WRITER = """
import sys
from pathlib import Path
from anatomy_twin.store.library import open_database
from anatomy_twin.store.library_card import CaseCard
with open_database(sys.argv[1]) as library:
    for number in range(25):
        library.add(CaseCard(Path("/cases") / sys.argv[2] / f"{number}.twin", "x", sys.argv[2], "CT"))
        library.add(CaseCard(Path("/cases/shared.twin"), str(number), sys.argv[2], "CT"))
        library.search("0")
"""


def test_several_programs_write_at_once(address):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, address, name], stderr=subprocess.PIPE, text=True)
               for name in ("one", "two", "three")]  # fmt: skip
    for writer in writers:
        _, errors = writer.communicate(timeout=100)
        assert writer.returncode == 0, errors
    with open_library(address) as library:
        assert len(library.search()) == 76 and len(library.search("two")) in (25, 26)


def test_older_tables_become_todays_and_newer_ones_are_refused(address):
    from sqlalchemy import create_engine, text

    from anatomy_twin.store.library_schema import STEPS, VERSION, bring_up

    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    if address.startswith("sqlite"):
        Path(address.removeprefix("sqlite:///")).parent.mkdir()
    with engine.begin() as connection:
        assert bring_up(connection, STEPS[:1]) == 1
        connection.execute(text(
            "INSERT INTO twin_cases (place, stamp, pseudonym, modality, facts, organs, targets, states, plans, "
            "plan_count, synthetic, added, changed, missing, thumbnail, words) VALUES ('/c/old.twin', 's', 'Old', "
            "'MR', '{}', '[]', '[]', '{}', '{}', 0, FALSE, '', '2020', FALSE, :picture, 'old mr')"
        ), {"picture": b""})
    with open_library(address) as library:
        card = library.search("old")[0]
        assert (card.pseudonym, card.tags, card.note, card.facts) == ("Old", (), "", FrozenMapping())
        library.label(card.place, tags=["x"])
    with engine.begin() as connection:
        assert bring_up(connection) == VERSION
        connection.execute(text("UPDATE twin_library SET value = '99'"))
    with pytest.raises(StoreError, match=r"version 99.*update this program"):
        open_library(address)
    engine.dispose()


def test_what_cannot_be_opened_is_told_without_the_password(tmp_path):
    (tmp_path / "file").write_text("this is no database, and long enough to be looked at" * 20)
    with pytest.raises(StoreError, match="not a database"):
        open_library(f"sqlite:///{tmp_path / 'file'}")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be used"):
        open_library(f"sqlite:///{tmp_path / 'folder'}")
    with pytest.raises(UsageError, match="no address"):
        open_library("somewhere")
    with pytest.raises(UsageError, match="not known"):
        open_library("mysql://me@host/name")
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match="cannot be used") as caught:
        open_library("postgresql://me:secret@127.0.0.1:1/name")
    assert "secret" not in str(caught.value)


def test_the_library_is_the_users_own_unless_named(monkeypatch, tmp_path):
    monkeypatch.delenv("ANATOMY_TWIN_LIBRARY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with open_library():
        pass
    files = list(tmp_path.rglob("library.sqlite"))
    assert len(files) == 1 and files[0].parent.stat().st_mode & 0o077 == 0
    with sqlite3.connect(files[0]) as connection:
        assert connection.execute("SELECT value FROM twin_library").fetchall() == [("2",)]
    connection.close()
    monkeypatch.setenv("ANATOMY_TWIN_LIBRARY", "sqlite:///elsewhere")
    assert library_url() == "sqlite:///elsewhere"
