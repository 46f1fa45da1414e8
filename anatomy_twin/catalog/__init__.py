"""Facts as data files, each number with its source. Loaders return plain dicts; the rooms above make types of them."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from anatomy_twin.errors import UsageError

SLICES_ONLY: Final = ("unknown_tissue", "fat", "subcutaneous_fat", "visceral_fat", "muscle")  # never as surfaces


@cache
def load(name: str) -> dict[str, Any]:
    """Return the content of ``catalog/NAME.json`` as a dict (shared: do not change it); "devices" with the user's.

    Raises ``UsageError`` when there is no such file, and for a device file of the user that makes no sense.
    """
    file = resources.files(__name__).joinpath(f"{name}.json")
    if not file.is_file():
        raise UsageError(f"the catalog has no file {name!r}")
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if name != "devices":
        return content
    from anatomy_twin.catalog.devices import with_user_devices  # loaded here: reading terms needs no settings

    return with_user_devices(content)


@cache
def load_arrays(name: str) -> dict[str, Any]:
    """Return the arrays of ``catalog/NAME.npz`` by name, read-only numpy arrays.

    Raises ``UsageError`` when there is no such file.
    """
    import numpy as np  # loaded here: reading terms must not load it

    file = resources.files(__name__).joinpath(f"{name}.npz")
    if not file.is_file():
        raise UsageError(f"the catalog has no arrays {name!r}")
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
        arrays = {key: content[key] for key in content.files}
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def device_setting(entry: dict[str, Any]) -> tuple[str, str]:
    """Return name and unit of what a device is set to: power in W, or what its ``setting`` says (duty cycle in %)."""
    setting = entry.get("setting", {"label": "power", "unit": "W"})
    return str(setting["label"]), str(setting["unit"])


def device_works_s(entry: Mapping[str, Any], duration_s: float) -> float:
    """Return how long a device works in all that is set to ``duration_s``: its protocol, if it has one, holds thaws."""
    parts = entry.get("protocol", ({"phase": "freeze"},))
    return sum(duration_s if part["phase"] == "freeze" else float(part["duration_s"]) for part in parts)


def usual_wall_mm(chamber: str) -> float:
    """Return how thick the wall of a heart chamber is taken to be where that is not known, mm (assumed)."""
    table = load("lesions")["wall_mm"]
    return float(table.get(chamber, table["other"]))


def farthest_lesion_mm() -> float:
    """Return how far from a wall the points of a lesion may lie, mm (assumed)."""
    return float(load("lesions")["farthest_from_wall_mm"]["value"])


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


def stem(name: str) -> str:
    """Return the name of a numbered segment without its number ("tumour_2" -> "tumour"), others as they are."""
    head, _, number = name.rpartition("_")
    return head if number.isdigit() else name


def segment_name(label: str, code: str, taken: Container[str] = (), *, side: str = "", region: str = "") -> str:
    """Return the catalog's name for a segment of another program.

    By its label ("Left Kidney", "kidney-left", "liver_tumor"), else by its code (SNOMED CT, or the retired SRT code)
    where only one entry has that code, with ``side`` (a code of laterality) where two have; the code of a lesion names
    one only where label or ``region`` (a code) says liver. Else, or if that name is among ``taken``, the label as it
    is.
    """
    entries, aliases = load("terms")["segments"], load("aliases")
    words = "_".join(label.lower().replace("-", " ").replace("_", " ").split()).replace("tumor", "tumour")
    by_label = {"_".join(entry["label"].lower().split()): name for name, entry in entries.items()}
    stem, _, number = words.rpartition("_")
    if words in entries or (number.isascii() and number.isdigit() and stem in entries):
        name = words
    elif words in by_label:
        name = by_label[words]
    elif words in aliases["labels"]:
        name = aliases["labels"][words]
    else:
        name = _by_code(words, code, side, region, taken) or label
    return label if name in taken else name


def _by_code(words: str, code: str, side: str, region: str, taken: Container[str]) -> str:
    entries, aliases = load("terms")["segments"], load("aliases")
    current = aliases["retired_codes"].get(code, code)
    if current in aliases["lesion_codes"]:
        in_liver = "liver" in words or "hepat" in words or aliases["retired_codes"].get(region, region) == "10200004"
        free = (f"tumour_{number}" for number in range(1, 1000) if f"tumour_{number}" not in taken)
        return next(free, "") if in_liver else ""
    if current in aliases["codes"]:
        return str(aliases["codes"][current])
    unspecific = aliases["unspecific"]  # their codes say no more than "some tissue"
    found = [name for name, entry in entries.items() if entry["code"] == current and name not in unspecific]
    turned = aliases["sides"].get(side, "")
    sided = [name for name in found if turned and name.endswith(f"_{turned}")]
    chosen = sided or found
    # the code of a paired organ with a side that has no entry here names nothing
    return chosen[0] if len(chosen) == 1 and (sided or not turned) else ""
