"""The set-up scripts: what they refuse, what they ask, what the locks hold."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import environment  # noqa: E402  (the scripts folder is no package)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_every_locked_package_has_a_version_and_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text and "--index" not in text
    blocks = re.split(r"\n(?=\S)", text)
    packages = [block for block in blocks if not block.startswith("#")]
    assert len(packages) > 10
    for block in packages:
        assert re.match(r"[\w.-]+==[\w.]+", block) and "--hash=sha256:" in block, block[:60]


def test_locks_hold_every_declared_dependency():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    run = locked("requirements.lock")
    test = locked("requirements-test.lock")
    assert not run & test
    wanted = project["dependencies"] + project["optional-dependencies"]["desktop"]
    assert {name_of(entry) for entry in wanted} <= run
    assert {name_of(entry) for entry in project["optional-dependencies"]["test"]} <= run | test


def name_of(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def locked(file: str) -> set[str]:
    return {name_of(line) for line in (ROOT / file).read_text().splitlines() if re.match(r"\w", line)}


def test_no_package_under_a_copyleft_licence_is_locked():
    # GPL, AGPL or non-commercial: known names that must never come in, whatever their metadata says
    forbidden = {"pylibjpeg-libjpeg", "tetgen", "gmsh", "pymeshlab", "meshlib", "pymeshfix", "cholespy"}
    forbidden |= {"imageio-ffmpeg"}
    assert not forbidden & (locked("requirements.lock") | locked("requirements-test.lock"))


def test_missing_library_is_named_by_its_package(monkeypatch):
    real = environment.loads
    monkeypatch.setattr(environment, "loads", lambda name: name != "libEGL.so.1" and real(name))
    assert "libegl1" in environment.missing_packages(tests=False)


def test_without_root_the_line_is_printed_and_nothing_is_run(monkeypatch, capsys):
    monkeypatch.setattr(environment, "missing_packages", lambda tests: ["libegl1"])
    monkeypatch.setattr(environment.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(environment.subprocess, "run", lambda *a, **k: pytest.fail("something was run"))
    environment.check_system(tests=False, yes=True)
    assert "apt-get install -y --no-install-recommends libegl1" in capsys.readouterr().err


def test_a_python_without_venv_is_told_which_package_it_lacks(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "PYTHON", tmp_path / "none")
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(environment.SetupError, match=r"python3\.\d+-venv"):
        environment.make_venv()


def test_an_old_python_is_refused(monkeypatch):
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 2))
    with pytest.raises(environment.SetupError, match=r"3\.11"):
        environment.prepare(tests=False, yes=True)


def test_a_stamped_environment_is_used_as_it_is(monkeypatch, tmp_path):
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("")
    monkeypatch.setattr(environment, "VENV", tmp_path)
    monkeypatch.setattr(environment, "PYTHON", python)
    (tmp_path / ".setup-stamp").write_text(environment.fingerprint(True) + "\n")
    monkeypatch.setattr(environment, "make_venv", lambda: pytest.fail("the environment was made anew"))
    assert environment.prepare(tests=True, yes=True) == python


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into Linux' dynamic loader")
def test_loader_tells_what_is_there():
    assert environment.loads("libc.so.6") and not environment.loads("libnothing.so.99")
