"""Rows of each language, checked by hand."""

# ruff: noqa: E501  (a case is a line)

from __future__ import annotations

import pytest
from facts_of_text import FILE, facts, named

from analyzers.syntax.facts.extract import unresolved_share
from analyzers.syntax.facts.heads import bases_in
from analyzers.syntax.facts.imports import imported, required
from analyzers.syntax.facts.resolve import callee_in

# A file, and its calls as `function: name -> callee (arguments)`; a callee by its name where the file has it.
CALLS = {
    ("Python", "import os.path as p, json\nfrom m.n import h as k, j\nfrom . import z\n"
     "class A(B):\n  def f(self, x, cb):\n    self.g(1); self.q(); p.join(x); json.dumps(); k(); j(1, *x, c=2); z.w()\n"
     "    cb(); super().f(); A.g(2); A(); x.g(); other()\n  def g(self): pass\n  def f2(self): g()\n"
     "def g(a): return sum(i for i in a)\n@k()\ndef dup(): pass\ndef dup(a): pass\ndup(1)"): [
        "f: g -> g (1)", "f: q -> None (0)", "f: join -> os.path.join (1)", "f: dumps -> json.dumps (0)", "f: k -> m.n.h (0)",
        "f: j -> m.n.j (3)", "f: w -> .z.w (0)", "f: cb -> None (0)", "f: super -> None (0)", "f: f -> None (0)", "f: g -> g (1)",
        "f: A -> A (0)", "f: g -> None (0)", "f: other -> None (0)", "f2: g -> g (0)", "g: sum -> None (1)",
        "None: k -> m.n.h (0)", "None: dup -> dup (1)",
    ],
    ("Java", "import a.b.C; import static d.E.m; class A extends C { void f(int x) { g(); this.g(1); m(); C.n(); super.f(x);"
     " new A(); new C<X>(1, 2); o.g(); h(); A.g(); } void g() {} void g(int y) {} } class D extends A { void k() { g(); } }"): [
        "f: g -> g (0)", "f: g -> g (1)", "f: m -> d.E.m (0)", "f: n -> a.b.C.n (0)", "f: f -> a.b.C.f (1)", "f: A -> A (0)",
        "f: C -> a.b.C (2)", "f: g -> None (0)", "f: h -> None (0)", "f: g -> g (0)", "k: g -> g (0)",
    ],
    ("JavaScript", "import D, {x as y, z} from 'm'; import * as ns from './n'; const {r, s: t} = require('fs'), u = require(\"path\");"
     "const f = () => { y(); z.w(1); D(); ns.q(); r(); t(2); u.join(a, b); g(); o?.p(); new K(1); fs() };"
     "function g(z) { z(); f(); } const o = { p() { g() }, h: function () {} }; h(); class K { m() { this.n(); super.m() } n() {} }"): [
        "None: require -> None (1)", "None: require -> None (1)", "f: y -> m.x (0)", "f: w -> m.z.w (1)", "f: D -> m.default (0)",
        "f: q -> ./n.q (0)", "f: r -> fs.r (0)", "f: t -> fs.s (1)", "f: join -> path.join (2)", "f: g -> g (0)", "f: p -> None (0)",
        "f: K -> K (1)", "f: fs -> None (0)", "g: z -> None (0)", "g: f -> f (0)", "p: g -> g (0)", "None: h -> None (0)",
        "m: n -> n (0)", "m: m -> None (0)",
    ],
    ("TypeScript", "import type {T} from 'm'; function f<A>(a: A): void { g<string>(a); T(); } function g(x?: any) {}"): [
        "f: g -> g (1)", "f: T -> m.T (0)",
    ],
    ("C", "#include <a.h>\nstatic int g(int x, int y) { return h(x); }\nint f(void) { return g(1, 2) + p->q(3) + (*r)(4); }"): [
        "g: h -> None (1)", "f: g -> g (2)", "f: q -> None (1)",
    ],
    ("C++", "class A : public B { void f() { g(1); this->g(2); h(); std::move(x); A::s(); new A(); } void g(int x) {} static void s(); };"
     "void h() {} void A::s() { g(1); k<int>(2); } template<class T> void k(T t) {}"): [
        "f: g -> g (1)", "f: g -> g (1)", "f: h -> h (0)", "f: move -> None (1)", "f: s -> A::s (0)", "f: A -> A (0)",
        "A::s: g -> g (1)", "A::s: k -> k (1)",
    ],
    ("Go", 'package p\nimport ("fmt"; y "a/b/v2"; "c/d/v3")\ntype T struct{}\nfunc (t *T) M(a, b int) { fmt.Println(a); y.Q(); d.R(); t.M(1, 2);'
     " f(func() { g() }) }\nfunc f(x func()) { x() }\nfunc g() {}"): [
        "M: Println -> fmt.Println (1)", "M: Q -> a/b/v2.Q (0)", "M: R -> c/d/v3.R (0)", "M: M -> None (2)", "M: f -> f (1)",
        "M: g -> g (0)", "f: x -> None (0)",
    ],
    ("Rust", "use a::{b::c, d as e, f::*}; struct S; impl S { fn new() -> S { S {} } fn m(&self, x: i32) { self.m(1); Self::new();"
     " S::new(); c::<u8>(); e::g(x); println!(\"{}\", x); h()?.k(); } } fn h() {}"): [
        "m: m -> m (1)", "m: new -> new (0)", "m: new -> new (0)", "m: c -> a::b::c (0)", "m: g -> a::d::g (1)",
        "m: println! -> None (None)", "m: h -> h (0)", "m: k -> None (0)",
    ],
    ("C#", "using X = D.E; class A : B { A(int x) : base(x) { this.M(1); M(2, 3); X.F(); new A(1); o.M(4); } void M(int a) {}"
     " void M(int a, int b) {} }"): [
        "A: base -> None (1)", "A: M -> M (1)", "A: M -> M (2)", "A: F -> D.E.F (0)", "A: A -> A (1)", "A: M -> None (1)",
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", CALLS, ids=lambda case: case[0])
def test_calls_and_what_they_call(case: tuple[str, str]) -> None:
    found = named(*case)["call"]
    told = [f"{row['function']}: {row['callee_name']} -> {row['callee']} ({row['n_args']})" for row in found]
    assert sorted(told) == sorted(CALLS[case])


IMPORTS = [
    ("python", "import a, b.c as d", [("a", None, None), ("b.c", None, "d")]),
    ("python", "from .a import (b, # c\n  d as e,\n)", [(".a", "b", None), (".a", "d", "e")]),
    ("python", "from . import *", [(".", "*", None)]),
    ("python", "from a import b, \\\n  c", [("a", "b", None), ("a", "c", None)]),
    ("dotted", "import static a.b.C.d;", [("a.b.C", "d", None)]),
    ("dotted", "import a.b.*;", [("a.b", "*", None)]),
    ("dotted", "import a.b.C as D", [("a.b", "C", "D")]),
    ("dotted", "import a.b.{C, D => E}", [("a.b", "C", None), ("a.b", "D", "E")]),
    ("dotted", "import qualified Data.Map as M", [("Data", "Map", "M")]),
    ("ecmascript", "import 'a'", [("a", None, None)]),
    ("ecmascript", "import a, { b as c, type d } from \"e\";",
     [("e", "b", "c"), ("e", "d", None), ("e", "default", "a")]),
    ("ecmascript", "import type { a } from 'b'", [("b", "a", None)]),
    ("ecmascript", "import * as a from 'b'", [("b", "*", "a")]),
    ("ecmascript", "import a = require('b')", [("b", None, "a")]),
    ("include", "#include <a/b.h>", [("a/b.h", None, None)]),
    ("include", '#include "c.h"', [("c.h", None, None)]),
    ("include", "using std::string;", [("std", "string", None)]),
    ("include", "using namespace std;", [("std", None, None)]),
    ("go", '"a/b"', [("a/b", None, None)]),
    ("go", '. "a"', [("a", "*", None)]),
    ("go", '_ "a"', [("a", None, "_")]),
    ("using", "using A.B;", [("A.B", None, None)]),
    ("using", "global using static A.B;", [("A.B", "*", None)]),
    ("using", "using X = A.B;", [("A.B", None, "X")]),
    ("rust", "pub(crate) use a::{self, b::{c, d as e}, *};",
     [("a", None, None), ("a::b", "c", None), ("a::b", "d", "e"), ("a", "*", None)]),
    ("rust", "extern crate a as b;", [("a", None, "b")]),
    ("php", "use A\\B as C;", [("A", "B", "C")]),
    ("php", "use function A\\{b, c};", [("A", "b", None), ("A", "c", None)]),
    ("php", "require_once 'a.php'", [("a.php", None, None)]),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "text", "wanted"), IMPORTS)
def test_what_an_import_brings_in(reader: str, text: str, wanted: list) -> None:
    assert imported(text.encode(), reader) == wanted


def test_no_text_of_an_import_is_too_odd() -> None:
    for reader in ("python", "dotted", "ecmascript", "include", "go", "using", "rust", "php"):
        for text in (
            b"",
            b"import",
            b"{" * 20_000,
            b"}" * 20_000,
            b"import a." * 9_000,
            b"\xff\xfe",
            b"use a::{b, c",
            b"'" * 9,
        ):
            imported(text, reader)
    assert required(b"x = 1; const { a: b, c } = ", "m") == [("m", "a", "b"), ("m", "c", None)]
    assert required(b"f(", "m") == [("m", None, None)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("(A, b.C, metaclass=M)", ["A", "b.C"]), ("(Generic[T], D)", ["Generic", "D"]), ("extends A<B, C>", ["A"]),
     ("extends A implements B, c.D<E>", ["A", "B", "c.D"]), (": public A<int>, private virtual ns::B", ["A", "ns::B"]),
     (": A<B>, I", ["A", "I"]), (": S(a, b)", ["S"]), ("*Base", ["Base"]), (": U + V<W>", ["U", "V"]), ("()", []),
     ("extends mixin(A, B)", ["mixin"]), ("(*bases)", ["bases"]), ("(" * 3000, [])],
)  # fmt: skip
def test_bases_in_the_text_of_a_heritage(text: str, wanted: list[str]) -> None:
    assert list(bases_in(text)) == wanted


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [("f", "f", ("f",)), ("a.b.c", "c", ("a", "b", "c")), ("new a.B<C<D>>", "B", ("a", "B")), ("a->b", "b", ("a", "b")),
     ("a :: b", "b", ("a", "b")), ("x()\n  .y", "y", ()), ("a?.b?.", "b", ("a", "b")), ("a[0]", None, ()), ("(f)", None, ()),
     ("super().m", "m", ("super", "m")), ("await f", "f", ("f",)), ("println!", "println!", ("println!",)), ("", None, ()),
     ("$", "$", ("$",)), ("größe", "größe", ("größe",))],
)  # fmt: skip
def test_the_callee_before_the_arguments(text: str, name: str | None, path: tuple[str, ...]) -> None:
    assert callee_in(text) == (name, path)


