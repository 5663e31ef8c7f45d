"""What a scenario plans and cannot come to, told before anything is built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from p2pkd.core.units import DURATION
from p2pkd.scenario.base import Spec
from p2pkd.scenario.quantities import Percent
from p2pkd.scenario.walk import item_of, member_of, spelled_out
from p2pkd.scenario.yaml import Node

if TYPE_CHECKING:
    from p2pkd.scenario.scenario import Scenario

# Keys whose value is the time at which something first happens, and what then does not.
FIRST_TIMES = {
    "at": "it never comes to that",
    "after": "it never comes to that",
    "every": "there is at most one",
    "warm_up": "nobody ever learns from another",
    "teach_after": "nobody ever becomes a teacher",
    "refresh": "the first snapshot is never renewed",
    "timeout": "nothing that is lost is ever sent again",
}
OF_EVALUATION = "models are measured at its beginning and its end alone"


def forewarnings(scenario: Scenario) -> list[str]:
    """Return ``method.teachers.warm_up: 1 h, but ...`` for each choice that cannot take effect.

    A pure function of the scenario.  What it plans and then does not happen is told by the run
    (`p2pkd.engine.shortfall`).
    """
    return [
        *_too_late(scenario, "", scenario.duration),
        *_patience(scenario),
        *_tokens(scenario),
        *_expiry(scenario),
        *_stream(scenario),
        *_search(scenario),
        *_loss(scenario),
    ]


def _too_late(spec: Spec, key: str, duration: float) -> Iterator[str]:
    """Yield what would first happen after the end, anywhere in *spec*."""
    for name in type(spec).model_fields:
        value, place = getattr(spec, name), f"{key}.{name}" if key else name
        if isinstance(value, Spec):
            yield from _too_late(value, place, duration)
        elif isinstance(value, tuple):
            for i, item in enumerate(value):
                if isinstance(item, Spec):
                    yield from _too_late(item, f"{place}.{i}", duration)
        elif name in FIRST_TIMES and isinstance(value, float) and _misses(name, value, duration):
            what = OF_EVALUATION if place == "evaluate.every" else FIRST_TIMES[name]
            yield f"{place}: {_time(value)}, but the run ends at {_time(duration)}; {what}"


def _misses(name: str, value: float, duration: float) -> bool:
    return value > duration if name == "every" else value >= duration


def _patience(scenario: Scenario) -> Iterator[str]:
    gossip: Any = scenario.method.gossip
    patience, retransmit = gossip.protocol.waits_s, scenario.links.retransmit
    if patience is None:
        return
    if patience > gossip.every and _may_miss_answers(scenario):
        yield (
            f"method.gossip.protocol.patience: {_time(patience)}, but a round is due each"
            f" {_time(gossip.every)} (gossip.every); an answer that is missing costs the rounds"
            " in between"
        )
    if retransmit is not None and retransmit.timeout >= patience:
        yield (
            f"links.retransmit.timeout: {_time(retransmit.timeout)}, but servers wait for"
            f" {_time(patience)} (gossip.protocol.patience); what is sent again comes too late"
        )


def _may_miss_answers(scenario: Scenario) -> bool:
    links = scenario.links
    lossy = links.loss > 0 or links.packets is not None or links.outages
    return bool(lossy) or scenario.churn is not None


def _tokens(scenario: Scenario) -> Iterator[str]:
    """Yield a warning where no account is ever full enough for somebody to begin."""
    gossip: Any = scenario.method.gossip
    first = gossip.flow and gossip.flow.first_turn
    if first is not None and gossip.clock != "free" and first * gossip.every > scenario.duration:
        yield (
            f"method.gossip.flow: nobody speaks before turn {first}, which is due after"
            f" {_time(first * gossip.every)}, and the run ends at {_time(scenario.duration)}"
        )


def _expiry(scenario: Scenario) -> Iterator[str]:
    """Yield a warning where most of what is heard is too old at the next turn."""
    method = scenario.method
    gossip, age = method.gossip, method.memory.max_age
    protocol = gossip.protocol.tag_value
    if age is None or method.learn.when != "tick" or protocol in ("coordinated", "none"):
        return
    if gossip.clock == "rounds" and age < gossip.every:
        share = "all that is heard is"
    elif gossip.clock in ("periodic", "poisson") and age < gossip.every / 2:
        share = "most of what is heard is"
    else:
        return
    yield (
        f"method.memory.max_age: {_time(age)}, but agents learn each {_time(gossip.every)}"
        f" (gossip.every); {share} too old by then"
    )


def _stream(scenario: Scenario) -> Iterator[str]:
    """Yield a warning where the last parts of the stream are never drawn from."""
    stream, method = scenario.data.stream, scenario.method
    learn, gossip = method.learn, method.gossip
    if stream is None or learn.when != "tick" or learn.batch == "full" or gossip.clock == "free":
        return
    drawn = scenario.duration / gossip.every * learn.local_steps * learn.batch
    come = 1 + int(drawn // stream.samples)
    if come < stream.tasks:
        yield (
            f"data.stream.samples: {stream.samples:,}, but an agent draws about {drawn:,.0f} in"
            f" the whole run; it comes to {come} of {stream.tasks} parts"
        )


def _search(scenario: Scenario) -> Iterator[str]:
    gossip = scenario.method.gossip
    turns = scenario.method.learn.turns_between_choices
    if turns and gossip.clock != "free" and turns * gossip.every > scenario.duration:
        yield (
            f"method.learn.choose_every: {turns} turns, one each {_time(gossip.every)}, but the run"
            f" ends at {_time(scenario.duration)}; nobody ever chooses"
        )


def _loss(scenario: Scenario) -> Iterator[str]:
    """Yield a warning where nothing ever arrives."""
    if scenario.links.loss >= 1:
        yield "links.loss: 100 %, so that no message ever arrives; one in a hundred is '1 %'"


def bare_shares(tree: Node, root: Any, key: str = "") -> Iterator[str]:
    """Yield ``links.loss: 1 is 100 %; ...`` for each share in *tree* that is written as a bare 1.

    *root* says what the tree stands for.  One that is meant as a per cent is the only whole number
    that can be meant so: larger ones are refused.
    """
    spec = member_of(root, tree)
    if isinstance(tree.value, list):
        for number, item in enumerate(tree.value):
            yield from bare_shares(item, item_of(root), f"{key}.{number}")
    for name, node in spelled_out(root, tree).value.items() if spec else ():
        place = f"{key}.{name}" if key else name
        field = spec.model_fields.get(name) if spec else None
        if type(node.value) is int and node.value == 1 and field is not None:
            if any(isinstance(part, Percent) for part in field.metadata):
                yield f"{place}: 1 is 100 %; one in a hundred is '1 %'"
        elif field is not None and isinstance(node.value, dict | list):
            yield from bare_shares(node, field.annotation, place)


def _time(seconds: float) -> str:
    return DURATION.format(seconds)
