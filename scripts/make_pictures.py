#!/usr/bin/env python3
"""Draw the README's pictures from the case that the demo leaves.

    python3 scripts/make_pictures.py demo_out/liver_tumour.twin [--window FOLDER]
    python3 scripts/make_pictures.py --heart demo_out/atrial_fibrillation.twin
    python3 scripts/make_pictures.py --golden [NAME ...]

With --window pictures of every step of the work in the window, and a drag of an applicator as an animation, go into
FOLDER too; this needs a screen, or Xvfb (`xvfb-run -a -s "-screen 0 1600x1000x24" ...`).

With --golden the pictures in tests/golden, which tests compare with, are drawn anew (all, or those named), and how far
each is from the one before is told. It needs a screen too. Look at them before you keep them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anatomy_twin.core import Case

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "sample_scans"
SIZE = (1500, 720)
SHEET_PX = 1200  # width of a sheet: its small print can still be read
SHEET_BYTES = 145_000
# what the sheet of tetrahedra shows, coarse enough that each one is seen
TETRAHEDRA = ("liver", "portal_vein", "tumour_1")


def main(case_folder: str) -> None:
    """Write the pictures of a generated patient: organs and heat, then the sheets of its anatomy."""
    from anatomy_twin import pipeline, render
    from anatomy_twin.store import load_case

    case = load_case(case_folder)
    if not case.synthetic:
        raise SystemExit("only pictures of generated patients may be shown")
    ablation(case)
    case = pipeline.tetrahedra_case(case, TETRAHEDRA, size_mm=8.0, fine_mm=2.5, near="tumour_1")
    sheets: dict[str, Callable[[], Any]] = {
        "surfaces": lambda: render.surfaces_picture(case),
        "trees": lambda: render.trees_picture(case),
        "segments": lambda: render.territories_picture(case),
        "tetrahedra": lambda: render.tetrahedra_picture(case.anatomy.tetrahedra[TETRAHEDRA[0]],
                                                         remark=render.kind_of(case)),
    }
    for name, draw in sheets.items():
        (FOLDER / f"anatomy_{name}.jpg").write_bytes(packed(draw()))
    (FOLDER / "confirmation.jpg").write_bytes(packed(confirmation()))
    (FOLDER / "table_and_simulation.jpg").write_bytes(packed(beside_a_vein()))


def heart(case_folder: str) -> None:
    """Write atrial_fibrillation.jpg: what the demo's lesions do to the activation of a generated heart."""
    from anatomy_twin.report.heart_pictures import heart_tasks
    from anatomy_twin.store import load_case

    case = load_case(case_folder)
    if not case.synthetic:
        raise SystemExit("only pictures of generated patients may be shown")
    draw = next(draw for group, _, draw in heart_tasks(case, "PVI") if group == "heart_activation")
    (FOLDER / "atrial_fibrillation.jpg").write_bytes(packed(draw()))


def confirmation() -> Any:
    """Draw what the report shows of an ablation that a second scan of a generated patient confirms."""
    from dataclasses import replace

    import numpy as np

    import anatomy_twin as at
    from anatomy_twin.phantom import AblatedZone, breathing, make_patient, make_second_scan
    from anatomy_twin.report.confirmation import confirmation_tasks

    before = make_patient(3)
    middle = before.tumours[0].centre_mm
    zone = AblatedZone((middle[0] + 5.0, middle[1], middle[2] - 2.0), 22.0, 18.0, (1.0, 0.3, 0.0), rim=True)
    moved = replace(breathing(before, 12.0), shift_mm=(6.0, -9.0, 14.0), rotation_deg=(3.0, -2.0, 5.0),
                    centre_mm=before.volume.geometry.center_mm)  # fmt: skip
    after = make_second_scan(3, zones=(zone,), deformation=moved)
    liver = replace(after.truth, segments=tuple(s for s in after.truth.segments if s.name == "liver"))
    case = at.Case.new(volume=before.volume, labels=before.truth)
    case = case.with_confirmation(at.confirm_ablation(case, after.volume, target="tumour_1", post_labels=liver))
    found = case.confirmations["after"]
    print(found.registration, found.verdict, found.reason, sep="\n")
    return np.concatenate([draw() for _, _, draw in confirmation_tasks(case)], axis=1)


