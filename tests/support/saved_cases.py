"""Cases on the disk: compared to the last bit, and changed by somebody who knows how they are sealed."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np

from anatomy_twin.store.sealed_json import seal, unseal


def assert_equal(a, b, where="case"):
    """Equal to the last bit, types included."""
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.shape == b.shape, where
        np.testing.assert_array_equal(a, b, where)
    elif is_dataclass(a):
        assert type(a) is type(b), where
        for part in fields(a):
            assert_equal(getattr(a, part.name), getattr(b, part.name), f"{where}.{part.name}")
    elif hasattr(a, "items"):
        assert type(a) is type(b) and list(a) == list(b), where
        for key in a:
            assert_equal(a[key], b[key], f"{where}[{key!r}]")
    elif isinstance(a, tuple):
        assert isinstance(b, tuple) and len(a) == len(b), where
        for n, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_equal(x, y, f"{where}[{n}]")
    else:
        assert (a == b or (a != a and b != b)) and (type(a) is type(b) or {type(a), type(b)} <= {int, float}), where


def reseal(folder: Path, change) -> None:
    """Change the manifest as somebody would who knows how it is sealed."""
    manifest = unseal((folder / "case.json").read_bytes(), "case.json")
    change(manifest)
    (folder / "case.json").write_bytes(seal(manifest))
