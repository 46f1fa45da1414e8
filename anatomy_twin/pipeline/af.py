"""The chain for atrial fibrillation: from the scans of a heart to isolated veins, paced without and with lesions."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from anatomy_twin.core import SILENT, Case, Monitor, PacingProtocol, Patient
from anatomy_twin.pipeline.anatomy import mesh_case
from anatomy_twin.pipeline.arrhythmia import SCREENING, SCREENING_SITES, induction_case, lesions_case
from anatomy_twin.pipeline.chain import assess_case, simulate_case
from anatomy_twin.pipeline.heart import EDGE_MM, heart_of
from anatomy_twin.pipeline.heart_scans import import_heart
from anatomy_twin.pipeline.labels import segment_case
from anatomy_twin.simulation.electro.sites import SiteChoice

PLAN = "PVI"


def run_af_ablation(
    path: str | Path, *, late: str | Path | None = None, series_uid: str | None = None, late_uid: str | None = None,
    repair: bool = False, modality: str | None = None, patient: Patient | None = None,
    lesions: Sequence[str] = ("pvi",), protocol: PacingProtocol = SCREENING, sites: SiteChoice = SCREENING_SITES,
    edge_mm: float = EDGE_MM, executor: Executor | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Take the CT of a heart, and its late-enhancement MR where there is one, to a simulated isolation of the veins.

    Scans, chambers, fibrosis, lesions (by default around the veins of both sides), activation without and with them,
    and pacing from a few sites: a screening, as the default protocol says; more sites and 5 s for more than that.

    Parameters
    ----------
    path, late, series_uid, late_uid, repair, modality, patient : see ``import_heart``.
    lesions : standard sets of the plan ``PVI``, see ``lesions_case``.
    protocol, sites, executor : see ``induction_case``.
    edge_mm : of the chamber's triangles.

    Raises a ``TwinError`` when a scan cannot be read truthfully, shows no left atrium with its veins, or when the late
    enhancement does not lie on it.
    """
    case = import_heart(path, late=late, series_uid=series_uid, late_uid=late_uid, repair=repair, modality=modality,
                        patient=patient, monitor=monitor)
    if "late_enhancement" not in case.volumes:
        monitor.warn("no late enhancement was found: the wall counts as healthy")
    case = segment_case(case, "cta-heart", monitor)
    case = mesh_case(case, monitor, vessels=False)
    case = heart_of(case, monitor, edge_mm)
    case = lesions_case(case, lesions, PLAN, monitor=monitor)
    case = simulate_case(case, PLAN, monitor=monitor)
    case, _ = induction_case(case, PLAN, protocol, sites, executor=executor, monitor=monitor)
    return assess_case(case, PLAN, monitor)
