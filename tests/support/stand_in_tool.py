"""Programs on the PATH for tests: real executables that copy a prepared answer to where a segmenting tool writes it."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

START = "#!{python}\nimport shutil, sys, time, os, pathlib\narguments = sys.argv[1:]\n"
TOTALSEGMENTATOR = """
if "--version" in arguments:
    print("2.18.0")
    sys.exit(0)
value = lambda flag: arguments[arguments.index(flag) + 1]
pathlib.Path({log!r}).write_text(repr(arguments))
shutil.copy(value("-i"), {given!r})
for line in {lines!r}:
    print(line, file=sys.stderr, flush=True)
{action}
shutil.copy({answer!r}, value("-o"))
"""
NNUNET = """
value = lambda flag: pathlib.Path(arguments[arguments.index(flag) + 1])
pathlib.Path({log!r}).write_text(repr(arguments))
assert [p.name for p in value("-i").iterdir()] == ["scan_0000.nii.gz"]
{action}
shutil.copy({answer!r}, value("-o") / "scan.nii.gz")
(value("-o") / "dataset.json").write_text({dataset!r})
"""


def install(folder: Path, name: str, body: str) -> Path:
    """Write an executable script called ``name`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(START.format(python=sys.executable) + body, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def install_totalsegmentator(folder: Path, answer: Path, action: str = "", lines: tuple[str, ...] = ()) -> Path:
    """A program that answers with the file ``answer``; it notes its arguments and what it was given in ``folder``."""
    body = TOTALSEGMENTATOR.format(
        log=str(folder / "arguments"), given=str(folder / "given.nii.gz"), lines=lines, action=action,
        answer=str(answer),
    )
    return install(folder, "TotalSegmentator", body)


def install_nnunet(folder: Path, answer: Path, dataset: str, action: str = "") -> Path:
    """A program that answers as nnUNetv2_predict does."""
    body = NNUNET.format(log=str(folder / "arguments"), action=action, answer=str(answer), dataset=dataset)
    return install(folder, "nnUNetv2_predict", body)
