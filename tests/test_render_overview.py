"""The sheet of all outlines: sides, doubts and names as the labels say, on any axis order."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from anatomy_twin.core import Case, Volume
from anatomy_twin.errors import DataError, RenderError
from anatomy_twin.rehearsal import structure_colour
from anatomy_twin.render import overview_picture
from anatomy_twin.render.overview import COLUMNS, GAP_PX, HEAD_PX, ROWS, TILE_PX
from tests.support.toy_patient import toy_patient

WIDTH, HEIGHT = TILE_PX[0] + GAP_PX, TILE_PX[1] + GAP_PX


@pytest.fixture(scope="module")
def patient():
    return toy_patient()


def tiles(picture):
    """The axial slices from the head down."""
    for row in range(ROWS):
        for column in range(COLUMNS):
            top, left = HEAD_PX + row * HEIGHT, column * WIDTH
            yield picture[top : top + TILE_PX[1], left : left + TILE_PX[0]]


def edge_columns(picture, name):
    """Columns of the pixels of an organ's outline, of each axial slice that shows it."""
    colour = structure_colour(name)
    found = [np.argwhere((tile == colour).all(axis=-1))[:, 1] for tile in tiles(picture)]
    return [columns for columns in found if columns.size]


def test_the_patients_right_is_on_the_left(patient):
    volume, labels = patient
    picture = overview_picture(Case.new(volume=volume, labels=labels))
    for name, side in (("liver", -1), ("spleen", 1)):
        columns = np.concatenate(edge_columns(picture, name))
        assert np.sign(columns.mean() - TILE_PX[0] / 2) == side, name


def test_every_order_of_the_axes_gives_the_same_sheet(patient):
    volume, labels = patient
    order, flips = (1, 2, 0), (False, True, True)
    array = np.ascontiguousarray(np.transpose(volume.array, order)[:, ::-1, ::-1])
    turned = replace(volume, array=array, geometry=volume.geometry.reindexed(order, flips))
    assert isinstance(turned, Volume)
    first = overview_picture(Case.new(volume=volume, labels=labels))
    again = overview_picture(Case.new(volume=turned, labels=labels.reindexed(order, flips)))
    assert np.array_equal(first, again)


def test_an_outline_to_be_checked_is_dashed_and_named(patient):
    volume, labels = patient
    plain = overview_picture(Case.new(volume=volume, labels=labels))
    marked = tuple(replace(one, state="check", rules=("volume",)) if one.name == "liver" else one
                   for one in labels.segments)  # fmt: skip
    doubted = overview_picture(Case.new(volume=volume, labels=replace(labels, segments=marked)))
    before, after = (sum(map(len, edge_columns(one, "liver"))) for one in (plain, doubted))
    assert 0.3 * before < after < 0.7 * before
    legend = np.s_[HEAD_PX:, COLUMNS * WIDTH + 400 :]
    assert not np.array_equal(plain[legend], doubted[legend])


def test_the_file_is_the_picture(patient, tmp_path):
    volume, labels = patient
    picture = overview_picture(Case.new(volume=volume, labels=labels), tmp_path / "sheet.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "sheet.png")), picture)


def test_without_outlines_or_a_place_for_the_file_it_is_refused(patient, tmp_path):
    volume, labels = patient
    with pytest.raises(DataError, match="no segmentation yet"):
        overview_picture(Case.new(volume=volume))
    with pytest.raises(RenderError, match="cannot be written"):
        overview_picture(Case.new(volume=volume, labels=labels), tmp_path / "nowhere" / "sheet.png")
