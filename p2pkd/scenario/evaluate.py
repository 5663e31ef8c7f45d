"""When, on whom and on what models are measured, and which of the numbers is the method's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from p2pkd.scenario.base import Spec
from p2pkd.scenario.quantities import Count, Interval

if TYPE_CHECKING:
    from p2pkd.scenario.scenario import Scenario

Score = Literal["agents", "server", "average", "ensemble", "proxies"]
Measure = Literal["global", "own_classes", "own_distribution"]


def _different(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    if len(set(measures)) < len(measures):
        raise ValueError(f"each at most once, given {', '.join(measures)}")
    return measures


class EvaluateSpec(Spec):
    """When and on what models are measured, and what the method delivers; costs no time."""

    every: Interval = 60.0
    sample: Count | None = None
    """Measure only so many of the agents that learn, drawn once; default: all."""
    score: Score | None = None
    """What the method delivers, and so what accuracy means in curves, costs, searches and tables.

    `agents`: the mean over the agents that learn, each with its own model.  `server`: the root
    aggregator's model.  `average`: the model whose parameters are the mean of all agents'.
    `ensemble`: the arg max of the agents' mean probability.  `proxies`: the mean over the
    travelling models of duos.  Default: what the preset says; else `server` where aggregators have
    models, and `agents` elsewhere.  All that exist are recorded.
    """
    on: Annotated[tuple[Measure, ...], Field(min_length=1), AfterValidator(_different)] = (
        "global",
        "own_classes",
        "own_distribution",
    )
    """On what; the first is what accuracy means.

    `global`: all test rows alike.  `own_classes`: those test rows whose label the agent has among
    its private rows.  `own_distribution`: test rows weighed by the agent's own shares of labels.
    """


def server_has_model(scenario: Scenario) -> bool:
    """Return whether the root aggregator of *scenario* has a model.

    It has where models travel to it, and where it learns from the predictions that do.
    """
    if scenario.aggregators is None:
        return False
    method = scenario.method
    return method.gossip.protocol.server_learns or not method.send.knowledge.about_rows


def default_score(scenario: Scenario) -> Score:
    """Return what *scenario* delivers where nobody says."""
    return "server" if server_has_model(scenario) else "agents"


def score_misfits(scenario: Scenario) -> Iterator[str]:
    """Yield why *scenario* cannot have the score that it asks for, if so."""
    score = scenario.evaluate.score
    why = None
    if score == "server":
        why = _no_server(scenario)
    elif score == "average":
        why = _no_average(scenario)
    elif score == "ensemble" and scenario.data.tasks:
        why = "agents with tasks of their own do not speak of the same classes"
    elif score == "proxies" and not scenario.method.send.knowledge.proxied:
        why = "no proxies travel; it is for models of kind duo, of which the proxy is sent"
    if why is not None:
        yield f"evaluate.score: {score!r}, but {why}; use {default_score(scenario)}"


def _no_server(scenario: Scenario) -> str | None:
    if scenario.aggregators is None:
        return "there is no server (no aggregators)"
    if not server_has_model(scenario):
        sent = scenario.method.send.knowledge.tag_value
        return (
            f"the server has no model: it combines {sent} (method.gossip.protocol.server_steps: 0)"
        )
    return None


def _no_average(scenario: Scenario) -> str | None:
    if scenario.data.tasks:
        return "agents with tasks of their own have nothing to average"
    models = {group.model for group in scenario.devices}
    if len(models) > 1:
        return f"there are {len(models)} architectures, whose parameters have no mean"
    if scenario.method.learn.turns_between_choices is not None:
        return f"with objective {scenario.method.learn.tag_value!r} agents change their widths"
    return None
