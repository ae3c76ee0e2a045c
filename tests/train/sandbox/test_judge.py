"""Verdicts: each outcome, each way to build a jail, each language that is here."""

from __future__ import annotations

import os
from typing import get_args

import pytest

from train.sandbox import checker, harness_script, languages, linked, probe
from train.sandbox.jail import Mode
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Case, Outcome, Trial, Unfit

TESTS = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(-1) == 0\ncheck(f)\n"
SHORT = Limits(cpu_s=0.5, wall_factor=1, wall_extra_s=2, memory_mb=256)
OUTCOMES: list[tuple[str, str]] = [
    ("def f(x): return x + 1", "passed"),
    ("def f(x): return x", "failed"),
    ("def f(x) return x", "error"),
    ("def g(x): return x + 1", "error"),
    ("def f(x): raise ValueError(x)", "error"),
    ("def f(x): raise AssertionError", "failed"),
    ("import os\ndef f(x): os._exit(0)", "error"),
    ("def f(x):\n    while True: pass", "timeout"),
    ("def f(x): return bytearray(1 << 33)", "memory"),
    ("def f(x): raise SystemExit", "error"),
    ("import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\ndef f(x): return P(x).x + 1", "passed"),
    ("def f(x):\n    print('x' * 200_000)\n    return x + 1", "passed"),
]


def python(program: str, tests: str = TESTS, **more: object) -> Trial:
    return Trial(language="Python", program=program, tests=tests, entry_point="f", limits=SHORT, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("program", "outcome"), OUTCOMES)
def test_outcome(program: str, outcome: str, sandbox: Sandbox) -> None:
    assert sandbox.judge(python(program)).outcome == outcome


def test_the_root_holds_what_was_put_there(sandbox: Sandbox) -> None:
    if sandbox.mode != "namespaces":
        pytest.skip("the jail has no root of its own making here")
    program = "import os\ndef f(path): return sorted(os.listdir(path))\n"
    shown = {"bin", "box", "boxes", "dev", "etc", "lib", "lib32", "lib64", "libx32", "opt", "proc", "sbin", "shelf"}
    shown |= {"tmp", "usr"}
    own = {os.path.join("/", *path.split("/")[1:2])[1:] for path in sandbox._readable}
    tests = f"assert set(f('/')) <= {shown | own}\nassert f('/tmp') == f('/box') == f('/shelf') == []\n"
    tests += "assert not {'passwd', 'shadow', 'hostname'} & set(f('/etc'))\n"
    assert sandbox.judge(python(program, tests)).outcome == "passed"


def test_cpu_time_of_children_counts(sandbox: Sandbox) -> None:
    """Four busy children and a sleeping parent: none passes a limit of its own, all together do."""
    busy = "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        while True: pass\ntime.sleep(60)\n"
    limits = Limits(cpu_s=1, wall_factor=30, memory_mb=256)
    verdict = sandbox.judge(Trial(language="Python", program=busy, tests=TESTS, entry_point="f", limits=limits))
    assert verdict.outcome == "timeout"
    assert "cpu limit" in verdict.detail
    assert 1 < verdict.seconds < 4


@pytest.mark.parametrize("warm", [True, False])
def test_cold_and_warm_agree(warm: bool, sandbox: Sandbox) -> None:
    verdicts = [sandbox.judge(python(program, warm=warm)) for program, _ in OUTCOMES[:7]]
    assert [verdict.outcome for verdict in verdicts] == [outcome for _, outcome in OUTCOMES[:7]]


@pytest.mark.parametrize("mode", [mode for mode in get_args(Mode) if mode != "namespaces"])
def test_every_way_to_build_a_jail(mode: Mode, sandbox: Sandbox) -> None:
    present = {layer.name for layer in sandbox.layers if layer.present} | {"unsafe"}
    if mode not in present:
        pytest.skip(f"{mode} is closed here")
    with Sandbox(workers=1, mode=mode) as other:
        for program, outcome in (OUTCOMES[0], OUTCOMES[1], OUTCOMES[6], OUTCOMES[7]):
            assert other.judge(python(program)).outcome == outcome
        reach = "def f(x):\n    import socket\n    socket.socket()\n    return x + 1"
        assert other.judge(python(reach)).outcome == ("passed" if mode == "unsafe" else "error")
        peek = f"import os\ndef f(x):\n    os.kill({os.getpid()}, 0)\n    return x + 1"
        assert other.judge(python(peek)).outcome == ("passed" if mode == "unsafe" else "error")
        folder = "import os\nopen('kept', 'w').close()\ndef f(x): return x + len(os.listdir('.'))"
        assert other.judge(python(folder)).outcome == "passed", "a run's own folder is writable and new"
        assert other.judge(python(folder)).outcome == "passed"


