"""Where words beside things stand: near, free, inside, and calm while the hand moves."""

from __future__ import annotations

import numpy as np

from anatomy_twin.rehearsal.captions import GAP_PX, Box, leader, place_words, round_place

ROOM = Box(0.0, 0.0, 400.0, 300.0)


def test_words_stand_right_beside_a_place_where_that_is_free():
    box, choice = place_words((200.0, 150.0), (80.0, 16.0), (), ROOM, away=8.0)
    assert choice == 0 and box.left > 200.0 + 4.0 and box.bottom < 150.0
    assert np.hypot(box.left - 200.0, box.bottom - 150.0) < 8.0 + GAP_PX + 0.1
    assert leader((200.0, 150.0), box, 8.0) == ()


def test_words_give_way_to_knobs_and_to_each_other():
    rng = np.random.default_rng(3)
    places = [(float(x), float(y)) for x, y in zip(*rng.uniform((120,) * 12, (260,) * 12, (2, 12)), strict=True)]
    dots = [round_place(*place, 9.0) for place in places]
    taken, boxes = list(dots), []
    for place in places[:8]:
        box, _ = place_words(place, (70.0, 15.0), taken, ROOM, away=9.0)
        taken.append(box)
        boxes.append(box)
    assert not any(box.shared(dot) for box in boxes for dot in dots)
    assert not any(one.shared(other) for n, one in enumerate(boxes) for other in boxes[:n])
    assert all(box.left >= 0 and box.top >= 0 and box.right <= 400 and box.bottom <= 300 for box in boxes)


def test_words_far_from_their_place_are_tied_to_it():
    wall = [Box(150.0, 110.0, 250.0, 190.0)]
    box, _ = place_words((200.0, 150.0), (60.0, 14.0), wall, ROOM, away=6.0)
    assert box.shared(wall[0]) == 0.0
    start, end = leader((200.0, 150.0), box, 6.0)
    assert np.hypot(start[0] - 200.0, start[1] - 150.0) < 6.1
    assert end == box.nearest(200.0, 150.0)


def test_words_keep_their_side_while_it_is_free():
    first, choice = place_words((200.0, 150.0), (60.0, 14.0), [Box(200.0, 100.0, 300.0, 150.0)], ROOM, away=6.0)
    again, kept = place_words((203.0, 150.0), (60.0, 14.0), (), ROOM, away=6.0, before=choice)
    assert choice != 0 and kept == choice and again.left - first.left == 3.0


def test_words_at_the_edge_stay_inside():
    for place in ((1.0, 1.0), (399.0, 299.0), (399.0, 2.0), (2.0, 299.0)):
        box, _ = place_words(place, (90.0, 16.0), (), ROOM, away=8.0)
        assert box.left >= 0 and box.top >= 0 and box.right <= 400 and box.bottom <= 300
        assert not box.shared(round_place(*place, 8.0))
