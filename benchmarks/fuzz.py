"""A campaign: scenarios over all kinds and their pairs, and readers that are fed mutated files.

    python benchmarks/fuzz.py                                    # 10,000 scenarios, 10,000 files
    python benchmarks/fuzz.py --scenarios 50 --files 200 --seed 3

Whole scenarios are drawn from the specifications and the registered families, at small sizes; files
of every format that is read are cut, mixed and scribbled on.  Each either runs, with balanced books
and finite numbers, or is refused with the place of what is wrong.  Anything else is a finding, and
is printed: an exception that is not ours, a run that does not end, a nan that nobody told of.
"""

from __future__ import annotations

import argparse
import functools
import io
import json
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import networkx as nx
import numpy as np
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from p2pkd.analysis.result import Result
from p2pkd.core.errors import InputError, RunError, ScenarioError
from p2pkd.core.records import Observer
from p2pkd.core.rng import Streams
from p2pkd.engine.assemble import assemble
from p2pkd.run import run
from p2pkd.scenario.base import Family, Spec
from p2pkd.scenario.load import load_scenario, read_written
from p2pkd.scenario.quantities import Percent, Quantity
from p2pkd.scenario.scenario import Scenario
from p2pkd.scenario.walk import choices_of, family_of, item_of

PATIENCE_S = 30
BASE: dict[str, Any] = {
    "name": "fuzz",
    "duration": "1 min",
    "agents": 4,
    "topology": "complete",
    "devices": [{"profile": "laptop", "model": {"kind": "mlp", "hidden": [4]}}],
    "data": {"dataset": {"kind": "synthetic", "rows": 120}, "reference": {"rows": 16}},
    "method": {
        "send": {"knowledge": "soft_labels", "rows": 8},
        "gossip": {"protocol": "push", "every": "10 s"},
        "learn": {"objective": "response", "local_steps": 1, "distill_steps": 1, "batch": 4},
    },
    "evaluate": {"every": "20 s"},
}
# What is drawn anew; of one scenario a few, so that pairs of all of them come about.
PIECES = (
    ("topology",), ("links",), ("devices",), ("churn",), ("dynamics",), ("aggregators",),
    ("evaluate",), ("views",), ("data", "partition"), ("data", "dataset"), ("data", "reference"),
    ("data", "drift"), ("method", "send"), ("method", "gossip"), ("method", "memory"),
    ("method", "teachers"), ("method", "learn"), ("method", "learn"), ("method", "send"),
)  # fmt: skip
# Of every dimension a few sizes: none, small, usual, large.
UNITS = {
    "duration": ("0 s", "200 ms", "3 s", "20 s", "45 s", "1 h"),
    "size": ("0 B", "1 B", "64 B", "10 kB", "1 GB"),
    "rate": ("1 B/s", "2 kB/s", "20 Mbit/s", "1 GB/s"),
    "computing rate": ("1 FLOP/s", "1 MFLOP/s", "2 GFLOP/s"),
    "power": ("0 W", "3.5 W"),
    "energy": ("1 J", "20 Wh"),
    "energy per byte": ("0 J/B", "5 J/MB"),
    "length": ("1 m", "200 m"),
    "speed": ("0 m/s", "1.4 m/s"),
}


class Finding(AssertionError):
    """Something that neither ran nor was refused as it should be."""


class Clock(Observer):
    """Knows whether simulated time moves: whoever asks for a million turns is served, slowly."""

    def __init__(self) -> None:
        self.now_s, self.moved = 0.0, -float("inf")

    def advance(self, now_s: float, events: int) -> None:
        """Note that time has moved."""
        if now_s > self.now_s:
            self.now_s, self.moved = now_s, time.monotonic()

    @property
    def moves(self) -> bool:
        """Whether it has done so in the last five seconds."""
        return time.monotonic() - self.moved < 5


# -- scenarios ------------------------------------------------------------------------------------


