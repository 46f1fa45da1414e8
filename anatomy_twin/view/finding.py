"""Finding one of many lines by a few letters of its words."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

WHOLE, START, INSIDE = 0.0, 1.0, 2.0
OF_WORDS, OF_MENU, OF_TIP, SCATTERED = 2.5, 4.0, 8.0, 12.0  # how much worse it is to be found there
PLACE: Final = 0.02  # how much worse a word is for each that stands before it
NEAR: Final = 0.72  # how alike a word has to be to one that is known, 0 to 1
# both sides of the Atlantic spell alike here
SPELLINGS: Final = (("colour", "color"), ("centre", "center"), ("grey", "gray"), ("tumour", "tumor"), ("ise", "ize"),
                    ("oesoph", "esoph"), ("haem", "hem"), ("licence", "license"), ("-", ""))  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A line that can be found: ``text``, ``words`` (what others call it), ``also`` (menu), ``tip`` and ``keys`` are
    searched.

    ``key`` is what it stands for, ``kind`` "command", "structure" or "plan"; ``keys`` its shortcuts; ``why`` is not
    empty where it cannot be done now.
    """

    kind: str
    key: Any
    text: str
    also: str = ""
    keys: str = ""
    why: str = ""
    words: str = ""
    tip: str = ""


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return a text in small letters without accents and hyphens, in one spelling ("Gr\u00f6\u00dfe" -> "grosse")."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    for one, other in SPELLINGS:
        bare = bare.replace(one, other)
    return bare


def found(query: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that hold every word of a query, the best first; all of them, in order, for none.

    A word is better found at the start of a word than inside one, in the text than in what else is said. Letters in
    order with others between them count only where nothing is found otherwise. What can be done comes before what
    cannot.
    """
    words = plain(query).split()
    ranked = []
    for number, entry in enumerate(entries):
        ranks = [_rank(word, entry) for word in words]
        if None in ranks:
            continue
        quality = sum(rank for rank in ranks if rank is not None)
        ranked.append(((quality, bool(entry.why), len(_parts(entry.text)) if words else 0, number), entry))
    ranked.sort(key=lambda item: item[0])
    sure = [entry for order, entry in ranked if order[0] < SCATTERED]
    return sure or [entry for _, entry in ranked]


def meant(query: str, entries: Sequence[Entry]) -> str:
    """Return a query in which words that nothing holds are replaced by the likest that something holds; "" for none."""
    known = {part for entry in entries for text in (entry.text, entry.words) for part in _parts(plain(text))}
    likest = [difflib.get_close_matches(word, known, 1, NEAR) for word in plain(query).split()]
    return " ".join(words[0] for words in likest) if likest and all(likest) else ""


def called(query: str, entry: Entry) -> str:
    """Return what others call an entry, where it was found by that and not by its own text; else ""."""
    own = plain(entry.text)
    for word in plain(query).split():
        if word not in own:
            return next((phrase for phrase in entry.words.split(", ") if word in plain(phrase)), "")
    return ""


def _parts(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def _rank(word: str, entry: Entry) -> float | None:
    """Return how well an entry holds a word, 0 best, None where it does not."""
    text = plain(entry.text)
    places = ((0.0, text), (OF_WORDS, plain(entry.words)), (OF_MENU, plain(entry.also)), (OF_TIP, plain(entry.tip)),
              (OF_TIP, plain(entry.keys)))  # fmt: skip
    ranks = [extra + rank for extra, place in places if (rank := _rank_in(word, place)) is not None]
    if ranks:
        return min(ranks)
    return SCATTERED if len(word) > 2 and _scattered(word, text) else None


def _rank_in(word: str, place: str) -> float | None:
    if word not in place:
        return None
    parts = _parts(place)
    if word in parts:
        return WHOLE + PLACE * min(parts.index(word), 20)
    first = next((n for n, part in enumerate(parts) if part.startswith(word)), None)
    return INSIDE if first is None else START + PLACE * min(first, 20)


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
