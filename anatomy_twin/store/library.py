"""The library: one table of all cases that somebody put there, in SQLite by default or on a PostgreSQL server.

It holds cards, not cases: where each lies, what is in it, a small picture. Losing it loses no case.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from anatomy_twin.core import FrozenMapping
from anatomy_twin.errors import StoreError, UsageError
from anatomy_twin.store.folder import printable
from anatomy_twin.store.library_card import CaseCard
from anatomy_twin.store.library_schema import CASES, bring_up

WAIT_S: Final = 30  # for another program that writes at the same moment
MOST_TAGS: Final = 20
LONGEST_NOTE: Final = 4000
_LISTS: Final = ("organs", "targets", "tags")
_TABLES: Final = ("facts", "states", "plans")
_PLAIN: Final = (
    "stamp", "pseudonym", "modality", "remnant_percent", "margin_mm", "synthetic", "note", "added", "changed",
    "missing",
)  # fmt: skip
_READING: Final = "twin_reading"
_INSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Library:
    """Cards of cases in a database. Safe to use from several programs and threads at once."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self.name = engine, name

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def add(self, card: CaseCard) -> CaseCard:
        """Put a card there, or the newer one in place of an older of the same place; tags, note and date stay."""
        with self._writing() as connection:
            old = self._read(connection, card.place)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            if old is not None:
                card = replace(card, tags=old.tags or card.tags, note=old.note or card.note, added=old.added)
            elif not card.added:
                card = replace(card, added=now)
            row = _row(card)
            insert = _INSERT[connection.dialect.name](CASES).values(**row)
            changed = {name: value for name, value in row.items() if name not in ("place", "added")}
            connection.execute(insert.on_conflict_do_update(index_elements=[CASES.c.place], set_=changed))
        return card

    def remove(self, place: str | Path) -> bool:
        """Take a case off the library (nothing of the case itself is touched); False where it was not there."""
        with self._writing() as connection:
            done = connection.execute(CASES.delete().where(CASES.c.place == _key(place)))
        return bool(done.rowcount)

    def card(self, place: str | Path) -> CaseCard:
        """Return the card of a place; ``StoreError`` where the library has none."""
        with self._reading() as connection:
            found = self._read(connection, Path(place))
        if found is None:
            raise StoreError("the library has no such case", where=Path(place).name[:80])
        return found

    def label(self, place: str | Path, *, tags: Sequence[str] | None = None, note: str | None = None) -> CaseCard:
        """Write tags or a note on a card and return it.

        Raises ``StoreError`` where the library has no such case, ``UsageError`` where there is too much of them.
        """
        changes: dict[str, Any] = {}
        if tags is not None:
            changes["tags"] = tuple(dict.fromkeys(" ".join(tag.split())[:40] for tag in tags if tag.strip()))
            if len(changes["tags"]) > MOST_TAGS:
                raise UsageError(f"a case has at most {MOST_TAGS} tags")
        if note is not None:
            if len(note) > LONGEST_NOTE:
                raise UsageError(f"a note has at most {LONGEST_NOTE} letters")
            changes["note"] = note.strip()
        with self._writing() as connection:
            old = self._read(connection, Path(place))
            if old is None:
                raise StoreError("the library has no such case", where=Path(place).name[:80])
            card = replace(old, **changes)
            row = {name: value for name, value in _row(card).items() if name in ("tags", "note", "words")}
            connection.execute(CASES.update().where(CASES.c.place == _key(place)).values(**row))
        return card

    def mark_missing(self, place: str | Path, missing: bool = True) -> None:
        """Note that nothing lies at the place of a card any more, or that it is back."""
        with self._writing() as connection:
            connection.execute(CASES.update().where(CASES.c.place == _key(place)).values(missing=missing))

    def search(
        self, words: str = "", *, modality: str = "", has_plan: bool | None = None, since: str = "", until: str = "",
        missing: bool | None = None, tag: str = "",
    ) -> tuple[CaseCard, ...]:
        """Return the cards that hold all ``words`` and fit the rest, the case that changed last first.

        Parameters: ``words`` in any order and case, parts of words too; ``modality`` "CT", "MR"; ``has_plan`` and
        ``missing`` None for either; ``since`` and ``until`` dates ("2026-03-01", both inclusive) of the last change;
        ``tag`` a whole tag.
        """
        query = select(CASES).order_by(CASES.c.changed.desc(), CASES.c.place)
        for word in words.replace("_", " ").casefold().split():
            query = query.where(CASES.c.words.contains(word, autoescape=True))
        if modality:
            query = query.where(CASES.c.modality == modality)
        if has_plan is not None:
            query = query.where(CASES.c.plan_count > 0 if has_plan else CASES.c.plan_count == 0)
        if missing is not None:
            query = query.where(CASES.c.missing.is_(missing))
        if since:
            query = query.where(CASES.c.changed >= since)
        if until:
            query = query.where(CASES.c.changed < f"{until}~")  # all times of that day
        with self._reading() as connection:
            cards = [_card(row) for row in connection.execute(query).mappings()]
        return tuple(card for card in cards if not tag or tag in card.tags)

    def modalities(self) -> tuple[str, ...]:
        """Return the modalities that cards have, in order."""
        with self._reading() as connection:
            rows = connection.execute(select(CASES.c.modality).distinct().order_by(CASES.c.modality))
            return tuple(str(row[0]) for row in rows)

    def stamps(self) -> Mapping[Path, str]:
        """Return the place of every card with the stamp of the case as it was read."""
        with self._reading() as connection:
            rows = connection.execute(select(CASES.c.place, CASES.c.stamp).order_by(CASES.c.place))
            return FrozenMapping({Path(place): stamp for place, stamp in rows})

    # inside

    def _read(self, connection: Connection, place: Path) -> CaseCard | None:
        row = connection.execute(select(CASES).where(CASES.c.place == _key(place))).mappings().first()
        return None if row is None else _card(row)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        with in_words(self.name), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with in_words(self.name), self._engine.connect() as connection:
            yield connection.execution_options(**{_READING: True})