@functools.cache
def methods() -> list[dict[str, Any]]:
    """Return scenarios that run, one for each method of this project's, in a minute or two.

    Half of what is drawn begins there: a method whose parts are drawn one by one is seldom one.
    """
    root = Path(__file__).parents[1] / "scenarios" / "methods"
    found = [read_written(path).tree.plain() for path in sorted(root.glob("*.yaml"))]
    return [
        {**plain, "duration": "90 s", "evaluate": {**plain.get("evaluate", {}), "every": "30 s"}}
        for plain in found
        if isinstance(plain.get("method"), dict)
        and isinstance(plain["agents"], int)
        and not plain["name"].startswith("jeong")  # networks that take minutes
    ]


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """Return a scenario in which a few pieces are of any kind."""
    bases = [BASE] * len(methods()) + methods()
    values = json.loads(json.dumps(bases[draw(st.integers(0, len(bases) - 1))]))
    values["seed"] = draw(st.integers(0, 3))
    pieces = [path for path in PIECES if annotation_at(path) is not None]
    for path in draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=3, unique=True)):
        inner = values
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = draw(values_of(annotation_at(path)))
    return values


def annotation_at(path: Sequence[str]) -> Any:
    """Return what a scenario has at a dotted key; None where there is no such key."""
    spec: type[Spec] = Scenario
    for name in path[:-1]:
        choices = choices_of(spec.model_fields[name].annotation)
        spec = next(c for c in choices if isinstance(c, type) and issubclass(c, Spec))
    field = spec.model_fields.get(path[-1])
    return None if field is None else field.annotation


def values_of(annotation: Any, metadata: Sequence[Any] = ()) -> st.SearchStrategy[Any]:
    """Return what a key of this type may hold, as YAML writes it."""
    family = family_of(annotation)
    choices = [c for c in choices_of(annotation) if c is not type(None)]
    if family is not None:
        return st.one_of([members(kind) for kind in family.members.values()])
    return st.one_of([_choice(choice, metadata_of(annotation, metadata)) for choice in choices])


def metadata_of(annotation: Any, metadata: Sequence[Any]) -> tuple[Any, ...]:
    """Return the constraints of a type, those inside `Annotated` included."""
    found = [*metadata]
    for part in getattr(annotation, "__metadata__", ()):
        found += getattr(part, "metadata", None) or [part]
    for part in get_args(annotation) if get_origin(annotation) is not Literal else ():
        if hasattr(part, "__metadata__"):
            found += metadata_of(part, ())
    return tuple(found)


def _choice(choice: Any, metadata: Sequence[Any]) -> st.SearchStrategy[Any]:
    for part in metadata:
        if isinstance(part, Quantity):
            return st.sampled_from(UNITS[part.dimension.name])
        if isinstance(part, Percent):
            return st.sampled_from(("1 %", "50 %", "100 %", 0.25))
    if get_origin(choice) is Literal:
        return st.sampled_from(get_args(choice))
    if get_origin(choice) in (tuple, list):
        item = item_of(choice)
        return st.lists(values_of(item, ()), min_size=0, max_size=3)
    if isinstance(choice, type) and issubclass(choice, Spec):
        return members(choice)
    if choice is bool:
        return st.booleans()
    if choice is int:
        return _whole(metadata)
    if choice is float:
        return _real(metadata)
    return st.sampled_from(("laptop", "raspberry-pi-4", "x", ""))


