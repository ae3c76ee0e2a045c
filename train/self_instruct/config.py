"""What self-instruct makes, and how it asks."""

from __future__ import annotations

from dataclasses import dataclass

from curate.errors import WrongUse


@dataclass(frozen=True, kw_only=True)
class SelfInstructConfig:
    """Limits are inclusive unless said."""

    wanted: int = 1000  # samples to keep
    seed_examples: int = 6  # seed tasks shown in a prompt, at most; Self-Instruct
    made_examples: int = 2  # made tasks shown beside them, at most; Self-Instruct
    new_tasks: int = 4  # asked for in one prompt
    round_prompts: int = 64  # prompts whose tasks are made before any of them is shown, at most
    barren_rounds: int = 3  # rounds that keep nothing, one after the other, end it
    max_similarity: float = 0.7  # ROUGE-L to any task of the pool, exclusive; Self-Instruct
    max_seeds: int = 20_000  # of the files' tasks, by chance; the others are not read into memory
    max_example_chars: int = 4000  # seeds that are longer are in the pool and not shown
    min_task_words: int = 4  # Self-Instruct drops tasks of 3 words and less
    max_task_chars: int = 8000  # Self-Instruct's 150 words leave no room for code
    min_assertions: int = 2  # that call what the answer defines, where tests are asked for
    tests: bool = True  # Python that is written is asked for with tests, and kept where it passes them
    cpu_seconds: float = 5.0  # of one answer with its tests
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("wanted", "max_seeds", "seed_examples", "new_tasks", "round_prompts", "barren_rounds"):
            if getattr(self, name) < 1:
                raise WrongUse(f"{name} is {getattr(self, name)}: it must be at least 1")
        if not 0 < self.max_similarity <= 1:
            raise WrongUse(f"max_similarity is {self.max_similarity}: it must be over 0 and at most 1")
