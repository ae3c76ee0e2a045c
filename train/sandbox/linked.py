"""Languages whose tests are compiled with the program: how the two are kept apart, and what remains possible.

The tests end by reading a random token from descriptor 3 and writing it to descriptor 4; without that echo no exit code
passes anything. Tests and program are separate units as far as the language has them, so that macros, shadowed names
and overloads of the program do not reach the tests; C++ also hides every symbol of the program but the function.

What remains: both are one process. A program that is written against this harness can read the token itself and echo it
(any of them, from descriptor 3), or change the tests' memory (C++, Rust and Go with unsafe code, Java with Unsafe).
Nothing but a second process helps against that; where a benchmark allows it, give such a language `cases` instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from train.sandbox import linked_go
from train.sandbox.trial import Trial, Unfit

Files = Mapping[str, str]


def cpp(trial: Trial) -> Files:
    """solution.cpp is the program; tests.cpp knows its function by a prototype and has the prompt's helpers its own."""
    before, header = _cpp_header(trial.prompt)
    outside = "\n".join(line for line in before.splitlines() if line.lstrip().startswith(("#", "using ")))
    helpers = "\n".join(line for line in before.splitlines() if not line.lstrip().startswith(("#", "using ")))
    lines = (
        line for line in trial.tests.splitlines() if not re.match(r"\s*#\s*(undef\s+NDEBUG|include\s*<c?assert)", line)
    )
    tests = "\n".join(lines).rstrip()
    if not tests.endswith("}"):
        raise Unfit("the tests do not end with the brace of main: give tests of HumanEval-X's shape")
    name = re.search(r"(\w+)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*$", header)
    if name is None:
        raise Unfit(f"no function header at the end of the prompt: {header[-80:]!r}")
    body = re.sub(r"return\s+0\s*;\s*$", "", tests[:-1].rstrip())
    declared = f"{outside}\n{_CPP_HARNESS}\nnamespace {{\n{helpers}\n}}\n{header};\n"
    return {
        "solution.cpp": trial.program,
        "tests.cpp": f"{declared}{body}\ncodemill_done(); }}\n",
        "name.txt": name[1],
    }


def _cpp_header(prompt: str) -> tuple[str, str]:
    """The prompt's text before the function to be written, without comments, and that function's header."""
    plain = re.sub(r"/\*.*?\*/|//[^\n]*", "", prompt, flags=re.DOTALL).rstrip()
    if not plain.endswith("{"):
        raise Unfit("the prompt does not end inside the function to be written: give it up to its opening brace")
    text = plain[:-1].rstrip()
    depth, start = 0, 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] == ")") - (text[place] == "(")
        ends_line = text[place] == "\n" and depth == 0
        if depth == 0 and (text[place] in "};" or (ends_line and _ends_preamble(text[:place]))):
            start = place + 1
            break
    return text[:start], text[start:].strip()


def _ends_preamble(text: str) -> bool:
    last = text.rsplit("\n", 1)[-1].strip()
    return last.startswith("#") or not last


_CPP_HARNESS = r"""
#include <cstddef>
namespace {
inline long codemill_call(long number, long a, const void *b, long c) {
  long result;
#if defined(__x86_64__)
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#else
  register long x8 asm("x8") = number; register long x0 asm("x0") = a;
  register const void *x1 asm("x1") = b; register long x2 asm("x2") = c;
  asm volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  result = x0;
#endif
  return result;
}
#if defined(__x86_64__)
enum { codemill_read = 0, codemill_write = 1, codemill_exit = 231 };
#else
enum { codemill_read = 63, codemill_write = 64, codemill_exit = 94 };
#endif
inline void codemill_done() {
  char token[64];
  long have = codemill_call(codemill_read, 3, token, sizeof token);
  if (have > 0) codemill_call(codemill_write, 4, token, have);
}
[[noreturn]] inline void codemill_failed(const char *text, unsigned long size) {
  codemill_call(codemill_write, 4, "failed ", 7);
  codemill_call(codemill_write, 4, text, (long)size);
  for (;;) codemill_call(codemill_exit, 101, nullptr, 0);
}
}
#undef assert
#define assert(...) ((__VA_ARGS__) ? (void)0 : codemill_failed(#__VA_ARGS__, sizeof(#__VA_ARGS__) - 1))
"""

