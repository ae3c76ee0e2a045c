"""A whole evaluation: some benchmarks, one task, one source of completions, into one folder.

    OUT/settings.json                      what was asked; another question needs another folder
    OUT/BENCHMARK/completions.jsonl        {"task_id", "sample", "completion"}
    OUT/BENCHMARK/results.jsonl            a row for each completion
    OUT/summary.json  OUT/page.html        scores, intervals, counts; written last

Killed at any point, the same call goes on: nothing is asked or judged twice, but what was under way.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from curate.errors import RunFailed, WrongUse
from train.evaluate import page
from train.evaluate.generators.opening import Options, open_generator
from train.evaluate.generators.protocol import Generator, Sampling
from train.evaluate.problems import Problem, load
from train.evaluate.progress import Reporter
from train.evaluate.published import beside
from train.evaluate.run import complete, judge_all, write
from train.evaluate.score import summarise
from train.evaluate.tasks.opening import open_task
from train.evaluate.tasks.prompting import Style
from train.sandbox import languages
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked. Everything that changes a completion or a verdict is here."""

    benchmarks: Sequence[Path]
    source: str  # a JSONL file of completions, a folder with a model, or an address
    task: str = "completion"
    style: Style = "base"
    sampling: Sampling = field(default_factory=Sampling)
    limits: Limits = field(default_factory=Limits)
    options: Options = field(default_factory=Options)
    examples: Path | None = None  # problems that stand before each question with their answers
    translate_from: Path | None = None  # the tasks in the source language
    words: str = "en"  # the language of comments

    def settings(self) -> dict[str, Any]:
        """As JSON, with the hash of each file it names."""
        files = [*self.benchmarks, *filter(None, (self.examples, self.translate_from))]
        if Path(self.source).is_file():
            files.append(Path(self.source))
        return {
            "source": self.source, "model": self.options.model, "task": self.task, "style": self.style,
            "sampling": asdict(self.sampling), "limits": asdict(self.limits), "words": self.words,
            "examples": self.examples and self.examples.name,
            "translate_from": self.translate_from and self.translate_from.name,
            "files": {path.name: _sha256(path) for path in files},
        }  # fmt: skip


def evaluate(
    question: Question,
    out: Path,
    *,
    fresh: bool = False,
    workers: int | None = None,
    reporter: Reporter | None = None,
    generator: Generator | None = None,
) -> dict[str, Any]:
    """Runs what is not done yet; the summary. `generator` stands in for the source's own, as from a running trainer.

    Raises WrongUse for what cannot be asked, and RunFailed where nothing at all could be judged.
    """
    told = reporter or Reporter()
    problems = {_name(path): load(path) for path in question.benchmarks}
    if len(problems) < len(question.benchmarks):
        raise WrongUse("two benchmarks have the same file name: evaluate them into folders of their own")
    source = generator or open_generator(question.source, question.options)
    # A run under training has a newer checkpoint each time: an interrupted evaluation must not mix two of them.
    _settle(out, question.settings() | {"answers_from": source.name}, fresh)
    parts = []
    with Sandbox(workers=workers) as sandbox:
        for name, some in problems.items():
            parts.append(_one(name, some, question, source, sandbox, out / name, told))
        used = sorted({problem.language for some in problems.values() for problem in some})
        summary = {
            "source": source.name, "settings": question.settings(),
            "benchmarks": [part["summary"] for part in parts],
            "sandbox": {"mode": sandbox.mode, "toolchains": {name: _version(name) for name in used}},
        }  # fmt: skip
    write(out / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    write(out / "page.html", page.render(summary, [part["rows"] for part in parts], [part["texts"] for part in parts]))
    if all(set(part["summary"]["outcomes"]) <= {"infrastructure"} for part in parts):
        detail = next((row["detail"] for part in parts for row in part["rows"]), "no completion was there")
        raise RunFailed(f"nothing could be judged ({detail[:200]}): mend that and say the same again")
    return summary


def _one(
    name: str, problems: Sequence[Problem], question: Question, source: Generator, sandbox: Sandbox, out: Path,
    reporter: Reporter,
) -> dict[str, Any]:  # fmt: skip
    """One benchmark: its part of the summary, its rows of results, and its completions' texts."""
    out.mkdir(parents=True, exist_ok=True)
    task = open_task(
        question.task, problems, sandbox, limits=question.limits, style=question.style, words=question.words,
        examples=load(question.examples) if question.examples else (),
        sources=load(question.translate_from) if question.translate_from else (),
    )  # fmt: skip
    with reporter.work(f"{name}: completions") as start:
        completions = complete(task, source, question.sampling, out / "completions.jsonl", start=start)
    with reporter.work(f"{name}: judging") as start:
        rows = judge_all(task, completions, out / "results.jsonl", start=start)
    counted = summarise(rows.values(), problems, task.scores)
    others = [asdict(one) for one in beside(problems, task.name, "pass@1")]
    told = {"name": name, "task": task.name, "languages": sorted({one.language for one in problems}), **counted}
    texts = {(one.task_id, one.sample): one.text for one in completions}
    return {"summary": told | {"published": others}, "rows": list(rows.values()), "texts": texts}


def _settle(out: Path, settings: Mapping[str, Any], fresh: bool) -> None:
    """Makes the folder, or checks that what is in it was asked the same."""
    kept = out / "settings.json"
    if fresh and kept.exists():
        shutil.rmtree(out)
    if kept.exists():
        before = json.loads(kept.read_text(encoding="utf-8"))
        for key, value in json.loads(json.dumps(settings)).items():
            if before.get(key) != value:
                raise WrongUse(
                    f"{out} holds an evaluation with {key} {before.get(key)}, not {value}: "
                    "choose another --out, or say --fresh to remove it"
                )
        return
    if out.is_dir() and any(out.iterdir()):
        raise WrongUse(f"{out} is not empty and holds no evaluation: choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    write(kept, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise WrongUse(f"{path} is not there: give a JSONL file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def _version(language: str) -> str:
    """The first line that a language's toolchain says of its version."""
    if languages.missing(language) is not None:
        return "not here"
    done = subprocess.run(languages.BY_NAME[language].version, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().partition("\n")[0]


def _name(path: Path) -> str:
    """What a benchmark's folder is called: the file's name without its endings."""
    return path.name.removesuffix(".gz").removesuffix(".jsonl")
