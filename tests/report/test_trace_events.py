import itertools
import json
from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from p2pkd.analysis.result import Result
from p2pkd.report.trace import Lanes, trace_events, write_trace

Event = dict[str, Any]


def test_the_file_is_json_in_the_trace_event_format(result: Result) -> None:
    path = write_trace(result.path)
    assert path == result.path / "trace.json"
    trace = json.loads(path.read_text())
    assert trace["traceEvents"] == list(trace_events(result))
    for event in trace["traceEvents"]:
        assert {"ph", "name", "pid"} <= event.keys()
        assert event["ph"] in "MXsfC"
        assert event["ph"] == "M" or event["ts"] >= 0


def test_agents_are_named_and_compute(result: Result) -> None:
    events = list(trace_events(result))
    names = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    assert names == {
        0: "all agents of made-up",
        1: "agent 0 · laptop",
        2: "agent 1 · phone",
        3: "agent 2 · phone",
    }
    distil = [e for e in events if e["name"] == "distill"]
    assert [(e["pid"], e["ts"], e["dur"]) for e in distil] == [(p, 20e6, 30e6) for p in (1, 2, 3)]
    assert distil[0]["args"]["teachers"] == 1
    (absence,) = [e for e in events if e["ph"] == "X" and e["name"] == "offline"]
    assert (absence["pid"], absence["ts"], absence["dur"]) == (1, 130e6, 70e6)


def test_delivered_messages_flow_from_a_slice_to_a_slice(result: Result) -> None:
    events = list(trace_events(result))
    flows = {(e["ph"], e["id"]): e for e in events if e["ph"] in "sf"}
    assert set(flows) == {("s", 0), ("f", 0), ("s", 1), ("f", 1)}
    for event in flows.values():
        assert any(encloses(slice_, event) for slice_ in events if slice_["ph"] == "X")
    assert (flows["s", 1]["pid"], flows["f", 1]["pid"]) == (2, 3)
    assert (flows["s", 1]["ts"], flows["f", 1]["ts"]) == (10.5e6, 70e6)


def test_slices_of_a_track_do_not_overlap(result: Result) -> None:
    tracks: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for event in trace_events(result):
        if event["ph"] == "X":
            tracks[event["pid"], event["tid"]].append(event)
    for slices in tracks.values():
        slices.sort(key=lambda e: e["ts"])
        for one, next_ in itertools.pairwise(slices):
            assert one["ts"] + one["dur"] <= next_["ts"]
    # Agent 0 computes, is away, and sends two messages at once.
    assert sorted(track for process, track in tracks if process == 1) == [1, 2, 100, 101]


def test_accuracy_is_a_counter(result: Result) -> None:
    counters = [e for e in trace_events(result) if e["ph"] == "C"]
    of_agent = [e["args"]["accuracy"] for e in counters if e["pid"] == 1]
    assert of_agent == [0.1, 0.3, 0.6, 0.9]
    mean = [e["args"]["accuracy_mean"] for e in counters if e["name"] == "accuracy_mean"]
    assert len(mean) == 4


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0.1, 10)), max_size=30))
def test_lanes_are_free_when_taken(pairs: list[tuple[float, float]]) -> None:
    lanes, busy = Lanes(), defaultdict[int, float](float)
    for start, length in sorted(pairs):
        lane = lanes.take("x", start, start + length)
        assert busy[lane] <= start
        assert all(busy[lower] > start for lower in range(lane))
        busy[lane] = start + length


def encloses(slice_: Event, flow: Event) -> bool:
    same = (slice_["pid"], slice_["tid"]) == (flow["pid"], flow["tid"])
    return same and slice_["ts"] <= flow["ts"] <= slice_["ts"] + slice_["dur"]
