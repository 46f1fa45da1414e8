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

    problems = list(verify_case(Path(options.case)))
    if problems and not options.json:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise StoreError(
            f"{problems[0]}{more}", where=Path(options.case).name, advice="restore the case from a copy or make it anew"
        )
    emit(options, {"case": options.case, "intact": not problems, "problems": problems}, f"{options.case} is intact")
    return 2 if problems else 0
