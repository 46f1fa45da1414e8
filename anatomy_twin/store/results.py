"""Results as a folder of open files: one description in JSON, arrays as NRRD, the surface as VTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from anatomy_twin.core import Result, ThermalResult
from anatomy_twin.errors import StoreError, TwinError
from anatomy_twin.store.codec import decode, encode
from anatomy_twin.store.nrrd import decode_nrrd, encode_nrrd
from anatomy_twin.store.sealed_json import dump, parse
from anatomy_twin.store.vtp import decode_vtp, encode_vtp

Jobs = dict[str, Callable[[], bytes]]
Read = Callable[[str], bytes]

_THERMAL_ARRAYS: Final = ("temperature_c", "omega", "cem43_min", "coagulated")
_OPTIONAL_ARRAYS: Final = ("coldest_c", "hottest_c")
_TEXT: Final = Mapping[str, str]
_LINES: Final = tuple[str, ...]
_NUMBERS: Final = tuple[float, ...]


def result_jobs(result: Result, folder: str) -> Jobs:
    """Return {relative path: function that gives its bytes} of one result; ``StoreError`` for an unknown kind."""
    if not isinstance(result, ThermalResult):
        raise StoreError(f"a {type(result).__name__} cannot be stored")
    surface = None if result.surface is None else f"{folder}/coagulated.vtp"
    names = (*_THERMAL_ARRAYS, *(name for name in _OPTIONAL_ARRAYS if getattr(result, name) is not None))
    description = {
        "kind": "ThermalResult",
        "plan_name": result.plan_name,
        "times_s": [float(time) for time in result.times_s],
        "verdict_model": result.verdict_model,
        "parameters": encode(_TEXT, result.parameters),
        "assumed": encode(_LINES, result.assumed),
        "warnings": encode(_LINES, result.warnings),
        "arrays": {name: f"{folder}/{name}.nrrd" for name in names},
        "surface": surface,
        "traces": {name: [float(value) for value in values] for name, values in result.traces.items()},
    }
    jobs: Jobs = {f"{folder}/result.json": lambda: dump(description)}
    for name in names:
        array = getattr(result, name)
        jobs[f"{folder}/{name}.nrrd"] = lambda array=array: encode_nrrd(array, result.geometry)
    if result.surface is not None:
        mesh = result.surface
        jobs[f"{folder}/coagulated.vtp"] = lambda: encode_vtp(mesh)
    return jobs


def read_result(relative: str, read: Read) -> Result:
    """Return the result whose description is the file ``relative``; ``read`` gives the checked bytes of a file."""
    content: Any = parse(read(relative), relative)
    if not isinstance(content, dict) or content.get("kind") != "ThermalResult":
        raise StoreError("unknown kind of result", where=relative, advice="a newer version may know it")
    try:
        paths = content["arrays"]
        names = (*_THERMAL_ARRAYS, *(name for name in _OPTIONAL_ARRAYS if name in paths))
        files = {name: decode_nrrd(read(paths[name]), paths[name]) for name in names}
        surface = content["surface"]
        arrays = {name: file.array for name, file in files.items()}
        arrays["coagulated"] = arrays["coagulated"].astype(bool)
        return ThermalResult(
            plan_name=decode(str, content["plan_name"], relative),
            geometry=files["cem43_min"].geometry,
            times_s=np.array([decode(float, time, relative) for time in content["times_s"]], dtype=np.float64),
            verdict_model=decode(str, content["verdict_model"], relative),
            surface=None if surface is None else decode_vtp(read(surface), surface),
            parameters=decode(_TEXT, content["parameters"], relative),
            assumed=decode(_LINES, content["assumed"], relative),
            warnings=decode(_LINES, content["warnings"], relative),
            traces={
                decode(str, name, relative): np.array(decode(_NUMBERS, values, relative), np.float64)
                for name, values in content.get("traces", {}).items()
            },
            **arrays,
        )
    except StoreError:
        raise
    except (KeyError, TypeError, AttributeError, TwinError) as error:
        raise StoreError(f"result cannot be read: {error}", where=relative) from error
