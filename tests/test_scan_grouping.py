"""Several volumes in one series are split and named; slices of one volume stay together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from anatomy_twin.errors import GeometryError
from anatomy_twin.scan.headers import Listing
from anatomy_twin.scan.repair import repaired
from anatomy_twin.scan.series import Series, listing_of, ranked
from anatomy_twin.scan.slice_header import SliceHeader
from tests.support.dicom_series import write_series


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> SliceHeader:
    folder = tmp_path_factory.mktemp("one")
    write_series(folder, shape=(1, 16, 16))
    return replace(listing_of(folder).headers[0], phase=())


class Bench:
    """Headers of stacks, made from one template."""

    def __init__(self, template: SliceHeader) -> None:
        self.template, self.headers = template, []

    def stack(self, heights, thickness=2.5, **fields) -> None:
        """Add slices at heights; a field that is a list gives one value to each slice, upper-case names are marks."""
        for k, height in enumerate(heights):
            own = {name: value[k] if isinstance(value, list) else value for name, value in fields.items()}
            number = len(self.headers) + 1
            marks = tuple((name, str(value)) for name, value in own.items() if name[0].isupper())
            plain = {name: value for name, value in own.items() if not name[0].isupper()}
            self.headers.append(replace(
                self.template, position_mm=(0.0, 0.0, float(height)), phase=marks, thickness_mm=thickness,
                **{"instance_number": number, "sop_uid": f"1.2.{number}", **plain},
            ))  # fmt: skip

    @property
    def found(self) -> tuple[Series, ...]:
        return ranked(Listing(tuple(self.headers), {}, ()))

    @property
    def parts(self) -> list[tuple[str, int]]:
        return [(one.part, one.slice_count) for one in self.found]


@pytest.fixture
def bench(template) -> Bench:
    return Bench(template)


HEIGHTS = np.arange(8) * 2.5


@pytest.mark.parametrize(
    ("keyword", "values", "names"),
    [
        ("TemporalPositionIdentifier", ["1", "2", "3"], [f"temporal position {n} of 3" for n in (1, 2, 3)]),
        ("EchoTime", ["9.2", "4.6"], ["echo time 4.6 ms", "echo time 9.2 ms"]),
        ("DiffusionBValue", ["800", "0", "50"], [f"b-value {b} s/mm2" for b in (0, 50, 800)]),
        ("DiffusionBValue", ["1000", ""], ["b-value not stated", "b-value 1000 s/mm2"]),
        ("TriggerTime", ["520.5", "20"], ["20 ms after the trigger", "520.5 ms after the trigger"]),
        ("StackID", ["1", "2"], ["stack 1 of 2", "stack 2 of 2"]),
        ("AcquisitionNumber", ["5", "4"], ["acquisition 4", "acquisition 5"]),
        ("AcquisitionTime", ["103105.5", "103030"], ["acquired first", "acquired 35.5 s after the first"]),
        ("DiffusionGradientOrientation", ["0\\0\\1", "0\\1\\0"],
         ["diffusion direction 1 of 2", "diffusion direction 2 of 2"]),
        ("ASingularMark", ["a", "b"], ["ASingularMark 1 of 2", "ASingularMark 2 of 2"]),
    ],
)
def test_volumes_at_the_same_places_are_split_and_named(bench, keyword, values, names):
    for value in values:
        bench.stack(HEIGHTS, **{keyword: value})
    assert bench.parts == [(name, 8) for name in names]
    first = bench.found[0]
    assert first.reason.startswith(f"1st of {len(names)}: 8 axial slices of an original CT ({names[0]})")
    assert all(one.verdict.uniform for one in bench.found)
    assert [one.uid.partition("#")[2] for one in bench.found] == ["", "2", "3"][:len(names)]


def test_the_order_of_marks_and_of_files_changes_nothing(bench):
    for echo in ("4.6", "9.2"):
        for phase in ("1", "2"):
            bench.stack(HEIGHTS, EchoTime=echo, TemporalPositionIdentifier=phase, AcquisitionNumber="1")
    expected = [(f"echo time {echo} ms, temporal position {n} of 2", 8) for echo in ("4.6", "9.2") for n in (1, 2)]
    assert bench.parts == expected
    rng = np.random.default_rng(2)
    for _ in range(5):
        shuffled = [replace(h, phase=tuple(h.phase[n] for n in rng.permutation(3))) for h in bench.headers]
        bench.headers = [shuffled[n] for n in rng.permutation(len(shuffled))]
        assert bench.parts == expected


def test_headers_of_an_image_that_field_or_kernel_tells_apart(bench):
    bench.stack(HEIGHTS, kvp=80.0, kernel="B30f")
    bench.stack(HEIGHTS, kvp=140.0, kernel="B30f")
    bench.stack(HEIGHTS, kvp=140.0, kernel="B60f")
    assert [name for name, _ in bench.parts] == [
        "tube voltage 80 kV", "tube voltage 140 kV, kernel B30f", "tube voltage 140 kV, kernel B60f"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("types", "names"),
    [
        ((("ORIGINAL", "PRIMARY", "M"), ("ORIGINAL", "PRIMARY", "P")), ["image type magnitude", "image type phase"]),
        ((("DERIVED", "PRIMARY", "W"), ("DERIVED", "PRIMARY", "F")), ["image type water", "image type fat"]),
        ((("DERIVED", "PRIMARY", "IP"), ("DERIVED", "PRIMARY", "OP")),
         ["image type in phase", "image type opposed phase"]),
        ((("ORIGINAL", "PRIMARY", "AXIAL"), ("ORIGINAL", "PRIMARY", "AXIAL", "ADD")),
         ["image type without ADD", "image type ADD"]),
        ((("ORIGINAL", "PRIMARY", "<b>x"), ("ORIGINAL", "PRIMARY", "y")), ["image type 1 of 2", "image type y"]),
    ],
)
def test_image_types_are_named_in_words(bench, types, names):
    for image_type in reversed(types):
        bench.stack(HEIGHTS, image_type=image_type)
    assert bench.parts == [(name, 8) for name in names]


def test_passes_with_running_numbers_are_told_apart_by_their_order(bench):
    """Every slice has its own acquisition time; all of the first pass are earlier than all of the second."""
    for start in (0, 40):
        bench.stack(HEIGHTS, AcquisitionTime=[f"1030{start + k:02d}.25" for k in range(8)])
    assert bench.parts == [("pass 1 of 2", 8), ("pass 2 of 2 (40 s after the first)", 8)]
    assert [h.instance_number for h in bench.found[1].headers] == list(range(9, 17))


def test_midnight_between_two_acquisitions_is_no_day_of_delay(bench):
    bench.stack(HEIGHTS, AcquisitionNumber="1", AcquisitionTime="235950")
    bench.stack(HEIGHTS, AcquisitionNumber="2", AcquisitionTime="000010")
    assert [name for name, _ in bench.parts] == ["acquisition 1", "acquisition 2"]
    bench.headers = [replace(h, phase=(*h.phase, ("AcquisitionDateTime", f"2020010{1 + n // 8}{h.phase[1][1]}")))
                     for n, h in enumerate(bench.headers)]  # fmt: skip
    assert [name for name, _ in bench.parts] == ["acquisition 1", "acquisition 2 (20 s after the first)"]


def test_heart_phases_with_slightly_different_trigger_times(bench):
    for phase in range(3):
        bench.stack(HEIGHTS, TriggerTime=[f"{300 * phase + 1.5 * k}" for k in range(8)])
    assert bench.parts == [(f"temporal position {n} of 3", 8) for n in (1, 2, 3)]


def test_passes_that_overlap_in_time_are_not_guessed(bench):
    bench.stack(HEIGHTS, AcquisitionTime=[f"1030{k:02d}" for k in range(8)])
    bench.stack(HEIGHTS, AcquisitionTime=[f"1030{k:02d}.5" for k in range(8)])
    (one,) = bench.found
    assert one.slice_count == 16 and not one.verdict.uniform


def test_what_nothing_tells_apart_is_never_interleaved(bench):
    bench.stack(HEIGHTS)
    bench.stack(HEIGHTS)
    (one,) = bench.found
    assert "8 duplicate slices" in one.verdict.line
    assert "2 images at every place that nothing tells apart" in one.verdict.line
    different = np.arange(one.slice_count * 256, dtype=np.int16).reshape(one.shape)
    with pytest.raises(GeometryError, match="two different images at one place"):
        repaired(different, one, -1024)
    equal = np.repeat(different[:8], 2, axis=0)
    assert repaired(equal, one, -1024).array.shape == (8, 16, 16)


def test_no_time_of_day_and_no_foreign_text_is_shown(bench):
    bench.stack(HEIGHTS, AcquisitionNumber="1", AcquisitionTime="103000", kernel="Erika <b>")
    bench.stack(HEIGHTS, AcquisitionNumber="2", AcquisitionTime="103035", kernel="Muster")
    bench.stack(HEIGHTS, TemporalPositionIdentifier="Erika^Muster \x1b", kernel="x" * 40)
    text = " ".join(one.part + one.reason + one.loading for one in bench.found)
    for secret in ("1030", "10:30", "<b>", "^", "\x1b", "xxx", "Muster", "Erika"):
        assert secret not in text
    assert [name for name, _ in bench.parts] == [
        "temporal position not stated, kernel 1 of 2", "temporal position not stated, kernel 2 of 2",
        "temporal position 2 of 2",
    ]  # fmt: skip


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_acquisition_numbers_that_run_along_the_table_are_one_volume(bench, blocks):
    """Step and shoot: one number for each rotation of one, two or four slices, each with its own time."""
    bench.stack(np.arange(24) * 5.0, thickness=5.0, AcquisitionNumber=[str(k // blocks) for k in range(24)],
                AcquisitionTime=[f"1030{k // blocks:02d}" for k in range(24)])
    (one,) = bench.found
    assert (one.slice_count, one.loading, one.part) == (24, "loads as it is", "")


def test_odd_and_even_slices_of_one_scan_are_one_volume_and_that_is_told(bench):
    """Two concatenations of an MR scan alternate; all slices together step as their thickness asks for."""
    bench.stack(np.arange(8) * 10.0, thickness=5.0, AcquisitionNumber="1", AcquisitionTime="103000")
    bench.stack(np.arange(8) * 10.0 + 5.0, thickness=5.0, AcquisitionNumber="2", AcquisitionTime="103100")
    (one,) = bench.found
    assert one.verdict.step_mm == pytest.approx(5.0)
    assert one.loading == ("loads with a warning: slices of 2 acquisitions alternate; "
                           "they are one volume by step and thickness")


@pytest.mark.parametrize("shift", [2.5, 1.0])
@pytest.mark.parametrize("thickness", [5.0, None])
def test_two_acquisitions_that_lie_between_each_other_are_no_finer_volume(bench, shift, thickness):
    """The table moved by half a step, or a part of one, between two scans of 5 mm slices."""
    bench.stack(np.arange(8) * 5.0, thickness=thickness, AcquisitionNumber="1")
    bench.stack(np.arange(8) * 5.0 + shift, thickness=thickness, AcquisitionNumber="2")
    assert bench.parts == [("acquisition 1", 8), ("acquisition 2", 8)]
    assert [one.verdict.step_mm for one in bench.found] == [pytest.approx(5.0)] * 2


@pytest.mark.parametrize(
    ("keyword", "values"),
    [("TemporalPositionIdentifier", "12"), ("EchoTime", ["4.6", "9.2"]), ("DiffusionBValue", ["0", "800"]),
     ("StackID", "12"), ("TriggerTime", ["0", "400"])],
)  # fmt: skip
def test_phases_and_contrasts_that_alternate_are_never_one_volume(bench, keyword, values):
    for n, value in enumerate(values):
        bench.stack(np.arange(8) * 5.0 + 2.5 * n, thickness=2.5, **{keyword: value})
    assert [count for _, count in bench.parts] == [8, 8]


def test_contrasts_side_by_side_are_two_volumes_and_times_side_by_side_one(bench, template):
    bench.stack(np.arange(8) * 2.5, EchoTime="4.6")
    bench.stack(20 + np.arange(8) * 2.5, EchoTime="9.2")
    assert [count for _, count in bench.parts] == [8, 8]
    other = Bench(template)
    other.stack(np.arange(8) * 2.5, TemporalPositionIdentifier="1")
    other.stack(20 + np.arange(8) * 2.5, TemporalPositionIdentifier="2")
    assert other.parts == [("", 16)]


def test_two_stacks_with_a_gap_between_them_are_two_volumes(bench):
    bench.stack(np.arange(6) * 2.5, StackID="1")
    bench.stack(40 + np.arange(8) * 2.5, StackID="2")
    assert bench.parts == [("stack 2 of 2", 8), ("stack 1 of 2", 6)]


def test_a_value_that_one_slice_does_not_state_splits_nothing(bench):
    bench.stack(HEIGHTS, kvp=[120.0] * 3 + [None] + [120.0] * 4, EchoTime=["", *["4.6"] * 7])
    assert bench.parts == [("", 8)]


def test_plain_and_weighted_slices_that_alternate_are_two_volumes(bench):
    """The images without diffusion weighting often state no b-value at all."""
    bench.stack(np.arange(8) * 5.0, DiffusionBValue="")
    bench.stack(np.arange(8) * 5.0 + 2.5, DiffusionBValue="800")
    assert bench.parts == [("b-value not stated", 8), ("b-value 800 s/mm2", 8)]


def test_an_echo_time_that_is_only_adjusted_from_slice_to_slice_splits_nothing(bench):
    bench.stack(HEIGHTS, EchoTime=[str(4.76 + 0.01 * (k % 2)) for k in range(8)])
    assert bench.parts == [("", 8)]


@pytest.mark.parametrize(
    ("thickness", "loading"),
    [
        (5.0, "refused: instance numbers run twice along the stack, and slices of 5 mm every 2.5 mm: "
              "two stacks lie between each other"),
        (None, "loads with a warning: instance numbers run twice along the stack: "
               "two stacks may lie between each other"),
        (2.5, "loads as it is"),
    ],
)  # fmt: skip
def test_two_stacks_between_each_other_that_only_their_numbers_betray(bench, thickness, loading):
    bench.stack(np.arange(8) * 5.0, thickness=thickness)
    bench.stack(np.arange(8) * 5.0 + 2.5, thickness=thickness)
    assert [one.loading for one in bench.found] == [loading]


def test_equal_parts_tell_their_order(bench):
    for echo in ("9.2", "4.6"):
        bench.stack(HEIGHTS, EchoTime=echo)
    assert bench.found[0].reason == ("1st of 2: 8 axial slices of an original CT (echo time 4.6 ms); the other has 8 "
                                     "slices; equal parts of one series rank by what tells them apart, lowest first")


def test_a_few_slices_of_another_acquisition_do_not_spoil_a_stack(bench):
    bench.stack(np.arange(20) * 2.5, AcquisitionNumber="3")
    bench.stack([10.0, 10.0 + 2.5], AcquisitionNumber="2")
    assert bench.parts == [("acquisition 3", 20), ("acquisition 2", 2)]
    assert bench.found[0].verdict.uniform


def test_a_time_series_at_one_place_is_no_volume(bench):
    bench.stack([61.5] * 6, AcquisitionNumber=[str(20 - k) for k in range(6)])
    (one,) = bench.found
    assert one.loading.startswith("refused: 5 duplicate slices")
    assert "all slices lie at one place" in one.loading


@pytest.mark.parametrize(
    ("fields", "loading"),
    [
        ({"slope": [None] + [1.0] * 7}, "a CT without rescale slope and intercept has no HU"),
        ({"slope": [2.0] * 6 + [None] * 2, "intercept": [0.0] * 6 + [None] * 2, "modality": "MR"},
         "some slices have a rescale slope and intercept, others have none"),
        ({"slope": 2.0, "intercept": None, "modality": "MR"}, "rescale slope and intercept stand alone"),
        ({"slope": None, "intercept": None, "modality": "PT", "units": "BQML"},
         "a PT without rescale slope and intercept has no unit"),
        ({"modality": "PT", "units": ["BQML"] * 7 + ["CNTS"]}, "slices of different units"),
        ({"slope": [1.0] * 7 + [0.0]}, "slice 8 has a rescale slope of 0 and an intercept of -1024"),
        ({"rescale_type": ["HU"] * 7 + ["US"]}, "slices of different units"),
        ({"sop_uid": ["1.2.3"] * 2 + [f"1.2.{k}" for k in range(6)]}, "two slices carry one identity"),
    ],
)
def test_what_loading_would_refuse_beside_the_geometry_is_told(bench, fields, loading):
    bench.stack(HEIGHTS, **fields)
    (one,) = bench.found
    assert one.loading == f"refused: {loading}"
    assert one.loadable  # the geometry is fine


@pytest.mark.parametrize("field", ["orientation", "pixel_spacing_mm", "image_type"])
def test_images_of_no_stack_are_set_aside_as_one(bench, field):
    turns = np.radians(np.arange(2000) / 10)
    values = {
        "orientation": [(np.cos(turn), np.sin(turn), 0.0, -np.sin(turn), np.cos(turn), 0.0) for turn in turns],
        "pixel_spacing_mm": [(1 + turn, 1.0) for turn in turns],
        "image_type": [("ORIGINAL", "PRIMARY", f"KIND{n}") for n in range(2000)],
    }
    bench.stack(HEIGHTS, series_uid="1.2.3")
    bench.stack(np.arange(2000) * 2.5, **{field: values[field]})
    assert [(one.slice_count, one.loading) for one in bench.found] == [
        (8, "loads as it is"), (2000, "refused: scattered image, not a volume of slices")
    ]  # fmt: skip


def test_frames_of_one_file_are_judged_like_slices(bench, template):
    for k in (3, 0, 5, 1, 4, 2):
        bench.headers.append(replace(template, position_mm=(0, 0, 2.5 * k), frame=k, frame_count=6,
                                     pixels=None))
    (one,) = bench.found
    assert [h.frame for h in one.headers] == list(range(6))
    assert one.files == (template.path,)
    assert one.loading == "loads as it is"


def random_headers(template: SliceHeader, seed: int) -> list[SliceHeader]:
    """Slices of a stack of any kind with some of everything wrong in their headers."""
    rng = np.random.default_rng(seed)

    def one_of(*values):
        return values[int(rng.integers(len(values)))]

    def rarely(value, other, part=0.03):
        return value if rng.random() < part else other

    step, shear, count = one_of(0.0, 1e-7, 1e-3, 0.04, 0.5, 2.5, 1e3), one_of(0, 0, 0.2, 1e6), int(rng.integers(1, 14))
    wrong_axes = one_of((0.0,) * 6, (1.0, 0, 0, 1, 0, 0), (1.0, 0, 0, 0.3, 1, 0), (1e-200, 0, 0, 0, 1, 0), None)
    headers = []
    for k in range(count):
        height = rarely(int(rng.integers(count)), k, 0.1) * step + rng.normal() * one_of(0, 0, 1e-3, 0.05, 0.3)
        marks = rng.permutation(["EchoTime", "StackID", "AcquisitionNumber", "AcquisitionTime", "A{value}"])
        texts = ("", "1", "2", "nan", "1e400", "x\\y", "103000", "20200101103000.5+0100", "\u0661")
        headers.append(replace(
            template,
            position_mm=rarely(None, (rarely(one_of(3.3, 1e9), 0.0), height * shear, height)),
            orientation=rarely(wrong_axes, rarely((0.0, 1, 0, 0, 0, -1), (1.0, 0, 0, 0, 1, 0))),
            pixel_spacing_mm=rarely(None, (0.8, 0.7)),
            phase=tuple((str(mark), one_of(*texts)) for mark in marks[:int(rng.integers(6))]),
            instance_number=one_of(None, k, k, -5, 2**70), sop_uid=f"1.2.{k}",
            thickness_mm=one_of(None, 0.0, -1.0, 2.5, float("nan")), tilt_deg=one_of(None, 0.0, 1e300),
            image_type=rarely((), template.image_type),
        ))  # fmt: skip
    return headers


def test_headers_of_any_kind_get_a_verdict_and_a_repair_that_is_promised_can_be_made(template):
    mended = 0
    for seed in range(120):
        headers = random_headers(template, seed)
        found = ranked(Listing(tuple(headers), {}, ()))
        assert sum(one.slice_count for one in found) == len(headers)
        for one in found:
            assert one.verdict.uniform == (not one.verdict.problems)
            assert one.loading.startswith("loads") == one.verdict.uniform
            assert bool(one.verdict.repairs) == (one.verdict.repairable and not one.verdict.uniform)
            if one.verdict.repairs:
                result = repaired(np.zeros(one.shape, np.int16), one, -1024)
                assert result.lines and result.array.shape == result.geometry.shape
                mended += 1
    assert mended > 15
