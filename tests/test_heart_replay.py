"""What was induced is run once more: from the train that did it, as voltages of the wall that follow the fronts."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.core.induction import SiteOutcome
from anatomy_twin.core.pacing import PacingProtocol
from anatomy_twin.errors import SimulationError
from anatomy_twin.simulation.electro import eikonal
from anatomy_twin.simulation.electro.chamber_tissue import eikonal_of
from anatomy_twin.simulation.electro.replay import BEFORE_MS, EVERY_MS, WATCH_MS, replayed, train_ms
from tests.support.heart_case import made_chamber


def outcome(site_mm=(0.0, 0.0, 0.0), intervals_ms=(320.0,), induced=True):
    kind = "rotors" if induced else "none"
    return SiteOutcome("site 1", np.array(site_mm), True, induced, intervals_ms, arrhythmia=kind)


def test_the_train_is_the_one_that_induced():
    drive = PacingProtocol(drive_ms=500.0, drive_count=4, extra=2)
    assert train_ms(outcome(intervals_ms=(250.0, 190.0)), drive) == (500.0, 500.0, 500.0, 250.0, 190.0)
    burst = PacingProtocol("burst", drive_count=5)
    assert train_ms(outcome(intervals_ms=(200.0,)), burst) == (200.0,) * 4
    assert train_ms(outcome(intervals_ms=(300.0, 290.0)), PacingProtocol("ramp")) == (300.0, 290.0)
    with pytest.raises(SimulationError, match="nothing was induced"):
        train_ms(outcome(induced=False), drive)


def test_the_record_shows_the_fronts_of_the_last_stimulus():
    chamber = made_chamber()
    points = chamber.surface.points_mm
    site = int(np.flatnonzero(chamber.in_regions(["posterior_wall"]))[10])
    dead = np.zeros(len(points), bool)
    dead[np.linalg.norm(points - points[site], axis=1) > 45.0] = True
    found = replayed(chamber, outcome(points[site], (700.0,)), PacingProtocol(drive_count=1), dead)
    assert np.allclose(np.diff(found.times_ms), EVERY_MS, atol=1.0)
    assert found.times_ms[0] == pytest.approx(-BEFORE_MS, abs=1.0)
    assert found.times_ms[-1] == pytest.approx(WATCH_MS, abs=EVERY_MS)
    volts = found.voltages_mv.astype(float)
    before = np.flatnonzero(found.times_ms < 0.0)[-1]
    after = int(np.argmin(np.abs(found.times_ms - EVERY_MS)))
    assert volts[after, site] > volts[before, site] + 30.0
    assert np.ptp(volts[:, dead]) == 0.0 and not found.alive[dead].any()
    # when nodes are activated follows the eikonal times of the same wall
    times = eikonal.activation(eikonal_of(chamber, dead=dead), [site]).times_ms
    window = (found.times_ms > 0.0) & (found.times_ms < 500.0)
    up = (volts[window] > -40.0) & found.alive
    first = np.where(up.any(axis=0), found.times_ms[window][up.argmax(axis=0)], np.inf)
    both = np.isfinite(times) & np.isfinite(first)
    assert both.sum() > 0.9 * np.isfinite(times).sum()
    assert np.corrcoef(times[both], first[both])[0, 1] > 0.9
