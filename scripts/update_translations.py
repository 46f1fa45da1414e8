"""Collect the words of the window and compile their translations: ``python scripts/update_translations.py``.

Every text in ``tr("...")`` under ``anatomy_twin/view`` and the words that the catalog gives to people go through Qt's
``lupdate`` into ``view/translations/anatomy_twin_de.ts`` (what is translated there stays, what nobody says any more
goes); ``lrelease`` then makes the ``.qm`` that the window reads. Prints what has no translation yet and returns 1 where
anything is missing. ``--check`` changes nothing.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

VIEW: Final = Path(__file__).resolve().parent.parent / "anatomy_twin" / "view"
CATALOG: Final = VIEW.parent / "catalog"
FOLDER: Final = VIEW / "translations"
LANGUAGE: Final = "de"


def spoken() -> dict[str, str]:
    """Return {text: where it is said first} of every literal in ``tr("...")``, and of the words of the catalog."""
    found: dict[str, str] = {}
    for file in sorted(VIEW.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if name == "tr" and node.args and isinstance(node.args[0], ast.Constant):
                found.setdefault(node.args[0].value, f"{file.relative_to(VIEW)}:{node.lineno}")
    for text in catalog_words():
        found.setdefault(text, "catalog")
    return found


def catalog_words() -> list[str]:
    """Return the words that the rooms below give to people: structures, verdicts, the notices."""
    sys.path.insert(0, str(VIEW.parent.parent))
    from anatomy_twin.notice import INTENDED_USE, SYNTHETIC_NOTE

    terms = json.loads((CATALOG / "terms.json").read_text(encoding="utf-8"))["segments"]
    verdicts = json.loads((CATALOG / "palettes.json").read_text(encoding="utf-8"))["verdicts"]
    words = [entry["label"] for entry in terms.values()] + [word for word in verdicts if word]
    return [INTENDED_USE, SYNTHETIC_NOTE, *dict.fromkeys(words)]


def translations(file: Path) -> dict[str, str]:
    """Return {text: its translation} of a .ts file, unfinished ones left out."""
    found = {}
    for message in ET.parse(file).iter("message"):
        target = message.find("translation")
        if target is not None and target.text and target.get("type") is None:
            found[message.findtext("source") or ""] = target.text
    return found


def tool(name: str) -> str:
    """Return the path of one of Qt's tools beside this Python, or on the path."""
    beside = Path(sys.executable).parent / f"pyside6-{name}"
    found = str(beside) if beside.is_file() else shutil.which(f"pyside6-{name}")
    if not found:
        raise SystemExit(f"pyside6-{name} is not there: pip install PySide6-Essentials")
    return found


def update(texts: dict[str, str], ts: Path, qm: Path) -> None:
    """Write the texts into the .ts and compile it."""
    with tempfile.TemporaryDirectory() as place:
        # one plain literal a line: lupdate reads no escapes by name and no strings in pieces
        listed = Path(place) / "spoken.py"
        lines = [f"tr({json.dumps(text, ensure_ascii=False)})" for text in sorted(texts)]
        listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([tool("lupdate"), "-no-obsolete", "-locations", "none", str(listed), "-ts", str(ts),
                        "-source-language", "en", "-target-language", LANGUAGE], **quiet)  # fmt: skip
    subprocess.run([tool("lrelease"), "-silent", "-removeidentical", str(ts), "-qm", str(qm)], check=True)


def main() -> int:
    """Collect, compile, tell what is missing."""
    texts, ts, qm = spoken(), *(FOLDER / f"anatomy_twin_{LANGUAGE}.{end}" for end in ("ts", "qm"))
    if "--check" not in sys.argv:
        update(texts, ts, qm)
    known = translations(ts)
    missing = [text for text in texts if text not in known]
    for text in missing:
        print(f"no translation: {text!r} ({texts[text]})")
    print(f"{len(texts)} texts, {len(missing)} without translation")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