@functools.cache
def members(spec: type[Spec]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the mappings that a specification reads: all it requires, some of the rest."""
    tag = spec.tag if issubclass(spec, Family) else None
    fields = spec.model_fields
    drawn = {
        name: st.deferred(lambda field=field: values_of(field.annotation, field.metadata))
        for name, field in fields.items()
        if name != tag
    }
    required = {name: s for name, s in drawn.items() if fields[name].is_required()}
    optional = {name: s for name, s in drawn.items() if name not in required}
    if tag is not None and tag in fields:
        required[tag] = st.sampled_from(get_args(fields[tag].annotation))
    some = st.fixed_dictionaries(required, optional=optional)
    # Half of all keys is too many for most scenarios to be valid.
    few = st.fixed_dictionaries(required)
    return few | st.tuples(few, some, st.integers(0, 99)).map(_sparse)


def _sparse(drawn: tuple[dict[str, Any], dict[str, Any], int]) -> dict[str, Any]:
    few, some, salt = drawn
    rest = [name for name in some if name not in few]
    kept = random.Random(salt).sample(rest, min(2, len(rest)))
    return {**few, **{name: some[name] for name in kept}}


def _bounds(metadata: Sequence[Any], names: tuple[str, str]) -> list[float]:
    return [getattr(part, name) for name in names for part in metadata if hasattr(part, name)]


def _whole(metadata: Sequence[Any]) -> st.SearchStrategy[int]:
    low = max((int(v) for v in _bounds(metadata, ("ge", "gt"))), default=0)
    most = min((int(v) for v in _bounds(metadata, ("le", "lt"))), default=low + 5)
    return st.integers(low, max(low, min(most, low + 5)))


def _real(metadata: Sequence[Any]) -> st.SearchStrategy[float]:
    low, most = _bounds(metadata, ("ge", "gt")), _bounds(metadata, ("le", "lt"))
    usual = [0.1, 0.5, 1.0, 2.0, *(v for v in (*low, *most) if np.isfinite(v))]
    return st.sampled_from(usual)


def kinds_in(value: Any) -> Iterator[str]:
    """Yield the kinds that a scenario is of, ``topologies: ring``, as `p2pkd list` calls them."""
    if isinstance(value, Family):
        root = next(c for c in type(value).__mro__ if issubclass(c, Family) and c.is_root)
        yield f"{root.plural}: {value.tag_value}"
    if isinstance(value, Spec):
        for name in type(value).model_fields:
            yield from kinds_in(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from kinds_in(item)


def kinds_at(annotation: Any, seen: set[Any]) -> Iterator[str]:
    """Yield all kinds that a scenario can be of, at a key of this type and below it."""
    for choice in choices_of(annotation):
        if item_of(choice) is not None:
            yield from kinds_at(item_of(choice), seen)
        if not (isinstance(choice, type) and issubclass(choice, Spec)) or choice in seen:
            continue
        seen.add(choice)
        family = family_of(choice)
        for name, member in family.members.items() if family else ():
            yield f"{family.plural}: {name}"
            yield from kinds_at(member, seen)
        for field in choice.model_fields.values():
            yield from kinds_at(field.annotation, seen)


def check_scenario(
    values: Mapping[str, Any], folder: Path, seen: Counter[str] | None = None
) -> str:
    """Run a scenario; return ``ran``, ``refused`` or ``failed``; raise Finding otherwise.

    The kinds of one that ran are counted in *seen*.
    """
    file, out = folder / "s.yaml", folder / "run"
    shutil.rmtree(out, ignore_errors=True)
    # JSON is YAML, and keeps every value as it was drawn.
    file.write_text(json.dumps(values, indent=1), encoding="utf-8")
    clock = Clock()
    with guarded(values):
        try:
            loaded = load_scenario(file)
            run(loaded, out=out, observers=[clock])
        except TimeoutError:
            if not clock.moves:
                raise
            return "slow"
        except ScenarioError as error:
            for problem in error.problems:
                if not problem.line:
                    raise Finding(f"refused without a place: {problem}") from None
            return "refused"
        except InputError as error:
            if re.search(r":\d+(:\d+)?: ", str(error)):  # of a file that it names
                return "refused"
            print(f"without a place: {error}", file=sys.stderr)
            return "refused without a place"
        except RunError as error:
            print(f"failed: {error}", file=sys.stderr)
            return "failed"
        check_books(Result.from_dir(out))
        if seen is not None:
            seen.update(set(kinds_in(loaded.scenario)))
        return "ran"


def check_books(result: Result) -> None:
    """Raise Finding unless what was sent is accounted for and numbers are numbers."""
    summary, messages = result.summary, result.messages
    fates = ("delivered", "lost", "aborted", "in_flight")
    if summary["messages_sent"] != sum(summary[f"messages_{fate}"] for fate in fates):
        raise Finding("messages sent are not those delivered, lost, aborted and in flight")
    if len(messages) != summary["messages_sent"]:
        raise Finding("messages on record are not those sent")
    for name in ("payload_bytes", "header_bytes", "retransmitted_bytes", "wire_bytes"):
        if int(messages[name].sum()) != summary[name] or (messages[name] < 0).any():
            raise Finding(f"{name} do not add up")
    for name in ("messages", "compute", "evaluations", "population", "agents"):
        numbers = getattr(result, name).select_dtypes("number").to_numpy(dtype=float)
        if np.isinf(numbers).any():
            raise Finding(f"{name} have an infinite number")
    population = result.population
    silent = population["accuracy_mean"].isna() & (population["diverged"] == 0)
    if (silent & (population["online"] > 0)).any():
        raise Finding("a mean accuracy is nan, and nobody diverged")


# -- files ----------------------------------------------------------------------------------------

TOKENS = (
    b"", b"0", b"-1", b"1e999", b"nan", b"inf", b"9" * 5000, b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b",", b";", b"\t", b"\r\n", b"\n\n", b'"', b"'", b"\\", b"{", b"[", b"[" * 3000, b"a", b"0 0",
    b"<", b"&", b"=", b"#", b"ms", b"-", b": ", b"&a", b"*a", b"\x1b[31m", b"\xed\xa0\x80",
)  # fmt: skip


def samples() -> dict[str, tuple[str, bytes, dict[str, Any]]]:
    """Return, by format, a file's name, good contents, and the scenario's keys that name it."""
    json_graph = {
        "nodes": [{"id": n, "x": n, "y": 0} for n in range(4)],
        "links": [{"source": n, "target": (n + 1) % 4, "latency": "3 ms"} for n in range(4)],
    }
    graphml = (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">'
        + "".join(f'<node id="{n}"/>' for n in range(4))
        + "".join(f'<edge source="{n}" target="{(n + 1) % 4}"/>' for n in range(4))
        + "</graph></graphml>"
    )
    rtt = "\n".join(",".join("0" if i == j else "40" for j in range(4)) for i in range(4))
    graph = {"topology": {"kind": "file", "path": "FILE"}}
    rates = {"uplink": "1 MB/s", "downlink": "1 MB/s"}
    return {
        "edge list": ("g.edgelist", b"0 1\n1 2\n2 3\n3 0\n", graph),
        "node-link": ("g.json", json.dumps(json_graph).encode(), graph),
        "graphml": ("g.graphml", graphml.encode(), graph),
        "matrix": (
            "rtt.csv",
            rtt.encode(),
            {"links": {"latency": {"kind": "matrix", "path": "FILE", "unit": "ms"}}},
        ),
        "gml": ("g.gml", _written(nx.write_gml), graph),
        "gexf": ("g.gexf", _written(nx.write_gexf), graph),
        "sessions": (
            "s.csv",
            b"id,start,on\n0,0,30,5,10\n1,5,60\n2,0,60\n3,10,50\n",
            {"churn": {"sessions": {"kind": "trace", "path": "FILE"}}},
        ),
        "edge changes": (
            "c.csv",
            b"10, 0, 1, down\n20 s, 0, 1, up\n",
            {"dynamics": {"kind": "edge_list", "path": "FILE"}},
        ),
        "contacts": (
            "one.txt",
            b"0 CONN 0 1 up\n5 CONN 2 3 up\n20.5 CONN 0 1 down\n",
            {"dynamics": {"kind": "contacts", "path": "FILE"}},
        ),
        "rates": (
            "r.csv",
            b"time,uplink,downlink\n0,1000,2000\n10,0,500\n30,1e6,1e6\n",
            {"links": {"variation": {"kind": "trace", "path": "FILE"}}},
        ),
        "mahimahi": (
            "m.trace",
            b"1\n5\n5\n12\n900\n1500\n",
            {"links": {"variation": {"kind": "mahimahi", "path": "FILE"}}},
        ),
        "devices": (
            "d.csv",
            b"model,CPU_F_AI_Score,RAM\na,1000,4GB\nb,2000,8 GB\nc,1500,6GB\n",
            {"devices": [{"table": {"path": "FILE"}, **rates, "model": "linear"}]},
        ),
        "indices": (
            "i.json",
            b"[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [20, 21, 22, 23, 24, 25, 26, 27, 28, 29],"
            b" [40, 41, 42, 43, 44, 45, 46, 47, 48], [60, 61, 62, 63, 64, 65, 66, 67, 68]]",
            {"data": {"partition": {"kind": "indices", "path": "FILE"}}},
        ),
        "npz": ("d.npz", _npz(), {"data": {"dataset": {"kind": "npz", "path": "FILE"}}}),
        "scenario": ("s2.yaml", json.dumps(BASE, indent=1).encode(), {}),
    }


def _written(write: Any) -> bytes:
    out = io.BytesIO()
    write(nx.cycle_graph(4), out)
    return out.getvalue()


def _npz() -> bytes:
    out = io.BytesIO()
    rng = np.random.default_rng(0)
    np.savez(out, x=rng.normal(size=(120, 5)), y=np.arange(120) % 3)
    return out.getvalue()


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return *data* with one to four pieces cut, doubled, moved, replaced or scribbled on."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        a = rng.randrange(len(found) + 1)
        b = min(len(found), a + rng.choice((0, 1, 2, 8, 40)))
        piece = bytes(found[a:b])
        found[a:b] = rng.choice(
            (b"", piece * 2, rng.choice(TOKENS), bytes(reversed(piece)), rng.randbytes(len(piece)))
        )
    return bytes(found)


def check_file(name: str, data: bytes, keys: Mapping[str, Any], folder: Path) -> str:
    """Build the world of a scenario that names a file; return ``read`` or ``refused``."""
    target = folder / name
    target.write_bytes(data)
    file = target
    if keys:
        text = json.dumps({**BASE, **keys}).replace('"FILE"', json.dumps(name))
        values = json.loads(text)
        values["data"] = {**BASE["data"], **values["data"]}
        file = folder / "s.yaml"
        file.write_text(json.dumps(values, indent=1), encoding="utf-8")
    with guarded((name, data[:4000])):
        try:
            loaded = load_scenario(file)
            streams = Streams(loaded.scenario.seed)
            assemble(loaded.scenario, streams, loaded.base, Observer(), dry_run=False)
        except InputError as error:
            if not str(error).strip():
                raise Finding("refused without a word") from None
            return "refused"
    return "read"


# -- the campaign ---------------------------------------------------------------------------------


@contextmanager
def guarded(what: object) -> Iterator[None]:
    """Raise Finding, with *what* was tried, for exceptions that are not ours, and for no end."""

    def late(number: int, frame: Any) -> None:
        raise TimeoutError(f"no end after {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE_S)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Finding as finding:
        raise Finding(f"{finding}\n{_shown(what)}") from None
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in where if "/p2pkd/" in frame.filename] or where
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
        told = f"{type(error).__name__} at {place}: {str(error)[:200]}"
        raise Finding(f"{told}\n{_shown(what)}") from error
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _shown(what: object) -> str:
    return json.dumps(what) if isinstance(what, dict) else repr(what)


def fuzz_scenarios(
    n: int, number: int, report: Any = None, seen: Counter[str] | None = None
) -> Counter[str]:
    """Draw and check *n* scenarios from the seed *number*; return how many ended how.

    Findings go to *report* if there is one, and are raised otherwise; the kinds that ran are
    counted in *seen*.
    """
    counts: Counter[str] = Counter()

    with tempfile.TemporaryDirectory() as place:

        @seed(number)
        @settings(
            max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(scenarios())
        def check(values: dict[str, Any]) -> None:
            counts[_outcome(report, check_scenario, values, Path(place), seen)] += 1

        check()
    return counts


def fuzz_files(n: int, number: int, report: Any = None) -> Counter[str]:
    """Feed *n* mutated files, of all formats in turn, to their readers; see `fuzz_scenarios`."""
    rng, counts = random.Random(number), Counter[str]()
    formats = list(samples().items())
    with tempfile.TemporaryDirectory() as place:
        for i in range(n):
            _, (name, data, keys) = formats[i % len(formats)]
            outcome = _outcome(report, check_file, name, mutated(data, rng), keys, Path(place))
            counts[outcome] += 1
    return counts


def _outcome(report: Any, check: Any, *args: Any) -> str:
    try:
        return str(check(*args))
    except Finding as finding:
        if report is None:
            raise
        report(str(finding))
        return "FINDING"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scenarios", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()

    def report(text: str) -> None:
        print(f"FINDING {text}", flush=True)

    seen, known = Counter[str](), set(kinds_at(Scenario, set()))
    print(f"seed {asked.seed}", flush=True)
    ends = {
        "scenarios": fuzz_scenarios(asked.scenarios, asked.seed, report, seen)
        if asked.scenarios
        else {},
        "files": fuzz_files(asked.files, asked.seed, report) if asked.files else {},
    }
    for what, counts in ends.items():
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        print(f"{what}: {sum(counts.values())}: {told}")
    if asked.scenarios:
        print(f"kinds that ran: {len(known & set(seen))} of {len(known)}; never:")
        print("\n".join(f"  {kind}" for kind in sorted(known - set(seen))), flush=True)
    sys.exit(any(counts.get("FINDING") for counts in ends.values()))


if __name__ == "__main__":
    main()
