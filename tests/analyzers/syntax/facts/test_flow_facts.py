"""Flow graphs and def-use chains, told in lines and checked by hand."""

# ruff: noqa: E501  (a case is a line)

from __future__ import annotations

import ast
import inspect
import json.decoder
import textwrap

import pytest
from facts_of_text import facts, named

from analyzers.syntax.facts.lines import line_starts, lines_of


def flow(language: str, text: str) -> set[str]:
    """Edges as `from-kind->to` by lines; `entry` is the line of the function, `exit` is written so."""
    source = textwrap.dedent(text).lstrip("\n").encode()
    rows = facts(language, source)
    starts = line_starts(source)
    ends = {row[0]: row[5] for row in rows["function"]}
    last = rows["function"][-1][0]
    found = set()
    for function, start, end, kind, *_ in rows["cfg"]:
        if function == last:
            a, b = lines_of([start, end], starts)
            found.add(f"{a}-{kind}->{'exit' if end == ends[function] else b}")
    return found


PYTHON = {
    # Straight on.
    """
    def f():
        a()
        b()
    """: "1-next->2 2-next->3 3-next->exit",
    # Both sides of a condition, and a return.
    """
    def f(x):
        if x:
            return 1
        elif y:
            a()
        else:
            b()
        c()
    """: "1-next->2 2-true->3 2-false->4 3-return->exit 4-true->5 4-false->7 5-next->8 7-next->8 8-next->exit",
    # A loop with break, continue and else.
    """
    def f(x):
        for i in x:
            if i:
                break
            if j:
                continue
            a()
        else:
            b()
        c()
    """: "1-next->2 2-true->3 3-true->4 3-false->5 4-next->10 5-true->6 5-false->7 6-loop->2 7-loop->2 2-false->9 9-next->10 "
    "10-next->exit",
    # What never ends has no way out but break.
    """
    def f():
        while True:
            a()
    """: "1-next->2 2-true->3 3-loop->2",
    # Handlers are asked in turn; what none takes leaves by way of finally.
    """
    def f():
        try:
            a()
        except E:
            b()
        except F:
            c()
        else:
            d()
        finally:
            e()
        g()
    """: "1-next->2 2-next->3 3-exception->4 3-next->9 4-true->5 4-false->6 5-next->11 5-exception->11 6-true->7 "
    "6-exception->11 7-next->11 7-exception->11 9-next->11 9-exception->11 11-next->10 10-next->12 10-exception->exit "
    "12-next->exit",
    # A bare except takes everything; raise goes to the handler around.
    """
    def f():
        try:
            raise E
        except:
            a()
    """: "1-next->2 2-next->3 3-exception->4 4-true->5 5-next->exit",
    # Return and break pass finally; in the graph each finally clause is there once.
    """
    def f():
        while x:
            try:
                if a:
                    break
                return 1
            finally:
                b()
    """: "1-next->2 2-true->3 2-false->exit 3-next->4 4-true->5 4-false->6 4-exception->8 5-next->8 6-return->8 6-exception->8 "
    "8-next->7 7-loop->2 7-next->exit 7-return->exit 7-exception->exit",
    # match, with and without a case for all others.
    """
    def f(x):
        match x:
            case 1:
                a()
            case _:
                b()
        match x:
            case 1:
                a()
    """: "1-next->2 2-next->3 3-true->4 3-false->5 4-next->7 5-true->6 6-next->7 7-next->8 8-true->9 8-false->exit 9-next->exit",
}


@pytest.mark.parametrize("text", PYTHON)
def test_flow_of_python(text: str) -> None:
    assert flow("Python", text) == set(PYTHON[text].split())


def test_nested_definitions_have_a_flow_of_their_own() -> None:
    text = "def f():\n    def g():\n        pass\n    with a:\n        b()\n"
    found = named("Python", text)["cfg"]
    assert [(row["function"], row["line"], row["kind"]) for row in found] == [
        ("f", 1, "next"), ("f", 2, "next"), ("f", 4, "next"), ("f", 5, "next"), ("g", 2, "next"), ("g", 3, "next"),
    ]  # fmt: skip


JAVA = {
    """
    class A { void f(int x) {
        for (int i = 0; i < x; i++)
            a();
        do {
            b();
        } while (y);
        for (;;) { c(); }
    } }
    """: "1-next->2 2-true->3 3-loop->2 2-false->4 4-next->5 5-next->6 6-loop->5 6-false->7 7-true->7 7-loop->7",
    # Cases fall through.
    """
    class A { int f(int x) {
        switch (x) {
            case 1:
            case 2:
                a();
            case 3:
                b();
                break;
            default:
                c();
        }
        return 1;
    } }
    """: "1-next->2 2-next->3 3-true->5 3-false->4 4-true->5 4-false->6 5-next->7 6-true->7 6-false->9 7-next->8 8-next->12 "
    "9-true->10 10-next->12 12-return->exit",
    # Labels, and a catch.
    """
    class A { void f() {
        outer:
        while (a) {
            while (b) {
                if (c) break outer;
                continue outer;
            }
        }
        try { d(); }
        catch (E e) { g(); }
        synchronized (this) { h(); }
    } }
    """: "1-next->2 2-next->3 3-true->4 3-false->9 4-true->5 4-false->3 5-true->5 5-false->6 5-next->9 6-loop->3 9-next->9 "
    "9-exception->10 9-next->11 10-true->10 10-exception->exit 10-next->11 11-next->11 11-next->exit",
    """
    class A { int f(int x) {
        switch (x) {
            case 1 -> a();
            default -> { b(); }
        }
        throw new E();
    } }
    """: "1-next->2 2-next->3 3-true->3 3-next->6 3-false->4 4-true->4 4-next->6 6-exception->exit",
}


