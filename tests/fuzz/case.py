"""One piece of broken or hostile input: how it is written, what reads it, what may come of it.

A family of cases is a module with a function `cases() -> tuple[Case, ...]`; `tests/fuzz/runner.py` runs each case in
a child process and a folder of its own, and finds exactly one outcome:

- `truth`: the reader returned something without a warning, and `same(value)` holds;
- `warned`: the reader returned something and named what is wrong with it (`Loaded.warnings`; see `Case.word`);
- `refused`: the reader raised a `TwinError`.

Everything else is a violation: another exception, a killed process, more than five seconds or a gigabyte, a file
outside the folder, and the worst of all, `silently wrong`: a value without a warning that is not the truth. A reader
that has to write files does so in a folder named `target` beside the input.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRUTH = frozenset({"truth"})
WARNED = frozenset({"warned"})
REFUSED = frozenset({"refused"})


@dataclass(frozen=True)
class Loaded:
    """What a reader returned: the value that `Case.same` judges, and the reader's warnings, in words."""

    value: Any
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One piece of input and what is allowed to come of it.

    name: unique within its family; short, without spaces (it names the folder that the case runs in)
    family: the table line that the case is counted under
    write: writes the input below the (empty, existing) folder it is given and returns the path that a reader gets; only
        its own random generators with fixed seeds; called in a child process, so it may take memory, but not long
    run: "module:function", called with that path; returns `Loaded`, or any other value as one without warnings
    allowed: the outcomes that are right, of `truth`, `warned` and `refused`
    same: tells whether the value is the truth; None: no value without a warning is ever right
    word: where a value that is not the truth is returned with warnings, one of them must hold this word (any case);
        empty: any warning will do; None: no warning excuses a value that is not the truth
    """

    name: str
    family: str
    write: Callable[[Path], Path]
    run: str
    allowed: frozenset[str]
    same: Callable[[Any], bool] | None = None
    word: str | None = ""
