"""What is taken from a model's text, in each language and in each way that models answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.evaluate.answers import cut
from train.evaluate.problems import Problem, _begun

PROMPTS = {
    "Python": 'import math\n\n\ndef add(a, b):\n    """Sum of a and b."""\n',
    "C++": "#include<vector>\nusing namespace std;\nint twice(int x){\n    return 2*x;\n}\n/*\nSum {of} a and b\n*/\n"
    "int add(int a,int b){\n",
    "Java": "import java.util.*;\n\nclass Solution {\n    /**\n    Sum: poly(x) = 0\n     */\n"
    "    public int add(int a, int b) {\n",
    "JavaScript": "/* Sum */\nconst add = (a, b) => {\n",
    "Go": 'import (\n    "math"\n)\n\n// Sum of a { and b\nfunc Add(a int, b int) int {\n',
}
BODIES = {
    "Python": "    return a + b\n",
    "C++": "    if (a) { return a+b; }\n    return b; // }\n}\n",
    "Java": '        String s = "}";\n        return a + b;\n    }\n}\n',
    "JavaScript": "  const s = `}` + '{' + /[}]/.source;\n  return a + b;\n}\n",
    "Go": "    if a > 0 {\n        return a + b\n    }\n    return b\n}\n",
}


def problem(language: str, prompt: str | None = None, **more: object) -> Problem:
    text = PROMPTS[language] if prompt is None else prompt
    values = {"task_id": "t", "canonical": "", "tests": "", "entry_point": _begun(text, language), **more}
    return Problem(language=language, prompt=text, **values)  # type: ignore[arg-type]


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("language", PROMPTS)
def test_a_body_is_left_as_it_is_and_ends_where_it_ends(language: str) -> None:
    one, body = problem(language), BODIES[language]
    assert bare(cut(one, body)) == bare(body)
    more = {
        "Python": "\nprint(add(1, 2))\n",
        "Java": "\npublic class Main { }\n",
        "Go": "\nfunc main() { Add(1, 2) }\n",
    }
    assert bare(cut(one, body + more.get(language, "\nint main() { return add(1, 2); }\n"))) == bare(body)
    assert bare(cut(one, body + "```\n\nIt adds.\n```\nadd(1, 2)\n```\n")) == bare(body)


@pytest.mark.parametrize("language", PROMPTS)
def test_a_whole_function_in_a_chat_answer_makes_a_program(language: str) -> None:
    one, body = problem(language), BODIES[language]
    answer = f"Sure! First:\n\n```text\nplan\n```\n\n```{language.lower()}\n{one.prompt}{body}```\nThat is all {{}}.\n"
    program = one.program(cut(one, answer))
    assert bare(program).endswith(bare(body))
    if language != "Python":  # where a second header would not compile
        assert program.count("add(") + program.count("add =") + program.count("Add(") == 1


def test_a_method_without_its_class_is_put_into_it() -> None:
    one = problem("Java")
    program = one.program(cut(one, "```java\npublic int add(int a, int b) {\n    return a + b;\n}\n```"))
    assert program.startswith("import java.util.*;")
    assert bare(program).endswith("publicintadd(inta,intb){returna+b;}}")
    assert program.count("class Solution") == 1


def test_the_helpers_of_the_prompt_are_not_defined_twice() -> None:
    one = problem("C++")
    own = "#include<vector>\nint twice(int x){ return x+x; }\nint add(int a,int b){ return a+b; }"
    assert one.program(cut(one, f"```cpp\n{own}\n```")).count("int twice") == 1
    alone = one.program(cut(one, "```cpp\nint add(int a,int b){ return twice(a)-a+b; }\n```"))
    assert alone.count("int twice") == 1


@pytest.mark.parametrize("language", ["C++", "Go", "JavaScript"])
def test_a_last_brace_that_a_stop_string_took_is_given_back(language: str) -> None:
    body = BODIES[language].rstrip()
    assert bare(cut(problem(language), body.removesuffix("}"))) == bare(body)


def test_functions_after_the_body_stay_where_it_calls_them() -> None:
    body = "    return isEven(a)\n}\nfunc isEven(a int) bool {\n    return a%2 == 0\n}\nfunc main() {\n}\n"
    kept = cut(problem("Go"), body)
    assert "func isEven" in kept
    assert "func main" not in kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("    return 1\n", "    return 1\n"),
        ("    return 1\n\ndef other():\n    pass\n", "    return 1\n\n"),
        ("    return 1\nprint(add(1, 2))\n", "    return 1\n"),
        ("Here:\n```python\ndef add(a, b):\n    return a\n```\nDone.", "def add(a, b):\n    return a\n"),
        ("import re\n\ndef helper():\n    pass\n\ndef add(a, b):\n    return a\n\nassert add(1, 1) == 1\n",
         "import re\n\ndef helper():\n    pass\n\ndef add(a, b):\n    return a\n"),
        ("    # sum\n    return 1\n# end\n", "    # sum\n    return 1\n"),
        ("    return 1\r\n", "    return 1\n"),
        ("", ""),
    ],
)  # fmt: skip
def test_python(text: str, expected: str) -> None:
    assert cut(problem("Python"), text) == expected


def test_an_answer_to_a_sentence_is_the_program() -> None:
    one = problem("Python", "Write a function to add.", stands=False, entry_point="add")
    code = "import math\ndef add(a, b):\n    return a + b\n"
    assert cut(one, f"{code}\nassert add(1, 2) == 3\n") == code
    assert cut(one, f"Like so:\n```python\n{code}```\nand\n```\nadd(1, 2)\n```") == code


@given(st.sampled_from(sorted(PROMPTS)), st.text(alphabet="ab{}()\n\"'`/*# =;", max_size=60))
def test_any_text_is_cut_without_an_error(language: str, text: str) -> None:
    one = problem(language)
    assert isinstance(one.program(cut(one, text)), str)