CPP_COMPILE = (
    "set -e; cd {box}; F='-std=gnu++17 -O1 -w -pipe -fno-gnu-unique';"
    " g++ $F -c solution.cpp -o solution.o; g++ $F -c tests.cpp -o tests.o;"
    ' nm -u --format=just-symbols tests.o | grep -F -- "$(cat name.txt)" > wanted || true;'
    " ld -r --force-group-allocation solution.o -o one.o; objcopy --keep-global-symbols=wanted one.o;"
    " g++ tests.o one.o -o program -lm -lcrypto || g++ tests.o one.o -o program -lm"
)


def java(trial: Trial) -> Files:
    """Solution.java is the program; Main.java the tests, with every outside class imported by its own name."""
    imports = re.findall(r"^\s*(import\s+[\w.*]+;)", trial.prompt, flags=re.MULTILINE)
    words = set(re.findall(r"\b[A-Z]\w*", trial.tests)) - {"Main", "Solution"}
    single = [f"import {home}.{word};" for home, names in _JAVA_NAMES.items() for word in sorted(words & names)]
    return {
        "Solution.java": trial.program,
        "Main.java": "\n".join([*single, *imports, trial.tests]),
        "Codemill.java": _JAVA_HARNESS,
    }


_JAVA_LANG = """Math String Integer Long Double Float Boolean Character Object StringBuilder AssertionError Exception
RuntimeException IllegalArgumentException System Number Iterable Comparable Throwable Error"""
_JAVA_UTIL = """List ArrayList Arrays Map HashMap Set HashSet Objects Optional Random Collections LinkedList Queue Deque
ArrayDeque TreeMap TreeSet LinkedHashMap LinkedHashSet Iterator Stack Scanner"""
_JAVA_NAMES = {"java.lang": frozenset(_JAVA_LANG.split()), "java.util": frozenset(_JAVA_UTIL.split())}
_JAVA_HARNESS = """
class Codemill {
    public static void main(java.lang.String[] args) throws java.lang.Throwable {
        try {
            Main.main(args);
        } catch (java.lang.AssertionError error) {
            java.lang.StackTraceElement[] at = error.getStackTrace();
            if (at.length > 0 && at[0].getClassName().equals("Main")) say("failed".getBytes());
            throw error;
        }
        try (java.io.FileInputStream in = new java.io.FileInputStream("/proc/self/fd/3")) {
            byte[] token = new byte[64];
            say(java.util.Arrays.copyOf(token, in.read(token)));
        }
        java.lang.Runtime.getRuntime().halt(0);
    }
    private static void say(byte[] token) throws java.io.IOException {
        try (java.io.FileOutputStream out = new java.io.FileOutputStream("/proc/self/fd/4")) { out.write(token); }
    }
}
"""


def rust(trial: Trial) -> Files:
    """One crate: the tests are a module that stands before the program, where macros of the program are not known."""
    tests = re.sub(r"#\[cfg\(test\)\]", "", trial.tests)
    names = re.findall(r"#\[test\]\s*(?:pub\s+)?fn\s+(\w+)", tests)
    opening = re.search(r"mod\s+tests\s*\{", tests)
    if not names or opening is None:
        raise Unfit("no `mod tests` with #[test] functions: give tests of HumanEval-X's shape")
    tests = re.sub(r"#\[test\]\s*(?:pub\s+)?fn", "pub fn", tests)
    place = re.search(r"mod\s+tests\s*\{", tests)
    assert place is not None
    tests = (
        tests[: place.end()]
        + "\n#[allow(unused_imports)] use std::{assert, assert_eq, assert_ne};"
        + tests[place.end() :]
    )
    program = re.sub(r"\bfn\s+main\s*\(\s*\)\s*\{\s*\}", "", trial.program)
    calls = " ".join(f"tests::{name}();" for name in names)
    return {"solution.rs": f"{tests}\n{_RUST_MAIN.replace('CALLS', calls)}\n{program}"}


_RUST_MAIN = """
fn main() {
    CALLS
    use std::{io::{Read, Write}, os::unix::io::FromRawFd};
    let mut token = std::vec::Vec::new();
    let (mut input, mut output) = unsafe { (std::fs::File::from_raw_fd(3), std::fs::File::from_raw_fd(4)) };
    if input.read_to_end(&mut token).is_ok() { let _ = output.write_all(&token); }
}
"""
RUST_COMPILE = "cd {box}; rustc --edition 2021 -A warnings -C debuginfo=0 -C opt-level=1 -o program solution.rs"

SOURCES: Mapping[str, Callable[[Trial], Files]] = {"C++": cpp, "Java": java, "Go": linked_go.sources, "Rust": rust}