def test_no_layer_is_refused_in_one_sentence() -> None:
    closed = [probe.Layer(name, False, "closed") for name in ("namespaces", "bubblewrap", "seccomp", "landlock")]
    with pytest.raises(probe.Refused, match="allow user namespaces, or run with unsafe") as refused:
        probe.modes(closed)
    assert "\n" not in str(refused.value)
    assert probe.modes(closed, unsafe=True) == ["unsafe"]
    only = [probe.Layer(name, name in ("seccomp", "landlock"), "") for name in ("namespaces", "seccomp", "landlock")]
    assert probe.modes(only) == ["landlock"]
    assert "landlock" in probe.table(only)


@pytest.mark.parametrize(
    ("program", "tests", "outcome"),
    [
        ("def f(x): x.append(1)", "l = [0]\nf(l)\nassert l == [0, 1]", "passed"),
        ("def f(x): x[0] = 5", "d = {}\nf(d)\nassert d == {0: 5}", "passed"),
        (
            "class P:\n    def __init__(s, a): s.a = a\ndef f(p): return p.a",
            "p = P(3)\np.a = 4\nassert f(p) == 4",
            "passed",
        ),
        ("def f(x): return (i for i in range(x))", "assert list(f(1000)) == list(range(1000))", "passed"),
        ("def f(x): return lambda y: x + y", "assert f(1)(2) == 3", "passed"),
        ("def f(x): raise KeyError(x)", "try:\n    f(1)\nexcept KeyError:\n    pass\nelse:\n    assert 0", "passed"),
        ("import re\ndef f(x): return re.match('a', x)", "assert f('a')\nassert not f('b')", "passed"),
        ("def f(x): return x", "assert math.isclose(f(1.0), 1)", "passed"),
        ("class math:\n    isclose = lambda *a: True\ndef f(x): return 0", "assert math.isclose(f(1.0), 1)", "failed"),
        ("import os\ndef f(x): os._exit(0)", "try:\n    f(1)\nexcept BaseException:\n    pass", "error"),
        ("def f(x): return x", "f(object())", "infrastructure"),
        ("def f(x): return x", "f(lambda: 1)", "infrastructure"),
    ],
)
def test_tests_that_ask_more_than_values(program: str, tests: str, outcome: str, sandbox: Sandbox) -> None:
    assert sandbox.judge(python(program, tests)).outcome == outcome


def test_helpers_of_the_prompt_are_the_prompts(sandbox: Sandbox) -> None:
    prompt = "import math\ndef twice(x):\n    return 2 * x\ndef f(x):\n    '''Half of x.'''\n"
    tests = "assert twice(f(10)) == 10"
    cheat = "def twice(x): return 10\ndef f(x): return None\n"
    assert sandbox.judge(python(prompt + "    return x / 2\n", tests, prompt=prompt)).outcome == "passed"
    assert sandbox.judge(python(cheat, tests, prompt=prompt)).outcome == "error"


def test_own_part_of_a_prompt() -> None:
    prompt = "import re\ndef helper(): return 1\ndef f(x):\n    '''Text.'''\n"
    assert checker.own_part(prompt, "f") == checker.own_part(prompt, None) == "import re\n\ndef helper():\n    return 1"
    assert checker.own_part("no python ((", "f") == ""
    script = "/* a */\nconst helper = x => x;\n/* b */\nconst f = (x) => {\n"
    assert harness_script.own_part(script).strip() == "/* a */\nconst helper = x => x;\n/* b */"


