"""The report as one self-contained HTML page."""

from __future__ import annotations

import base64
from importlib import resources
from typing import Any

from anatomy_twin.report.pictures import Figure

GROUPS = ("scene", "overlay", "entries", "temperature", "damage", "margin", "course", "confirmation", "territories",
          "trees")  # fmt: skip


def make_page(content: dict[str, Any], figures: list[Figure], missing: list[str]) -> str:
    """Return the page: no scripts, no other files; every text is escaped."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
                                     lstrip_blocks=True)
    source = resources.files("anatomy_twin.report").joinpath("template.html").read_text(encoding="utf-8")
    groups = {
        group: [
            {"caption": figure.caption, "data": base64.b64encode(figure.encoded("WEBP")).decode("ascii")}
            for figure in figures if figure.group == group
        ]
        for group in GROUPS
    }
    return environment.from_string(source).render(**content, pictures=groups, missing=missing)
