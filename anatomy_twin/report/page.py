"""The report as one self-contained HTML page."""

from __future__ import annotations

import base64
from importlib import resources
from typing import Any

from anatomy_twin.report.pictures import Figure

GROUPS = (
    "scene", "overlay", "temperature", "damage", "zones", "margin", "course", "robust_target", "robustness",
    "territories", "trees", "heart", "heart_activation", "heart_pacing", "heart_rounds",
)


def make_page(content: dict[str, Any], figures: list[Figure], missing: list[str]) -> str:
    """Return the page: no scripts, no other files; every text is escaped."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
                                     lstrip_blocks=True)
    source = resources.files("anatomy_twin.report").joinpath("template.html").read_text(encoding="utf-8")
    groups: dict[str, list[dict[str, str]]] = {group: [] for group in GROUPS}
    groups |= {part["group"]: [] for part in content["entries"]}
    for found in content["confirmations"]:
        groups |= {f"{kind} {found['name']}": [] for kind in ("registration", "confirmation")}
    for figure in figures:
        data = base64.b64encode(figure.encoded("WEBP")).decode("ascii")
        groups[figure.group].append({"caption": figure.caption, "data": data})
    return environment.from_string(source).render(**content, pictures=groups, missing=missing)
