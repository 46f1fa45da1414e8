"""Pacing of a ring: what must go round when one way is blocked, and what must not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.errors import DataError, PlanError, SimulationError
from anatomy_twin.simulation.electro import pipeline
from anatomy_twin.simulation.electro.induction import pace_site
from anatomy_twin.simulation.electro.models import ionic_model
from anatomy_twin.simulation.electro.spread import rows_of
from anatomy_twin.simulation.electro.velocity import tuned

MODEL = "mitchell_schaeffer_2003"
ATRIAL = {"tau_in": 0.3, "tau_close": 60.0, "tau_open": 80.0}
VELOCITY_M_S, STEP_MM = 0.5, 0.6


def ring(around_mm, slow_arc=0.0, closed=True):
    """A ring of one node across; a part of it beside the site at angle 0 recovers late."""
    count = round(around_mm / STEP_MM)
    model, kind = ionic_model(MODEL), ionic_model(MODEL).parameters(**ATRIAL)
    diffusivity = tuned(MODEL, kind, VELOCITY_M_S, STEP_MM, 0.1, triangles=False).diffusivity_mm2_ms
    node = np.arange(count)
    beside = (node + 1) % count
    last = count if closed else count - 1
    rates = sparse.coo_array((np.full(last, diffusivity / STEP_MM**2), (node[:last], beside[:last])), (count, count))
    angle = 2.0 * np.pi * node / count
    points = np.stack([np.cos(angle), np.sin(angle), 0.0 * angle], -1) * around_mm / (2.0 * np.pi)
    late = (angle > 0.15) & (angle < 0.15 + slow_arc)
    system = pipeline.tissue(
        points, rows_of(sparse.csr_array(rates + rates.T)), model, (kind, {**kind, "tau_close": 110.0}), 0.1,
        kind_of_node=late.astype(int), threshold_mv=-40.0, watch_ms=0.5,
    )
    return system, pipeline.init(system)


PROTOCOL = PacingProtocol(drive_ms=400.0, drive_count=3, longest_ms=300.0, shortest_ms=100.0, step_ms=10.0,
                          sustained_ms=1500.0, radius_mm=1.5)  # fmt: skip


def test_an_early_beat_goes_round_a_ring_that_is_blocked_one_way_at_its_velocity():
    system, rest = ring(150.0, slow_arc=1.2)
    found = pace_site(system, rest, system.points_mm[0], PROTOCOL)
    assert found.induced and found.captured and len(found.intervals_ms) == 1
    assert found.longest_ms >= PROTOCOL.sustained_ms and PROTOCOL.screens
    # once round at the velocity of a rested ring is the least; what has not recovered is slower
    assert 0.95 * 150.0 / VELOCITY_M_S < found.cycle_ms < 1.35 * 150.0 / VELOCITY_M_S
    assert found.cycle_spread < 0.05 and found.state is not None
    again = pace_site(system, rest, system.points_mm[0], PROTOCOL)
    assert again.intervals_ms == found.intervals_ms and np.array_equal(again.last_ms, found.last_ms, equal_nan=True)


@pytest.mark.parametrize(
    ("around_mm", "slow_arc", "closed"), [(150.0, 0.0, True), (150.0, 1.2, False), (40.0, 1.2, True)]
)
def test_without_a_block_a_way_round_or_room_nothing_lasts(around_mm, slow_arc, closed):
    """A ring that is alike all over, one that is cut, and one that is shorter than what a beat leaves refractory."""
    system, rest = ring(around_mm, slow_arc, closed)
    found = pace_site(system, rest, system.points_mm[0], PROTOCOL)
    assert found.captured and not found.induced and found.longest_ms < 800.0 and np.isnan(found.cycle_ms)
    assert 100.0 <= found.refractory_ms < 260.0 and found.tries > 5


def test_bursts_and_ramps_induce_too_and_weak_pacing_is_told():
    system, rest = ring(150.0, slow_arc=1.2)
    common = {"longest_ms": 240.0, "shortest_ms": 130.0, "step_ms": 10.0, "sustained_ms": 800.0, "radius_mm": 1.5}
    burst = pace_site(system, rest, system.points_mm[0], PacingProtocol("burst", drive_count=6, **common))
    assert burst.induced and len(burst.intervals_ms) == 1
    ramp = pace_site(system, rest, system.points_mm[0], PacingProtocol("ramp", **common))
    assert ramp.captured
    weak = pace_site(system, rest, system.points_mm[0], PacingProtocol(strength_mv_ms=0.5, radius_mm=1.5))
    assert not weak.captured and not weak.induced and weak.tries == 1


def test_protocols_and_sites_that_cannot_be_are_refused():
    for changed, words in (
        ({"kind": "shock"}, "unknown kind of pacing 'shock'"), ({"extra": 4}, "4 extra stimuli"),
        ({"longest_ms": 100.0}, "from 100 down to 120 ms"), ({"drive_count": 0}, "a drive of 0 beats"),
        ({"duration_ms": 130.0}, "stimuli of 130 ms every 120 ms"),
    ):
        with pytest.raises(PlanError, match=words):
            PacingProtocol(**changed)
    with pytest.raises(DataError, match="sustained_ms"):
        PacingProtocol(sustained_ms=10.0)
    system, rest = ring(40.0)
    with pytest.raises(SimulationError, match=r"the site is \d+\.\d mm from any tissue"):
        pace_site(system, rest, (0.0, 0.0, 90.0), PROTOCOL)
