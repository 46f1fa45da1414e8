#!/usr/bin/env python3
"""Draw the README's picture from the case that the demo leaves.

    python3 scripts/make_pictures.py demo_out/liver_tumour.twin
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZE = (1500, 720)


def main(case_folder: str) -> None:
    """Write sample_scans/liver_tumour.png: the organs from the front, and the target's axial slice with the heat."""
    import numpy as np
    from PIL import Image

    from anatomy_twin.rehearsal import build_scene
    from anatomy_twin.render import render_scene, slice_picture
    from anatomy_twin.store import load_case

    scene = build_scene(load_case(case_folder))
    width = SIZE[0] - SIZE[1]
    left = render_scene(
        scene, size=(width, SIZE[1]), view="anterior-right", background="light", legend=False, title="",
        hide=("body", "bowel", "stomach"),
    )
    right = slice_picture(scene, "axial", size=(SIZE[1], SIZE[1]), width_mm=170.0, field="temperature")
    Image.fromarray(np.concatenate([left, right], axis=1)).save(ROOT / "sample_scans" / "liver_tumour.png")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
