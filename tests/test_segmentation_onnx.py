"""Networks on onnxruntime: known answers, no dependence on patches and axes, strict cards."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from onnx import TensorProto, helper
from scipy import ndimage

import anatomy_twin as at
from anatomy_twin.core import SilentMonitor, Volume
from anatomy_twin.errors import Cancelled, SegmentationError, UsageError
from anatomy_twin.segmentation.external import onnx_segment
from anatomy_twin.segmentation.external.onnx_card import read_card
from anatomy_twin.segmentation.external.onnx_network import threads
from anatomy_twin.segmentation.external.onnx_window import _places, gaussian_weight, slide
from tests.support.editing_maps import middle, points_of
from tests.support.onnx_networks import blur, blur_kernel, classifier, save, write_card
from tests.support.reindexing import name_of, some_axes, turned_volume


def scan(shape=(22, 30, 26), spacing_mm=(4.0, 4.0, 4.0), seed=1) -> Volume:
    """Smooth random HU on an upright grid."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2)
    hu = np.rint(np.clip(noise / noise.std() * 300, -1000, 1000)).astype(np.int16)
    return Volume(hu, at.VolumeGeometry.upright(shape, spacing_mm, (5.0, -20.0, 40.0)))


def share(volume) -> np.ndarray:
    """HU as the card of the tests maps them: -1000..1000 to 0..1."""
    return (volume.array.astype(np.float64) + 1000) / 2000


def where(labels, name):
    return labels.mask(name, with_parts=False) if name in labels else np.zeros(labels.geometry.shape, bool)


def test_a_classifier_of_voxels_gives_the_known_answer(tmp_path):
    classifier(tmp_path / "net.onnx")
    volume = scan()
    found = at.segment(volume, f"onnx:{write_card(tmp_path)}")
    value = share(volume)
    clear = (np.abs(value - 0.4) > 1e-4) & (np.abs(value - 0.7) > 1e-4)
    assert np.array_equal(where(found, "liver")[clear], ((value > 0.4) & (value < 0.7))[clear])
    assert np.array_equal(where(found, "spleen")[clear], (value > 0.7)[clear])
    liver = found.segment("liver")
    assert (liver.state, liver.rules, liver.layer) == ("check", ("external",), 0) and "test net" in liver.note
    assert "sha256" in liver.note and str(tmp_path) not in liver.note + "".join(found.notes)
    assert found.geometry is volume.geometry


def test_the_environment_may_name_the_card(tmp_path, monkeypatch):
    classifier(tmp_path / "net.onnx")
    monkeypatch.setenv("ANATOMY_TWIN_ONNX_CARD", str(write_card(tmp_path)))
    assert "liver" in at.segment(scan(), "onnx")
    monkeypatch.delenv("ANATOMY_TWIN_ONNX_CARD")
    with pytest.raises(UsageError, match="needs the card"):
        at.segment(scan(), "onnx")


def test_half_precision_and_fixed_sizes(tmp_path):
    volume = scan()
    classifier(tmp_path / "net.onnx", size=(16, 16, 16), kind=np.float16)
    found = at.segment(volume, f"onnx:{write_card(tmp_path)}")
    value = share(volume)
    clear = (np.abs(value - 0.4) > 3e-3) & (np.abs(value - 0.7) > 3e-3)
    assert np.array_equal(where(found, "spleen")[clear], (value > 0.7)[clear])


@pytest.mark.parametrize("orientation", ["SPL", "RAS", "LPS", "AIR", "PRS"])
def test_a_filter_agrees_with_scipy_in_every_orientation(tmp_path, orientation):
    """The judge is scipy's correlation of the same kernel, on the array turned by hand."""
    blur(tmp_path / "net.onnx")
    volume = scan()
    found = at.segment(volume, f"onnx:{write_card(tmp_path, orientation=orientation, trim=2, classes={'1': 'liver'})}")
    # upright arrays run to the head, the back and the left: bring them where the letters point
    axes = ["SPL".index({"I": "S", "A": "P", "R": "L"}.get(letter, letter)) for letter in orientation]
    turned = share(volume).transpose(axes)
    backwards = tuple(n for n, letter in enumerate(orientation) if letter in "IAR")
    turned = np.flip(turned, backwards)
    filtered = ndimage.correlate(turned, blur_kernel().astype(np.float64), mode="constant", cval=0.0)
    filtered = np.flip(filtered, backwards).transpose(np.argsort(axes))
    clear = np.abs(filtered - 0.5) > 1e-4
    assert np.array_equal(where(found, "liver")[clear], (filtered > 0.5)[clear]) and clear.mean() > 0.99