INHERITS = {
    ("Python", "from m import X\nclass A: pass\nclass B(A, X): pass\nclass C(B, metaclass=Y): pass"):
        {("B", "A", "A"), ("B", "X", "m.X"), ("C", "B", "B")},
    ("Java", "import p.I; class A<T> extends B<T> implements I, J {} interface K extends I {}"):
        {("A", "B", None), ("A", "I", "p.I"), ("A", "J", None), ("K", "I", "p.I")},
    ("JavaScript", "class A {} class B extends A {} class C extends x.D {}"): {("B", "A", "A"), ("C", "x.D", None)},
    ("TypeScript", "interface I extends J<K> {} class A extends B<C> implements I {}"):
        {("I", "J", None), ("A", "B", None), ("A", "I", "I")},
    ("C++", "struct A {}; class B : public A, private virtual n::C<int> { };"): {("B", "A", "A"), ("B", "n::C", None)},
    ("Go", "package p\ntype A struct{}\ntype B struct { *A; x int; io.Reader }\ntype I interface { J; M() }"):
        {("B", "A", "A"), ("B", "io.Reader", None), ("I", "J", None)},
    ("Rust", "struct S; trait T: U {} impl T for S<X> { fn f() {} }"): {("T", "U", None), ("S", "T", "T")},
    ("C#", "class A {} class B : A, I<int> {} record R(int x) : S(x);"): {("B", "A", "A"), ("B", "I", None), ("R", "S", None)},
}  # fmt: skip


