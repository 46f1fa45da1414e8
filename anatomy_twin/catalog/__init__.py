"""Facts as data files, each number with its source. Loaders return plain dicts; the rooms above make types of them."""

from __future__ import annotations

import json
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
