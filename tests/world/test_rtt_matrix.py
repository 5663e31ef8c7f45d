"""Matrices of round-trip times: read, drawn from, refused."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from p2pkd.core.errors import TraceError
from p2pkd.core.rng import Streams
from p2pkd.scenario.links import MatrixLatency
from p2pkd.world.latency import build_delay
from p2pkd.world.rtt_matrix import read_rtt_matrix
from p2pkd.world.topology import Topology

THREE = "0\t10\t20\n12\t0\t40\n20\t40\t0\n"
DATA = Path(os.environ.get("P2PKD_DATA", Path(__file__).parents[3] / "shared" / "data"))
PLANETLAB = DATA / "latency" / "planetlab_rtt_ms_490.tsv.gz"


def delays(path, n, seed=1):
    topology = Topology.from_edges(n, [], [])
    made = build_delay(MatrixLatency(path=str(path)), topology, Streams(seed), Path())
    return np.array([[made(a, b) if a != b else 0 for b in range(n)] for a in range(n)])


def write(tmp_path, text):
    (tmp_path / "rtt.tsv").write_text(text)
    return tmp_path / "rtt.tsv"


def test_directions_are_averaged(tmp_path):
    expected = [[0, 0.011, 0.020], [0.011, 0, 0.040], [0.020, 0.040, 0]]
    np.testing.assert_allclose(read_rtt_matrix(write(tmp_path, THREE)), expected)


def test_compressed(tmp_path):
    (tmp_path / "rtt.tsv.gz").write_bytes(gzip.compress(THREE.encode()))
    assert read_rtt_matrix(tmp_path / "rtt.tsv.gz")[0, 2] == 0.020


def test_hosts_are_drawn_without_replacement_and_half_the_time_counts(tmp_path):
    made = delays(write(tmp_path, THREE), 3)
    assert sorted(made[np.triu_indices(3, 1)]) == pytest.approx([0.0055, 0.010, 0.020])


def test_two_agents_on_one_host_are_as_near_as_its_nearest(tmp_path):
    made = delays(write(tmp_path, THREE), 12)
    assert set(np.round(made[np.triu_indices(12, 1)], 6)) == {0.0055, 0.010, 0.020}


def test_adding_agents_moves_nobody(tmp_path):
    file = write(tmp_path, THREE)
    np.testing.assert_array_equal(delays(file, 12)[:5, :5], delays(file, 5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1\n1 0 2\n", r"rtt\.tsv:2: 3 numbers, but the matrix has 2 lines; it must be square"),
        ("0 1\nx 0\n", r"rtt\.tsv:2: column 1: 'x' is not a number"),
        ("0 1\n0 0\n", r"rtt\.tsv:2: column 1: 0 is not a round-trip time"),
        ("0 -5\n1 0\n", r"rtt\.tsv:1: column 2: -5 is not a round-trip time"),
        ("0 nan\n1 0\n", r"rtt\.tsv:1: column 2: nan is not"),
        ("0\n", "1 lines; a matrix of two hosts or more"),
        ("", "0 lines"),
    ],
)
def test_broken_matrices_are_refused_with_the_place(tmp_path, text, message):
    with pytest.raises(TraceError, match=message):
        read_rtt_matrix(write(tmp_path, text))


def test_not_a_gzip_file(tmp_path):
    (tmp_path / "rtt.tsv.gz").write_text(THREE)
    with pytest.raises(TraceError, match="cannot be read: Not a gzipped file"):
        read_rtt_matrix(tmp_path / "rtt.tsv.gz")


@pytest.mark.skipif(not PLANETLAB.exists(), reason="the PlanetLab sample is not there")
def test_planetlab_percentiles():
    matrix = read_rtt_matrix(PLANETLAB)
    assert matrix.shape == (490, 490)
    rtt_ms = matrix[np.triu_indices(490, 1)] * 1e3
    assert np.percentile(rtt_ms, [5, 50, 95]) == pytest.approx([19, 135, 328], abs=1)
    assert delays(PLANETLAB, 24)[np.triu_indices(24, 1)].min() > 0