def beside_a_vein() -> Any:
    """Draw what the device's table promises and what the simulation gives of a tumour against a hepatic vein."""
    import anatomy_twin as at
    from anatomy_twin.render import zones_picture

    sys.path.insert(0, str(ROOT))
    from tests.support.vein_tumour import case_beside_vein

    case = case_beside_vein()
    found = at.compare_zones(case, "A", at.simulate(case, "A"))
    for promised, simulated in found.pairs:
        print(promised.label, promised.value, simulated.value, promised.unit)
    return zones_picture(case, "A", found=found)


def ablation(case: Case) -> None:
    """Write liver_tumour.png: the organs from the front, and the target's axial slice with the heat."""
    import numpy as np
    from PIL import Image

    from anatomy_twin.rehearsal import build_scene
    from anatomy_twin.render import render_scene, slice_picture

    scene = build_scene(case)
    width = SIZE[0] - SIZE[1]
    left = render_scene(
        scene, size=(width, SIZE[1]), view="anterior-right", background="light", legend=False, title="",
        hide=("body", "bowel", "stomach"),
    )
    right = slice_picture(scene, "axial", size=(SIZE[1], SIZE[1]), width_mm=170.0, field="temperature")
    Image.fromarray(np.concatenate([left, right], axis=1)).save(FOLDER / "liver_tumour.png", optimize=True)


def packed(picture: Any) -> bytes:
    """Return a sheet as JPEG of at most ``SHEET_BYTES``, as good as that allows."""
    from PIL import Image

    whole = Image.fromarray(picture)
    small = whole.resize((SHEET_PX, round(whole.height * SHEET_PX / whole.width)), Image.Resampling.LANCZOS)
    data = b""
    for quality in range(92, 40, -4):
        stream = BytesIO()
        small.save(stream, "JPEG", quality=quality, optimize=True, progressive=True)
        data = stream.getvalue()
        if len(data) <= SHEET_BYTES:
            break
    return data


def window(case_folder: str, folder: str) -> None:
    """Write pictures of the window into a folder; it works on a copy, with a user's folders of its own."""
    import window_pictures

    with tempfile.TemporaryDirectory(prefix="anatomy-twin-pictures-") as scratch:
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            os.environ[name] = str(Path(scratch) / name.lower())
        out = Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        window_pictures.steps(Path(case_folder), out, Path(scratch) / "steps")
        window_pictures.drag(Path(case_folder), out, Path(scratch) / "drag")


def golden(names: list[str]) -> None:
    """Draw the pictures that tests compare with anew; those that look as before stay as they are."""
    sys.path.insert(0, str(ROOT))
    from tests.support import golden_pictures, likeness

    draw: dict[str, Callable[[], Any]] = {
        name: lambda still=still: still(golden_pictures.golden_scene())
        for name, still in golden_pictures.STILLS.items()
    }
    draw |= {
        name: lambda arrange=arrange: golden_pictures.window_picture(arrange)
        for name, arrange in golden_pictures.WINDOWS.items()
    }
    unknown = sorted(set(names) - set(draw))
    if unknown:
        raise SystemExit(f"no golden picture is called {', '.join(unknown)}; there are {', '.join(draw)}")
    with tempfile.TemporaryDirectory(prefix="anatomy-twin-pictures-") as scratch:
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            os.environ[name] = str(Path(scratch) / name.lower())
        for name in names or draw:
            picture, file = draw[name](), golden_pictures.FOLDER / f"{name}.png"
            before = likeness.kept(file) if file.is_file() else None
            words = "is new"
            if before is not None and before.shape == picture.shape:
                found = likeness.likeness(before, picture)
                words = found.words
                if found.alike and name not in names:
                    print(f"{name} looks as before and stays as it is: it {words}")
                    continue
            print(f"{name} {words}: {likeness.keep(picture, file)} bytes")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--golden"]:
        golden(sys.argv[2:])
        raise SystemExit(0)
    if sys.argv[1:2] == ["--heart"] and len(sys.argv) == 3:
        heart(sys.argv[2])
        raise SystemExit(0)
    if len(sys.argv) not in (2, 4) or sys.argv[2:3] not in ([], ["--window"]):
        raise SystemExit(__doc__)
    main(sys.argv[1])
    if sys.argv[2:]:
        window(sys.argv[1], sys.argv[3])
