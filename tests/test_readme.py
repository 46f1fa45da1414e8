"""The README's Python runs as it stands, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def python_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_there_are_about_fifteen_lines():
    assert 10 <= sum(1 for line in python_blocks()[0].splitlines() if line.strip()) <= 16


def test_pictures_and_files_are_there():
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).is_file(), link
    for path in re.findall(r"`(scripts/\w+\.py|sample_scans/[\w./]+)`", README):
        assert (ROOT / path).exists(), path


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    from anatomy_twin.store import verify_case

    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in python_blocks():  # a later one goes on where an earlier one ended
        exec(compile(block.replace('"sample_scans/', f'"{ROOT}/sample_scans/'), "README.md", "exec"), names)
    out = capsys.readouterr().out
    assert " mm" in out and "CT" in out and " ml" in out
    assert verify_case(tmp_path / "patient.twin").ok and (tmp_path / "report" / "report.html").is_file()
