"""Every notebook runs from top to bottom, in little; its committed outputs are of the full one."""

import os
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted(Path("notebooks").glob("*.ipynb"))


def test_there_are_six():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["00", "01", "02", "03", "04", "05"]


LONG = ("02_topology_study", "03_resource_study", "04_communication_cost")


@pytest.fixture(scope="module")
def kernel():
    """One kernel for all: starting it and importing is most of a short notebook's time."""
    from jupyter_client.manager import KernelManager

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("P2PKD_FAST", "1")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), *_python_path()]))
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(cwd="notebooks")
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    # The last comes first: it adds a kind of its own, before any scenario is read.
    [
        pytest.param(p, id=p.stem, marks=[pytest.mark.long] * (p.stem in LONG))
        for p in NOTEBOOKS[::-1]
    ],
)
@pytest.mark.filterwarnings("ignore")  # Jupyter's own
def test_runs_from_top_to_bottom(path, kernel):
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    book.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
    client = NotebookClient(book, timeout=300, km=kernel)
    try:
        client.execute()
    finally:
        client.kc.stop_channels()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_committed_with_its_outputs_and_nothing_of_this_machine(path):
    book = nbformat.read(path, as_version=4)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    kinds = {kind for cell in cells for out in cell.outputs for kind in out.get("data", ())}
    assert "image/png" in kinds
    assert not any(out.output_type == "error" for cell in cells for out in cell.outputs)
    assert "/home/" not in path.read_text()


def _python_path():
    return filter(None, [os.environ.get("PYTHONPATH")])
