"""Facts as data files, each number with its source. Loaders return plain dicts; the rooms above make types of them."""

from __future__ import annotations

import json
from collections.abc import Container
from functools import cache
from importlib import resources
from typing import Any

from anatomy_twin.errors import UsageError


@cache
def load(name: str) -> dict[str, Any]:
    """Return the content of ``catalog/NAME.json`` as a dict (shared: do not change it).

    Raises ``UsageError`` when there is no such file.
    """
    file = resources.files(__name__).joinpath(f"{name}.json")
    if not file.is_file():
        raise UsageError(f"the catalog has no file {name!r}")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def term(name: str) -> dict[str, Any]:
    """Return the coded term, label, colour and parent of a segment name ("liver", "tumour_2").

    Keys: ``label`` (for people), ``code`` (SNOMED CT value), ``meaning``, ``colour`` (RGB), ``part_of`` ("" or a
    segment name). Numbered segments share the term of their stem. Raises ``UsageError`` for an unknown name.
    """
    entries = load("terms")["segments"]
    stem, _, number = name.rpartition("_")
    if name in entries:
        entry, label = entries[name], entries[name]["label"]
    elif number.isdigit() and stem in entries:
        entry, label = entries[stem], f"{entries[stem]['label']} {number}"
    else:
        raise UsageError(f"the catalog has no term for a segment called {name!r}")
    return {**entry, "label": label, "scheme": load("terms")["scheme"]}


def segment_name(label: str, code: str, taken: Container[str] = ()) -> str:
    """Return the catalog's name for a segment of another program.

    By its label ("Left Kidney", "kidney-left"), else by its SNOMED CT code where only one entry has that code; else,
    or if that name is among ``taken``, the label as it is.
    """
    entries = load("terms")["segments"]
    words = "_".join(label.lower().replace("-", " ").replace("_", " ").split())
    by_label = {"_".join(entry["label"].lower().split()): name for name, entry in entries.items()}
    stem, _, number = words.rpartition("_")
    unspecific = ("body", "unknown_tissue")  # their codes say no more than "some tissue"
    by_code = [name for name, entry in entries.items() if entry["code"] == code and name not in unspecific]
    if words in entries or (number.isdigit() and stem in entries):
        name = words
    elif words in by_label:
        name = by_label[words]
    else:
        name = by_code[0] if len(by_code) == 1 else label
    return label if name in taken else name
