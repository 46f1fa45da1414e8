"""The folder of real scans that ANATOMY_TWIN_TEST_DATA names; without it whatever is marked real_data is skipped."""

from __future__ import annotations

import os
from pathlib import Path

GIVEN = bool(os.environ.get("ANATOMY_TWIN_TEST_DATA"))
DATA = Path(os.environ.get("ANATOMY_TWIN_TEST_DATA", "")).resolve()
NOT_GIVEN = "ANATOMY_TWIN_TEST_DATA is not set: no real scans here"