@pytest.mark.parametrize("case", INHERITS, ids=lambda case: case[0])
def test_bases_of_classes(case: tuple[str, str]) -> None:
    found = named(*case)["inherits"]
    assert {(row["class"], row["base_name"], row["base"]) for row in found} == INHERITS[case]


PARAMETERS = {
    ("Python", "def f(self, a: int = 1, *args, b: List[int], **kw): pass"):
        [("self", None), ("a", "int"), ("args", None), ("b", "List[int]"), ("kw", None)],
    ("Java", "class A { void f(final List<X> a, int... b) {} }"): [("a", "List<X>"), ("b", "int")],
    ("JavaScript", "function f(a, {b}, c = 1, ...d) {}"): [("a", None), ("{b}", None), ("c", None), ("d", None)],
    ("TypeScript", "function f(a: number, b?: A<B>) {}"): [("a", "number"), ("b", "A<B>")],
    ("C", "int f(const char *a, int b[], void (*c)(int)) {}"): [("a", "const char *"), ("b", "int []"), ("c", "void (* )(int)")],
    ("C++", "void f(int a = 1, const A<B> &b) {}"): [("a", "int"), ("b", "const A<B> &")],
    ("Go", "package p\nfunc f(a, b int, c ...string) {}"): [("a", "int"), ("b", "int"), ("c", "string")],
    ("Rust", "fn f(&self, a: &str, (b, c): (u8, u8)) {}"): [("&self", None), ("a", "&str"), ("(b, c)", "(u8, u8)")],
    ("C#", "class A { void f(ref int a, string b = \"\") {} }"): [("a", "int"), ("b", "string")],
}  # fmt: skip


