#!/usr/bin/env python3
"""Write requirements.lock and requirements-test.lock anew from pyproject.toml (needs `uv` on the path).

    python3 scripts/update_lock.py
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = "hatchling>=1.27\neditables>=0.5\npip\n"
COMPILE = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
TITLE = "# Exact versions with hashes for {}, for every platform. Written by scripts/update_lock.py.\n"


def blocks(text: str) -> dict[str, str]:
    """Split a lock into its packages: name and marker -> lines."""
    entries: dict[str, str] = {}
    key = ""
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.startswith((" ", "#")):
            key = line.split(" \\")[0].strip()
        if key:
            entries[key] = entries.get(key, "") + line
    return entries


def compile_lock(folder: Path, name: str, *arguments: str) -> dict[str, str]:
    """Resolve pyproject.toml with the given extras."""
    out = folder / name
    subprocess.run(["uv", "pip", "compile", "pyproject.toml", *arguments, *COMPILE, "-o", out], cwd=ROOT, check=True)
    return blocks(out.read_text())


def main() -> None:
    """Resolve both locks; the second holds only what the first does not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "build.in").write_text(BUILD)
        run = compile_lock(folder, "run.lock", str(folder / "build.in"), "--extra", "desktop")
        test = compile_lock(folder, "test.lock", "--extra", "test", "-c", str(folder / "run.lock"))
    only_test = {key: lines for key, lines in test.items() if key not in run}
    (ROOT / "requirements.lock").write_text(
        TITLE.format("the program, its window and its build") + "".join(run.values())
    )
    (ROOT / "requirements-test.lock").write_text(
        TITLE.format("the tests, on top of requirements.lock") + "".join(only_test.values())
    )


if __name__ == "__main__":
    main()