def test_the_size_of_the_patch_and_the_overlap_do_not_matter_where_the_border_is_trimmed(tmp_path):
    blur(tmp_path / "net.onnx")
    volume = scan()
    results = [
        at.segment(volume, f"onnx:{write_card(tmp_path, trim=2, classes={'1': 'liver'}, **changes)}").array[0]
        for changes in ({}, {"patch": [12, 20, 10]}, {"patch": [9, 9, 9], "overlap": 0.0}, {"patch": [64, 64, 64]},
                        {"overlap": 0.75})
    ]  # fmt: skip
    filtered = ndimage.correlate(share(volume), blur_kernel().astype(np.float64), mode="constant", cval=0.0)
    clear = np.abs(filtered - 0.5) > 1e-5
    for other in results[1:]:
        assert np.array_equal(results[0][clear], other[clear])
    again = at.segment(volume, f"onnx:{write_card(tmp_path, trim=2, overlap=0.75, classes={'1': 'liver'})}").array[0]
    assert np.array_equal(again, results[-1])


def test_the_number_of_threads_is_limited_and_does_not_matter(tmp_path, monkeypatch):
    blur(tmp_path / "net.onnx")
    card = write_card(tmp_path, patch=[24, 24, 24], classes={"1": "liver"})
    volume = scan()
    results = []
    for told, count in (("1", 1), ("3", 3), ("64", 8), ("0", 1)):
        monkeypatch.setenv("OMP_NUM_THREADS", told)
        assert threads() == count
        if told in "13":
            results.append(at.segment(volume, f"onnx:{card}").array)
    assert np.array_equal(results[0], results[1])


@pytest.mark.parametrize("axes", some_axes(4, seed=2), ids=name_of)
def test_the_order_of_the_axes_does_not_matter(tmp_path, axes):
    blur(tmp_path / "net.onnx")
    card = write_card(tmp_path, spacing_mm=[5.0, 3.0, 4.5], orientation="RAS", classes={"1": "liver"})
    volume = scan(spacing_mm=(5.0, 2.0, 3.1))
    straight = at.segment(volume, f"onnx:{card}")
    turned = at.segment(turned_volume(volume, axes), f"onnx:{card}")
    assert np.array_equal(turned.array, straight.reindexed(*axes).array) and turned.segments == straight.segments


@pytest.mark.parametrize(
    ("scan_mm", "card_mm"),
    [((2.0, 2.0, 2.0), [3.0, 3.0, 3.0]), ((5.0, 1.5, 1.5), [2.0, 2.0, 2.0]), ((3.0, 3.0, 3.0), [1.5, 2.0, 4.0])],
)
def test_another_spacing_than_the_scan_s_brings_a_ball_back_in_its_place(tmp_path, scan_mm, card_mm):
    classifier(tmp_path / "net.onnx", levels=(0.5,))
    shape = tuple(int(90 / step) for step in scan_mm)
    geometry = at.VolumeGeometry.upright(shape, scan_mm, (-30.0, 10.0, 100.0))
    away = np.linalg.norm(points_of(geometry) - middle(geometry) - (4, -7, 5), axis=-1)
    hu = np.clip((25.0 - away) * 100, -1000, 1000).astype(np.int16)
    card = write_card(tmp_path, spacing_mm=card_mm, orientation="RAS", patch=[24, 32, 24], classes={"1": "liver"})
    found = at.segment(Volume(hu, geometry), f"onnx:{card}")
    truth = away < 25.0
    mask = found.mask("liver")
    assert 2 * np.count_nonzero(mask & truth) / (mask.sum() + truth.sum()) > 0.97
    shift = np.mean(points_of(geometry)[mask], 0) - np.mean(points_of(geometry)[truth], 0)
    assert np.linalg.norm(shift) < 0.3


