"""The list of cases that were opened lately, and the small pictures beside it."""

from __future__ import annotations

import json

import pytest

from anatomy_twin.errors import StoreError
from anatomy_twin.store import recent, thumbnails

PNG = b"\x89PNG\r\n\x1a\n"


def names(folder):
    return [one.name for one in recent.recent_cases(folder)]


def test_the_last_one_opened_comes_first_and_once(tmp_path):
    assert recent.recent_cases(tmp_path) == ()
    for name in ("a.twin", "b.twin.zip", "c", "a.twin"):
        recent.remember(tmp_path / name, tmp_path)
    assert names(tmp_path) == ["a", "c", "b"]
    recent.drop(tmp_path / "c", tmp_path)
    assert names(tmp_path) == ["a", "b"]
    recent.clear(tmp_path)
    assert names(tmp_path) == []


def test_the_list_stays_short_and_is_the_users_own(tmp_path):
    for number in range(30):
        recent.remember(tmp_path / f"{number}.twin", tmp_path)
    assert names(tmp_path) == [str(number) for number in range(29, 17, -1)]
    file = recent.recent_file(tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob(".recent*")), "a half-written list was left"


def test_it_knows_places_and_times_only(tmp_path):
    recent.remember(tmp_path / "a.twin", tmp_path)
    content = json.loads(recent.recent_file(tmp_path).read_text())
    assert set(content["cases"][0]) == {"place", "opened"}


def test_what_is_gone_is_told_apart(tmp_path):
    (tmp_path / "here.twin").mkdir()
    for name in ("gone.twin", "here.twin"):
        recent.remember(tmp_path / name, tmp_path)
    assert [one.missing for one in recent.recent_cases(tmp_path)] == [False, True]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": "anatomy_twin recent", "cases": [1]}',
                                     '{"format": "anatomy_twin recent", "cases": [{"place": "a", "opened": "b"}]}'])
def test_a_damaged_list_counts_as_empty_and_is_written_anew(tmp_path, content):
    recent.recent_file(tmp_path).write_text(content)
    assert recent.recent_cases(tmp_path) == ()
    recent.remember(tmp_path / "a.twin", tmp_path)
    assert names(tmp_path) == ["a"]


def test_a_disk_that_refuses_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="recent cases cannot be written"):
        recent.remember(tmp_path / "a.twin", tmp_path / "file")


def test_names_lose_their_suffixes(tmp_path):
    for name, title in (("a.twin", "a"), ("a.twin.zip", "a"), ("a b", "a b"), (".twin", ".twin"), ("x.TWIN", "x")):
        assert recent.case_title(tmp_path / name) == title


def test_pictures_are_kept_by_place_and_the_oldest_go(tmp_path, monkeypatch):
    monkeypatch.setattr(thumbnails, "MOST", 3)
    assert thumbnails.thumbnail(tmp_path / "a", tmp_path) == b""
    for number in range(5):
        thumbnails.keep_thumbnail(tmp_path / str(number), PNG + bytes([number]), tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == 3
    assert thumbnails.thumbnail(tmp_path / "4", tmp_path) == PNG + b"\x04"
    thumbnails.thumbnail_file(tmp_path / "4", tmp_path).write_bytes(b"something else")
    assert thumbnails.thumbnail(tmp_path / "4", tmp_path) == b""
    thumbnails.keep_thumbnail(tmp_path / "x", PNG, tmp_path / "4.txt" / "no")
    (tmp_path / "file").write_text("")
    thumbnails.keep_thumbnail(tmp_path / "x", PNG, tmp_path / "file")
    assert thumbnails.thumbnail(tmp_path / "x", tmp_path / "file") == b""
