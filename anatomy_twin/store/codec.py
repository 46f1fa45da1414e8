"""Frozen dataclasses of plain values to JSON values and back, by their type hints; nothing unknown is let in."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from anatomy_twin.core import FrozenMapping
from anatomy_twin.errors import StoreError, TwinError
from anatomy_twin.store.folder import printable

KIND = "kind"


def encode(hint: Any, value: Any) -> Any:
    """Return ``value`` of the hinted type as a JSON value.

    Numbers become what their hint says, so that a plan written by hand and the same plan read back give equal bytes.
    Members of a union of dataclasses carry their class name under "kind".
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if value is None:
        return None
    if origin in (typing.Union, types.UnionType):
        options = [option for option in arguments if option is not type(None)]
        if len(options) == 1:
            return encode(options[0], value)
        return {KIND: type(value).__name__, **encode(type(value), value)}
    if origin is tuple:
        hints = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return [encode(inner, item) for inner, item in zip(hints, value, strict=True)]
    if _is_mapping(origin):
        # a list of pairs keeps the order, which JSON objects with sorted keys do not
        return [[key, encode(arguments[1], item)] for key, item in value.items()]
    if dataclasses.is_dataclass(hint):
        hints = _hints_of(hint)
        return {part.name: encode(hints[part.name], getattr(value, part.name)) for part in dataclasses.fields(hint)}
    if hint in (str, bool, int, float):
        return hint(value)
    raise StoreError(f"a value of type {hint!r} cannot be stored")


@cache
def _hints_of(kind: Any) -> dict[str, Any]:
    """Return the types of the fields of a dataclass; finding them takes longer than writing the fields."""
    return typing.get_type_hints(kind)


def decode(hint: Any, value: Any, where: str) -> Any:
    """Return the object that ``encode`` was given; ``StoreError`` naming ``where`` if the value does not fit."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(arguments, value, where)
    if origin is tuple:
        items = _expect(list, value, where)
        if arguments[-1] is Ellipsis and _plain(arguments[0], items):
            return tuple(items)
        hints = [arguments[0]] * len(items) if arguments[-1] is Ellipsis else list(arguments)
        if len(hints) != len(items):
            raise StoreError(f"{len(hints)} values expected, {len(items)} found", where=where)
        return tuple(decode(inner, item, where) for inner, item in zip(hints, items, strict=True))
    if _is_mapping(origin):
        pairs = [_expect(list, pair, where) for pair in _expect(list, value, where)]
        if any(len(pair) != 2 for pair in pairs) or len({str(pair[0]) for pair in pairs}) != len(pairs):
            raise StoreError("a table is not made of pairs with different names", where=where)
        return FrozenMapping({_expect(str, key, where): decode(arguments[1], item, where) for key, item in pairs})
    if dataclasses.is_dataclass(hint):
        return _decode_dataclass(hint, value, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > sys.float_info.max:
            raise StoreError("a number is too large", where=where)
        return float(value)
    if hint is str and isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise StoreError("a text holds half a character", where=where)
    if hint in (str, bool, int, float):
        return _expect(hint, value, where)
    raise StoreError(f"a value of type {hint!r} cannot be read", where=where)


def _plain(hint: Any, items: list[Any]) -> bool:
    """Tell whether all items are numbers of exactly the hinted kind: long rows of them are taken as they are."""
    return hint in (float, int) and set(map(type, items)) <= {hint}


def _decode_union(options: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in options:
        return None
    options = tuple(option for option in options if option is not type(None))
    if len(options) == 1:
        return decode(options[0], value, where)
    content = dict(_expect(dict, value, where))
    kind = content.pop(KIND, None)
    for option in options:
        if option.__name__ == kind:
            return decode(option, content, where)
    raise StoreError(f"unknown kind {printable(kind, 40)!r}", where=where, advice="a newer version may know it")


def _decode_dataclass(kind: Any, value: Any, where: str) -> Any:
    content = _expect(dict, value, where)
    hints = _hints_of(kind)
    parts = dataclasses.fields(kind)
    names = {part.name for part in parts}
    needed = {part.name for part in parts if "may_be_missing" not in part.metadata}  # older versions lack the others
    for what, odd in (("unknown", set(content) - names), ("missing", needed - set(content))):
        if odd:
            fields = printable(", ".join(sorted(odd)), 200)
            raise StoreError(f"{kind.__name__} has {what} fields: {fields}", where=where)
    values = {name: _decode_field(name, hints[name], content[name], where) for name in sorted(content)}
    try:
        return kind(**values)
    except StoreError:
        raise
    except TwinError as error:
        what = f"{kind.__name__} is not valid: {printable(error.what, 200)}"
        raise StoreError(what, where=where, advice=error.advice) from error


def _decode_field(name: str, hint: Any, value: Any, where: str) -> Any:
    try:
        return decode(hint, value, where)
    except StoreError as error:
        raise StoreError(f"{name}: {error.what}", where=error.where, advice=error.advice) from error


def _expect(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise StoreError(f"a {kind.__name__} was expected, {type(value).__name__} found", where=where)
    return value


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)
