"""The words of the window: all are collected, all have a German text, and what the window reads is up to date."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
import update_translations as words

TS, QM = (words.FOLDER / f"anatomy_twin_de.{end}" for end in ("ts", "qm"))


def test_every_text_has_a_german_one():
    texts, german = words.spoken(), words.translations(TS)
    missing = [f"{text!r} ({place})" for text, place in texts.items() if text not in german]
    assert not missing, f"run scripts/update_translations.py and translate: {missing}"


def test_changing_parts_keep_their_names():
    for text, german in words.translations(TS).items():
        assert sorted(re.findall(r"{[^}]*}", text)) == sorted(re.findall(r"{[^}]*}", german)), (text, german)
        assert text.endswith("\N{HORIZONTAL ELLIPSIS}") == german.endswith("\N{HORIZONTAL ELLIPSIS}"), (text, german)


def test_no_text_that_is_put_together_is_translated():
    for file in sorted(words.VIEW.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr":
                assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp), f"{file.name}:{node.lineno}"


@pytest.mark.gui
def test_what_the_window_reads_is_what_was_translated(qapp):
    from PySide6.QtCore import QTranslator

    translator = QTranslator()
    assert translator.load(str(QM))
    stale = [text for text, german in words.translations(TS).items()
             if german != text and translator.translate("", text) != german]  # fmt: skip
    assert not stale, f"run scripts/update_translations.py: {stale[:5]}"


@pytest.mark.gui
def test_language_is_that_of_the_wish_or_of_the_system(qapp, monkeypatch):
    from PySide6.QtCore import QLocale

    from anatomy_twin.view.words import install_language, language_of, tr

    assert [language_of(wish) for wish in ("de", "de_AT", "en", "fr")] == ["de", "de", "en", "en"]
    monkeypatch.setattr(QLocale, "system", staticmethod(lambda: QLocale("de_CH")))
    assert language_of("") == "de"
    try:
        assert install_language("de") == "de" and tr("Undo") == "Rückgängig"
        assert tr("no such text anywhere") == "no such text anywhere"
        assert qapp.translate("QPlatformTheme", "Cancel") == "Abbrechen", "Qt's own buttons"
    finally:
        install_language("en")
    assert tr("Undo") == "Undo"