GOOD_AND_BAD: dict[str, tuple[str, str, str, str]] = {  # prompt, right completion, wrong completion, tests
    "C++": (
        "#include<vector>\n#include<string>\nusing namespace std;\nint twice(int x) {\n    return 2 * x;\n}\n"
        "vector<int> f(vector<int> v,\n    string s){\n",
        "    v.push_back(s.size()); return v;\n}\n", "    return v;\n}\n",
        "#undef NDEBUG\n#include<assert.h>\nint main(){\n  assert (f({1}, \"ab\") == vector<int>({1, twice(1)}));\n}\n",
    ),
    "Java": (
        "import java.util.*;\nclass Solution {\n    public int f(List<Integer> v) {\n",
        "        return v.size();\n    }\n}", "        return 0;\n    }\n}",
        "public class Main {\n    public static void main(String[] args) {\n        Solution s = new Solution();\n"
        "        if (s.f(Arrays.asList(1, 2)) != 2) { throw new AssertionError(); }\n    }\n}",
    ),
    "JavaScript": (
        "const f = (v) => {\n", "  return v.map(x => x + 1);\n}\n", "  return v;\n}\n",
        "console.assert(JSON.stringify(f([1])) === '[2]')\nconst m = f([NaN])\nconsole.assert(Number.isNaN(m[0]))\n",
    ),
    "TypeScript": (
        "const f = (v: number[]): number[] => {\n", "  return v.map(x => x + 1);\n}\n", "  return v;\n}\n",
        "console.assert(JSON.stringify(f([1])) === '[2]')\n",
    ),
    "Go": (
        "import (\n    \"strings\"\n)\n\nfunc F(s string) string {\n", "    return strings.ToUpper(s)\n}\n",
        "    return strings.ToLower(s)\n}\n",
        "package main\n\nimport (\n    \"testing\"\n    \"github.com/stretchr/testify/assert\"\n)\n"
        "func TestF(t *testing.T) {\n    assert := assert.New(t)\n    assert.Equal(\"AB\", F(\"ab\"))\n}\n",
    ),
    "Rust": (
        "fn main(){}\n\nfn f(v: Vec<i32>) -> Vec<i32> {\n", "    v.iter().map(|x| x + 1).collect()\n}\n", "    v\n}\n",
        "#[cfg(test)]\nmod tests {\n    use super::*;\n  #[test]\n  fn t() {\n    assert_eq!(f(vec![1]), vec![2]);\n"
        "    }\n}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD_AND_BAD)
def test_tests_of_a_language(name: str, sandbox: Sandbox) -> None:
    if languages.missing(name):
        pytest.skip(f"no {languages.missing(name)} here")
    prompt, good, bad, tests = GOOD_AND_BAD[name]
    for completion, outcome in ((good, "passed"), (bad, "failed"), ("    ((\n", "error")):
        trial = Trial(language=name, program=prompt + completion, prompt=prompt, tests=tests, limits=Limits(cpu_s=3))
        verdict = sandbox.judge(trial)
        assert verdict.outcome == outcome, verdict


WHOLE = {
    "Python": "print(int(input()) + 1)",
    "Bash": "read x; echo $((x + 1))",
    "JavaScript": "console.log(parseInt(require('fs').readFileSync(0, 'utf8')) + 1)",
    "C++": "#include <iostream>\nint main() { int x; std::cin >> x; std::cout << x + 1; }",
    "Go": 'package main\nimport "fmt"\nfunc main() { var x int; fmt.Scan(&x); fmt.Println(x + 1) }',
    "Rust": "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap();"
    ' println!("{}", s.trim().parse::<i32>().unwrap() + 1); }',
}


@pytest.mark.parametrize("name", WHOLE)
def test_cases_are_compared_outside(name: str, sandbox: Sandbox) -> None:
    if languages.missing(name):
        pytest.skip(f"no {languages.missing(name)} here")
    for expected, outcome in (("8", "passed"), ("9", "failed")):
        cases = (Case(stdin="4\n", expected="5\n"), Case(stdin="7\n", expected=expected))
        assert sandbox.judge(Trial(language=name, program=WHOLE[name], cases=cases)).outcome == outcome


@pytest.mark.parametrize(
    ("language", "outcome"), [("Python", "timeout"), ("Bash", "timeout")]
)  # fmt: skip
def test_cases_have_limits(language: str, outcome: Outcome, sandbox: Sandbox) -> None:
    loop = {"Python": "while True: pass", "Bash": "while :; do :; done"}[language]
    assert (
        sandbox.judge(Trial(language=language, program=loop, cases=(Case(expected=""),), limits=SHORT)).outcome
        == outcome
    )


def test_a_task_of_another_shape_is_not_the_programs_fault(sandbox: Sandbox) -> None:
    for name in ("C++", "Go", "Rust"):
        if not languages.missing(name):
            trial = Trial(language=name, program="", prompt="?", tests="?")
            assert sandbox.judge(trial).outcome == "infrastructure"
    with pytest.raises(Unfit, match="opening brace"):
        linked.cpp(Trial(language="C++", program="", prompt="int f(int x);", tests="int main(){}"))
    with pytest.raises(ValueError, match="no language 'Cobol'"):
        sandbox.judge(Trial(language="Cobol", program=""))


def test_many_at_a_time_keep_their_order(sandbox: Sandbox) -> None:
    trials = [python(f"def f(x): return x + {place % 2}") for place in range(20)]
    assert [v.outcome for v in sandbox.map(trials)] == ["failed", "passed"] * 10


def test_a_dead_keeper_is_replaced(sandbox: Sandbox) -> None:
    with Sandbox(workers=1) as own:
        worker = own._all[0]
        assert worker.process is not None
        worker.process.kill()
        worker.process.wait()
        assert own.judge(python(OUTCOMES[0][0])).outcome == "passed"


def test_limits_are_stretched_and_never_tightened() -> None:
    limits = Limits(cpu_s=2, wall_factor=3, wall_extra_s=1)
    assert limits.wall_s == 7
    assert limits.stretched(2.0).cpu_s == 4
    assert limits.stretched(2.0).wall_s == 14