def test_sigmoid_channels_may_overlap_in_their_layers(tmp_path):
    weight = np.full((3, 1, 1, 1, 1), 9, np.float32)
    bias = -9 * np.array([0.4, 0.6, 0.5], np.float32)
    node = helper.make_node("Conv", ["image", "weight", "bias"], ["answer"], kernel_shape=[1, 1, 1])
    save(tmp_path / "net.onnx", [node], {"weight": weight, "bias": bias}, channels=3)
    volume = scan()
    classes = {"0": "liver", "1": "tumour_1", "2": "my marker"}
    found = at.segment(volume, f"onnx:{write_card(tmp_path, activation='sigmoid', classes=classes)}")
    value = share(volume)
    clear = (np.abs(value[..., None] - (0.4, 0.5, 0.6)) > 1e-4).all(-1)
    assert np.array_equal(found.mask("tumour_1")[clear], (value > 0.6)[clear])
    assert found.segment("tumour_1").layer == 2 and found.segment("tumour_1").part_of == "liver"
    # liver and marker share a layer; the liver's channel is the more probable one wherever both claim a voxel
    assert np.array_equal(found.mask("liver")[clear], (value > 0.4)[clear])
    assert "my marker" not in found


def test_cancelling_stops_between_patches(tmp_path):
    classifier(tmp_path / "net.onnx")

    class Stop(SilentMonitor):
        calls = 0

        @property
        def cancelled(self):
            self.calls += 1
            return self.calls > 3

    with pytest.raises(Cancelled):
        at.segment(scan(), f"onnx:{write_card(tmp_path, patch=[8, 8, 8])}", monitor=Stop())


# --- the window ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "core", "overlap"), [(10, 16, 0.5), (16, 16, 0.5), (17, 16, 0.5), (100, 16, 0.5),
                                                       (31, 7, 0.0), (50, 10, 0.9)])  # fmt: skip
def test_patches_cover_every_voxel_and_overlap_enough(size, core, overlap):
    starts = _places(size, core, overlap)
    covered = np.zeros(max(size, core), int)
    for start in starts:
        covered[start:start + core] += 1
    assert covered.min() >= 1 and starts[0] == 0 and starts[-1] == max(0, size - core)
    assert all(b - a <= max(1, core * (1 - overlap)) + 1 for a, b in pairwise(starts))


def test_the_window_hands_back_what_the_network_says_whatever_the_weights():
    image = np.random.default_rng(0).random((13, 9, 20)).astype(np.float32)
    answer = slide(image, lambda p: np.stack([p, 1 - p]), 2, (8, 8, 8), 0.5, 1, 0.0, SilentMonitor())
    assert np.allclose(answer[0], image, atol=1e-6) and np.allclose(answer.sum(0), 1, atol=1e-6)
    weight = gaussian_weight((8, 9, 10))
    assert weight.max() <= 1 and weight.min() > 0 and np.array_equal(weight, weight[::-1, ::-1, ::-1])


# --- cards -----------------------------------------------------------------------------------------------------------

WRONG = {
    "name": [None, "", 3, "x" * 200], "network": [None, "../net.onnx", "/etc/passwd", "none.onnx", 7],
    "spacing_mm": [None, [1, 1], [1, 1, 0], [1, 1, "a"], [1, 1, 1e9], "1 1 1", [1, 1, True], [1, 1, 10**400]],
    "orientation": [None, "RAR", "XYZ", "RA", "ras", 5, "RLS"], "patch": [None, [16, 16], [16, 16, 0], [16.5, 16, 16],
                                                                          [10**9] * 3, [True] * 3],
    "classes": [None, {}, [], {"one": "liver"}, {"0": "liver"}, {"1": ""}, {"1": 3}, {"1": "liver", "2": "liver"},
                {"1": "liver", "01": "spleen"}, {"-1": "liver"}],
    "window": [[1], [5, 1], "wide", [0, "b"]], "scale": [[1]], "sd": [0, -1, "a"], "mean": ["a"],
    "overlap": [-0.1, 0.95, "half"], "trim": [-1, 8, 1.5], "activation": ["relu", 1], "threshold": [0, 1],
    "modality": ["XR", 4], "colour": ["red"],
}  # fmt: skip


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_value_is_refused_in_one_line_that_names_card_and_key(tmp_path, key):
    classifier(tmp_path / "net.onnx")
    read_card(write_card(tmp_path))
    for value in WRONG[key]:
        with pytest.raises(UsageError) as refusal:
            read_card(write_card(tmp_path, **{key: value}))
        line = str(refusal.value)
        assert "card.json" in line and "\n" not in line and str(tmp_path) not in line
        assert key.split("_")[0] in line or "network" in line or "number is too large" in line, line


