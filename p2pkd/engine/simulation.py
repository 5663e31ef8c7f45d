"""The run: agents, network and clocks put together, and simulated time moved on."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import simpy

from p2pkd.core.garbage import rare_collections
from p2pkd.core.records import AgentRecord, Observer
from p2pkd.core.rng import Streams
from p2pkd.distillation.base import Objective
from p2pkd.engine.agent import Agent
from p2pkd.engine.asked import Asked
from p2pkd.engine.behaviours import make_agents
from p2pkd.engine.behaviours.aggregator import AggregatorAgent
from p2pkd.engine.books import Books
from p2pkd.engine.capacity import make_capacity
from p2pkd.engine.churn import Churn
from p2pkd.engine.clocks import AsynchronousClock, RoundClock
from p2pkd.engine.core_links import make_shared_links
from p2pkd.engine.dynamics import make_changes
from p2pkd.engine.effort import make_efforts
from p2pkd.engine.evaluation import Evaluator
from p2pkd.engine.hardware import Power, any_battery, make_devices
from p2pkd.engine.hazards import Hazards
from p2pkd.engine.ledger import Ledger
from p2pkd.engine.network import Network
from p2pkd.engine.outbox import make_outbox
from p2pkd.engine.outlook import make_outlook
from p2pkd.engine.overdue import overdue
from p2pkd.engine.presence import BATTERY, Presence
from p2pkd.engine.profile import Profile
from p2pkd.engine.search import make_search
from p2pkd.engine.setup import set_up
from p2pkd.engine.shared import Shared
from p2pkd.engine.shortfall import Shortfall
from p2pkd.engine.timeline import Timeline
from p2pkd.engine.transports import make_transport
from p2pkd.engine.views import VIEW, make_views
from p2pkd.gossip.flow import TokenSpec
from p2pkd.knowledge.exchange import Exchange
from p2pkd.scenario.churn import ChurnSpec
from p2pkd.scenario.evaluate import server_has_model
from p2pkd.scenario.scenario import Scenario
from p2pkd.world.neighbourhood import Neighbourhood
from p2pkd.world.world import World

Steps = Generator[simpy.Event, Any, None]

# How many events pass between two looks at the progress.
STRIDE = 2000


class Simulation:
    """One run of *scenario* in *world*.

    Parameters
    ----------
    learner : computes the numbers, or only pretends to (`p2pkd.learning`).
    composer : makes the contents of messages.
    profile : per agent, what its model costs: parameters and FLOPs of a forward pass.
    observer : is told everything.
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        learner: Any,
        composer: Exchange,
        profile: Profile,
        streams: Streams,
        observer: Observer,
        churn: Churn | None = None,
    ) -> None:
        self.scenario = scenario
        # What was noticed about its files while it was made.
        self.remarks: tuple[str, ...] = ()
        self.world = world
        self.observer = observer
        self.profile = profile
        self.env = env = Timeline()
        self.events = 0
        self.asked = Asked(scenario, world)
        self.foreseen = overdue(scenario, world, profile)
        """What is asked of agents that cannot do it, in words."""
        self.shortfalls: list[str] = []
        """What was planned and did not happen, in words; known when the run is finished."""
        self.books = [Books() for _ in range(world.n_agents)]
        may_leave = churn is not None or any_battery(scenario)
        self.network = self._make_network(streams, track=may_leave)
        self.capacity = make_capacity(env, scenario, world, self.network.transport, streams)
        self.network.outbox = make_outbox(env, scenario.method.gossip, self.network)
        self.graph = Neighbourhood(world.topology)
        self.changes = make_changes(env, scenario.dynamics, world.history, self.graph, self.network)
        peers: Any = scenario.method.gossip.peers
        sampler = peers.build(self.graph, streams)
        self.views = make_views(env, sampler, self.network, streams)
        self.clock = self._make_clock(streams)
        self.shared = self._make_shared(learner, composer, sampler, streams)
        self.agents = self._make_agents(streams)
        self.evaluator = Evaluator(
            env,
            scenario.evaluate,
            *self._measured(),
            learner,
            observer,
            streams,
            self.network.online,
        )
        self.churn = churn
        self.presence = self._make_presence() if may_leave else None

    def _make_ledger(self, composer: Exchange, learner: Any) -> Ledger | None:
        codec = self.scenario.method.send.codec
        if codec is None or not codec.looks:
            return None
        latency = self.world.links.latency
        return Ledger(self.env, codec, learner, composer.extra_bytes, latency)

    def _make_network(self, streams: Streams, *, track: bool) -> Network:
        env, world, links = self.env, self.world, self.scenario.links
        shared = make_shared_links(links, self.scenario.topology, world.topology)
        hazards = Hazards(links, streams, world.links.latency)
        transport = make_transport(
            links, env, world.links, shared, hazards.loses_packet, track=track
        )
        return Network(env, transport, links, hazards, self.books, self.observer, self._receive)

    def _make_shared(
        self, learner: Any, composer: Exchange, sampler: Any, streams: Streams
    ) -> Shared:
        world, method = self.world, self.scenario.method
        objective = method.learn
        assert isinstance(objective, Objective)
        gossip: Any = method.gossip
        flow = gossip.flow
        shared = Shared(
            env=self.env,
            method=method,
            objective=objective,
            learner=learner,
            network=self.network,
            composer=composer,
            peers=sampler,
            tokens=flow.build(world.n_agents, streams) if isinstance(flow, TokenSpec) else None,
            ledger=self._make_ledger(composer, learner),
            outlook=make_outlook(gossip.peers, sampler, learner, world.data),
            memory_keys=streams.keys("memory", world.n_agents).tolist(),
            observer=self.observer,
            books=self.books,
            flops_forward=self.profile.flops_forward,
            parameters=self.profile.sent,
            private_rows=self.profile.private_rows,
            degree_of=self.graph.degree,
            react=self.clock.react,
            views=_views(world),
            efforts=make_efforts(world.devices, self.profile.traffic),
        )
        search = make_search(objective, world, learner, self.profile)
        object.__setattr__(shared, "search", search)
        return shared

    def _make_agents(self, streams: Streams) -> list[Agent]:
        devices = make_devices(self.env, self.scenario, self.world.devices, streams, self._die)
        return make_agents(self.shared, devices, self.world.hierarchy, streams)

    def _measured(self) -> tuple[list[Agent], list[Agent]]:
        """Return the agents that learn, and the aggregators that have a model, the root first."""
        hierarchy = self.world.hierarchy
        if hierarchy is None:
            return self.agents, []
        learning = [agent for agent in self.agents if agent.agent not in hierarchy.children]
        servers = hierarchy.aggregators if server_has_model(self.scenario) else ()
        if self.scenario.method.send.knowledge.about_rows:
            servers = servers[:1]  # of predictions the root alone makes a model
        return learning, [self.agents[i] for i in servers]

    def _make_clock(self, streams: Streams) -> AsynchronousClock | RoundClock:
        gossip = self.scenario.method.gossip
        if gossip.clock == "rounds":
            return RoundClock(self.env, gossip, self.network)
        at_once = self.network.transport.reentrant
        return AsynchronousClock(self.env, gossip, streams, self.world.n_agents, at_once=at_once)

    def _make_presence(self) -> Presence:
        spec = self.scenario.churn or ChurnSpec()
        presence = Presence(
            self.env,
            self.network,
            self.observer,
            self.agents,
            resumes=spec.computation == "resumes",
            keeps_memory=spec.memory == "kept",
        )
        for agent in self.agents:
            agent.presence = presence
        presence.on_leave.append(self.clock.absent)
        if any_battery(self.scenario):
            radio = self.world.devices.radio_j_per_byte.tolist()
            power = Power([agent.device for agent in self.agents], radio, presence)
            self.network.on_radio = power.radio
        return presence

    def _die(self, agent: int) -> None:
        assert self.presence is not None
        self.presence.leave(agent, BATTERY)

    def run(self) -> None:
        """Run until the scenario's duration has passed in simulated time."""
        env, until = self.env, self.scenario.duration
        # 1. Everything that happens by itself.
        self.start()
        # 2. Time goes on, event by event, up to and excluding the end.
        with rare_collections():
            self.advance(until)
        # 3. The end: a last look, and the books of what is still under way.
        env.run(until=until)
        self.finish()

    def start(self) -> None:
        """Set going what happens by itself.

        These are looks at the models, changes of the graph, exchanges of views, absences, and the
        agents' clocks.
        """
        self.env.process(self.evaluator.run())
        for service in (self.changes, self.views):
            if service is not None:
                service.start()
        if self.churn is not None and self.presence is not None:
            self.churn.start(self.env, self.presence)
        ready_s = set_up(self.scenario, self.world, self.books)
        if self.network.on_radio is not None:
            for i, books in enumerate(self.books):
                self.network.on_radio(i, books.setup_bytes)
        self.clock.start(self.agents, ready_s)

    def advance(self, until: float) -> None:
        """Let everything happen that is due before *until*, in simulated seconds."""
        env = self.env
        while env.peek() < until:
            self.events += env.advance(until, STRIDE)
            self.observer.advance(env.now, self.events)

    def finish(self) -> None:
        """Take the last look and close all books; also after an interruption."""
        self.evaluator.measure()
        for agent in self.agents:
            agent.cut_short()
        self.network.finish()
        hierarchy = self.world.hierarchy
        missing = Shortfall(self.scenario, () if hierarchy is None else hierarchy.aggregators)
        discarded = self.shared.learner.discarded([agent.version for agent in self.agents])
        for agent, count in zip(self.agents, discarded, strict=True):
            record = self._agent_record(agent, count)
            self.observer.agent(record)
            missing.add(record)
            if isinstance(agent, AggregatorAgent):
                missing.answers += agent.answers
                missing.late += agent.late
        self.shortfalls = missing.sentences(self.env.now)
        self.observer.advance(self.env.now, self.events)

    def _receive(self, message: Any) -> None:
        if message.kind == VIEW and self.views is not None:
            self.views.hear(message)
        else:
            self.agents[message.receiver].hear(message)

    def _epsilon(self, agent: int) -> float:
        """Return the privacy that *agent* has spent; what it predicted and never sent counts."""
        privacy: Any = self.scenario.method.send.privacy
        spoken = self.shared.composer.spoken[agent]
        return float("nan") if privacy is None else float(privacy.epsilon(spoken))

    def _agent_record(self, agent: Agent, discarded: int) -> AgentRecord:
        i, books, world = agent.agent, agent.books, self.world
        devices, profile = world.devices, self.profile
        online_s = self.env.now if self.presence is None else self.presence.online_s(i)
        compute_j = books.compute_energy_j
        idle_j = float(devices.idle_w[i]) * max(0.0, online_s - books.computing_s)
        radio_j = float(devices.radio_j_per_byte[i]) * (books.radio_bytes + books.setup_bytes)
        names = world.topology.names
        return AgentRecord(
            agent=i,
            node=names[i] if names else str(i),
            device=devices.names[int(devices.group[i])],
            model=profile.models[i],
            parameters=profile.parameters[i],
            private_rows=profile.private_rows[i],
            neighbours=agent.degree,
            flops_per_s=float(devices.flops_per_s[i]),
            uplink_bytes_per_s=float(world.links.uplink[i]),
            downlink_bytes_per_s=float(world.links.downlink[i]),
            memory_capacity_bytes=float(devices.memory_bytes[i]),
            memory_needed_bytes=profile.memory_bytes[i],
            online_s=online_s,
            computing_s=books.computing_s,
            idle_energy_j=idle_j,
            compute_energy_j=compute_j,
            radio_energy_j=radio_j,
            energy_j=idle_j + compute_j + radio_j,
            messages_sent=books.sent,
            messages_delivered=books.delivered,
            messages_lost=books.lost,
            messages_aborted=books.aborted,
            messages_in_flight=books.in_flight,
            messages_received=books.received,
            payload_bytes=books.payload_bytes,
            wire_bytes=books.wire_bytes,
            received_bytes=books.received_bytes,
            setup_bytes=books.setup_bytes,
            turns=books.turns,
            turns_asked=self.asked.turns(i, online_s),
            steps_asked=self.asked.steps(i, online_s),
            train_steps=books.train_steps,
            distill_steps=books.distill_steps,
            merges=books.merges,
            flops=books.flops,
            train_flops=books.train_flops,
            distill_flops=books.distill_flops,
            merge_flops=books.merge_flops,
            predict_flops=books.predict_flops,
            version=agent.updates,
            accuracy=self.evaluator.accuracy_of(i),
            epsilon=self._epsilon(i),
            messages_discarded=discarded,
            diverged_s=self.evaluator.diverged_s.get(i, math.nan),
            dead_s=self.evaluator.dead_s.get(i, math.nan),
        )


def _views(world: World) -> list[int] | None:
    data = world.data
    return None if data is None or data.views is None else data.views.of.tolist()
