"""What a method delivers is what is measured, through the whole program."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from p2pkd.analysis.measures.communication import cost_to_accuracy, costs_over_time
from p2pkd.analysis.measures.compare import compare
from p2pkd.analysis.measures.headline import headline
from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.report.page import comparison_html, report_html
from p2pkd.report.tables import comparison_table
from p2pkd.run import simulate
from p2pkd.scenario.load import load_scenario
from p2pkd.study.measures import BytesTo, FinalAccuracy

METHODS = "scenarios/methods"
# The settings of scenarios/studies/methods.yaml when its server was first looked at.
STUDY = [
    "data.reference.draw=stratified",
    "duration=20 min", "evaluate.every=1 min", "method.gossip.every=30 s",
    "method.learn.local_steps=5", "method.learn.batch=32", "method.learn.optimizer=adam",
    "method.learn.lr=0.005",
]  # fmt: skip
SHORT = ["duration=2 min", "evaluate.every=30 s"]


@pytest.fixture(scope="module")
def fedavg(tmp_path_factory):
    out = tmp_path_factory.mktemp("fedavg") / "run"
    overrides = [*STUDY, "agents=17"]
    return simulate(f"{METHODS}/preset-fedavg.yaml", overrides=overrides, seed=0, out=out)


def played(path, overrides, seed=0):
    """Return a simulation at its end, and its test rows."""
    loaded = load_scenario(path, overrides, seed)
    simulation = assemble(loaded.scenario, Streams(seed), loaded.base, Observer())
    simulation.run()
    return simulation


def accuracy_of(flat, data, hidden):
    """Return what an MLP of these parameters tells of the test rows, in NumPy."""
    x, at = data.test_x.astype(np.float64), 0
    sizes = [data.n_features, hidden, data.n_classes]
    for layer, (n_in, n_out) in enumerate(pairwise(sizes)):
        w = flat[at : at + n_in * n_out].reshape(n_out, n_in)
        b = flat[at + n_in * n_out : at + n_in * n_out + n_out]
        x, at = x @ w.T + b, at + n_in * n_out + n_out
        x = np.maximum(x, 0) if layer == 0 else x
    return (x.argmax(1) == data.test_y).mean()


class Last(Observer):
    """Remembers the last population."""

    def population(self, record):
        self.record = record


def last_look(path, overrides, seed=0):
    loaded, watch = load_scenario(path, overrides, seed), Last()
    simulation = assemble(loaded.scenario, Streams(seed), loaded.base, watch)
    simulation.run()
    learner = simulation.shared.learner
    flats = [learner.parameters(agent.version) for agent in simulation.agents]
    return simulation, watch.record, flats


# -- FedAvg ----------------------------------------------------------------------------------------


def test_fedavg_is_scored_by_its_server_and_not_by_its_clients(fedavg):
    """The clients' models have just drifted on private rows: 82.7 % against the server's 90.3 %."""
    summary = fedavg.summary
    assert summary["score"] == "server"
    assert summary["final_accuracy_mean"] == summary["final_server_accuracy"]
    assert summary["final_accuracy_std"] is None
    assert summary["final_accuracy_mean"] == pytest.approx(0.903, abs=0.015)
    assert summary["final_accuracy_mean"] - summary["final_agents_accuracy_mean"] > 0.05
    agents = fedavg.agents.set_index("agent")["accuracy"]
    assert summary["final_accuracy_mean"] == agents[0]
    assert summary["final_agents_accuracy_mean"] == pytest.approx(agents[1:].mean())


def test_fedavgs_curve_costs_and_searches_use_the_server(fedavg):
    table = costs_over_time(fedavg)
    server = fedavg.evaluations.query("agent == 0")["accuracy"]
    np.testing.assert_array_equal(table["accuracy_mean"], server)
    megabytes = cost_to_accuracy(fedavg, 0.8) / 1e6
    assert megabytes == pytest.approx(2.68, abs=0.5)  # 5.4 MB for the clients' mean
    assert FinalAccuracy().of(fedavg) == server.iloc[-1]
    assert BytesTo(accuracy=0.8).of(fedavg) == cost_to_accuracy(fedavg, 0.8)


def test_the_roots_model_is_measured_as_by_anybody_else():
    for name, extra in (("fedavg", ["agents=9"]), ("hierarchical", [])):
        simulation, record, flats = last_look(f"{METHODS}/preset-{name}.yaml", [*SHORT, *extra])
        root = simulation.world.hierarchy.root
        wanted = accuracy_of(flats[root], simulation.world.data, 32)
        assert record.accuracy_mean == record.server_accuracy == pytest.approx(wanted, abs=1e-9)
        members = [i for i in range(len(flats)) if i not in simulation.world.hierarchy.children]
        each = [accuracy_of(flats[i], simulation.world.data, 32) for i in members]
        assert record.agents == len(members)
        assert record.agents_accuracy_mean == pytest.approx(np.mean(each), abs=1e-9)
        assert record.agents_accuracy_std == pytest.approx(np.std(each), abs=1e-9)
        assert record.accuracy_mean not in (record.agents_accuracy_mean, 0.0)


@pytest.mark.parametrize(
    ("seed", "accuracy", "megabytes"), [(0, 0.903, 2.68), (1, 0.950, 2.11), (2, 0.911, 3.03)]
)
def test_what_fedavg_delivers_and_costs_in_the_methods_study(seed, accuracy, megabytes, tmp_path):
    """The clients' mean said 82.7, 81.9 and 81.3 %, and needed 5.4 to 5.8 MB to 80 %."""
    path, overrides = f"{METHODS}/preset-fedavg.yaml", [*STUDY, "agents=17"]
    run = simulate(path, overrides=overrides, seed=seed, out=tmp_path / "run")
    assert FinalAccuracy().of(run) == pytest.approx(accuracy, abs=0.01)
    assert cost_to_accuracy(run, 0.8) / 1e6 == pytest.approx(megabytes, abs=0.35)


