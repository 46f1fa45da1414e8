"""A scan after an ablation is read, held against the plan and kept in the case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from anatomy_twin import catalog
from anatomy_twin.assess.confirmation import confirm_ablation
from anatomy_twin.core import SILENT, Case, Code, LabelMap, Monitor, Volume
from anatomy_twin.core.confirmation import ZONE
from anatomy_twin.errors import UsageError
from anatomy_twin.pipeline.labels import load_labels
from anatomy_twin.pipeline.record import recorded, timed_stage
from anatomy_twin.scan import load_volume


def confirm_case(
    case: Case, scan: Volume | str | Path, *, plan: str | None = None, target: str | None = None,
    zone: str | Path | None = None, contraction_percent: float = 0.0, name: str = "after", landmarks: Any = None,
    series_uid: str | None = None, repair: bool = False, modality: str | None = None, monitor: Monitor = SILENT,
) -> Case:
    """Return the case with the confirmation ``name`` (see ``confirm_ablation``), its scan, labels and transform.

    Parameters
    ----------
    scan : the scan after, or the folder or file to read it from.
    zone : a file of labels on that scan which holds the ablation zone (its only segment, or "ablation_zone"), and
        perhaps the liver; without, the zone is found.
    """
    with timed_stage("reading the scan after", monitor):
        volume = scan if isinstance(scan, Volume) else load_volume(
            scan, series_uid=series_uid, repair=repair, modality=modality, monitor=monitor)  # fmt: skip
        labels = None if zone is None else with_zone(load_labels(zone, volume), Path(zone).name)
    with timed_stage("confirming the ablation", monitor) as clock:
        found = confirm_ablation(
            case, volume, plan, target=target, post_labels=labels, contraction_percent=contraction_percent,
            landmarks=landmarks, name=name, monitor=monitor,
        )
        for line in found.warnings:
            monitor.warn(line)
    facts = {
        "scan": name, "target": found.target, "plan": found.plan_name or "none", "registration": found.registration,
        "contraction_percent": f"{contraction_percent:g} (assumed)", "zone": found["zone_ml"].note,
        **{f"scan {key}": value for key, value in volume.facts.items() if key.startswith("sha256")},
    }
    return recorded(case.with_confirmation(found), "confirming the ablation", facts, clock)


def with_zone(labels: LabelMap, where: str) -> LabelMap:
    """Return labels in which the only segment is called "ablation_zone"; ``UsageError`` where none can be meant."""
    if ZONE in labels:
        return labels
    if len(labels.names) != 1:
        known = ", ".join(labels.names[:6]) or "none"
        raise UsageError("the file does not say which segment is the ablation zone", where=where,
                         advice=f"call one ablation_zone; it has {known}")  # fmt: skip
    term = catalog.term(ZONE)
    code = Code(term["scheme"], term["code"], term["meaning"])
    segments = tuple(
        replace(one, name=ZONE, code=code, part_of=term["part_of"]) if one.name == labels.names[0] else one
        for one in labels.segments
    )
    return replace(labels, segments=segments)
