"""Read-only arrays and mappings for the frozen types of this package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from anatomy_twin.errors import DataError

Key = TypeVar("Key")
Value = TypeVar("Value")


def read_only(array: Any, name: str, *, ndim: int | None = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """Return a read-only view of ``array`` (copied only if the type must change).

    Raises ``DataError`` where the number of dimensions is wrong or the array holds Python objects.
    """
    values = np.asarray(array) if dtype is None else np.asarray(array, dtype=dtype)
    if values.dtype == object:
        raise DataError(f"{name} holds objects, not numbers")
    if ndim is not None and values.ndim != ndim:
        raise DataError(f"{name} has {values.ndim} dimensions", advice=f"give an array of {ndim}")
    view = values.view()
    view.flags.writeable = False
    return view


class FrozenMapping(Mapping[Key, Value]):
    """An immutable, ordered, picklable mapping."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[Key, Value] | None = None) -> None:
        self._items: dict[Key, Value] = dict(items or {})

    def __getitem__(self, key: Key) -> Value:
        return self._items[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"FrozenMapping({self._items!r})"

    def with_item(self, key: Key, value: Value) -> FrozenMapping[Key, Value]:
        """Return a new mapping in which ``key`` has ``value``."""
        return FrozenMapping({**self._items, key: value})
