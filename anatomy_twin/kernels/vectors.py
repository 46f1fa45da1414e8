"""Eight numbers at a time: vectors of 8 float32 and 8 int32 for compiled kernels.

The compiler finds no vectors by itself in the long straight bodies of ionic models. These types are LLVM vectors that
pass through kernels as plain values, so every operation on them is one instruction on eight nodes (or two on four
nodes, where the processor is narrower).

Operators ``+ - * /`` and unary minus work on two vectors or on a vector and a number; numbers are rounded to float32.
The rest are functions, to be called in kernels only. Sums may be reordered and a division may be a reciprocal with a
Newton step (relative error below 2e-7); values that are not finite pass through as such.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.core.typing.templates import Signature
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

LANES: Final = 8
FLAGS: Final = ("reassoc", "contract", "arcp", "nsz", "afn")  # not nnan, ninf: what is not finite must be seen
EXACT: Final = ("contract",)  # where the order of a sum is what makes it precise
FLOATS: Final = ir.VectorType(ir.FloatType(), LANES)
INTS: Final = ir.VectorType(ir.IntType(32), LANES)
LN2_HIGH, LN2_LOW, LOG2_E = 0.693359375, -2.12194440e-4, 1.4426950408889634
# (exp r - 1 - r) / r^2 for |r| <= ln 2 / 2, fitted for the least largest relative error of exp r (3.6e-9)
EXP_SERIES: Final = (
    0.49999988718145477, 0.1666651821116844, 0.04166950160076245, 0.008368947562652943, 0.0013753329726930146,
)
LOG_SERIES: Final = (2.0, 2.0 / 3.0, 2.0 / 5.0, 2.0 / 7.0, 2.0 / 9.0)  # ln((1 + s) / (1 - s)) in odd powers of s
SQRT_HALF_BITS: Final = 0x3F3504F3

Builder = Any  # llvmlite's, which has no types
_operation: Final[Any] = intrinsic  # called with what stands in a kernel, not with what its Python function takes


class _FloatsType(types.Type):  # of 8 float32
    pass


class _IntsType(types.Type):  # of 8 int32
    pass


floats8: Final = _FloatsType(name="float32x8")
ints8: Final = _IntsType(name="int32x8")
register_model(_FloatsType)(lambda manager, kind: models.PrimitiveModel(manager, kind, FLOATS))
register_model(_IntsType)(lambda manager, kind: models.PrimitiveModel(manager, kind, INTS))


def _all(value: float) -> ir.Constant:
    return ir.Constant(FLOATS, [value] * LANES)


def _all_int(value: int) -> ir.Constant:
    return ir.Constant(INTS, [value] * LANES)


def _spread(builder: Builder, value: Any, vector: ir.VectorType) -> Any:
    """Put one number into all lanes."""
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), _all_int(0))


def _vector_of(context: Any, builder: Builder, value: Any, kind: Any) -> Any:
    """Turn what stands beside an operator into 8 float32."""
    if kind is floats8:
        return value
    return _spread(builder, context.cast(builder, value, kind, types.float32), FLOATS)


def _register_operator(symbol: Callable[..., Any], instruction: str) -> None:
    @type_callable(symbol)
    def _type(context: Any) -> Callable[..., Any]:
        def typer(left: Any, right: Any) -> Any:
            kinds = (left, right)
            if floats8 in kinds and all(kind is floats8 or isinstance(kind, types.Number) for kind in kinds):
                return floats8
            return None

        return typer

    def lower(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        left, right = (
            _vector_of(context, builder, value, kind) for value, kind in zip(values, signature.args, strict=True)
        )
        return getattr(builder, instruction)(left, right, flags=FLAGS)

    for kinds in ((_FloatsType, _FloatsType), (_FloatsType, types.Number), (types.Number, _FloatsType)):
        lower_builtin(symbol, *kinds)(lower)


for _symbol, _instruction in (
    (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv"),
):
    _register_operator(_symbol, _instruction)


@type_callable(operator.neg)
def _type_negative(context: Any) -> Callable[..., Any]:
    def typer(value: Any) -> Any:
        return floats8 if value is floats8 else None

    return typer


@lower_builtin(operator.neg, _FloatsType)
def _lower_negative(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
    return builder.fneg(values[0], flags=FLAGS)


def _pointer(context: Any, builder: Builder, kind: Any, array: Any, index: Any, vector: ir.VectorType) -> Any:
    """Return the address of 8 neighbours in an array, from a flat index."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _is_flat(array: Any, dtype: Any) -> bool:
    return isinstance(array, types.Array) and array.layout == "C" and array.dtype == dtype


@_operation
def load(typing_context: Any, array: Any, index: Any) -> Any:
    """Return 8 float32 of a C-contiguous array from a flat index on."""
    if not _is_flat(array, types.float32):
        return None

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        array, index = values
        return builder.load(_pointer(context, builder, signature.args[0], array, index, FLOATS), align=4)

    return floats8(array, types.intp), generate


