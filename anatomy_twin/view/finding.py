"""Finding one of many lines by a few letters of its words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WHOLE, START, INSIDE, SCATTERED = 0, 1, 2, 3


@dataclass(frozen=True)
class Entry:
    """A line that can be found: ``text`` and ``also`` (menu, tip) are searched, ``key`` is what it stands for.

    ``kind`` is "command", "structure" or "plan"; ``keys`` its shortcuts; ``why`` is not empty where it cannot be done
    now.
    """

    kind: str
    key: Any
    text: str
    also: str = ""
    keys: str = ""
    why: str = ""


def plain(text: str) -> str:
    """Return a text in small letters without accents ("Größe" -> "grosse")."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def found(query: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that hold every word of a query, the best first; all of them, in order, for none.

    A word is better found at the start of a word than inside one, in the text than in what else is said; letters in
    order with others between them count last. What can be done comes before what cannot.
    """
    words = plain(query).split()
    ranked = []
    for number, entry in enumerate(entries):
        ranks = [_rank(word, plain(entry.text), plain(entry.also)) for word in words]
        if None in ranks:
            continue
        quality = sum(rank for rank in ranks if rank is not None)
        ranked.append(((quality, bool(entry.why), len(entry.text) if words else 0, number), entry))
    return [entry for _, entry in sorted(ranked, key=lambda item: item[0])]


def _rank(word: str, text: str, also: str) -> int | None:
    for extra, place in ((0, text), (4, also)):
        parts = place.split()
        if word in parts:
            return extra + WHOLE
        if any(part.startswith(word) for part in parts):
            return extra + START
        if word in place:
            return extra + INSIDE
    return SCATTERED + 6 if len(word) > 2 and _scattered(word, text) else None


def _scattered(word: str, text: str) -> bool:
    """True where the letters of a word stand in the text in order, the first at the start of a word."""
    starts = [i for i, letter in enumerate(text) if letter == word[0] and (i == 0 or text[i - 1] == " ")]
    for start in starts:
        at = start
        for letter in word[1:]:
            at = text.find(letter, at + 1)
            if at < 0:
                break
        else:
            return True
    return False
