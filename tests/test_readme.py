"""The README is short where it shows Python, and its links lead somewhere (test_demo runs that Python)."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.readme import README, python_blocks

ROOT = Path(__file__).resolve().parent.parent


def test_there_are_about_fifteen_lines():
    assert 10 <= sum(1 for line in python_blocks()[0].splitlines() if line.strip()) <= 16


def test_pictures_and_files_are_there():
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).is_file(), link
    for path in re.findall(r"`(scripts/\w+\.py|sample_scans/[\w./]+)`", README):
        assert (ROOT / path).exists(), path
