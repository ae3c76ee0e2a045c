"""Evaluation of completions on benchmarks of the shape of HumanEval: problems, verdicts, pass@k with its interval.

`problems` reads HumanEval, MBPP, HumanEval-X, HumanEval with Chinese prompts and any JSONL of that shape; `completions`
reads and cuts what a model wrote; `run` judges all of it in the sandbox, resumably; `score` counts.
"""
