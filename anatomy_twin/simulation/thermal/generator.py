"""The generator of radiofrequency electrodes: what it measures, and the power it gives next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Reading:
    """What the generator measures: impedance (ohm) and the mean of the electrode's sensors (degC)."""

    impedance_ohm: float
    sensor_c: float


@dataclass(frozen=True, slots=True)
class Generator:
    """The state of a generator: which electrode is on (its number), the power (W), and what the protocol remembers.

    ``off_until_s``: until then a pause after a rise of impedance; ``least_ohm``: the least impedance of each electrode,
    which rises are held against; ``powers_w``: the power that each electrode stands at; ``since_s``: when the present
    electrode was switched on.
    """

    active: int = 0
    power_w: float = 0.0
    off_until_s: float = -1.0
    since_s: float = 0.0
    least_ohm: tuple[float, ...] = ()
    powers_w: tuple[float, ...] = ()
    pauses: int = 0
    on: bool = False


def start(protocol: Mapping[str, Any], highest_w: tuple[float, ...]) -> Generator:
    """Return the state of the generator before it is switched on; ``highest_w`` the set power of each electrode."""
    first = float(protocol.get("start_power_w", 1e9))
    count = len(highest_w)
    return Generator(
        least_ohm=(float("inf"),) * count, powers_w=tuple(min(first, power) for power in highest_w)
    )


def drive(
    state: Generator, protocol: Mapping[str, Any], reading: Reading, highest_w: float, time_s: float, interval_s: float
) -> Generator:
    """Return the state for the next ``interval_s`` seconds: ``power_w`` is what is given to the active electrode.

    power: the set power. temperature: the power that keeps the sensors at ``target_c``, at most the set power, changed
    in proportion to what is missing and how fast it rises. impedance: the power rises by ``ramp_w_min`` up to the set
    one; where the impedance rises by ``rise_share`` above its least, the power is off for ``pause_s`` and goes on with
    ``step_down_w`` less. No protocol gives more than ``most_a`` or ``most_v``.
    """
    number = state.active
    least = min(state.least_ohm[number], reading.impedance_ohm)
    state = replace(state, least_ohm=_put(state.least_ohm, number, least))
    power = state.powers_w[number]
    if time_s < state.off_until_s - 1e-9:
        return replace(state, power_w=0.0, on=False)
    kind = protocol["kind"]
    if kind == "power":
        power = highest_w
    elif kind == "temperature":
        power = _hold(power, protocol, reading, highest_w, interval_s)
    elif reading.impedance_ohm > least * (1.0 + float(protocol["rise_share"])):
        pause = float(protocol["pause_s"])
        lower = max(power - float(protocol["step_down_w"]), min(float(protocol["start_power_w"]), highest_w))
        return replace(
            state, power_w=0.0, on=False, off_until_s=time_s + pause, powers_w=_put(state.powers_w, number, lower),
            pauses=state.pauses + 1,
        )
    elif state.on:
        power = min(power + float(protocol["ramp_w_min"]) * interval_s / 60.0, highest_w)
    given = min(
        power, float(protocol.get("most_a", 1e9)) ** 2 * reading.impedance_ohm,
        float(protocol.get("most_v", 1e9)) ** 2 / reading.impedance_ohm,
    )
    return replace(state, power_w=given, on=True, powers_w=_put(state.powers_w, number, power))


def _hold(
    power: float, protocol: Mapping[str, Any], reading: Reading, highest_w: float, interval_s: float
) -> float:
    """Return the power of a temperature control: towards the target at ``rise_c_s``, by a share of the error."""
    missing = float(protocol["target_c"]) - reading.sensor_c
    gain = float(protocol["gain_w_k_s"]) * interval_s
    return float(min(max(power + gain * missing, 0.0), highest_w))


def switch(state: Generator, protocol: Mapping[str, Any], ready: tuple[bool, ...], time_s: float) -> Generator:
    """Return the state with the electrode that is to be on now: the next one after ``switch_s``, or in a pause.

    ``ready`` says which electrodes still have time left.
    """
    due = time_s - state.since_s >= float(protocol.get("switch_s", 1e9)) - 1e-9
    paused = time_s < state.off_until_s - 1e-9
    others = [n for n in range(1, len(ready)) if ready[(state.active + n) % len(ready)]]
    if ready[state.active] and not ((due or paused) and others):
        return state
    if not others:
        return state
    return replace(
        state, active=(state.active + others[0]) % len(ready), since_s=time_s, off_until_s=-1.0, on=False
    )


def off(state: Generator) -> Generator:
    """Return the state of the generator with nothing on."""
    return replace(state, power_w=0.0, on=False)


def _put(values: tuple[float, ...], number: int, value: float) -> tuple[float, ...]:
    return (*values[:number], value, *values[number + 1 :])
