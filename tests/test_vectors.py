"""Vectors of eight numbers in kernels, against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anatomy_twin.kernels import vectors as vec
from anatomy_twin.kernels.compiling import njit, njit_of_sources, sources_digest

ROOM = Path(vec.__file__).parent


@njit
def _all_operations(a, b, whole, out):
    x, y = vec.load(a, 0), vec.load(b, 0)
    zero = vec.splat(np.float32(0.0))
    vec.store(out, 0, x + y * 2.0 - 1)
    vec.store(out, 8, (3.0 - x) / y)
    vec.store(out, 16, -x)
    vec.store(out, 24, vec.lower_of(x, y))
    vec.store(out, 32, vec.higher_of(x, y))
    vec.store(out, 40, vec.where_less(x, zero, y, x))
    vec.store(out, 48, vec.rounded(x))
    vec.store(out, 56, vec.root(y))
    vec.store(out, 64, vec.real(vec.add_ints(vec.whole(x), vec.load_ints(whole, 0))))


@njit
def _curves(values, exponentials, logarithms):
    for first in range(0, values.size, 8):
        vec.store(exponentials, first, vec.exp(vec.load(values, first)))
        vec.store(logarithms, first, vec.log(vec.load(exponentials, first)))


@njit
def _looked_up(table, rows, shares, out):
    at, between = vec.load_ints(rows, 0), vec.load(shares, 0)
    a, b, c, d, e, f, g, h = vec.columns(table, at, between, 8)
    vec.store(out, 0, a)
    vec.store(out, 8, b)
    vec.store(out, 16, c)
    vec.store(out, 24, d)
    vec.store(out, 32, e)
    vec.store(out, 40, f)
    vec.store(out, 48, g)
    vec.store(out, 56, h)


def test_operations_are_those_of_numpy():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.0, 20.0, 8).astype(np.float32), rng.uniform(0.1, 1.0, 8).astype(np.float32)
    whole = np.arange(8, dtype=np.int32) * 3 - 7
    out = np.zeros(72, dtype=np.float32)
    _all_operations(a, b, whole, out)
    expected = [
        a + 2.0 * b - 1.0, (3.0 - a) / b, -a, np.minimum(a, b), np.maximum(a, b), np.where(a < 0.0, b, a), np.rint(a),
        np.sqrt(b), np.trunc(a) + whole,
    ]
    np.testing.assert_allclose(out.reshape(9, 8), expected, rtol=3e-7)


def test_what_is_not_finite_passes_through():
    """A voltage that went wrong must be seen, and must not send a look-up out of its table."""
    a = np.array([np.nan, np.inf, -np.inf, 1.0, 2.0, 3.0, 4.0, 5.0], dtype=np.float32)
    b, out = np.ones(8, dtype=np.float32), np.zeros(72, dtype=np.float32)
    _all_operations(a, b, np.zeros(8, dtype=np.int32), out)
    np.testing.assert_array_equal(out[:3], [np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(out[24:27], [1.0, 1.0, -np.inf])  # the lower of it and 1
    np.testing.assert_array_equal(out[32:35], [1.0, np.inf, 1.0])


def test_exponential_and_logarithm_keep_seven_digits():
    values = np.linspace(-86.9, 87.9, 80_000, dtype=np.float32)
    exponentials, logarithms = np.empty_like(values), np.empty_like(values)
    _curves(values, exponentials, logarithms)
    exact = np.exp(values.astype(np.float64))
    assert np.abs(exponentials / exact - 1.0).max() < 2e-7
    exact = np.log(exponentials.astype(np.float64))
    assert (np.abs(logarithms - exact) / np.maximum(1.0, np.abs(exact))).max() < 2e-7


def test_exponentials_beyond_float32_stay_finite_and_positive():
    values = np.array([-1e4, -88.0, 89.0, 1e4, 0.0, 1.0, -1.0, 88.0], dtype=np.float32)
    exponentials, logarithms = np.empty_like(values), np.empty_like(values)
    _curves(values, exponentials, logarithms)
    assert np.isfinite(exponentials).all() and (exponentials > 1e-38).all()
    assert exponentials[4] == 1.0


def test_rows_are_looked_up_and_turned_into_columns():
    rng = np.random.default_rng(2)
    table = rng.normal(size=(40, 24)).astype(np.float32)
    rows, shares = rng.integers(0, 38, 8).astype(np.int32), rng.uniform(0.0, 1.0, 8).astype(np.float32)
    out = np.zeros(64, dtype=np.float32)
    _looked_up(table, rows, shares, out)
    lower, upper = table[rows, 8:16], table[rows + 1, 8:16]
    np.testing.assert_allclose(out.reshape(8, 8).T, lower + shares[:, None] * (upper - lower), atol=5e-7)


def test_a_kernel_on_other_arrays_is_refused():
    wide = np.zeros(64, dtype=np.float64)
    with pytest.raises(Exception, match="load"):
        _curves(wide, wide, wide)


def test_the_stamp_of_a_cached_kernel_holds_all_its_sources():
    """Where numba keeps the stamp elsewhere one day, this fails and not a surgeon's simulation."""

    @njit_of_sources()
    def nothing(value):
        return value

    assert isinstance(nothing._cache._cache_file._source_stamp, tuple)
    digests = {name: sources_digest(str(ROOM / name)) for name in ("ionic_courtemanche.py", "ionic_ten_tusscher.py")}
    assert len(set(digests.values())) == 2
