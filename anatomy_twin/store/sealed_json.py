"""JSON with one spelling only, sealed by its own sha256, and read within limits."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from anatomy_twin.errors import StoreError
from anatomy_twin.store.folder import printable

LARGEST_JSON_BYTES = 8 * 1024 * 1024  # parsed, hostile JSON of that size takes up to twenty times as much memory
DEEPEST_JSON = 64
MOST_PARTS = 200_000  # lists and objects
SEAL = "sealed_by_sha256"


def dump(content: Any) -> bytes:
    """Return ``content`` as UTF-8 JSON: sorted keys, one space of indent, shortest exact numbers, a last newline.

    Raises ``StoreError`` where a number is not finite or something is no JSON value.
    """
    try:
        text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
        return (text + "\n").encode("utf-8")
    except (ValueError, TypeError) as error:
        raise StoreError(f"a value cannot be stored: {error}") from error


def parse(data: bytes, where: str) -> Any:
    """Return the value of JSON text; ``StoreError`` if it is too large, too deep, no JSON, or holds NaN or infinity."""
    if len(data) > LARGEST_JSON_BYTES:
        raise StoreError("file is too large to be a description", where=where)
    if data.count(b"[") + data.count(b"{") > MOST_PARTS:
        raise StoreError("file has too many parts to be a description", where=where)
    try:
        content = json.loads(
            data.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_no_doubles
        )
    except RecursionError as error:
        raise StoreError("file is nested too deep", where=where) from error
    except ValueError as error:
        raise StoreError(f"file is not readable JSON: {_in_words(error)}", where=where) from error
    _check_depth(content, where)
    return content


def _in_words(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{printable(error.msg)} in line {error.lineno}"
    text = printable(error, 120)
    return "a number has too many digits" if text.startswith("Exceeds the limit") else text


def seal(content: dict[str, Any]) -> bytes:
    """Return ``content`` as JSON that carries the sha256 of its own text without that line."""
    return dump({**content, SEAL: hashlib.sha256(dump(content)).hexdigest()})


def unseal(data: bytes, where: str) -> dict[str, Any]:
    """Return the content of sealed JSON; ``StoreError`` if any byte of it was changed."""
    content = parse(data, where)
    if not isinstance(content, dict) or SEAL not in content:
        raise StoreError("file carries no seal", where=where, advice="it was not written by this program")
    bare = {key: value for key, value in content.items() if key != SEAL}
    if seal(bare) != data:
        raise StoreError("file was changed after it was saved", where=where, advice="restore it from a copy")
    return bare


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number that can be stored")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key occurs twice")
    return content


def _check_depth(content: Any, where: str) -> None:
    level = [content]
    for _ in range(DEEPEST_JSON):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return
    raise StoreError("file is nested too deep", where=where)
