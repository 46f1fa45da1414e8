"""``anatomy-twin mesh``: the surfaces of a case."""

from __future__ import annotations

from collections.abc import Sequence

from anatomy_twin.cli.common import Options, emit, keep_case, open_case, terminal_monitor, volume_text


def main(arguments: Sequence[str]) -> int:
    """Build the surfaces of CASE and save it in place."""
    parser = Options("mesh", "Build a watertight surface of every segmented structure.")
    parser.add_argument("case", metavar="CASE")
    options = parser.read(arguments)
    from anatomy_twin.core import ABSENT_STATES
    from anatomy_twin.pipeline import mesh_case

    case = open_case(options.case)
    with terminal_monitor() as monitor:
        case = mesh_case(case, monitor=monitor)
    keep_case(case, options.case)
    rows, lines = {}, []
    for name, structure in case.anatomy.structures.items():
        certificate = structure.certificate
        volume_ml = None if structure.state in ABSENT_STATES else structure.volume_ml
        rows[name] = {"volume_ml": volume_ml, "state": structure.state}
        text = structure.note or structure.state
        if certificate is not None:
            rows[name] |= {
                "watertight": certificate.watertight, "outward": certificate.outward,
                "volume_error_percent": certificate.volume_error_percent, "triangles": certificate.triangle_count,
            }
            closed = "watertight" if certificate.watertight else "NOT watertight"
            text = f"{closed}, {certificate.triangle_count} triangles, {certificate.volume_error_percent:+.2f} %"
        lines.append(f"  {name:<22} {volume_text(volume_ml)}  {text}")
    return emit(options, {"case": options.case, "structures": rows}, "\n".join(lines), case)
