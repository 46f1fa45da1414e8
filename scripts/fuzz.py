#!/usr/bin/env python3
"""Drive the fuzz targets of tests/fuzz/targets with atheris, in a throw-away environment.

    python3 scripts/fuzz.py [TARGET ...] [--seconds N] [--keep] [--environment FOLDER]

Each target runs for N seconds (60), from its stored corpus and its seeds. An input that raises anything but a refusal,
takes ten seconds or two gigabytes ends the target and is told; the exit code is 1 then. --keep stores such inputs, and
the smallest inputs that reach new code, in tests/fuzz/corpora, which `tests/test_fuzz.py` replays.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from environment import go_on_inside

ROOT = Path(__file__).resolve().parent.parent
CORPORA = ROOT / "tests" / "fuzz" / "corpora"
TARGETS = ("prescan", "loader", "plan")
ATHERIS = "atheris>=3.0"
INSTRUMENTED = ["anatomy_twin.scan", "anatomy_twin.archive", "anatomy_twin.store", "anatomy_twin.core",
                "pydicom.filereader", "pydicom.dataset", "pydicom.filebase", "pydicom.util"]  # fmt: skip
LARGEST_STORED_BYTES = 3000
MOST_STORED_BYTES = 90_000
_INSIDE = "--inside"


def main(arguments: Sequence[str]) -> int:
    """Run the targets one after the other; return the exit code."""
    if arguments[:1] == [_INSIDE]:
        return inside(arguments[1], list(arguments[2:]))
    parser = argparse.ArgumentParser(description="Drive the fuzz targets with atheris.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all if none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="store findings and new coverage in tests/fuzz/corpora")
    parser.add_argument("--environment", type=Path, help="keep the throw-away environment here, to use it again")
    options = parser.parse_args(arguments)
    targets = options.targets or TARGETS
    if not set(targets) <= set(TARGETS):
        parser.error(f"the targets are {', '.join(TARGETS)}")
    sys.path.insert(0, str(ROOT))
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
        python = environment(options.environment or scratch / "environment")
        return max([run(python, target, scratch, options.seconds, options.keep) for target in targets])


def environment(folder: Path) -> Path:
    """Make an environment with atheris that sees the packages of this one, and return its interpreter."""
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.is_file():
        venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", ATHERIS]
        subprocess.run([str(part) for part in install], check=True)
    return python


def run(python: Path, target: str, scratch: Path, seconds: int, keep: bool) -> int:
    """Fuzz one target; return 1 if it was broken."""
    grown, found = scratch / target / "grown", scratch / target / "found"
    grown.mkdir(parents=True)
    found.mkdir()
    write_seeds(target, grown)
    dictionary = scratch / target / "words"
    dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in words_of(target)))
    stored = CORPORA / target
    stored.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=8192",
               f"-dict={dictionary}", f"-artifact_prefix={found}{os.sep}", "-print_final_stats=1"]  # fmt: skip
    command = [python, __file__, _INSIDE, target, *options, grown, stored]
    done = subprocess.run([str(part) for part in command], env=_environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    told = [line for line in done.stdout.splitlines() if not line.startswith("INFO: Instrumenting")]
    executed = [line.split()[-1] for line in told if "number_of_executed_units" in line]
    print(f"{target}: {executed[0] if executed else 'unknown number of'} inputs in {seconds} s, "
          f"{len(list(grown.iterdir()))} of them reach new code, {len(list(found.iterdir()))} findings", flush=True)
    if done.returncode:
        print("\n".join(told[-60:]))
    if keep:
        _store(sorted(found.iterdir()), stored, LARGEST_STORED_BYTES * 3, "found")
        _store(sorted(grown.iterdir(), key=lambda file: file.stat().st_size), stored, LARGEST_STORED_BYTES, "new")
    return int(done.returncode != 0)


def inside(target: str, options: list[str]) -> int:
    """Fuzz a target in this process; runs in the throw-away environment."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        module = importlib.import_module(f"tests.fuzz.targets.{target}")
    atheris.Setup([sys.argv[0], *options], module.one_input)
    atheris.Fuzz()
    return 0


def write_seeds(target: str, folder: Path) -> None:
    """Write the seeds of a target, each under its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in importlib.import_module(f"tests.fuzz.targets.{target}").seeds().items():
        (folder / f"seed-{name}").write_bytes(data)


def words_of(target: str) -> tuple[bytes, ...]:
    """Return the words that a target is sensitive to."""
    words: tuple[bytes, ...] = importlib.import_module(f"tests.fuzz.targets.{target}").WORDS
    return words


def _escaped(word: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word)


def _environment() -> dict[str, str]:
    """Let the throw-away environment see this project and the packages that it needs."""
    packages = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    path = os.pathsep.join(dict.fromkeys([str(ROOT), *packages]))
    return {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _store(files: Sequence[Path], stored: Path, largest: int, kind: str) -> None:
    """Copy small inputs into the stored corpus under names of their own, until it is full."""
    size = sum(file.stat().st_size for file in stored.iterdir())
    for file in files:
        data = file.read_bytes()
        name = f"{kind}-{hashlib.sha256(data).hexdigest()[:12]}"
        if file.name.startswith("seed-") or not data or len(data) > largest or (stored / name).exists():
            continue
        if kind != "found" and size + len(data) > MOST_STORED_BYTES:
            break
        shutil.copyfile(file, stored / name)
        size += len(data)


if __name__ == "__main__":
    if sys.argv[1:2] != [_INSIDE]:
        go_on_inside(__file__, __doc__ or "")
    raise SystemExit(main(sys.argv[1:]))
