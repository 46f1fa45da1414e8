"""Interrupts and memory: one line and the right exit code, said before where that is possible; labels of others."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.anatomy import memory
from anatomy_twin.anatomy.vessels.trees import vessel_trees
from anatomy_twin.cli import main as cli
from anatomy_twin.cli import verify_verb
from anatomy_twin.core import LabelMap, VolumeGeometry
from anatomy_twin.errors import MeshError
from anatomy_twin.pipeline.vessel_labels import with_portal_branches
from tests.support.listener import Listener
from tests.support.toy_patient import make_segment


def raising(error: BaseException, cause: BaseException | None = None):
    def verb(_):
        raise error from cause

    return verb


@pytest.mark.parametrize(("error", "cause", "code", "words"), [
    (KeyboardInterrupt(), None, 130, "stopped"),
    (SystemError("a compiled function returned a result with an exception set"), KeyboardInterrupt(), 130, "stopped"),
    (MeshError("no mesh"), KeyboardInterrupt(), 130, "stopped"),
    (MemoryError("Unable to allocate 3 GiB"), None, 2, "the memory does not suffice"),
    (SystemError("a compiled function returned a result with an exception set"), MemoryError(), 2, "the memory"),
    (MeshError("no mesh", advice="make one"), MemoryError(), 2, "no mesh; make one"),
])  # fmt: skip
def test_interrupts_and_lack_of_memory_end_in_one_line(monkeypatch, capsys, error, cause, code, words):
    monkeypatch.setattr(verify_verb, "main", raising(error, cause))
    assert cli.main(["verify", "x"]) == code
    out, err = capsys.readouterr()
    assert out == "" and words in err and err.count("\n") == 1


def test_a_bug_is_not_hidden(monkeypatch):
    monkeypatch.setattr(verify_verb, "main", raising(ZeroDivisionError("bug")))
    with pytest.raises(ZeroDivisionError):
        cli.main(["verify", "x"])


def test_limits_of_containers_count_as_memory(tmp_path):
    groups, process = tmp_path / "groups", tmp_path / "cgroup"
    inner = groups / "a" / "b"
    inner.mkdir(parents=True)
    process.write_text("0::/a/b\n")
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("900\n")
    (groups / "a" / "memory.max").write_text("5000\n")
    (groups / "a" / "memory.current").write_text("2000\n")
    (groups / "a" / "memory.stat").write_text("anon 1500\ninactive_file 400\n")
    assert list(memory._left_of_groups(groups, process)) == [3400.0]
    # seen from inside, where the group is the root; and version 1, with its huge number for "no limit"
    (groups / "memory.max").write_text("4000\n")
    (groups / "memory.current").write_text("1000\n")
    process.write_text("0::/elsewhere\n")
    assert list(memory._left_of_groups(groups, process)) == [3000.0]
    old = groups / "memory" / "jail"
    old.mkdir(parents=True)
    (old / "memory.limit_in_bytes").write_text("7000\n")
    (old / "memory.usage_in_bytes").write_text("6500\n")
    (groups / "memory" / "memory.limit_in_bytes").write_text(f"{2**63 - 4096}\n")
    (groups / "memory" / "memory.usage_in_bytes").write_text("1\n")
    process.write_text("7:blkio:/jail\n4:memory:/jail\n")
    assert list(memory._left_of_groups(groups, process)) == [500.0]
    assert list(memory._left_of_groups(groups, tmp_path / "none")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of the address space there")
def test_a_limit_of_the_address_space_counts_as_memory():
    script = ("import resource; resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, resource.RLIM_INFINITY));"
              "from anatomy_twin.anatomy.memory import check_memory, free_bytes; assert 0 < free_bytes() < 2e9;"
              "check_memory(2e9, 'it', 'take less')")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "it would need about 2 GB" in done.stderr.splitlines()[-1]


def liver_with_one_vein():
    """A ball of liver of 45 mm radius with a vein of 5 mm radius that enters from below, forks, and leaves holes."""
    grid = VolumeGeometry.upright((64, 56, 56), (2.0, 2.0, 2.0))
    z, y, x = (2.0 * (axis - middle) for axis, middle in zip(np.indices(grid.shape), (36, 28, 28), strict=True))
    liver = x**2 + y**2 + z**2 < 45**2
    vein = (np.hypot(x, y) < 5) & (z < 2)
    for side in (-1, 1):
        run = side * x
        vein |= (run >= 0) & (run < 30) & (np.hypot(y, z - 0.4 * run) < 4)
    array = np.where(vein, 2, np.where(liver, 1, 0)).astype(np.uint8)
    segments = (make_segment("liver", 0, 1), make_segment("portal_vein", 0, 2))
    return LabelMap(array[None], grid, segments), vein & liver


def test_a_portal_vein_of_trunk_and_branches_in_one_gives_a_portal_tree():
    labels, inside = liver_with_one_vein()
    listener = Listener()
    found = with_portal_branches(labels, listener)
    branches = found.mask("portal_branches")
    assert np.count_nonzero(branches ^ inside) < 0.1 * np.count_nonzero(inside)
    assert not (branches & ~labels.mask("portal_vein")).any() and found.segment("portal_branches").state == "check"
    assert len(listener.lines) == 1 and "trunk and branches in one" in listener.lines[0]
    tree = vessel_trees(found)["portal"]
    root = tree.nodes_mm[np.flatnonzero(tree.parents < 0)[0]]
    lowest = labels.geometry.to_world(np.argwhere(labels.mask("portal_vein"))).min(axis=0)[2]
    assert root[2] < lowest + 12.0 and "labels" in tree.rules  # the root is the end outside of the liver
    assert tree.length_mm == pytest.approx(60 + 2 * 32, rel=0.15)


def test_labels_that_tell_branches_apart_or_hold_none_stay_as_they_are():
    labels, _ = liver_with_one_vein()
    absent = replace(make_segment("portal_branches", 0, 0, "not found"), note="not seen")
    told = replace(labels, segments=(*labels.segments, absent))
    assert with_portal_branches(told) is told
    array = labels.array.copy()
    array[:, 14:][array[:, 14:] == 2] = 1  # a trunk that ends below the liver
    trunk = replace(labels, array=array)
    assert with_portal_branches(trunk) is trunk
    assert with_portal_branches(replace(labels, segments=labels.segments[:1])).names == ("liver",)
