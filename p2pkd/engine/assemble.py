"""From a scenario to a simulation that is ready to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from p2pkd.core.errors import InputError
from p2pkd.core.records import Observer
from p2pkd.core.remarks import collecting
from p2pkd.core.rng import Streams
from p2pkd.engine.capable import check_device, check_machine
from p2pkd.engine.churn import Churn
from p2pkd.engine.profile import Profile, make_profile
from p2pkd.engine.search import with_widths
from p2pkd.engine.simulation import Simulation
from p2pkd.knowledge.codecs import default_codec
from p2pkd.knowledge.exchange import Exchange, Setting
from p2pkd.learning.backends.null import NullLearner
from p2pkd.learning.models.build import build_architecture
from p2pkd.learning.recipe import Recipe
from p2pkd.scenario.method import MethodSpec
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.world import World, build_world


def assemble(
    scenario: Scenario,
    streams: Streams,
    base: Path,
    observer: Observer,
    *,
    dry_run: bool = False,
) -> Simulation:
    """Build world, models and agents of *scenario*.

    *base* is the folder that relative paths are looked for from.  With *dry_run* nothing is
    learned: the timeline alone runs.  Raise InputError if something cannot be built as asked.
    """
    check_device(scenario.execution)
    with collecting(scenario.duration) as remarks:
        simulation = _assembled(scenario, streams, base, observer, dry_run=dry_run)
    simulation.remarks = tuple(remarks)
    return simulation


def _assembled(
    scenario: Scenario, streams: Streams, base: Path, observer: Observer, *, dry_run: bool
) -> Simulation:
    world = with_widths(scenario.method.learn, build_world(scenario, streams, base))
    scenario = _with_rows(_with_codec(scenario, world), world)
    privacy: Any = scenario.method.send.privacy
    if privacy is not None:
        privacy.check()
    profile = make_profile(scenario, world)
    if not dry_run:
        check_machine(scenario, world, profile)
    learner = _learner(scenario, world, streams, dry_run=dry_run)
    try:
        composer = _exchange(scenario, world, profile, learner, streams)
        churn = None
        if scenario.churn is not None:
            churn = Churn(scenario.churn, scenario, world.topology, streams, base)
        return Simulation(scenario, world, learner, composer, profile, streams, observer, churn)
    except BaseException:
        learner.close()
        raise


def _with_codec(scenario: Scenario, world: World) -> Scenario:
    """Return *scenario* with the codec that suits its knowledge, where it names none."""
    send: Any = scenario.method.send
    if send.codec is not None:
        return scenario
    assert world.data is not None
    codec = default_codec(send.knowledge.codec_kinds, world.data.n_classes)
    method = scenario.method.model_copy(update={"send": send.model_copy(update={"codec": codec})})
    return scenario.model_copy(update={"method": method})


def check_dry(method: MethodSpec) -> None:
    """Raise InputError where the timeline of *method* cannot run without learning."""
    if method.looks:
        raise InputError(
            f"method.{'; method.'.join(method.looks)}: what is sent, and when, depends on what is"
            " learned, so the timeline cannot run dry; choose otherwise, or leave out --dry-run"
        )


def _with_rows(scenario: Scenario, world: World) -> Scenario:
    """Return *scenario* with knowledge that knows how many rows are in a message."""
    send: Any = scenario.method.send
    if not send.knowledge.about_rows:
        return scenario
    assert world.data is not None
    n = len(world.data.reference_y)
    if world.data.known is not None and send.knowledge.same_rows:
        raise InputError(
            f"data.reference.known: {send.knowledge.tag_value} need the same rows everywhere; use"
            " 100 %"
        )
    n = n if send.rows == "all" else min(send.rows, n)
    data = world.data
    models = [build_architecture(s, data.input_shape, data.n_classes) for s in world.model_specs]
    knowledge = send.knowledge.over(n, send.knowledge.row_length(data.n_features, models))
    send = send.model_copy(update={"knowledge": knowledge})
    method = scenario.method.model_copy(update={"send": send})
    return scenario.model_copy(update={"method": method})


def _exchange(
    scenario: Scenario, world: World, profile: Profile, learner: Any, streams: Streams
) -> Exchange:
    knowledge: Any = scenario.method.send.knowledge
    assert world.data is not None
    setting = Setting(
        scenario.method,
        world.data,
        learner,
        streams,
        profile.private_rows,
        profile.sent,
        profile.flops_forward,
    )
    exchange: Exchange = knowledge.exchange(setting)
    return exchange


def _learner(scenario: Scenario, world: World, streams: Streams, *, dry_run: bool) -> Any:
    if dry_run:
        return NullLearner()
    from p2pkd.learning.backends.remote import RemoteLearner
    from p2pkd.learning.compute.processes import processes
    from p2pkd.learning.compute.settings import Settings
    from p2pkd.learning.learner import DeferredLearner

    data, recipe = world.data, Recipe.of(scenario.method)
    assert data is not None

    def make() -> Any:
        """Return the learner, here or in the process that calls this."""
        return DeferredLearner(
            data,
            world.model_specs,
            world.model_of,
            recipe,
            streams,
            Settings.of(scenario.execution),
            scenario.models.start,
        )

    return RemoteLearner(make, recipe) if processes(scenario) == 2 else make()