@pytest.mark.parametrize("case", PARAMETERS, ids=lambda case: case[0])
def test_parameters_with_their_types(case: tuple[str, str]) -> None:
    assert [(row["name"], row["type"]) for row in named(*case)["parameter"]] == PARAMETERS[case]


def test_comments_and_what_they_document() -> None:
    text = '"""Module."""\n# plain\nx = 1  # behind\n\n\n# of f\n# more\ndef f():\n    """Doc."""\n    # inside\n\n\nclass A:\n    def m(self): pass\n'
    found = named("Python", text)
    kinds = {row["id"]: row["kind"] for row in found["comment"]}
    texts = {row["id"]: text[row["start"] : row["end"]] for row in found["comment"]}
    told = [(texts[row["comment"]], row["target"]) for row in found["doc_of"]]
    assert ('"""Module."""', FILE) in told
    assert ('"""Doc."""', "f") in told
    assert {kind for key, kind in kinds.items() if texts[key].startswith('"""')} == {"docstring"}
    assert kinds[next(key for key, value in texts.items() if value == "# behind")] == "trailing"
    around = {texts.get(row["inner"], row["inner"]): row["outer"] for row in found["encloses"]}
    assert around["# inside"] == "f"
    assert around["m"] == "A"
    assert around["f"] == around["A"] == around["# plain"] == FILE
    assert found["file"][0]["lines"] == 14
    assert (found["file"][0]["code_lines"], found["file"][0]["comment_lines"]) == (4, 6)


def test_line_comments_above_document_what_is_below() -> None:
    found = named("Go", "package p\n\n// F does.\n// Really.\nfunc F() {}\n")
    assert [row["target"] for row in found["doc_of"]] == ["F", "F"]


def test_identifiers_by_kind_and_count() -> None:
    found = facts("Java", "class A { B b; int f(B b) { return b.c + b.c; } }")["identifier"]
    counts = {(name, kind): count for _, name, kind, count in found}
    assert counts["B", "type"] == 2
    assert counts["b", "name"] == 4
    assert counts["c", "name"] == 2


def test_methods_belong_to_the_type_they_are_written_for() -> None:
    for language, text in (
        ("Go", "package p\ntype T struct{}\nfunc (t *T) m() {}\nfunc (t T[K]) n() {}\nfunc f() {}"),
        ("Rust", "struct T; impl<X> T { fn m() {} } impl Q for T { fn n() {} } fn f() {} impl Foreign { fn g() {} }"),
        ("C++", "struct T { }; void T::m() {} int ns::T<int>::n() { return 1; } void f() {}"),
    ):
        parents = {
            row["name"].rpartition("::")[2]: row["parent"] for row in named(language, text)["function"] if row["name"]
        }
        assert {parents["m"], parents["n"]} == {"T"}, language
        assert parents["f"] is None
        assert parents.get("g") is None


def test_errors_and_the_share_of_calls_that_stay_open() -> None:
    rows = facts("Python", "def f():\n  g()\n  f()\n\n\n)\n")
    assert rows["parse_error"]
    assert unresolved_share(rows) == 0.5
    assert unresolved_share(facts("Python", "")) == 0.0
