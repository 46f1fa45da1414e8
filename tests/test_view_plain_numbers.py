"""Numbers in the window keep their words, their unit and their whole length."""

from __future__ import annotations

import pytest

from anatomy_twin.errors import DataError
from anatomy_twin.units import check_positive, check_range
from anatomy_twin.view.device_words import device_facts
from anatomy_twin.view.slice_words import _two


def test_a_number_beyond_an_open_range_is_told_without_infinity():
    with pytest.raises(DataError, match="at most 500"):
        check_positive("power_w", 5000.0, 500.0)
    with pytest.raises(DataError, match="at least 0"):
        check_range("depth_mm", -1.0, 0.0)


def test_the_line_below_a_device_tells_devices_of_like_names_apart():
    assert device_facts("rfa-cooled-20")[0].startswith("rfa-cooled-20: ")
    assert device_facts("rfa-cooled-20")[0] != device_facts("rfa-cooled-30")[0]


def test_margins_that_are_too_wide_for_a_line_are_written_in_two():
    assert _two("Table -6.3 mm, simulated -5.9 mm") == ("Table -6.3 mm,", "simulated -5.9 mm")
    assert _two("Table: no zone") == ("Table: no zone",)