# -- averages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d-psgd", "ad-psgd", "choco"])
def test_the_average_model_is_the_mean_of_all_parameters(name):
    simulation, record, flats = last_look(f"{METHODS}/preset-{name}.yaml", SHORT)
    mean = np.mean(np.array(flats, np.float64), 0)
    wanted = accuracy_of(mean, simulation.world.data, 32)
    assert record.average_accuracy == record.accuracy_mean == pytest.approx(wanted, abs=1e-9)
    assert np.isnan(record.accuracy_std)


def test_push_sums_models_are_debiased():
    """The mass is divided out: neither agents nor their average are x = w z."""
    look = [*SHORT, "evaluate.score=average"]
    simulation, record, flats = last_look(f"{METHODS}/preset-sgp.yaml", look)
    data = simulation.world.data
    assert len({agent.mass for agent in simulation.agents}) > 1
    mean = np.mean(np.array(flats, np.float64), 0)
    assert record.accuracy_mean == pytest.approx(accuracy_of(mean, data, 32), abs=1e-9)
    each = [accuracy_of(flat, data, 32) for flat in flats]
    assert record.agents_accuracy_mean == pytest.approx(np.mean(each), abs=1e-9)


def test_a_sample_is_averaged_over_everybody():
    look = [*SHORT, "evaluate.sample=2"]
    simulation, record, flats = last_look(f"{METHODS}/preset-d-psgd.yaml", look)
    mean = np.mean(np.array(flats, np.float64), 0)
    assert record.agents == 2
    assert record.average_accuracy == pytest.approx(accuracy_of(mean, simulation.world.data, 32))


def test_a_duos_private_models_are_its_agents_and_its_proxies_stand_beside():
    simulation, record, flats = last_look(f"{METHODS}/preset-proxyfl.yaml", SHORT)
    learner, data = simulation.shared.learner, simulation.world.data
    duos = [learner.architecture(agent.version) for agent in simulation.agents]
    proxy = simulation.scenario.devices[0].model.proxy.hidden[0]
    proxies = [
        accuracy_of(f[: duo.n_sent], data, proxy) for f, duo in zip(flats, duos, strict=True)
    ]
    private = [agent.model.private.hidden[0] for agent in simulation.scenario.devices]
    hidden = [private[i] for i in simulation.world.devices.group]
    own = [
        accuracy_of(f[duo.n_sent :], data, h) for f, duo, h in zip(flats, duos, hidden, strict=True)
    ]
    assert record.proxies_accuracy_mean == pytest.approx(np.mean(proxies), abs=1e-9)
    assert record.accuracy_mean == record.agents_accuracy_mean == pytest.approx(np.mean(own))
    assert np.isnan([record.server_accuracy]).all()
    look = [*SHORT, "evaluate.score=proxies"]
    again = last_look(f"{METHODS}/preset-proxyfl.yaml", look)[1]
    assert again.accuracy_mean == record.proxies_accuracy_mean


# -- on what ---------------------------------------------------------------------------------------


