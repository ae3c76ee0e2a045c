"""Programs that try to pass without solving their task, to reach outside, or to harm their neighbours.

Each file of `attacks` names on its first line the outcomes that are right for it. Every attack is judged with the same
task; none may pass, none may be mistaken for a failure of the sandbox, and nothing of it may be left.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest

from train.sandbox import languages
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Trial, Verdict

ATTACKS = sorted(Path(__file__).with_name("attacks").iterdir())
LANGUAGES = {"py": "Python", "js": "JavaScript", "cpp": "C++"}
LIMITS = Limits(cpu_s=1.0, wall_factor=1.5, wall_extra_s=2.0, memory_mb=256, disk_mb=16, inodes=512, processes=24)
TESTS = {
    "Python": 'secret = "CODEMILL-SECRET"\n'
    "assert add(2, 3) == 5\nassert add(10, -4) == 6\nassert add('a', 'b') == 'ab'\n",
    "JavaScript": "console.assert(add(2, 3) === 5);\nconsole.assert(add('a', 'b') == 'ab');\n"
    "console.assert(JSON.stringify([add(1, 1)]) === JSON.stringify([2]));",
    "C++": "#undef NDEBUG\n#include<assert.h>\nint main() {\n  assert(add(2, 3) == 5);\n  assert(add(9, -4) == 5);}\n",
}
PROMPTS = {
    "Python": "def add(a, b):\n",
    "JavaScript": "const add = (a, b) => {",
    "C++": "#include <string>\nusing namespace std;\nint add(int a, int b) {",
}


@dataclass(frozen=True)
class Scene:
    """What attacks try to reach, and their verdicts."""

    folder: Path
    listeners: list[socket.socket]
    verdicts: dict[str, Verdict]


def _trial(path: Path, canary: Path, port: int, local: Path) -> Trial:
    language = LANGUAGES[path.name.split(".")[-2]]
    text = (
        path.read_text().replace("@CANARY@", str(canary)).replace("@PORT@", str(port)).replace("@SOCKET@", str(local))
    )
    return Trial(
        language=language, program=text, prompt=PROMPTS[language], tests=TESTS[language],
        entry_point="add", limits=LIMITS,
    )  # fmt: skip


@pytest.fixture(scope="module")
def scene(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("outside")
    canary = folder / "canary"
    canary.write_text("untouched")
    canary.chmod(0o666)
    folder.chmod(0o777)
    listeners = [socket.socket(), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
    listeners[0].bind(("127.0.0.1", 0))
    listeners[1].bind(str(folder / "socket"))
    listeners[2].bind("\0codemill-canary")
    for listener in listeners:
        listener.listen()
        listener.setblocking(False)
    port = listeners[0].getsockname()[1]
    there = [path for path in ATTACKS if languages.missing(LANGUAGES[path.name.split(".")[-2]]) is None]
    futures: dict[str, Future[Verdict]] = {
        path.name: sandbox.submit(_trial(path, canary, port, folder / "socket")) for path in there
    }
    yield Scene(folder, listeners, {name: future.result() for name, future in futures.items()})
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.name)
def test_attack_is_judged_for_what_it_is(path: Path, scene: Scene) -> None:
    if path.name not in scene.verdicts:
        pytest.skip("its toolchain is not installed")
    verdict = scene.verdicts[path.name]
    allowed = path.read_text().split("\n", 1)[0].partition("outcome:")[2].split()
    assert verdict.outcome in allowed, verdict


def test_nothing_outside_was_reached(scene: Scene) -> None:
    assert (scene.folder / "canary").read_text() == "untouched"
    assert sorted(path.name for path in scene.folder.iterdir()) == ["canary", "socket"]
    for listener in scene.listeners:
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_no_process_is_left(scene: Scene, sandbox: Sandbox) -> None:
    keepers = {worker.process.pid for worker in sandbox._all if worker.process is not None}
    assert len(_below(keepers)) == 2 * len(keepers), "a keeper and its first process, and no other"


def _below(roots: set[int]) -> set[int]:
    """Processes that descend from the roots, the roots included."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue
            parents[int(name)] = int(re.sub(r".*\)", "", stat, flags=re.DOTALL).split()[1])
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found & set(parents)


def test_neighbours_keep_their_limits(sandbox: Sandbox) -> None:
    """Beside a fork bomb and a hoarder, a program that needs a twentieth of its CPU limit still passes."""
    attacks = Path(__file__).with_name("attacks")
    bombs = [_trial(attacks / f"{name}.py.txt", Path("/x"), 1, Path("/x")) for name in ("fork_bomb", "memory_list")] * 2
    work = "def add(a, b):\n    for i in range(300_000):\n        pass\n    return a + b\n"
    good = Trial(language="Python", program=work, tests=TESTS["Python"], entry_point="add", limits=LIMITS)
    futures = [sandbox.submit(trial) for bomb in bombs for trial in (bomb, good, good)]
    outcomes = [future.result().outcome for future in futures]
    assert all(outcome == "passed" for place, outcome in enumerate(outcomes) if place % 3), outcomes


def test_closing_leaves_nothing(tmp_path: Path) -> None:
    with open("/proc/self/mountinfo") as lines:
        mounts = len(lines.readlines())
    with Sandbox(workers=1) as own:
        pids = {worker.process.pid for worker in own._all if worker.process is not None}
        slow = Trial(language="Python", program="while True: pass", tests="", limits=LIMITS)
        assert own.judge(slow).outcome == "timeout"
        family = _below(pids)
        group = own._all[0].group
    deadline = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{pid}") for pid in family) and time.monotonic() < deadline:
        os.sched_yield()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in family)
    assert group is None or not any(folder.exists() for folder in group.folders)
    with open("/proc/self/mountinfo") as lines:
        assert len(lines.readlines()) == mounts
