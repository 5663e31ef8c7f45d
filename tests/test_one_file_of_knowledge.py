"""A new kind of knowledge is one file of somebody else's package, and touches nothing of ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

FILE = '''
"""The two likeliest classes of a row, and by how much the first is ahead."""

from typing import Literal

from p2pkd.extend import RowKnowledge


class TopTwo(RowKnowledge):
    """The numbers of two classes, and the first's lead in nats: 3 b bytes a row."""

    knowledge_type = "probabilities"
    codec_kinds = ("float32", "float16")
    kind: Literal["top_two"] = "top_two"

    def width(self, n_classes):
        return 3

    def head(self, outputs):
        best, which = outputs.logits.topk(2, -1)
        told = outputs.logits.new_empty((*which.shape[:-1], 3))
        told[..., :2], told[..., 2:] = which, best[..., :1] - best[..., 1:]
        return told

    def log_probabilities(self, values, n_classes):
        """Two classes share all but 1 % of the mass, by the lead; the others share that."""
        rest = 0.01 / max(1, n_classes - 2)
        table = values.new_full((*values.shape[:-1], n_classes), rest)
        first = values[..., 2:].sigmoid() * 0.99
        table = table.scatter(-1, values[..., :1].long(), first)
        return table.scatter(-1, values[..., 1:2].long(), 0.99 - first).log()
'''
SCENARIO = """
name: top-two
duration: 3 min
agents: 6
topology: {kind: ring}
data: {dataset: digits, reference: {rows: 64}}
method:
  send: {knowledge: top_two, rows: 32, subset: round, codec: float16}
  gossip: {protocol: push, every: 10 s}
  learn: {objective: response, temperature: 1, lr: 0.1}
evaluate: {every: 90 s}
"""

CHECK = """
import json, sys
import p2pkd
result = p2pkd.simulate("scenario.yaml", out="run")
dull = p2pkd.simulate("scenario.yaml", overrides=["method.teachers.warm_up=1 h"], out="dull")
loss = lambda r: float(r.population["loss_mean"].iloc[-1])
print(json.dumps({**result.summary, "loss": loss(result), "dull": loss(dull)}))
"""


def test_two_labels_and_a_margin_are_one_file(tmp_path):
    (tmp_path / "toptwo").mkdir()
    (tmp_path / "toptwo" / "__init__.py").write_text(FILE)
    info = tmp_path / "toptwo-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toptwo\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[p2pkd.kinds]\ntoptwo = toptwo\n")
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    path = os.pathsep.join([str(tmp_path), str(Path.cwd())])
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout.splitlines()[-1])
    assert got["distill_steps"] > 0
    assert got["payload_bytes"] == 32 * 3 * 2 * got["messages_sent"]
    assert got["loss"] != got["dull"]
