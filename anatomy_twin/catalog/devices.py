"""Ablation devices: those of the catalog and those that users add as files of the same form."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import platformdirs

from anatomy_twin.errors import UsageError

VARIABLE: Final = "ANATOMY_TWIN_DEVICES"
COMMON: Final = (
    "kind", "shaft_length_mm", "shaft_diameter_mm", "active_length_mm", "active_offset_mm", "power_w", "duration_s",
)
BY_KIND: Final[dict[str, tuple[str, ...]]] = {
    "mwa": ("frequency_hz", "sar.relative_permittivity", "sar.conductivity_s_m", "sar.shaft_loss"),
    "rfa": ("frequency_hz", "electrode", "generator.kind"),
    "cryo": ("gas.needle_c", "gas.time_constant_s", "protocol"),
}
RANGES: Final = ("power_w", "duration_s")
NOT_BELOW_ZERO: Final = (
    "shaft_length_mm", "shaft_diameter_mm", "active_length_mm", "frequency_hz", "sar.relative_permittivity",
    "sar.conductivity_s_m", "gas.time_constant_s",
)
PROTOCOL_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "power": (),
    "temperature": ("target_c", "gain_w_k_s"),
    "impedance": ("start_power_w", "ramp_w_min", "rise_share", "pause_s", "step_down_w"),
}
LONGEST_MM: Final = 1000.0  # of anything on a device
ROW: Final = ("power_w", "duration_s", "length_mm", "diameter_mm")  # of a table of zones


def user_files() -> list[Path]:
    """Return the device files of the user: what ``ANATOMY_TWIN_DEVICES`` names (files or folders), else those in
    ``anatomy_twin/devices`` of the folder for settings."""
    named = os.environ.get(VARIABLE, "")
    if named:
        places = [Path(part) for part in named.split(os.pathsep) if part]
    else:
        settings = Path(platformdirs.user_config_path("anatomy_twin", appauthor=False)) / "devices"
        places = [settings] if settings.is_dir() else []
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            found += sorted(place.glob("*.json"))
        elif place.is_file():
            found.append(place)
        else:
            raise UsageError(f"{VARIABLE} names {str(place)!r}, which is not there", advice="name a file or a folder")
    return found


def with_user_devices(content: dict[str, Any]) -> dict[str, Any]:
    """Return the catalog's devices with those of the user; each of these says its file under ``file``.

    What has no ``source`` is assumed as a whole. Raises ``UsageError`` that names file, device and field for a file
    that cannot be read, a field that is missing or makes no sense, and a name that the catalog has.
    """
    devices = dict(content["devices"])
    for path in user_files():
        for name, entry in _read(path).items():
            if name in devices:
                raise UsageError(f"{path}: there is a device {name!r} already", advice="give it another name")
            devices[name] = _checked(entry, name, path)
    return {**content, "devices": devices}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}") from error
    devices = content.get("devices") if isinstance(content, dict) else None
    if not isinstance(devices, dict):
        raise UsageError(f"{path} has no 'devices'", advice='write {"devices": {"NAME": {...}}}')
    return devices


def _checked(entry: Any, name: str, path: Path) -> dict[str, Any]:
    where = f"{path}, device {name!r}"
    if not isinstance(entry, dict):
        raise UsageError(f"{where} is no object")
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in BY_KIND:
        raise UsageError(f"{where}: kind {kind!r} is unknown", advice=f"there are {', '.join(BY_KIND)}")
    wanted = [*COMMON, *BY_KIND[kind]]
    if kind == "rfa":
        protocol = entry.get("generator", {}).get("kind") if isinstance(entry.get("generator"), dict) else None
        if not isinstance(protocol, str) or protocol not in PROTOCOL_FIELDS:
            raise UsageError(f"{where}: generator.kind {protocol!r}", advice=f"there are {', '.join(PROTOCOL_FIELDS)}")
        wanted += [f"generator.{field}" for field in PROTOCOL_FIELDS[protocol]]
    for field in wanted:
        _check_field(entry, field, where)
    known = dict(entry)
    if kind == "cryo":
        _check_freezes(entry["protocol"], where)
        known.setdefault("setting", {"label": "duty cycle", "unit": "%"})
    known.setdefault("label", name)
    _check_table(known.setdefault("zone_table", []), where)
    known["file"] = path.name
    if not str(known.get("source", "")).strip():
        known["source"] = f"{path.name}, without a source"
        known["assumed"] = sorted(key for key in entry if key not in ("label", "kind"))
    known.setdefault("assumed", [])
    return known


def _check_field(entry: Mapping[str, Any], field: str, where: str) -> None:
    value: Any = entry
    for part in field.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise UsageError(f"{where}: {field} is missing")
        value = value[part]
    if field in RANGES:
        fine = isinstance(value, list) and len(value) == 2 and all(_is_number(one) for one in value)
        if not fine or not 0 < value[0] <= value[1]:
            raise UsageError(f"{where}: {field} is not a range", advice="give [least, most], both above 0")
    elif field in ("kind", "generator.kind", "protocol"):
        return
    elif field == "electrode":
        if not isinstance(value, Mapping):
            raise UsageError(f"{where}: electrode is no object", advice="{} is a plain tip")
    elif not _is_number(value) or (field in NOT_BELOW_ZERO and not value > 0):
        above = " above 0" if field in NOT_BELOW_ZERO else ""
        raise UsageError(f"{where}: {field} is {value!r}", advice=f"give a number{above}")
    elif field == "sar.shaft_loss" and not 0.0 <= value < 1.0:
        raise UsageError(f"{where}: {field} is {value:g}", advice="give a share from 0 to less than 1")
    elif field.endswith("_mm") and abs(value) > LONGEST_MM:
        raise UsageError(f"{where}: {field} is {value:g}", advice=f"give at most {LONGEST_MM:g} mm")


def _check_table(table: Any, where: str) -> None:
    """Refuse a table of zones that is no list of settings with sizes."""
    rows = table if isinstance(table, list) else [table]
    for row in rows:
        if not isinstance(row, Mapping):
            raise UsageError(f"{where}: zone_table is no list of objects", advice=f"give {', '.join(ROW)} in each")
        for name in ROW:
            if not _is_number(row.get(name)) or not row[name] > 0:
                raise UsageError(f"{where}: {name} of a row of zone_table is {row.get(name)!r}",
                                 advice="give a number above 0")


def _check_freezes(protocol: Any, where: str) -> None:
    """Refuse a protocol that is no list of freezes and of thaws of a length, or that begins with no freeze."""
    parts = protocol if isinstance(protocol, list) else []
    if not parts or not all(isinstance(part, Mapping) and part.get("phase") in ("freeze", "thaw") for part in parts):
        raise UsageError(f"{where}: protocol is no list of phases", advice='give [{"phase": "freeze"}, ...]')
    if parts[0]["phase"] != "freeze":
        raise UsageError(f"{where}: protocol begins with a thaw", advice="begin with a freeze")
    for part in parts:
        if part["phase"] == "thaw" and not (_is_number(part.get("duration_s")) and part["duration_s"] > 0):
            raise UsageError(f"{where}: a thaw of the protocol has no duration_s", advice="give seconds above 0")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
