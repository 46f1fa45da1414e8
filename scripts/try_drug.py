"""Try a drug on a virtual heart: pace it from the same sites without and with the drug and tell what can be induced.

    python scripts/try_drug.py SURFACE --axes PIR --drug amiodarone --sites 4 --processes 2 --keep sites

SURFACE is a left atrium (VTK, STL, PLY or openCARP); its fibres are laid by rule, its fibrosis is made up by stage and
seed. Cells are Courtemanche's, remodelled by fibrillation; the drug blocks their channels as catalog/drugs.json says.
With --keep a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np

from anatomy_twin import Case, PacingProtocol, Volume, VolumeGeometry, electro_model, induce
from anatomy_twin.anatomy.heart.chamber_file import load_chamber
from anatomy_twin.anatomy.heart.fibres import with_fibres
from anatomy_twin.anatomy.heart.landmarks import named_openings
from anatomy_twin.anatomy.heart.regions import with_regions
from anatomy_twin.anatomy.heart.remesh import remeshed
from anatomy_twin.anatomy.heart.substrate import texture
from anatomy_twin.core import Chamber, Induction
from anatomy_twin.simulation.electro.drugs import ignored
from anatomy_twin.simulation.electro.models import ionic_model

MODEL = "atrium_courtemanche"


def chamber_from(path: str, axes: str, edge_mm: float, stage: str, seed: int) -> Chamber:
    """Return a left atrium with named parts, fibres and made-up fibrosis."""
    named, _ = named_openings(remeshed(load_chamber(path, axes=axes).chamber, edge_mm))
    chamber = with_fibres(with_regions(named))
    return replace(chamber, substrate=texture(chamber, stage, seed))


def told(title: str, found: Induction) -> None:
    """Print what was induced from each site."""
    print(title)
    for one in found.without:
        what = f"{one.arrhythmia}, cycle {one.cycle_ms:.0f} ms" if one.induced else (
            f"nothing lasts, {one.lasted_ms:.0f} ms at most" if one.captured else "not captured")
        refractory = "" if np.isnan(one.refractory_ms) else f"; S2 did not capture at {one.refractory_ms:.0f} ms"
        print(f"  {one.name}: {what}{refractory}")


def main(argv: list[str] | None = None) -> int:
    """Pace without and with the drug."""
    asked = _arguments(argv)
    chamber = chamber_from(asked.surface, asked.axes, asked.edge, asked.stage, asked.seed)
    volume = Volume(np.zeros((2, 2, 2), np.float32), VolumeGeometry.upright((2, 2, 2), (1.0, 1.0, 1.0)))
    case = Case.new(volume=volume).with_chamber(chamber)
    protocol = PacingProtocol(drive_ms=400.0, drive_count=2, extra=asked.extra, longest_ms=300.0, shortest_ms=140.0,
                              step_ms=20.0, sustained_ms=asked.sustained)  # fmt: skip
    models = electro_model(MODEL), electro_model(MODEL, drug=asked.drug, drug_nm=asked.nm)
    if missing := ignored(ionic_model(models[1].ionic_model), asked.drug):
        print(f"the model has none of these channels, whose block counts for nothing: {', '.join(missing)}")
    with ProcessPoolExecutor(asked.processes) as pool:
        for model in models:
            found = induce(case, None, protocol, model=model, sites=asked.sites, executor=pool, checkpoint=asked.keep)
            told(found.parameters.get("drug", "no drug"), found)
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("surface")
    parser.add_argument("--axes", default="LPS")
    parser.add_argument("--drug", default="amiodarone")
    parser.add_argument("--nm", type=float, help="free in plasma, nM; default that in treatment")
    parser.add_argument("--sites", type=int, default=4)
    parser.add_argument("--extra", type=int, default=1)
    parser.add_argument("--sustained", type=float, default=1000.0, help="ms; less than 5000 screens")
    parser.add_argument("--edge", type=float, default=0.8)
    parser.add_argument("--stage", default="III")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", help="folder of finished sites")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
