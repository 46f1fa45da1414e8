"""What the README shows as Python."""

from __future__ import annotations

import re
from pathlib import Path

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def python_blocks() -> list[str]:
    """Return the blocks of Python in the README, in their order."""
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)
