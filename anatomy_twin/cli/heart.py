"""What the verbs about a heart share: options, processes, and what they say of pacing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from anatomy_twin.cli.common import Options
from anatomy_twin.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from anatomy_twin.core import Case, Induction, LesionPlan, LesionSearch, PacingProtocol, SiteOutcome

MOST_WORKERS = 256


def add_pacing_options(parser: Options) -> None:
    """Add the options of every verb that paces a heart."""
    parser.add_argument("--sites", type=int, metavar="N", help="sites to pace from (default: 4, with --full 12)")
    parser.add_argument("--full", action="store_true", help="S1 to S3 every 10 ms and 5 s as sustained, not the short "
                        "screening (S2 every 20 ms, 1 s)")
    parser.add_argument("--workers", type=int, metavar="N", help="processes side by side (default: one a core)")


def pacing_of(options: argparse.Namespace) -> tuple[PacingProtocol, int]:
    """Return the protocol and the number of sites that were asked for."""
    from anatomy_twin.pipeline.arrhythmia import FULL, FULL_SITES, SCREENING, SCREENING_SITES

    protocol, usual = (FULL, FULL_SITES) if options.full else (SCREENING, SCREENING_SITES)
    sites = usual if options.sites is None else options.sites
    if not 1 <= sites <= 200:
        raise UsageError(f"{sites} sites to pace from", advice="give --sites 1 to 200")
    return protocol, sites


@contextmanager
def processes(options: argparse.Namespace) -> Iterator[Executor | None]:
    """Give an executor of as many processes as were asked for; None for one, which is this one."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    count = (os.cpu_count() or 1) if options.workers is None else options.workers
    if not 1 <= count <= MOST_WORKERS:
        raise UsageError(f"{count} processes", advice=f"give --workers 1 to {MOST_WORKERS}")
    if count == 1:
        yield None
        return
    # fresh processes: those that are forked from one with threads may hang
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def induction_text(found: Induction) -> str:
    """Return what pacing did as lines: the protocol, then a line for each site without and with the lesions."""
    lines = [f"pacing: {found.parameters.get('pacing', found.protocol.kind)}; sustained means "
             f"{found.parameters.get('sustained', '')}".rstrip()]
    for title, sites in (("without lesions", found.without), (f"with {found.plan_name}", found.with_plan)):
        if sites:
            lines.append(f"{title}: induced from {sum(one.induced for one in sites)} of {len(sites)} sites")
            lines += [f"  {one.name:<12} {_site_words(one)}" for one in sites]
    lines += [f"note: {warning}" for warning in found.warnings]
    if found.assumed:
        lines.append(f"assumed: {', '.join(found.assumed)}")
    return "\n".join(lines)


def induction_json(found: Induction) -> dict[str, Any]:
    """Return what pacing did as JSON types."""
    return {
        "plan": found.plan_name, "chamber": found.chamber, "inducible": found.inducible,
        "screened": found.protocol.screens, "sustained_ms": found.protocol.sustained_ms,
        "without": [_site_json(one) for one in found.without],
        "with_plan": [_site_json(one) for one in found.with_plan],
        "parameters": dict(found.parameters), "assumed": list(found.assumed), "warnings": list(found.warnings),
    }


def search_text(found: LesionSearch) -> str:
    """Return the rounds of a search as lines."""
    lines = []
    for one in found.rounds:
        lines.append(f"round {one.number}: induced from {len(one.inducible)} of {len(one.outcomes)} sites, "
                     f"{one.length_mm:.0f} mm of lines, {one.isolated_cm2:.1f} cm2 isolated")
        lines += [f"  {site.name:<12} {_site_words(site)}" for site in one.inducible]
        lines += [f"  then {why}" for why in one.why]
    return "\n".join([*lines, f"plan {found.plan_name}: {found.ended}", *(f"note: {one}" for one in found.warnings)])