def test_the_first_measure_is_what_accuracy_means(tmp_path):
    path = f"{METHODS}/small.yaml"
    both = simulate(path, overrides=SHORT, out=tmp_path / "all").summary
    own = [*SHORT, "evaluate.on=[own_distribution,global]"]
    run = simulate(path, overrides=own, out=tmp_path / "own")
    assert run.summary["final_accuracy_mean"] == both["final_own_distribution_mean"]
    assert run.summary["final_accuracy_std"] == both["final_own_distribution_std"]
    assert run.summary["final_agents_accuracy_mean"] == both["final_own_distribution_mean"]
    assert run.summary["final_own_classes_mean"] is None
    assert both["final_accuracy_mean"] != both["final_own_distribution_mean"]
    assert headline(run)[0][0] == "Mean over agents, accuracy on own distribution"
    assert np.isnan(run.evaluations["accuracy_own_classes"]).all()


def test_spread_and_worst_decile_are_over_agents(tmp_path):
    run = simulate(f"{METHODS}/small.yaml", overrides=[*SHORT, "agents=21"], out=tmp_path / "run")
    last = run.evaluations[run.evaluations["time_s"] == 120]
    for column, name in (
        ("accuracy", "accuracy"),
        ("accuracy_own_classes", "own_classes"),
        ("accuracy_own_distribution", "own_distribution"),
    ):
        values = np.sort(last[column])
        assert run.summary[f"final_{name}_mean"] == pytest.approx(values.mean())
        assert run.summary[f"final_{name}_std"] == pytest.approx(values.std())
        assert run.summary[f"final_{name}_worst_decile"] == pytest.approx(values[:2].mean())


# -- the same however it is computed ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["fedavg", "d-psgd", "proxyfl", "sgp"])
def test_scores_agree_over_executors_and_processes(name, tmp_path):
    prints = set()
    for i, execution in enumerate(
        (
            "{executor: loop, processes: 1}",
            "{executor: grouped, processes: 1}",
            "{executor: grouped, processes: 2, threads: 2}",
        )
    ):
        overrides = [*SHORT, f"execution={execution}"]
        run = simulate(f"{METHODS}/preset-{name}.yaml", overrides=overrides, out=tmp_path / str(i))
        prints.add(run.summary["fingerprint"])
    assert len(prints) == 1


def test_what_is_delivered_is_not_seen_by_the_timeline(tmp_path):
    """A different score, or a different measure, moves no byte and no second."""
    path, found = f"{METHODS}/preset-d-psgd.yaml", []
    for score in ("average", "agents", "ensemble"):
        overrides = [*SHORT, f"evaluate.score={score}"]
        run = simulate(path, overrides=overrides, out=tmp_path / score)
        found.append((run.messages, run.compute, run.evaluations))
    for tables in found[1:]:
        for one, other in zip(found[0], tables, strict=True):
            pd.testing.assert_frame_equal(one, other)


# -- in words --------------------------------------------------------------------------------------


def test_headline_report_and_compare_name_the_score(fedavg, tmp_path):
    rows = dict(headline(fedavg))
    assert next(iter(rows)) == "Server's model, test accuracy"
    assert "±" not in rows["Server's model, test accuracy"]
    assert "±" in rows["Mean over agents"]
    assert "worst decile" in rows["On agents' own classes"]
    assert repr(fedavg).endswith("(server))")
    assert "Server&#39;s model, test accuracy" in report_html(fedavg)
    assert "Server&#x27;s model, test accuracy" in fedavg._repr_html_()
    other = simulate(f"{METHODS}/small.yaml", overrides=SHORT, out=tmp_path / "run")
    frame = compare([fedavg, other])
    assert frame["score"].tolist() == ["server", "agents"]
    table = comparison_table([fedavg, other])
    place = table.head.index("score")
    assert [row[place] for row in table.rows] == ["server", "agents"]
    assert "server's model" in table.caption
    page = comparison_html([fedavg, other])
    assert "accuracy of what each method delivers" in page


def test_classes_without_test_rows_are_said(tmp_path, monkeypatch):
    import p2pkd.world.data as world

    whole = world._test_rows

    def without_nines(raw, share, streams):
        rest, test = whole(raw, share, streams)
        return rest, test[raw.y[test] != 9]

    monkeypatch.setattr(world, "_test_rows", without_nines)
    run = simulate(f"{METHODS}/small.yaml", overrides=SHORT, out=tmp_path / "run")
    assert run.manifest["classes_without_test_rows"] == [9]
    assert any("leave out classes without test rows: 9" in note for note in run.notes)