@_operation
def load_ints(typing_context: Any, array: Any, index: Any) -> Any:
    """Return 8 int32 of a C-contiguous array from a flat index on."""
    if not _is_flat(array, types.int32):
        return None

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        array, index = values
        return builder.load(_pointer(context, builder, signature.args[0], array, index, INTS), align=4)

    return ints8(array, types.intp), generate


@_operation
def gather(typing_context: Any, array: Any, places: Any) -> Any:
    """Return 8 float32 of a C-contiguous array from 8 flat indices (int32)."""
    if not _is_flat(array, types.float32) or places is not ints8:
        return None

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        found: Any = ir.Constant(FLOATS, ir.Undefined)
        for lane in range(LANES):
            number = ir.Constant(ir.IntType(32), lane)
            value = builder.load(builder.gep(data, [builder.extract_element(values[1], number)]), align=4)
            found = builder.insert_element(found, value, number)
        return found

    return floats8(array, ints8), generate


@_operation
def store(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Write 8 float32 into a C-contiguous array from a flat index on."""
    if not _is_flat(array, types.float32) or value is not floats8:
        return None

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        target, index, value = values
        builder.store(value, _pointer(context, builder, signature.args[0], target, index, FLOATS), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, floats8), generate


@_operation
def splat(typing_context: Any, value: Any) -> Any:
    """Return a vector with one number in all lanes."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return _spread(builder, values[0], FLOATS)

    return floats8(types.float32), generate


def _choose(builder: Builder, left: Any, right: Any, if_less: Any, otherwise: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", left, right), if_less, otherwise)


@_operation
def any_rises(typing_context: Any, old: Any, new: Any, level: Any) -> Any:
    """Tell whether a lane went from below a level to it or beyond."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        below = builder.fcmp_ordered("<", values[0], values[2])
        beyond = builder.fcmp_ordered(">=", values[1], values[2])
        lanes = builder.bitcast(builder.and_(below, beyond), ir.IntType(LANES))
        return builder.icmp_unsigned("!=", lanes, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(floats8, floats8, floats8), generate


@_operation
def lower_of(typing_context: Any, left: Any, right: Any) -> Any:
    """Return the lower of two vectors, lane by lane; ``right`` where one is not a number."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return _choose(builder, values[0], values[1], values[0], values[1])

    return floats8(floats8, floats8), generate


@_operation
def higher_of(typing_context: Any, left: Any, right: Any) -> Any:
    """Return the higher of two vectors, lane by lane; ``right`` where one is not a number."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return _choose(builder, values[1], values[0], values[0], values[1])

    return floats8(floats8, floats8), generate


@_operation
def where_less(typing_context: Any, left: Any, right: Any, if_less: Any, otherwise: Any) -> Any:
    """Return ``if_less`` in the lanes where left < right, else ``otherwise``."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return _choose(builder, *values)

    return floats8(floats8, floats8, floats8, floats8), generate


def _call(builder: Builder, name: str, *values: Any) -> Any:
    """Call an LLVM intrinsic on 8 float32."""
    function_type = ir.FunctionType(FLOATS, [FLOATS] * len(values))
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.v{LANES}f32")
    return builder.call(function, values)


@_operation
def rounded(typing_context: Any, value: Any) -> Any:
    """Return the nearest whole numbers, as float32."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return _call(builder, "rint", values[0])

    return floats8(floats8), generate


@_operation
def root(typing_context: Any, value: Any) -> Any:
    """Return the square roots."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return _call(builder, "sqrt", values[0])

    return floats8(floats8), generate


@_operation
def whole(typing_context: Any, value: Any) -> Any:
    """Return int32 of float32 in their range, cut towards zero."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return builder.fptosi(values[0], INTS)

    return ints8(floats8), generate


@_operation
def real(typing_context: Any, value: Any) -> Any:
    """Return float32 of int32."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return builder.sitofp(values[0], FLOATS)

    return floats8(ints8), generate


@_operation
def add_ints(typing_context: Any, left: Any, right: Any) -> Any:
    """Return the sums of int32."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        return builder.add(values[0], values[1])

    return ints8(ints8, ints8), generate


def _series(builder: Builder, x: Any, coefficients: Sequence[float]) -> Any:
    """Sum of coefficients times powers of x, by Horner's rule."""
    total: Any = _all(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = builder.fadd(builder.fmul(total, x, flags=EXACT), _all(coefficient), flags=EXACT)
    return total


@_operation
def exp(typing_context: Any, value: Any) -> Any:
    """Return e to the power of each lane, relative error about 1e-7, between -87 and 88 (beyond: as there)."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        x = _choose(builder, values[0], _all(-87.0), _all(-87.0), values[0])
        x = _choose(builder, _all(88.0), x, _all(88.0), x)
        power = _call(builder, "rint", builder.fmul(x, _all(LOG2_E), flags=EXACT))
        rest = builder.fadd(x, builder.fmul(power, _all(-LN2_HIGH), flags=EXACT), flags=EXACT)
        rest = builder.fadd(rest, builder.fmul(power, _all(-LN2_LOW), flags=EXACT), flags=EXACT)
        square = builder.fmul(rest, rest, flags=EXACT)
        curve = builder.fmul(_series(builder, rest, EXP_SERIES), square, flags=EXACT)
        mantissa = builder.fadd(builder.fadd(curve, rest, flags=EXACT), _all(1.0), flags=EXACT)
        bits = builder.shl(builder.add(builder.fptosi(power, INTS), _all_int(127)), _all_int(23))
        return builder.fmul(mantissa, builder.bitcast(bits, FLOATS), flags=EXACT)

    return floats8(floats8), generate


@_operation
def log(typing_context: Any, value: Any) -> Any:
    """Return the natural logarithm of positive normal numbers, error about 1e-7 of it or of 1."""

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        bits = builder.bitcast(values[0], INTS)
        shifted = builder.sub(bits, _all_int(SQRT_HALF_BITS))
        power = builder.ashr(shifted, _all_int(23))
        mantissa = builder.bitcast(builder.sub(bits, builder.shl(power, _all_int(23))), FLOATS)
        share = builder.fdiv(
            builder.fadd(mantissa, _all(-1.0)), builder.fadd(mantissa, _all(1.0)), flags=("contract", "arcp")
        )
        curve = builder.fmul(_series(builder, builder.fmul(share, share), LOG_SERIES), share)
        exponent = builder.sitofp(power, FLOATS)
        low = builder.fadd(curve, builder.fmul(exponent, _all(LN2_LOW), flags=EXACT), flags=EXACT)
        return builder.fadd(low, builder.fmul(exponent, _all(LN2_HIGH), flags=EXACT), flags=EXACT)

    return floats8(floats8), generate


def _shuffled(builder: Builder, left: Any, right: Any, lanes: Sequence[int]) -> Any:
    return builder.shuffle_vector(left, right, ir.Constant(INTS, list(lanes)))


def _transposed(builder: Builder, rows: list[Any]) -> list[Any]:
    """Turn 8 rows of 8 into 8 columns, by three rounds of shuffles of two registers each."""
    low, high = (0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15)
    first = [_shuffled(builder, rows[n], rows[n + 1], lanes) for n in (0, 2, 4, 6) for lanes in (low, high)]
    low, high = (0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15)
    second = [
        _shuffled(builder, first[n + m], first[n + 2 + m], lanes)
        for n in (0, 4) for m in (0, 1) for lanes in (low, high)
    ]
    low, high = (0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15)
    return [_shuffled(builder, second[n], second[n + 4], lanes) for lanes in (low, high) for n in range(4)]


@_operation(prefer_literal=True)
def columns(typing_context: Any, table: Any, rows: Any, shares: Any, first: Any) -> Any:
    """Return 8 columns of a table at 8 places between its rows, one vector for each column.

    Parameters: table float32 [row, column], C-contiguous; ``rows`` 8 int32; ``shares`` 8 float32, how far each place
    lies towards the next row; ``first`` the first of the columns, a literal. Linear between rows.
    """
    if not _is_flat(table, types.float32) or not isinstance(first, types.IntegerLiteral):
        return None
    begin = int(first.literal_value)

    def generate(context: Any, builder: Builder, signature: Signature, values: Sequence[Any]) -> Any:
        structure = context.make_array(signature.args[0])(context, builder, values[0])
        width = builder.extract_value(structure.shape, 1)
        place = ir.IntType(32)
        blended = []
        for lane in range(LANES):
            row = builder.sext(builder.extract_element(values[1], ir.Constant(place, lane)), width.type)
            index = builder.add(builder.mul(row, width), ir.Constant(width.type, begin))
            here = builder.gep(structure.data, [index])
            beyond = builder.gep(here, [width])
            lower = builder.load(builder.bitcast(here, FLOATS.as_pointer()), align=4)
            upper = builder.load(builder.bitcast(beyond, FLOATS.as_pointer()), align=4)
            share = _spread(builder, builder.extract_element(values[2], ir.Constant(place, lane)), FLOATS)
            blended.append(builder.fadd(
                lower, builder.fmul(share, builder.fsub(upper, lower), flags=EXACT), flags=EXACT
            ))
        return context.make_tuple(builder, signature.return_type, _transposed(builder, blended))

    return types.UniTuple(floats8, LANES)(table, ints8, floats8, first), generate


if numba.version_info.short < (0, 61):  # older ones take minutes for such kernels
    raise ImportError(f"numba {numba.__version__} is too old for kernels of vectors; install numba 0.61 or newer")