def search_json(found: LesionSearch) -> dict[str, Any]:
    """Return the rounds of a search as JSON types."""
    return {
        "plan": found.plan_name, "chamber": found.chamber, "inducible": found.inducible, "ended": found.ended,
        "rounds": [{
            "number": one.number, "sites": [_site_json(site) for site in one.outcomes], "why": list(one.why),
            "isolated_cm2": one.isolated_cm2, "ablated_cm2": one.ablated_cm2, "length_mm": one.length_mm,
        } for one in found.rounds],
        "parameters": dict(found.parameters), "assumed": list(found.assumed), "warnings": list(found.warnings),
    }


def chambers_json(case: Case) -> dict[str, Any]:
    """Return what is known of the chambers of a heart as JSON types."""
    found = {}
    for name, one in case.chambers.items():
        known = one.substrate
        found[name] = {
            "points": len(one.surface.points_mm), "openings": [rim.name for rim in one.openings],
            "regions": list(one.region_names), "fibres": None if one.fibres is None else one.fibres.source,
            "fibrosis": None if known is None else f"{known.value_name}, {known.source}",
            "wall_known": one.wall_mm is not None,
            "notes": [*one.notes, *(() if known is None else known.notes)],
        }
    return found


def chambers_text(case: Case) -> str:
    """Return what is known of the chambers of a heart as lines."""
    lines = []
    for name, one in chambers_json(case).items():
        lines += [f"{name}: {one['points']} points", f"  openings {', '.join(one['openings'])}",
                  f"  fibres {one['fibres'] or 'none'}", f"  fibrosis {one['fibrosis'] or 'not known'}"]
        lines += [f"  note: {note}" for note in one["notes"]]
    return "\n".join(lines)


def activation_text(case: Case, plan: LesionPlan) -> str:
    """Return what a plan of lesions does to the activation as lines."""
    result = case.activations[plan.name]
    lines = [f"plan {plan.name}: {result.parameters.get('lesions', f'{len(plan.lesions)} lesions')}; ablated "
             f"{result.parameters.get('ablated', '-')}, isolated {result.parameters.get('isolated', '-')}"]
    lines += [f"  {line}" for line in result.evidence]
    lines += [f"note: {warning}" for warning in result.warnings]
    if result.assumed:
        lines.append(f"assumed: {', '.join(result.assumed)}")
    return "\n".join(lines)


def activation_json(case: Case, plan: LesionPlan) -> dict[str, Any]:
    """Return what a plan of lesions does to the activation as JSON types."""
    result = case.activations[plan.name]
    return {
        "plan": plan.name, "chamber": plan.chamber, "veins": dict(result.veins), "evidence": list(result.evidence),
        "parameters": dict(result.parameters), "assumed": list(result.assumed), "warnings": list(result.warnings),
    }


def lesion_sets(text: str) -> Sequence[str]:
    """Read ``pvi,roof``; ``UsageError`` for nothing."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise UsageError("no lesions are named", advice="give for instance --lesions pvi,roof")
    return names


def _site_words(one: SiteOutcome) -> str:
    if not one.captured:
        return "; ".join(("not captured", *one.evidence))
    if not one.induced:
        return f"nothing that lasts ({one.lasted_ms:.0f} ms at most)"
    after = " - ".join(f"{value:.0f}" for value in one.intervals_ms)
    return f"{one.arrhythmia}, cycle {one.cycle_ms:.0f} ms, after {after} ms"


def _site_json(one: SiteOutcome) -> dict[str, Any]:
    numbers = {name: None if getattr(one, name) != getattr(one, name) else float(getattr(one, name))
               for name in ("cycle_ms", "refractory_ms", "lasted_ms")}
    return {
        "name": one.name, "site_mm": one.site_mm.tolist(), "captured": bool(one.captured), "induced": bool(one.induced),
        "intervals_ms": [float(value) for value in one.intervals_ms], "tries": int(one.tries),
        "arrhythmia": one.arrhythmia, "evidence": list(one.evidence), **numbers,
    }
