"""The toy is a fair task: its tests tell right bodies from wrong ones, and each function has wrong ones of its own."""

from __future__ import annotations

from train.rl import toy


def passes(task: toy.Task, body: str) -> bool:
    """Our own texts, run here."""
    names: dict[str, object] = {}
    exec(task.header + body, names)
    try:
        for test in task.tests:
            exec(test, names)
    except AssertionError:
        return False
    return True


def test_right_bodies_pass_and_wrong_ones_fail() -> None:
    every = toy.tasks()
    assert len(every) == 27
    assert sum(one.held_out for one in every) == 9
    for one in every:
        assert all(passes(one, body) for body in one.right), one.header
        assert not any(passes(one, body) for body in one.wrong), one.header


def test_no_two_functions_have_the_same_wrong_bodies() -> None:
    assert len({one.wrong for one in toy.tasks()}) == 27


def test_one_naming_of_each_function_is_held_out() -> None:
    names = [one.name for one in toy.tasks() if one.held_out]
    assert len(names) == len(set(names)) == 9