def test_what_is_no_card_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no such card"):
        read_card(tmp_path / "none.json")
    file = tmp_path / "card.json"
    for text, word in (("{", "no JSON"), ("[1]", "no JSON object"), ("[" * 100_000, "no JSON"),
                       ('{"name": NaN}', "no JSON"), (" " * (2**20 + 1), "too large")):
        file.write_text(text)
        with pytest.raises(UsageError, match=word):
            read_card(file)
    classifier(tmp_path / "net.onnx")
    (tmp_path / "inner").mkdir()
    outside = tmp_path / "inner" / "card.json"
    (tmp_path / "inner" / "net.onnx").symlink_to(tmp_path / "net.onnx")
    outside.write_text(json.dumps(json.loads(write_card(tmp_path).read_text())))
    with pytest.raises(UsageError, match="leads out of the folder"):
        read_card(outside)


def test_network_and_card_must_fit(tmp_path):
    classifier(tmp_path / "net.onnx", size=(16, 16, 8))
    with pytest.raises(UsageError, match="1 x 1 x 16 x 16 x 8"):
        at.segment(scan(), f"onnx:{write_card(tmp_path)}")
    classifier(tmp_path / "net.onnx")
    with pytest.raises(UsageError, match="3 channels, the card names channel 5"):
        at.segment(scan(), f"onnx:{write_card(tmp_path, classes={'5': 'liver'})}")
    (tmp_path / "net.onnx").write_bytes(b"no network at all")
    with pytest.raises(UsageError, match="cannot be opened") as refusal:
        at.segment(scan(), f"onnx:{write_card(tmp_path)}")
    assert str(tmp_path) not in str(refusal.value) and "\n" not in str(refusal.value)
    pool = helper.make_node("AveragePool", ["image"], ["answer"], kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    save(tmp_path / "net.onnx", [pool], {}, channels=1)
    with pytest.raises(UsageError, match="it answers"):
        at.segment(scan(), f"onnx:{write_card(tmp_path, activation='sigmoid', classes={'0': 'liver'})}")
    two = [helper.make_node("Identity", ["image"], [f"answer{n}"]) for n in ("", "2")]
    save(tmp_path / "net.onnx", two, {}, channels=1, outputs=2)
    with pytest.raises(UsageError, match="2 outputs"):
        at.segment(scan(), f"onnx:{write_card(tmp_path)}")
    add = helper.make_node("Add", ["image", "image2"], ["answer"])
    save(tmp_path / "net.onnx", [add], {}, channels=1, inputs=2)
    with pytest.raises(UsageError, match="2 inputs"):
        at.segment(scan(), f"onnx:{write_card(tmp_path)}")
    same = helper.make_node("Identity", ["image"], ["answer"])
    save(tmp_path / "net.onnx", [same], {}, channels=1, kind=TensorProto.INT32)
    with pytest.raises(UsageError, match="not of floats"):
        at.segment(scan(), f"onnx:{write_card(tmp_path)}")


def test_answers_that_are_no_numbers_are_refused(tmp_path):
    log = helper.make_node("Log", ["image"], ["answer"])
    save(tmp_path / "net.onnx", [log], {}, channels=1)
    with pytest.raises(SegmentationError, match="numbers that are none"):
        at.segment(scan(), f"onnx:{write_card(tmp_path, activation='sigmoid', scale=[-1, 0], classes={'0': 'liver'})}")


def test_what_is_refused_before_the_network_runs(tmp_path, monkeypatch):
    classifier(tmp_path / "net.onnx")
    card = write_card(tmp_path)
    with pytest.raises(SegmentationError, match="is for CT, the scan is MR"):
        at.segment(replace(scan(), modality="MR"), f"onnx:{card}")
    with pytest.raises(UsageError, match="no seeds"):
        at.segment(scan(), f"onnx:{card}", seeds={"liver": (0, 0, 0)})
    with pytest.raises(UsageError, match="both liver"):
        at.segment(scan(), f"onnx:{write_card(tmp_path, classes={'1': 'liver', '2': 'Liver'})}")
    monkeypatch.setattr(onnx_segment, "MEMORY_BYTES", 100_000)
    with pytest.raises(SegmentationError, match="GB for this scan"):
        at.segment(scan(), f"onnx:{write_card(tmp_path)}")


def test_without_onnxruntime_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    classifier(tmp_path / "net.onnx")
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name.split(".")[0] == "onnxruntime":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"anatomy-twin\[onnx\]"):
        at.segment(scan(), f"onnx:{write_card(tmp_path)}")
