"""Words of the window in the person's language. The source is English; translations are collected by lupdate."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def tr(text: str) -> str:
    """Return a text in the language of the window; call it when the text is shown, not when a module is read.

    Texts with a changing part hold it in braces: ``tr("Opened {name}").format(name=name)``.
    """
    return QCoreApplication.translate("", text)
