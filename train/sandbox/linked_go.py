"""Go's part of `linked`: package solution is the program, package main the tests, and neither sees the other's names
but for what the program exports.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from train.sandbox.trial import Trial, Unfit


def sources(trial: Trial) -> Mapping[str, str]:
    """Package solution is the program; the tests are package main, which sees only what the program exports."""
    tests = trial.tests
    names = re.findall(r"^func\s+(Test\w*)\s*\(", tests, flags=re.MULTILINE)
    if not names:
        raise Unfit("no function called Test...: give tests of HumanEval-X's shape")
    listed = ", ".join(f'{{Name: "{name}", F: guarded({name})}}' for name in names)
    return {
        "solution.go": f"package solution\n{_go_imports(trial.program, ())}\n{_without_go_head(trial.program)}",
        "tests.go": f"package main\n{_go_imports(tests, ('testing', 'solution', 'assert'))}\n{_without_go_head(tests)}",
        "main.go": _GO_MAIN.replace("LISTED", listed),
        "assert.go": _GO_ASSERT,
    }


def _without_go_head(text: str) -> str:
    """Without package clause and imports, which are made anew from what is used."""
    text = re.sub(r"^\s*package\s+\w+\s*$", "", text, flags=re.MULTILINE)
    return re.sub(r"^\s*import\s*(\([^)]*\)|\"[^\"]*\")", "", text, flags=re.MULTILINE)


def _go_imports(text: str, extra: tuple[str, ...]) -> str:
    """Imports of the standard packages that a text uses by their last name, and of those it names itself."""
    body = _without_go_head(text)
    named = set(
        re.findall(r'"([\w./-]+)"', "".join(re.findall(r"^\s*import\s*(\([^)]*\)|\"[^\"]*\")", text, re.MULTILINE)))
    )
    last = {path: path.rsplit("/", 1)[-1] for path in {*GO_PACKAGES, *named}}
    wanted = {path for path, name in last.items() if re.search(rf"(?<![\w.]){name}\.[A-Z]", body)}
    wanted -= {"github.com/stretchr/testify/assert", "testing"}
    lines = [f'"{path}"' for path in sorted(wanted)]
    lines += [f'. "{name}"' if name == "solution" else f'"{name}"' for name in extra]
    return "import (\n" + "\n".join(lines) + "\n)" if lines else ""


GO_PACKAGES = ("bytes", "container/heap", "container/list", "crypto/md5", "encoding/hex", "errors", "fmt", "math",
               "math/big", "math/bits", "math/rand", "os", "reflect", "regexp", "sort", "strconv", "strings", "sync",
               "time", "unicode", "unicode/utf8")  # fmt: skip
# The last test of the run says how the others went. (testing.RunTests alone runs nothing: it needs what Main sets up.)
_GO_MAIN = """package main

import ("os"; "testing")

var failed = false

func guarded(test func(*testing.T)) func(*testing.T) {
    return func(t *testing.T) {
        defer func() { failed = failed || t.Failed() || t.Skipped() }()
        test(t)
    }
}

func done(t *testing.T) {
    answer := os.NewFile(4, "answer")
    if failed {
        answer.WriteString("failed")
        return
    }
    token := make([]byte, 64)
    n, _ := os.NewFile(3, "token").Read(token)
    answer.Write(token[:n])
}

func main() {
    all := func(pattern, name string) (bool, error) { return true, nil }
    testing.Main(all, []testing.InternalTest{LISTED, {Name: "Done", F: done}}, nil, nil)
}
"""
# The few assertions that benchmarks use, under the names of the package `testify/assert` and with their meaning.
_GO_ASSERT = """package assert

import ("bytes"; "reflect")

type TestingT interface { Errorf(format string, args ...interface{}) }
type Assertions struct { t TestingT }

func New(t TestingT) *Assertions { return &Assertions{t} }

func same(expected, actual interface{}) bool {
    if a, ok := expected.([]byte); ok {
        b, ok := actual.([]byte)
        return ok && (a == nil) == (b == nil) && bytes.Equal(a, b)
    }
    return reflect.DeepEqual(expected, actual)
}
func (a *Assertions) say(held bool, expected, actual interface{}) bool {
    if !held { a.t.Errorf("expected %v, got %v", expected, actual) }
    return held
}
func isNil(value interface{}) bool {
    if value == nil { return true }
    v := reflect.ValueOf(value)
    switch v.Kind() {
    case reflect.Chan, reflect.Func, reflect.Map, reflect.Ptr, reflect.Slice, reflect.Interface: return v.IsNil()
    }
    return false
}
func (a *Assertions) Equal(expected, actual interface{}, _ ...interface{}) bool {
    return a.say(same(expected, actual), expected, actual)
}
func (a *Assertions) NotEqual(expected, actual interface{}, _ ...interface{}) bool {
    return a.say(!same(expected, actual), expected, actual)
}
func (a *Assertions) True(value bool, _ ...interface{}) bool { return a.say(value, true, value) }
func (a *Assertions) False(value bool, _ ...interface{}) bool { return a.say(!value, false, value) }
func (a *Assertions) Nil(value interface{}, _ ...interface{}) bool { return a.say(isNil(value), nil, value) }
func (a *Assertions) NotNil(value interface{}, _ ...interface{}) bool { return a.say(!isNil(value), "not nil", value) }
"""
GO_SHELF = (  # once: the standard packages that programs may import, compiled, and a table of where they lie
    "set -e; cd {box}; export GOCACHE={box}/cache GOPATH={box}/gopath GO111MODULE=off GOFLAGS=-p=2;"
    " go list -export -deps -f '{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}' flag testing "
    + " ".join(GO_PACKAGES)
    + " | sed 's#{box}#{shelf}#' > importcfg"
)
GO_COMPILE = (
    "set -e; cd {box}; (cat {shelf}/importcfg; echo packagefile solution={box}/solution.a;"
    " echo packagefile assert={box}/assert.a) > cfg; C='go tool compile -pack -importcfg cfg';"
    " $C -p solution -o solution.a solution.go; $C -p assert -o assert.a assert.go;"
    " $C -p main -o main.a main.go tests.go; go tool link -importcfg cfg -o program main.a"
)
