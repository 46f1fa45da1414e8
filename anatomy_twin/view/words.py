"""Words of the window in the person's language. The source is English; translations are collected by lupdate."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

FOLDER: Final = Path(__file__).parent / "translations"
LANGUAGES: Final = {"en": "English", "de": "Deutsch"}  # each by its own name
_OURS: Final = "twin_translator"


def tr(text: str) -> str:
    """Return a text in the language of the window; call it when the text is shown, not when a module is read.

    Texts with a changing part hold it in braces: ``tr("Opened {name}").format(name=name)``.
    """
    return QCoreApplication.translate("", text)


def language_of(wish: str) -> str:
    """Return the language that is spoken for a wish ("de", "en", "" for the system's): one of ``LANGUAGES``."""
    code = (wish or QLocale.system().name()).partition("_")[0]
    return code if code in LANGUAGES else "en"


def install_language(wish: str) -> str:
    """Let ``tr`` and Qt's own dialogs speak a language; return which. What has words already is to be made anew."""
    application = QCoreApplication.instance()
    language = language_of(wish)
    if application is None:
        return language
    for old in application.findChildren(QTranslator, _OURS):
        application.removeTranslator(old)
        old.deleteLater()
        old.setObjectName("")
    if language != "en":
        qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for name, folder in ((f"qtbase_{language}", qt), (f"anatomy_twin_{language}", str(FOLDER))):
            translator = QTranslator(application)
            translator.setObjectName(_OURS)
            if translator.load(name, folder):
                application.installTranslator(translator)
            else:
                translator.deleteLater()
    return language
