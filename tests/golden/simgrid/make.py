#!/usr/bin/env python3
"""Write cases.json: random transfers, with the ends that SimGrid computes for them."""

import json
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SETTINGS = json.loads((HERE / "settings.json").read_text())
CASES = 80
WINDOWS_BYTES = [65_536, 524_288, 4_194_304]


def rounded(number):
    """Keep five digits, so that the file is small and exact."""
    return float(f"{number:.5g}")


def log_uniform(rng, low, high):
    return rounded(low * (high / low) ** rng.random())


def random_case(rng, index):
    """Return case *index*: simultaneous or staggered, some with a core, some with a window."""
    n = 2 + index % 29
    core = [log_uniform(rng, 1e6, 2e7) for _ in range(rng.randint(1, 3))] if index % 3 == 2 else []
    spread = rng.choice([1, 5, 20]) if index % 2 else 0
    flows = []
    for _ in range(rng.randint(n, 3 * n)):
        source, target = rng.sample(range(n), 2)
        crossed = sorted(rng.sample(range(len(core)), rng.randint(0, len(core))))
        start = rounded(spread * rng.random())
        flows.append([source, target, log_uniform(rng, 1e4, 1e8), start, crossed])
    return {
        "up": [log_uniform(rng, 1e5, 5e7) for _ in range(n)],
        "down": [log_uniform(rng, 1e5, 5e7) for _ in range(n)],
        "latency": rounded(rng.uniform(0.002, 0.3)),
        "core": core,
        "window": rng.choice(WINDOWS_BYTES) if index % 5 == 4 else 0,
        "flows": flows,
    }


def configure(case):
    import simgrid  # only here: the tests read this folder without it

    options = {**SETTINGS["simgrid"], "network/TCP-gamma": case["window"]}
    arguments = [f"--cfg={key}:{value}" for key, value in options.items()]
    return simgrid, simgrid.Engine(["make", *arguments, "--log=root.threshold:error"])


def build(simgrid, case):
    """Return the hosts; one link in each direction a host, and a route for each pair in use."""
    zone = simgrid.NetZone.create_full_zone("net")
    half = case["latency"] / 2
    hosts = [zone.create_host(f"host{i}", 1e9) for i in range(len(case["up"]))]
    up = [zone.create_link(f"up{i}", r).set_latency(half).seal() for i, r in enumerate(case["up"])]
    down = [
        zone.create_link(f"down{i}", r).set_latency(half).seal() for i, r in enumerate(case["down"])
    ]
    core = [zone.create_link(f"core{i}", rate).seal() for i, rate in enumerate(case["core"])]
    return zone, hosts, up, down, core


def simulate(case):
    """Return the end of each flow, in seconds."""
    simgrid, engine = configure(case)
    zone, hosts, up, down, core = build(simgrid, case)
    ends = [None] * len(case["flows"])

    def sender(flow, source, target, size, start):
        simgrid.this_actor.sleep_until(start)
        simgrid.Comm.sendto(hosts[source], hosts[target], int(size))
        ends[flow] = simgrid.Engine.clock

    routed = {}
    for source, target, _, _, crossed in case["flows"]:
        if routed.setdefault((source, target), crossed) != crossed:
            raise ValueError(f"two routes from {source} to {target}")
    for (source, target), crossed in routed.items():
        path = [up[source], *(core[i] for i in crossed), down[target]]
        route = [simgrid.LinkInRoute(link) for link in path]
        ends_of_route = hosts[source].netpoint, hosts[target].netpoint
        zone.add_route(*ends_of_route, None, None, route, False)
    zone.seal()
    for i, (source, target, size, start, _) in enumerate(case["flows"]):
        simgrid.Actor.create(f"flow{i}", hosts[source], sender, i, source, target, size, start)
    engine.run()
    return ends


def one_route_a_pair(case):
    """Let all flows of a pair cross the same core links."""
    routes = {}
    for flow in case["flows"]:
        flow[4] = routes.setdefault((flow[0], flow[1]), flow[4])
    return case


def solved(case):
    """Return *case* with its ends, from a process of its own: SimGrid has one engine a process."""
    command = [sys.executable, __file__, "--solve"]
    output = subprocess.run(
        command, input=json.dumps(case), capture_output=True, text=True, check=True
    ).stdout
    ends = json.loads(output)
    return {**case, "flows": [[*f, end] for f, end in zip(case["flows"], ends, strict=True)]}


def main():
    """Solve one case from standard input, or write the whole file."""
    if sys.argv[1:] == ["--solve"]:
        ends = simulate(json.load(sys.stdin))
        print(json.dumps([float(f"{end:.12g}") for end in ends]))
        return
    rng = random.Random(SETTINGS["seed"])
    cases = [solved(one_route_a_pair(random_case(rng, index))) for index in range(CASES)]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / "cases.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
