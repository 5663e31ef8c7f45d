"""What `p2pkd list` lists: families of kinds, device profiles, presets, laws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from p2pkd.core.errors import InputError, suggestion
from p2pkd.core.units import FLOP_RATE, POWER, RATE, SIZE
from p2pkd.scenario.base import FAMILIES, Family
from p2pkd.scenario.kinds import load_kinds
from p2pkd.scenario.presets import load_preset, preset_names


def sections(kind: str | None) -> Iterator[str]:
    """Yield the lines of one section, or of all.

    Raise InputError, with the nearest name, if there is no such section.
    """
    load_kinds()
    import p2pkd.scenario.scenario
    import p2pkd.study.spec  # noqa: F401  # their families

    names = [*FAMILIES, "devices", "presets", "laws"]
    if kind is not None and kind not in names:
        raise InputError(f"nothing to list under {kind!r}{suggestion(kind, names)}")
    for name in names if kind is None else [kind]:
        if kind is None:
            yield from ("", name) if name != names[0] else (name,)
        yield from _lines(name, "" if kind else "  ")


def _lines(name: str, indent: str) -> Iterator[str]:
    if name == "devices":
        rows = _devices()
    elif name == "presets":
        rows = [_preset(preset) for preset in preset_names()]
    elif name == "laws":
        rows = _laws()
    else:
        rows = [(tag, member.summary()) for tag, member in _members(FAMILIES[name])]
    width = max((len(row[0]) for row in rows), default=0)
    for first, *rest in rows:
        yield f"{indent}{first:<{width}}  {rest[0]}".rstrip()
        yield from (f"{indent}{'':<{width}}  {line}" for line in rest[1:])


def _members(family: type[Family]) -> list[tuple[str, type[Family]]]:
    return sorted(family.members.items())


def _devices() -> list[tuple[str, ...]]:
    from p2pkd.world.catalogue import profiles

    return [
        (
            name,
            f"{FLOP_RATE.format(p.flops)}, {SIZE.format(p.memory)},"
            f" up {RATE.format(p.uplink)}, down {RATE.format(p.downlink)},"
            f" {POWER.format(p.compute_power)} computing",
            p.description,
        )
        for name, p in profiles().items()
    ]


def _laws() -> list[tuple[str, ...]]:
    from p2pkd.verify.laws import LAWS, name_of

    return [(name_of(law), (law.__doc__ or "").partition("\n")[0]) for law in LAWS]


def _preset(name: str) -> tuple[str, ...]:
    preset = load_preset(name)
    lines = [preset.summary, f"sends {preset.payload}; {preset.paper or 'a control, no paper'}"]
    if preset.sections():
        lines.append(f"also says {', '.join(_dotted(preset.sections()))}")
    if preset.departures and preset.departures != "none":
        lines.append(f"departs from it: {preset.departures}")
    return (name, *lines)


def _dotted(plain: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in plain.items():
        if isinstance(value, dict):
            yield from _dotted(value, f"{above}{key}.")
        else:
            yield f"{above}{key}: {str(value).lower() if isinstance(value, bool) else value}"