@pytest.mark.parametrize("text", JAVA)
def test_flow_of_java(text: str) -> None:
    assert flow("Java", text) == set(JAVA[text].split())


def chains(language: str, text: str) -> set[str]:
    """def_use as `name def use` by lines, of all functions."""
    found = named(language, textwrap.dedent(text).lstrip("\n"))["def_use"]
    return {f"{row['name']} {row['def_line']} {row['use_line']}" for row in found}


PYTHON_CHAINS = {
    "def f(a, b=1, *c):\n    return a + b + len(c) + g": "a 1 2, b 1 2, c 1 2",
    "def f():\n    x = 1\n    x = x + 1\n    return x": "x 2 3, x 3 4",
    "def f(a):\n    if a:\n        x = 1\n    else:\n        x = 2\n    return x": "a 1 2, x 3 6, x 5 6",
    "def f(a):\n    for i in a:\n        s = i\n    return s, i": "a 1 2, i 2 3, s 3 4, i 2 4",
    "def f(a):\n    while a:\n        a = a - 1": "a 1 2, a 1 3, a 3 2, a 3 3",
    "def f():\n    x = 1\n    x += 2\n    del x": "x 2 3, x 3 4",
    "def f():\n    try:\n        x = g()\n    except E as e:\n        print(e, x)": "e 4 5, x 3 5",
    "def f():\n    x = 1\n    try:\n        x = g()\n    except E:\n        pass\n    return x": "x 2 7, x 4 7",
    "def f():\n    with open(p) as h, g(h) as (i, j):\n        h(i, j)": "h 2 2, h 2 3, i 2 3, j 2 3",
    "def f(a):\n    if (n := len(a)) > 1 and n < 3:\n        return n": "a 1 2, n 2 2, n 2 3",
    "def f(x):\n    return [x for x in y], (lambda x: x), {k: x for k in x}": "x 1 2",
    "def f():\n    import os.path as p, sys\n    from m import n as o\n    return p, sys, o": "p 2 4, sys 2 4, o 3 4",
    "def f():\n    global g\n    g = 1\n    return g": "",
    "def f(a):\n    a.b = 1\n    a[c] = a.d\n    c = a.c(k=a)": "a 1 2, a 1 3, a 1 4",
    "def f(v):\n    match v:\n        case [x, K.y]:\n            return x": "v 1 2, x 3 4",
    "def f():\n    def g(): return h\n    h = 1\n    return g": "g 2 4",
    "def f(a):\n    x: int = a\n    return x": "a 1 2, x 2 3",
}


@pytest.mark.parametrize("text", PYTHON_CHAINS)
def test_definitions_and_uses_of_python(text: str) -> None:
    assert chains("Python", text) == set(filter(None, PYTHON_CHAINS[text].split(", ")))


JAVA_CHAINS = {
    "int f(int a) {\n int b = a, c = b;\n b += c;\n return b; }": "a 1 2, b 2 2, b 2 3, c 2 3, b 3 4",
    "void f(int n) {\n for (int i = 0; i < n; i++)\n  g(i); }": "n 1 2, i 2 2, i 2 3",
    "void f(Object o) {\n if (o instanceof String s)\n  g(s.o, this.s); }": "o 1 2, s 2 3",
    "void f() {\n try (R r = g()) {\n  h(r); }\n catch (E e) {\n  h(e); } }": "r 2 3, e 4 5",
    "void f(int[] a) {\n for (int x : a)\n  a[x] = x;\n x = 1; }": "a 1 2, a 1 3, x 2 3",
    "void f(int x) {\n x = 1;\n Runnable r = () -> g(x);\n r.run(x -> x); }": "x 2 3, r 3 4",
}


@pytest.mark.parametrize("text", JAVA_CHAINS)
def test_definitions_and_uses_of_java(text: str) -> None:
    assert chains("Java", f"class A {{ {text} }}") == set(filter(None, JAVA_CHAINS[text].split(", ")))


@pytest.mark.parametrize("module", [textwrap, json.decoder, inspect, ast], ids=lambda module: module.__name__)
def test_every_local_of_real_functions_has_a_definition(module: object) -> None:
    """Against Python's own reading: where a local name is read, one of its definitions is known, or nothing leads there."""
    source = inspect.getsource(module)  # type: ignore[arg-type]
    rows = facts("Python", source)
    used = {(row[0], row[1], row[3]) for row in rows["def_use"]}
    at_line = {row[10]: row[0] for row in rows["function"]}
    checked = 0
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef) or any(
            isinstance(each, (ast.Global, ast.Nonlocal)) for each in ast.walk(node)
        ):
            continue
        inner = [each for each in ast.walk(node) if isinstance(each, (ast.FunctionDef, ast.Lambda, ast.ListComp, ast.SetComp,
                 ast.DictComp, ast.GeneratorExp, ast.ClassDef)) and each is not node]  # fmt: skip
        elsewhere = {id(each) for scope in inner for each in ast.walk(scope)}
        names = [each for each in ast.walk(node) if isinstance(each, ast.Name) and id(each) not in elsewhere]
        local = {each.id for each in names if isinstance(each.ctx, ast.Store)} | {each.arg for each in node.args.args}
        heads = {
            id(each) for part in (node.args, node.returns, *node.decorator_list) if part for each in ast.walk(part)
        }
        for name in names:
            if isinstance(name.ctx, ast.Load) and name.id in local and id(name) not in heads:
                assert (at_line[node.lineno], name.id, name.lineno) in used, (node.name, name.id, name.lineno)
                checked += 1
    assert checked > 20
