"""Who is online when: sessions, failures, late arrivals, departures for good."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p2pkd.scenario.agent_ids import AgentId, Index
from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.quantities import (
    Duration,
    Interval,
    Moment,
    Period,
    Share,
    Sigma,
    TimeUnit,
)


class SessionsSpec(Family, root=True):
    """When an agent is online: sessions, with absences between them."""

    plural = "sessions"


class RenewalSessions(SessionsSpec):
    """Sessions and absences drawn independently, each agent from its own stream.

    The run begins in the stationary state: an agent is online with its long-run share, and what is
    left of its first session or absence is drawn as if it had gone on since long ago.
    """

    online: Interval
    """Length of a session: mean, or median for `lognormal`."""
    offline: Interval | None = None
    """Length of an absence, likewise."""
    online_share: Annotated[Share, Field(ge=1e-6, le=0.999999)] | None = None
    """Instead of `offline`: the share of time spent online."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.offline is None) == (self.online_share is None):
            raise ValueError("give either offline or online_share")
        return self

    @property
    def absence(self) -> float:
        """The length of an absence, s: mean or median as for `online`."""
        if self.offline is not None:
            return self.offline
        assert self.online_share is not None
        # One family and one shape: means are to one another as medians are.
        return self.online * (1 - self.online_share) / self.online_share


class ExponentialSessions(RenewalSessions):
    """Exponential sessions and absences with the given means."""

    kind: Literal["exponential"] = "exponential"


class LognormalSessions(RenewalSessions):
    """Log-normal sessions and absences with the given medians (as in Ormándi et al., 2013)."""

    kind: Literal["lognormal"] = "lognormal"
    sigma: Sigma = 1.0
    """Deviation of the logarithm of either."""


class WeibullSessions(RenewalSessions):
    """Weibull sessions and absences with the given means; a `shape` below 1 has a heavy tail."""

    kind: Literal["weibull"] = "weibull"
    shape: Annotated[float, Field(ge=0.1, le=100)] = 0.6


class DiurnalSessions(SessionsSpec):
    """Online by a probability that follows the time of day.

    Each day each agent draws a number u from [0, 1) and is online while `curve` is above it, so at
    any time the share online is the curve's value, exactly.
    """

    kind: Literal["diurnal"] = "diurnal"
    curve: Annotated[tuple[Share, ...], Field(min_length=2)]
    """Probabilities at equal steps through a day, from its start; straight lines between them."""
    day: Interval = 86400.0
    spread: Duration = 0.0
    """Each agent's day begins later by up to this, drawn once: time zones, habits."""


class TraceSessions(SessionsSpec):
    """Sessions from a file with lines ``id, start, on, off, on, ...``.

    An agent (its name in the graph's file, or its number) comes online at `start`, for `on`, is
    then away for `off`, and so on; what the last number leads to lasts for ever.  An id may
    have several lines, and ``#`` begins a comment.  Agents that the file does not name are always
    online.
    """

    kind: Literal["trace"] = "trace"
    path: str
    """Relative to the scenario file; `${NAME}` takes an environment variable."""
    numbers: Literal["durations", "times"] = "durations"
    """`times`: the numbers after the id are instants that switch on, off, on, ..."""
    unit: TimeUnit = "s"
    """Of the numbers."""
    begins: Literal["first"] | Moment = 0.0
    """The file's number at which the run begins, such as 1577836800; `first`: its first time."""


class FailureSpec(Spec):
    """Agents that fail together."""

    at: Duration
    share: Share | None = None
    """A share of all agents, drawn at random."""
    cluster: Index | None = None
    """A cluster of a stochastic block graph, by its number from 0."""
    around: AgentId | None = None
    """An agent and all its neighbours."""
    agents: tuple[AgentId, ...] | None = None
    """Names in the graph's file, or numbers where it has none."""
    lasts: Period | None = None
    """For how long; default: for ever."""

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        ways = (self.share, self.cluster, self.around, self.agents)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give exactly one of share, cluster, around and agents")
        return self


class TurnoverSpec(Spec):
    """A share of the agents, each at its own time, uniform between `after` and `until`."""

    share: Share
    after: Duration = 0.0
    until: Period | None = None
    """Default: the end of the run."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until is not None and self.until < self.after:
            raise ValueError("until must not be before after")
        return self


class ChurnSpec(Spec):
    """Agents that come and go.  Offline they neither send, receive nor compute.

    An agent is online while nothing keeps it away: not its sessions, no failure, neither a late
    arrival nor a departure.  Transfers in flight are aborted and charged as far as they got.
    """

    sessions: SessionsSpec | None = None
    share: Share = 1.0
    """Share of the agents that have `sessions`; the others are always online."""
    failures: tuple[FailureSpec, ...] = ()
    arrivals: TurnoverSpec | None = None
    """Agents that arrive late."""
    departures: TurnoverSpec | None = None
    """Agents that leave for good."""
    computation: Literal["lost", "resumes"] = "lost"
    """What becomes of a turn that is interrupted: given up, or gone on with after coming back."""
    memory: Literal["kept", "lost"] = "kept"
    """Whether what was heard from others survives an absence; an agent's model always does."""
