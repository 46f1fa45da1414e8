"""The tables of the library and how older ones become today's, for SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    inspect,
    select,
    text,
)

from anatomy_twin.errors import StoreError

metadata = MetaData()
META: Final = Table("twin_library", metadata, Column("name", Text, primary_key=True), Column("value", Text))
CASES: Final = Table(
    "twin_cases", metadata,
    Column("place", Text, primary_key=True),
    Column("stamp", Text, nullable=False),
    Column("pseudonym", Text, nullable=False),
    Column("modality", Text, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("organs", Text, nullable=False),  # JSON
    Column("targets", Text, nullable=False),  # JSON
    Column("states", Text, nullable=False),  # JSON
    Column("plans", Text, nullable=False),  # JSON
    Column("plan_count", Integer, nullable=False),
    Column("remnant_percent", Float),
    Column("margin_mm", Float),
    Column("synthetic", Boolean, nullable=False),
    Column("added", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("missing", Boolean, nullable=False),
    Column("thumbnail", LargeBinary, nullable=False),
    Column("words", Text, nullable=False),
    # since version 2
    Column("tags", Text, nullable=False, server_default="[]"),  # JSON
    Column("note", Text, nullable=False, server_default=""),
)  # fmt: skip
CHANGED: Final = Index("twin_cases_changed", CASES.c.changed)
LATER: Final = ("tags", "note")
ONE_AT_A_TIME: Final = 7_311_402_2025  # any number that other programs of a server do not use


def _first(connection: Connection) -> None:
    """Version 1: the cases."""
    early = MetaData()
    columns = [column._copy() for column in CASES.columns if column.name not in LATER]
    Table(CASES.name, early, *columns).create(connection, checkfirst=True)


def _tags(connection: Connection) -> None:
    """Version 2: tags and a note on each case, and the order by date without reading all."""
    for name, default in (("tags", "[]"), ("note", "")):
        connection.execute(text(f"ALTER TABLE {CASES.name} ADD COLUMN {name} TEXT NOT NULL DEFAULT '{default}'"))
    CHANGED.create(connection, checkfirst=True)


STEPS: Final[tuple[Callable[[Connection], None], ...]] = (_first, _tags)
VERSION: Final = len(STEPS)


def bring_up(connection: Connection, steps: Sequence[Callable[[Connection], None]] = STEPS) -> int:
    """Make the tables, or make older ones today's; return the version. Two programs may do so at the same time.

    Raises ``StoreError`` where a newer program made the tables.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
    version = 0
    if inspect(connection).has_table(META.name):
        value = connection.execute(select(META.c.value).where(META.c.name == "version")).scalar()
        version = int(value) if value is not None and str(value).isdigit() else 0
    else:
        META.create(connection, checkfirst=True)
    if version > len(steps):
        raise StoreError(f"the library has version {version}, this program reads up to {len(steps)}",
                         advice="update this program")
    for step in steps[version:]:
        step(connection)
    if version != len(steps):
        connection.execute(META.delete().where(META.c.name == "version"))
        connection.execute(META.insert().values(name="version", value=str(len(steps))))
    return len(steps)
