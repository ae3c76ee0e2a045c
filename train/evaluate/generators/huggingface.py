"""Completions from a directory that transformers can load: greedy, sampling and beam search, in batches.

Sampling is by Gumbel's trick: noise from a generator of each sample's own is added to the log-probabilities that
temperature and top-p leave, and the largest taken, which draws from exactly their distribution. So a sample depends on
its seed and not on the batch it stands in, and an interrupted run goes on as if it had not been. (A batch's width moves
logits by rounding, as it does under every batched decoder; on a near tie that can still change a token.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from curate.errors import WrongUse
from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Key, Request, Sampling, cut_at

WATCHED_TOKENS = 16  # a stop string is looked for in the text of so many last tokens


class Huggingface:
    """One model and its tokenizer. Nothing is downloaded, and code that comes with the directory is not run."""

    def __init__(self, folder: Path, *, batch: int = 16, device: str | None = None, dtype: str = "auto") -> None:
        try:
            import torch
            import transformers
        except ImportError as error:
            raise WrongUse(f"{folder}: {error.name} is not installed: pip install 'codemill[eval]'") from None
        self.name, self.batch = folder.resolve().name, batch
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=dtype)
        except (OSError, ValueError) as error:
            raise WrongUse(
                f"{folder} holds no model that transformers can load: {str(error).splitlines()[0]}"
            ) from None
        self.model = model.to(self.device).eval()
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.context: int | None = getattr(model.config, "max_position_embeddings", None)

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, done: Collection[Key] = ()
    ) -> Iterator[Completion]:
        """Shorter prompts first: less of a batch is padding. Raises WrongUse for a prompt beyond the context."""
        texts = {request.task_id: self._text(request) for request in requests}
        ids = {task: self.tokenizer(text)["input_ids"] for task, text in texts.items()}
        if sampling.beams > 1:
            pairs = [(one, 0) for one in requests if any((one.task_id, i) not in done for i in range(sampling.samples))]
        else:
            pairs = [(one, i) for one in requests for i in range(sampling.samples) if (one.task_id, i) not in done]
        pairs.sort(key=lambda pair: len(ids[pair[0].task_id]))
        width = max(1, self.batch // sampling.beams)
        for start in range(0, len(pairs), width):
            part = pairs[start : start + width]
            for completion in self._batch(part, [ids[one.task_id] for one, _ in part], sampling):
                if (completion.task_id, completion.sample) not in done:
                    yield completion

    def _text(self, request: Request) -> str:
        if not request.chat:
            return request.prompt
        if not self.tokenizer.chat_template:
            raise WrongUse(f"{self.name} has no chat template: ask with --style base")
        messages = [{"role": role, "content": content} for role, content in request.chat]
        return str(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def _batch(
        self, pairs: Sequence[tuple[Request, int]], ids: list[list[int]], sampling: Sampling
    ) -> list[Completion]:
        """One call of `generate`."""
        import torch

        longest = max(map(len, ids))
        room = sampling.max_tokens if self.context is None else min(sampling.max_tokens, self.context - longest)
        if room < 1:
            request = max(zip(ids, pairs, strict=True), key=lambda pair: len(pair[0]))[1][0]
            raise WrongUse(
                f"{request.task_id}: a prompt of {longest} tokens, where {self.name} takes {self.context}: "
                "give fewer examples"
            )
        padded = self.tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(self.device)
        with torch.inference_mode():
            out = self.model.generate(
                input_ids=padded["input_ids"], attention_mask=padded["attention_mask"], max_new_tokens=room,
                do_sample=False, num_beams=sampling.beams, pad_token_id=self.tokenizer.pad_token_id,
                num_return_sequences=sampling.samples if sampling.beams > 1 else 1,
                temperature=None, top_p=None, top_k=None, **self._rules(pairs, longest, sampling),
            )  # fmt: skip
        told = []
        for row, tokens in enumerate(out):
            request, sample = pairs[row // sampling.samples] if sampling.beams > 1 else pairs[row]
            sample = row % sampling.samples if sampling.beams > 1 else sample
            prompt = ids[row // sampling.samples if sampling.beams > 1 else row]
            text = self._new_text(prompt, tokens[longest:].tolist())
            told.append(Completion(request.task_id, sample, cut_at(text, request.stops)))
        return told

    def _rules(self, pairs: Sequence[tuple[Request, int]], longest: int, sampling: Sampling) -> dict[str, Any]:
        """What `generate` applies at every token: sampling, and when a row is over."""
        from transformers import LogitsProcessorList, StoppingCriteriaList, TemperatureLogitsWarper, TopPLogitsWarper

        rules: dict[str, Any] = {}
        repeats = sampling.beams
        stops = [request.stops for request, _ in pairs for _ in range(repeats)]
        if any(stops):
            rules["stopping_criteria"] = StoppingCriteriaList([_stopping(self.tokenizer, stops, longest)])
        if sampling.temperature > 0:
            seeds = [sampling.seed_of(request.task_id, sample) for request, sample in pairs]
            warped: list[Any] = [TemperatureLogitsWarper(sampling.temperature)]
            if sampling.top_p < 1:
                warped.append(TopPLogitsWarper(sampling.top_p))
            rules["logits_processor"] = LogitsProcessorList([*warped, _gumbel(seeds, self.device)])
        return rules

    def _new_text(self, prompt: list[int], new: list[int]) -> str:
        """The text that tokens add to a prompt's: decoded with it, since some tokenizers drop a leading space."""
        before = self.tokenizer.decode(prompt, skip_special_tokens=True)
        whole = self.tokenizer.decode(prompt + new, skip_special_tokens=True)
        return (
            whole[len(before) :] if whole.startswith(before) else self.tokenizer.decode(new, skip_special_tokens=True)
        )


def _stopping(tokenizer: Any, stops: Sequence[tuple[str, ...]], prompt: int) -> Any:
    """Ends a row when a stop string stands in the text of its last new tokens."""
    import torch
    from transformers import StoppingCriteria

    class Stops(StoppingCriteria):
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            tails = tokenizer.batch_decode(input_ids[:, max(prompt, input_ids.shape[1] - WATCHED_TOKENS) :])
            over = [any(stop in tail for stop in row) for tail, row in zip(tails, stops, strict=True)]
            return torch.tensor(over, device=input_ids.device)

    return Stops()


def _gumbel(seeds: Sequence[int], device: str) -> Any:
    """Adds -log(-log(u)), u uniform, to a row's scores, from the row's own generator."""
    import torch
    from transformers import LogitsProcessor

    generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    class Gumbel(LogitsProcessor):
        def __call__(self, input_ids: Any, scores: Any) -> Any:
            noise = torch.stack(
                [torch.empty(scores.shape[1], device=device).exponential_(generator=one) for one in generators]
            )
            return scores.float() - noise.log()

    return Gumbel()
