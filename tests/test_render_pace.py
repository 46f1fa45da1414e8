"""How much a frame of the 3-D view holds, from where it is seen, and what a person points at."""

from __future__ import annotations

import numpy as np
import pytest

from anatomy_twin.errors import UsageError
from anatomy_twin.rehearsal.picking import Camera, Hit, seen_first
from anatomy_twin.render.live_pace import COARSE, CRUDE, FINE, HIDDEN, Budget, Pace, Part, choose_levels, count

FRONT = Camera((0.0, -500.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 50.0)


# ---- how much a frame holds


def parts() -> tuple[Part, ...]:
    return (
        Part("tumour", (900, 400, 200), "target"), Part("veins", (9000, 3000, 1000), "vessel"),
        Part("liver", (30000, 9000, 2500), "organ", 0.38, dear=True), Part("spleen", (5000, 2000, 900), "organ", 0.8),
        Part("lung", (20000, 8000, 2500), "organ", 0.07), Part("body", (40000, 12000, 3000), "body", 0.07),
    )  # fmt: skip


def test_with_room_all_is_fine_and_shells_go_first():
    assert set(choose_levels(parts(), 200_000).values()) == {FINE}
    levels = choose_levels(parts(), 22_000)
    assert count(parts(), levels) <= 22_000
    assert levels["body"] == levels["lung"] == HIDDEN
    assert levels["tumour"] == FINE and levels["veins"] <= COARSE and levels["liver"] <= COARSE
    tight = choose_levels(parts(), 500)
    assert all(tight[name] == CRUDE for name in ("tumour", "veins", "liver")) and tight["spleen"] == HIDDEN


def test_more_room_never_shows_less():
    before = choose_levels(parts(), 1000)
    for budget in range(2000, 120_000, 2000):
        levels = choose_levels(parts(), budget)
        assert count(parts(), levels) >= count(parts(), before)
        before = levels


def test_budget_follows_measured_frames():
    slow = Budget(0.075, 80_000)
    assert not slow.tell(9.0, 80_000, False), "the first frame of a setting pays for the change"
    for _ in range(3):
        slow.tell(0.3, 80_000, False)
    assert slow.triangles < 40_000
    quick = Budget(0.075, 80_000)
    for _ in range(4):
        quick.tell(0.01, 78_000, False)
    assert quick.triangles > 120_000
    steady = Budget(0.075, 80_000)
    for _ in range(9):
        assert not steady.tell(0.07, 79_000, False)


def test_a_quick_machine_is_never_slowed():
    pace = Pace(software=False)
    for _ in range(9):
        pace.tell("moving", 0.004, 600_000, True)
    assert pace.moving.triangles > 1e8
    pace.tell("resting", 0.005, 600_000, True)
    assert pace.best_affordable
    pace.tell("best", 0.012, 600_000, True)
    assert pace.always_best
    pace.tell("best", 2.0, 600_000, True)
    assert not pace.best_affordable and not pace.always_best


# ---- camera and rays


@pytest.mark.parametrize("parallel", [True, False])
def test_a_point_is_seen_where_its_ray_goes(parallel):
    camera = Camera((120.0, -300.0, 80.0), (10.0, 5.0, -8.0), (0.1, 0.0, 1.0), 60.0, parallel, 30.0)
    for x, y in ((0.0, 0.0), (320.5, 17.0), (749.0, 419.0)):
        start, toward = camera.ray(x, y, (750, 420))
        for depth in (100.0, 320.0, 700.0):
            assert camera.pixel_of(start + depth * toward, (750, 420)) == pytest.approx((x, y), abs=1e-6)
    assert np.linalg.norm(toward) == pytest.approx(1.0)
    near, far = camera.pixel_mm(100.0, 420), camera.pixel_mm(400.0, 420)
    assert (near == far) is parallel


def test_turning_panning_zooming():
    turned = FRONT.turned(90.0, 0.0)  # the hand goes right: what was in front goes to the right, the right side comes
    assert turned.position_mm == pytest.approx((-500.0, 0.0, 0.0), abs=1e-9) and turned.up == pytest.approx((0, 0, 1))
    assert FRONT.turned(0.0, 30.0).position_mm[2] > 0, "the hand goes down: one looks from above"
    assert FRONT.panned(3.0, 4.0).focal_mm == pytest.approx((3.0, 0.0, 4.0))
    assert FRONT.zoomed(2.0).half_height_mm == pytest.approx(25.0)
    eye = FRONT.with_perspective(True)
    assert eye.shown_mm == pytest.approx(FRONT.shown_mm) and not eye.parallel
    assert eye.with_perspective(False).half_height_mm == pytest.approx(FRONT.half_height_mm)
    with pytest.raises(UsageError):
        FRONT.zoomed(0.0)


def test_what_shines_through_is_meant():
    shell, tumour, bone = Hit(10.0, "body", 0.07), Hit(40.0, "tumour", 1.0), Hit(60.0, "bone", 1.0)
    assert seen_first([bone, tumour, shell]).name == "tumour"
    assert seen_first([Hit(20.0, "liver", 0.8), tumour]).name == "liver"
    assert seen_first([Hit(20.0, "liver", 0.38), tumour]).name == "tumour"
    assert seen_first([shell]).name == "body", "a shell alone is still something"
    assert seen_first([]) is None