def open_database(url: str) -> Library:
    """Open the library at an address; its tables are made where they are not there.

    ``url`` is "sqlite:///FILE" or "postgresql://USER:WORD@HOST/NAME". Raises ``StoreError`` in words, without the
    password, where the database cannot be used or a newer program made it, ``UsageError`` for another kind of address.
    """
    address = _address(url)
    name = address.render_as_string(hide_password=True)
    try:
        engine = create_engine(address, **_options(address))
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError("no driver for this database is installed", where=address.get_backend_name(),
                         advice="pip install 'psycopg[binary]'") from error
    _prepare(engine)
    try:
        with in_words(name), engine.begin() as connection:
            bring_up(connection)
    except StoreError:
        engine.dispose()
        raise
    return Library(engine, name)


@contextlib.contextmanager
def in_words(name: str) -> Iterator[None]:
    """Turn what the database refuses in the block into a ``StoreError``."""
    try:
        yield
    except SQLAlchemyError as error:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        cause = printable(lines[0], 160) if lines else "the database refuses"
        raise StoreError(f"the library cannot be used: {cause}", where=name[:120],
                         advice="check that the database is there and may be written") from error


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise UsageError("this is no address of a database",
                         advice="write it as postgresql://USER@HOST/NAME") from error
    if address.drivername in ("postgresql", "postgres"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in _INSERT:
        raise UsageError(f"a library in {address.get_backend_name()[:20]} is not known",
                         advice="use SQLite or PostgreSQL")
    return address


def _options(address: URL) -> dict[str, Any]:
    if address.get_backend_name() == "sqlite":
        if address.database:
            folder = Path(address.database).absolute().parent
            with contextlib.suppress(OSError):  # told when the file cannot be opened
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return {"connect_args": {"timeout": WAIT_S}}
    return {"connect_args": {"connect_timeout": 10}, "pool_pre_ping": True, "pool_size": 2}


def _prepare(engine: Engine) -> None:
    """Let SQLite lock when a transaction that writes begins, and readers go on beside a writer."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own transactions begin too late to lock
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READING) else "BEGIN IMMEDIATE")


def _key(place: str | Path) -> str:
    return str(Path(place).absolute())


def _row(card: CaseCard) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(card, name) for name in _PLAIN}
    row |= {name: json.dumps(list(getattr(card, name))) for name in _LISTS}
    row |= {name: json.dumps(dict(getattr(card, name))) for name in _TABLES}
    return {**row, "place": _key(card.place), "plan_count": len(card.plans), "thumbnail": card.thumbnail,
            "words": card.words}  # fmt: skip


def _card(row: Mapping[str, Any] | Any) -> CaseCard:
    parts: dict[str, Any] = {name: row[name] for name in _PLAIN}
    parts |= {name: tuple(json.loads(row[name])) for name in _LISTS}
    parts |= {name: FrozenMapping(json.loads(row[name])) for name in _TABLES}
    return CaseCard(place=Path(row["place"]), thumbnail=bytes(row["thumbnail"]), **parts)
