"""What a simulation tells the world: records, and who may listen.

The engine emits these to its observers and knows nothing of files or plots.  Each class is one
table of a run directory and each field one column; the unit is in the name.  Agents are numbered
from 0; -1 stands for "none".
"""

from __future__ import annotations

from typing import NamedTuple

DELIVERED, LOST, ABORTED, IN_FLIGHT = "delivered", "lost", "aborted", "in_flight"


class MessageRecord(NamedTuple):
    """One message, told when its fate is known (or the run ends with it in flight).

    `payload_bytes` is the length of the encoded knowledge; `wire_bytes` is what crossed links for
    its sake: payload, header and retransmissions, or for an aborted message the part that crossed.
    """

    message: int
    kind: str  # the knowledge it carries, or "request", or "view" of a peer-sampling service
    sender: int
    receiver: int
    sent_s: float
    ended_s: float
    status: str  # delivered | lost | aborted | in_flight
    payload_bytes: int
    header_bytes: int
    retransmitted_bytes: int
    wire_bytes: int
    attempts: int
    version: int  # how many updates the sender's model had seen
    rows: int  # reference rows in it
    replies_to: int  # the message it answers


class ComputeRecord(NamedTuple):
    """One computation that held a device from `started_s` to `ended_s`."""

    agent: int
    kind: str  # train | distill | merge | predict
    started_s: float
    ended_s: float
    flops: float  # done, also where it was not completed
    energy_j: float
    steps: int  # gradient steps that reached the model: 0 unless completed
    teachers: int  # messages it learned from
    staleness_s: float  # mean age of those messages' contents; nan without teachers
    version: int  # of the model, after it
    completed: bool  # false where the agent went offline, or the run ended, before its end


class EvaluationRecord(NamedTuple):
    """One agent's own model on the test set."""

    time_s: float
    agent: int
    version: int
    accuracy: float  # nan where its model has diverged
    loss: float  # mean cross-entropy, nats; nan where its model has diverged
    accuracy_own_classes: float = float("nan")  # on test rows of the classes that it has itself
    accuracy_own_distribution: float = float("nan")  # these weighed by its own shares of labels


class PopulationRecord(NamedTuple):
    """All evaluated agents at one time; accuracy alone would hide homogenisation.

    `accuracy_mean` is what the method delivers (`evaluate.score`) on the first of `evaluate.on`;
    of all agents or, of one model, what each of them gets of it.  The other scores are on the same;
    nan where there is no such thing.  A worst decile is the mean over the worst tenth of agents.  A
    measure is nan where any of the models that it is of has diverged: a mean over the others would
    flatter.  `diverged` and `dead` are defined on `p2pkd.learning.api.Evaluation`.
    """

    time_s: float
    agents: int
    online: int
    accuracy_mean: float
    accuracy_std: float  # over agents; nan where all are measured by one model
    loss_mean: float  # of the agents' own models, whatever is delivered
    disagreement: float  # share of test rows on which two random agents differ
    ensemble_accuracy: float  # of the mean of all agents' probabilities
    diverged: int = 0  # agents whose model is not finite
    dead: int = 0  # agents whose model gives all test rows the same logits
    accuracy_worst_decile: float = float("nan")
    agents_accuracy_mean: float = float("nan")  # of the agents that learn, each with its own model
    agents_accuracy_std: float = float("nan")
    server_accuracy: float = float("nan")  # of the root aggregator's model
    average_accuracy: float = float("nan")  # of the mean of all agents' parameters
    proxies_accuracy_mean: float = float("nan")  # of the travelling models of duos
    own_classes_mean: float = float("nan")  # of what is delivered, as are the following
    own_classes_std: float = float("nan")
    own_classes_worst_decile: float = float("nan")
    own_distribution_mean: float = float("nan")
    own_distribution_std: float = float("nan")
    own_distribution_worst_decile: float = float("nan")


class PresenceRecord(NamedTuple):
    """An agent that went offline or came online."""

    time_s: float
    agent: int
    online: bool
    reason: str


class AgentRecord(NamedTuple):
    """One agent over the whole run, told at its end.

    What was learned counts where it reached the model, and what it took counts in any case: steps
    and merges are those of completed computations, FLOPs, seconds and joules also those of what an
    absence or the run's end cut short.  A merge is no gradient step.
    """

    agent: int
    node: str  # the node's name in the topology
    device: str
    model: str
    parameters: int
    private_rows: int
    neighbours: int
    flops_per_s: float
    uplink_bytes_per_s: float
    downlink_bytes_per_s: float
    memory_capacity_bytes: float
    memory_needed_bytes: float
    online_s: float
    computing_s: float
    idle_energy_j: float
    compute_energy_j: float
    radio_energy_j: float
    energy_j: float
    messages_sent: int
    messages_delivered: int  # of those it sent
    messages_lost: int
    messages_aborted: int
    messages_in_flight: int
    messages_received: int
    payload_bytes: int  # of what it sent
    wire_bytes: int  # of what it sent
    received_bytes: int  # payload and header of what reached it
    setup_bytes: int  # the reference set, where it is downloaded
    turns: int  # finished: by its clock, rounds held (aggregators), questions answered (members)
    turns_asked: float  # of it while it was online (`p2pkd.engine.asked`); nan: as many as it can
    steps_asked: float  # gradient steps of those, without distillation in a phase of its own
    train_steps: int  # gradient steps on private rows alone
    distill_steps: int  # gradient steps towards teachers, joint ones included
    merges: int  # sums of parameter vectors: averages, and what goes with them
    flops: float  # all computations: the sum of the next four
    train_flops: float
    distill_flops: float
    merge_flops: float
    predict_flops: float
    version: int
    accuracy: float  # at the last evaluation; nan without one
    epsilon: float = float("nan")  # differential privacy spent by its messages; nan without noise
    messages_discarded: int = 0  # told to it, not finite, and so not learned from
    diverged_s: float = float("nan")  # the first evaluation that found it diverged
    dead_s: float = float("nan")  # the first evaluation that found its model dead


Record = (
    MessageRecord
    | ComputeRecord
    | EvaluationRecord
    | PopulationRecord
    | PresenceRecord
    | AgentRecord
)


class Observer:
    """Base of all observers: override the hooks for the records of interest."""

    def message(self, record: MessageRecord) -> None:
        """Take note of a message whose fate is known."""

    def compute(self, record: ComputeRecord) -> None:
        """Take note of a computation."""

    def evaluation(self, record: EvaluationRecord) -> None:
        """Take note of one agent's evaluation."""

    def population(self, record: PopulationRecord) -> None:
        """Take note of an evaluation of everybody."""

    def presence(self, record: PresenceRecord) -> None:
        """Take note of an agent that came or went."""

    def agent(self, record: AgentRecord) -> None:
        """Take note of an agent's totals, at the end of the run."""

    def advance(self, now_s: float, events: int) -> None:
        """Take note that simulated time has come to *now_s*, after *events* events."""
