"""The sandbox: results and errors travel, limits hold, no child outlives its call or its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support import sandbox_jobs as jobs
from tests.support.pdfs import MIB
from worker.errors import ComputationKilled, DocumentRejected, ProviderUnavailable
from worker.sandbox import ProcessSandbox, SandboxLimits
from worker.sandbox.frames import LARGEST

LINUX = sys.platform == "linux"


@pytest.fixture
async def sandbox() -> AsyncIterator[ProcessSandbox]:
    box = ProcessSandbox(SandboxLimits(processes=1, cpu_seconds=1, wall_seconds=60, memory_bytes=512 * MIB))
    yield box
    await box.close()


async def test_dataclasses_of_ours_come_back_equal(sandbox: ProcessSandbox) -> None:
    assert await sandbox.run(jobs.chunk, "Straße 𝒜") == jobs.chunk("Straße 𝒜")


async def test_a_child_serves_many_calls(sandbox: ProcessSandbox) -> None:
    assert len({await sandbox.run(jobs.pid, number) for number in range(5)}) == 1


async def test_a_child_is_replaced_after_its_share_of_runs() -> None:
    box = ProcessSandbox(SandboxLimits(processes=1, works=2))
    pids = [await box.run(jobs.pid) for _ in range(4)]
    await box.close()
    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_calls_beyond_the_number_of_children_wait_their_turn() -> None:
    box = ProcessSandbox(SandboxLimits(processes=2))
    pids = await asyncio.gather(*(box.run(jobs.pid) for _ in range(8)))
    await box.close()
    assert len(set(pids)) == 2
    assert os.getpid() not in pids


async def test_our_errors_arrive_whole(sandbox: ProcessSandbox) -> None:
    with pytest.raises(DocumentRejected) as rejected:
        await sandbox.run(jobs.reject)
    assert (rejected.value.code, rejected.value.message) == ("document.damaged", "The file is damaged.")
    with pytest.raises(ProviderUnavailable) as away:
        await sandbox.run(jobs.unavailable)
    assert (away.value.provider, away.value.retry_after) == ("x", 2.5)


async def test_other_errors_bring_their_traceback_and_keep_the_child(sandbox: ProcessSandbox) -> None:
    before = await sandbox.run(jobs.pid)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: division by zero") as failure:
        await sandbox.run(jobs.divide, 0)
    assert "in divide" in failure.value.__notes__[0]
    assert await sandbox.run(jobs.pid) == before


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (jobs.burn, ()),
        (jobs.segfault, ()),
        pytest.param(
            jobs.allocate, (1024,), marks=pytest.mark.skipif(not LINUX, reason="macOS does not enforce it")
        ),
        (jobs.repeat, ("x", LARGEST + 1)),
    ],
    ids=["endless loop", "segmentation fault", "too much memory", "too large a reply"],
)
async def test_excess_ends_the_work_and_spares_the_worker(
    sandbox: ProcessSandbox, function: Callable[..., object], args: tuple[object, ...]
) -> None:
    with pytest.raises(ComputationKilled) as killed:
        await sandbox.run(function, *args)
    assert killed.value.code == "sandbox.killed"
    assert await sandbox.run(jobs.divide, 2) == 0.5


async def test_processor_time_is_counted_anew_for_each_call(sandbox: ProcessSandbox) -> None:
    for _ in range(4):
        await sandbox.run(jobs.burn_for, 0.5)
    assert await sandbox.run(jobs.divide, 4) == 0.25


async def test_waiting_for_ever_ends_at_the_wall_limit() -> None:
    box = ProcessSandbox(SandboxLimits(wall_seconds=0.3))
    with pytest.raises(ComputationKilled, match="takes longer"):
        await box.run(jobs.sleep, 600)
    await box.close()


async def test_a_child_that_leaves_by_itself_is_not_the_inputs_fault(sandbox: ProcessSandbox) -> None:
    with pytest.raises(RuntimeError, match="status 3"):
        await sandbox.run(jobs.leave, 3)
    assert await sandbox.run(jobs.divide, 2) == 0.5


async def test_cancelling_the_caller_kills_the_child(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    task = asyncio.create_task(sandbox.run(jobs.sleep, 600, str(mark)))
    pid = await _written(mark)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _is_alive(pid)
    assert await sandbox.run(jobs.divide, 2) == 0.5


async def test_close_kills_a_busy_child(tmp_path: Path) -> None:
    box, mark = ProcessSandbox(), tmp_path / "pid"
    task = asyncio.create_task(box.run(jobs.sleep, 600, str(mark)))
    pid = await _written(mark)
    await box.close()
    with pytest.raises(RuntimeError, match="closed"):
        await task
    with pytest.raises(RuntimeError, match="closed"):
        await box.run(jobs.pid)
    assert not _is_alive(pid)


async def test_an_idle_child_that_died_is_replaced(sandbox: ProcessSandbox) -> None:
    pid = await sandbox.run(jobs.pid)
    os.kill(pid, signal.SIGKILL)
    await _until(lambda: not _is_alive(pid))
    assert await sandbox.run(jobs.pid) != pid


async def test_secrets_stay_with_the_parent(sandbox: ProcessSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    seen = await sandbox.run(jobs.environment)
    assert "OPENAI_API_KEY" not in seen
    assert set(seen) <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH"} | {
        *("VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "__CF_USER_TEXT_ENCODING"),
    }


async def test_printing_does_not_spoil_the_reply(sandbox: ProcessSandbox) -> None:
    assert await sandbox.run(jobs.print_noise) == 7


async def test_interrupts_meant_for_the_worker_do_not_end_a_child(sandbox: ProcessSandbox) -> None:
    assert await sandbox.run(jobs.signal_itself) == await sandbox.run(jobs.pid)


async def test_a_reply_cannot_make_the_worker_run_code(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="system is not let in"):
        await sandbox.run(jobs.exploit, str(tmp_path / "owned"))
    assert not (tmp_path / "owned").exists()
    with pytest.raises(RuntimeError, match="Path is not let in"):
        await sandbox.run(jobs.path)


async def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = (
        "import asyncio, sys; from tests.support import sandbox_jobs as jobs;"
        "from worker.sandbox import ProcessSandbox;"
        "asyncio.run(ProcessSandbox().run(jobs.sleep, 600, sys.argv[1]))"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(mark))
    pid = await _written(mark)
    parent.kill()
    await parent.wait()
    await _until(lambda: not _is_alive(pid))


async def _written(path: Path) -> int:
    """The number in the file, as soon as it is there."""
    await _until(lambda: path.exists() and bool(path.read_text()))
    return int(await asyncio.to_thread(path.read_text))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def _is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z")
