"""``anatomy-twin verify``: is every byte of a case as it was saved?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from anatomy_twin.cli.common import Options, emit
from anatomy_twin.errors import StoreError


def main(arguments: Sequence[str]) -> int:
    """Check the checksums of CASE; refuse with the first finding if one is wrong."""
    parser = Options("verify", "Check every file of a case against its checksum.")
    parser.add_argument("case", metavar="CASE")
    options = parser.read(arguments)
    from anatomy_twin.store import verify_case

    found = verify_case(Path(options.case))
    if found.problems and not options.json:
        more = f" and {len(found.problems) - 1} more" if len(found.problems) > 1 else ""
        raise StoreError(
            f"{found.problems[0]}{more}", where=Path(options.case).name,
            advice="restore the case from a copy or make it anew",
        )
    document = {
        "case": options.case, "intact": found.ok, "files_checked": found.files_checked,
        "problems": list(found.problems), "extra": list(found.extra),
    }
    lines = [f"{options.case} is intact: {found.files_checked} files as they were saved"]
    lines += [f"  not part of the case: {name}" for name in found.extra]
    emit(options, document, "\n".join(lines))
    return 0 if found.ok else 2
