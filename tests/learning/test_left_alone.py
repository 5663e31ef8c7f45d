"""A run takes no more of the machine than was checked, and leaves the process as it was."""

import sys

import pytest
import torch

import p2pkd
from p2pkd.core.errors import InputError
from p2pkd.learning.compute import memory
from p2pkd.learning.state.pools import Pool

TINY = {
    "duration": "30 s",
    "agents": 4,
    "topology": "ring",
    "data": {"reference": {"rows": 16}},
    "method": {"gossip": {"every": "10 s"}, "learn": {"objective": "response"}},
    "evaluate": {"every": "30 s"},
    "execution": {"processes": 1},
}


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_run_gives_threads_back_and_leaves_malloc_alone(tmp_path, monkeypatch, threads):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda *_: pytest.fail("malloc was set"))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        p2pkd.simulate(TINY, out=tmp_path / "run")
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_wide_rows_are_allocated_as_they_are_needed():
    pool = Pool(300_000_000, torch.device("meta"))
    assert len(pool.data) == 0
    taken = [row for _ in range(4) for row in pool.take(1)]
    assert len(set(taken)) == 4
    assert len(pool.data) == 4


def test_narrow_rows_have_room_to_spare():
    pool = Pool(1000, torch.device("cpu"))
    assert len(pool.data) == 64
    pool.take(65)
    assert len(pool.data) == 128


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device")
def test_a_device_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"execution\.device: cuda, but PyTorch finds no CUDA"):
        p2pkd.simulate(TINY, overrides=["execution.device=cuda"], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_models_that_no_machine_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["p2pkd.core.machine"], "memory_bytes", lambda: 1e6)
    with pytest.raises(InputError, match=r"devices: the models of 400 agents take .* 0.001 GB"):
        p2pkd.simulate(TINY, overrides=["agents=400"], out=tmp_path / "run")


def test_a_batch_of_more_rows_than_there_are_says_what_it_does(tmp_path, monkeypatch):
    result = p2pkd.simulate(TINY, overrides=["method.learn.batch=2000"], out=tmp_path / "run")
    (told,) = [text for text in result.manifest["forewarnings"] if "batch" in text]
    assert "2,000, but no agent has more than" in told
    assert "with replacement" in told
    monkeypatch.setattr(sys.modules["p2pkd.core.machine"], "memory_bytes", lambda: 1e9)
    with pytest.raises(InputError, match=r"method\.learn\.batch: 100,000,000 rows at once take"):
        p2pkd.simulate(
            TINY,
            overrides=[
                "method.learn.batch=100000000",
                "devices=[{profile: laptop, memory: 100 TB}]",
            ],
            out=tmp_path / "other",
        )
