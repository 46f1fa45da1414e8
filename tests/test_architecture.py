"""The arrows of the house: who may import whom, where third-party libraries live, what start-up may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "anatomy_twin"
LEVELS = [
    {"errors", "notice"},
    {"units"},
    {"core", "kernels", "catalog"},
    {"plugins", "worker"},
    {"archive"},
    {"phantom", "scan", "segmentation", "registration", "anatomy", "plan", "simulation"},
    {"assess", "store", "export", "rehearsal"},
    {"search"},
    {"render", "training"},
    {"report"},
    {"pipeline"},
    {"batch"},
    {"view", "web"},
    {"cli"},
]
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
HOMES = {
    "pydicom": {"scan", "export", "phantom"},
    "highdicom": {"scan", "export", "phantom"},
    "pynetdicom": {"scan"},
    "dicomweb_client": {"scan"},
    "nibabel": {"scan", "segmentation"},
    "onnxruntime": {"segmentation"},
    "SimpleITK": {"scan", "segmentation", "registration", "anatomy"},
    "pyvista": {"render", "view", "web", "anatomy", "store", "export"},
    "vtk": {"render", "view", "web", "anatomy", "store", "export"},
    "vtkmodules": {"render", "view", "web", "anatomy", "store", "export"},
    "trimesh": {"anatomy", "plan", "export"},
    "manifold3d": {"anatomy", "plan", "export"},
    "PySide6": {"view"},
    "qtpy": {"view"},
    "pyvistaqt": {"view"},
    "trame": {"web"},
    "sqlalchemy": {"store"},
    "psycopg": {"store"},
    "dask": {"batch", "cli"},
    "distributed": {"batch", "cli"},
    "pyigtl": {"view"},
}
FILES = sorted(PACKAGE.rglob("*.py"))
AROUND = sorted(file for folder in ("tests", "scripts") for file in (PACKAGE.parent / folder).rglob("*.py"))


def room_of(file: Path) -> str:
    """The room of a file: its top folder, or its own name at the top."""
    relative = file.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


@cache
def imported(file: Path) -> list[tuple[str, ...]]:
    """Every import of a file as a dotted path, those inside functions too, type-only ones left out."""
    found: list[tuple[str, ...]] = []
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = tuple((node.module or "").split("."))
            if node.level:
                base = ("anatomy_twin", *file.relative_to(PACKAGE).parts[: -node.level], *base)
            found += [(*base, alias.name) for alias in node.names]
    return found


def name(file: Path) -> str:
    return str(file.relative_to(PACKAGE if file.is_relative_to(PACKAGE) else PACKAGE.parent))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_imports_go_down_only(file: Path) -> None:
    room = room_of(file)
    if room in {"__init__", "__main__"}:
        return
    assert room in LEVEL_OF, f"the room {room} is not in the plan of the house"
    for path in imported(file):
        if path[0] != "anatomy_twin" or len(path) < 2:
            continue
        other = path[1]
        if other == room or other not in LEVEL_OF:
            assert other == room or other == "__version__", f"{name(file)} imports unknown {'.'.join(path)}"
            continue
        assert LEVEL_OF[other] < LEVEL_OF[room], f"{name(file)} imports {'.'.join(path)}"


@pytest.mark.parametrize("file", FILES, ids=name)
def test_third_party_libraries_stay_in_their_homes(file: Path) -> None:
    room = room_of(file)
    for path in imported(file):
        homes = HOMES.get(path[0])
        assert homes is None or room in homes, f"{name(file)} imports {path[0]}"
        if room == "core" and path[0] not in {"anatomy_twin", "numpy"}:
            assert path[0] in sys.stdlib_module_names, f"{name(file)} imports {path[0]}"


@pytest.mark.parametrize("file", [*FILES, *AROUND], ids=name)
def test_files_stay_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from anatomy_twin.cli.main import main; main(['--help']);"
        "heavy = {'numpy', 'vtkmodules', 'vtk', 'pyvista', 'pydicom', 'SimpleITK', 'numba'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "anatomy-twin VERB" in done.stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, anatomy_twin as at; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_public_functions_are_not_hidden_by_rooms_of_the_same_name() -> None:
    code = (
        "import anatomy_twin as at; import anatomy_twin.assess, anatomy_twin.export;"
        "assert callable(at.assess) and callable(at.export);"
        "missing = [name for name in dir(at) if not hasattr(at, name)]; assert not missing, missing"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
