"""Completions from a checkpoint of `codemill train pretrain` or `sft`: greedy, sampling and beam search, in batches.

The folder is a run's, which means its newest checkpoint, or one checkpoint's. Its tokenizer.json lies in it, or in the
run's folder. A text is tokenized as it is, with nothing put before it, as documents are packed; messages, of a model
that was fine-tuned on some, as ChatML. What is drawn depends on a sample's seed and not on its batch, as
`train.sampling` says. (A batch moves logits by rounding, as it does under every batched decoder; on a near tie that can
still change a token.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from curate.errors import WrongUse
from train.chat import ChatTokens
from train.chat_formats import Turn
from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Key, Request, Sampling, cut_at
from train.special_tokens import END_OF_TEXT, ids
from train.tokenizer import Tokenizer
from train.trained import trained_roles


class OwnModel:
    """One model and its tokenizer: float32 on a CPU, bfloat16 on a GPU. No transformers."""

    def __init__(self, folder: Path, *, batch: int = 16, device: str | None = None) -> None:
        try:
            import torch

            from train.checkpoint import finished, load_trained
            from train.decode_step import DecodeStep
        except ImportError as error:
            raise WrongUse(f"{folder}: {error.name} is not installed: pip install 'codemill[train]'") from None
        whole = finished(folder / "checkpoints")
        checkpoint = (whole[-1] if whole else folder).absolute()
        self.name, self.batch = f"{checkpoint.parents[1].name}/{checkpoint.name}", batch
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer = _tokenizer(folder)
        self.chat = _chat(folder)
        model = load_trained(checkpoint)
        self.context = model.config.max_positions
        self.n_ids = max(self.tokenizer.get_vocab(with_added_tokens=True).values()) + 1
        if self.n_ids > model.config.vocab_size:
            raise WrongUse(
                f"{folder}: the tokenizer has {self.n_ids} ids and the model's vocab_size is "
                f"{model.config.vocab_size}: give the tokenizer.json that the model's data were packed with"
            )
        end = self.tokenizer.token_to_id(END_OF_TEXT)
        if end is None:
            raise WrongUse(f"{folder}: the tokenizer has no {END_OF_TEXT}, with which all packed documents end")
        self.end_of_text: int = end
        # All of the table's tokens, not the end of text alone: behind another file's beginning, say, is no answer.
        self.ends = {found for token in ids() if (found := self.tokenizer.token_to_id(token)) is not None}
        self.model = model.to(self.device, torch.bfloat16 if self.device.startswith("cuda") else torch.float32).eval()
        self.step = DecodeStep(self.model)

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, done: Collection[Key] = ()
    ) -> Iterator[Completion]:
        """Shorter prompts first: less of a batch is filling. Raises WrongUse for a prompt beyond the context."""
        tokens = {request.task_id: self._tokens(request) for request in requests}
        samples = range(sampling.samples)
        if sampling.beams > 1:
            pairs = [(one, 0) for one in requests if any((one.task_id, i) not in done for i in samples)]
        else:
            pairs = [(one, i) for one in requests for i in samples if (one.task_id, i) not in done]
        pairs.sort(key=lambda pair: len(tokens[pair[0].task_id]))
        if pairs and sampling.beams == 1:
            longest = len(tokens[pairs[-1][0].task_id])
            self.step.reserve(self.batch, min(self.context, longest + sampling.max_tokens))
        rows = max(1, self.batch // sampling.beams)
        for start in range(0, len(pairs), rows):
            part = pairs[start : start + rows]
            prompts = [tokens[request.task_id] for request, _ in part]
            told = self._beams(part, prompts, sampling) if sampling.beams > 1 else self._batch(part, prompts, sampling)
            yield from (one for one in told if (one.task_id, one.sample) not in done)

    def _tokens(self, request: Request) -> list[int]:
        """A prompt's ids; an empty prompt is the end of the text before."""
        if request.chat:
            if self.chat is None:
                raise WrongUse(f"{self.name} was trained on texts and not on messages: ask with --style base")
            found = self.chat.prompt([Turn(role, content) for role, content in request.chat])
        else:
            found = self.tokenizer.encode(request.prompt, add_special_tokens=False).ids
        if len(found) >= self.context:
            raise WrongUse(
                f"{request.task_id}: a prompt of {len(found)} tokens, where {self.name} takes {self.context}: "
                "give fewer examples"
            )
        return found or [self.end_of_text]

    def _batch(
        self, pairs: Sequence[tuple[Request, int]], prompts: Sequence[list[int]], sampling: Sampling
    ) -> list[Completion]:
        from train.generate import generate
        from train.sampling import Sampler, likeliest

        choose: Callable[[Any], Any] = likeliest
        if sampling.temperature > 0:
            seeds = [sampling.seed_of(request.task_id, sample) for request, sample in pairs]
            choose = Sampler(seeds, temperature=sampling.temperature, top_p=sampling.top_p, device=self.device)
        new = generate(self.model, prompts, choose, step=self.step, **self._rules(pairs, sampling))
        return [
            Completion(request.task_id, sample, self._text(request, prompt, tokens))
            for (request, sample), prompt, tokens in zip(pairs, prompts, new, strict=True)
        ]

    def _beams(
        self, pairs: Sequence[tuple[Request, int]], prompts: Sequence[list[int]], sampling: Sampling
    ) -> list[Completion]:
        from train.beam_search import beam_search

        found = beam_search(self.model, prompts, beams=sampling.beams, **self._rules(pairs, sampling))
        return [
            Completion(request.task_id, sample, self._text(request, prompt, tokens))
            for (request, _), prompt, best in zip(pairs, prompts, found, strict=True)
            for sample, tokens in enumerate(best[: sampling.samples])
        ]

    def _rules(self, pairs: Sequence[tuple[Request, int]], sampling: Sampling) -> dict[str, Any]:
        """When a row is over, and what it may be made of."""
        stops = [request.stops for request, _ in pairs]
        over = partial(_stopped, self.tokenizer, stops) if any(stops) else None
        return {"max_tokens": sampling.max_tokens, "ends": self.ends, "over": over, "n_ids": self.n_ids}

    def _text(self, request: Request, prompt: list[int], new: list[int]) -> str:
        """The text that tokens add to a prompt's, up to a stop: decoded with it, as some decoders trim a beginning."""
        before, whole = (self.tokenizer.decode(part, skip_special_tokens=True) for part in (prompt, prompt + new))
        text = whole[len(before) :] if whole.startswith(before) else self.tokenizer.decode(new)
        return cut_at(text, request.stops)


def _stopped(tokenizer: Any, stops: Sequence[tuple[str, ...]], row: int, new: list[int]) -> bool:
    """Whether a stop string of the row ends in its last token: a stop of n bytes is in its last n tokens or fewer."""
    if not stops[row]:
        return False
    tail = tokenizer.decode(new[-max(len(stop.encode()) for stop in stops[row]) :])
    return any(stop in tail for stop in stops[row])


def _chat(folder: Path) -> ChatTokens | None:
    """How a run's model was taught to chat, None where it was not."""
    roles = trained_roles(folder)
    if roles is None:
        return None
    from train.trained import trained_tokenizer

    path = trained_tokenizer(folder)
    return ChatTokens(Tokenizer(path), roles) if path else None


def _tokenizer(folder: Path) -> Any:
    """The tokenizer of a run or checkpoint. WrongUse where there is none that can be read."""
    from tokenizers import Tokenizer

    from train.trained import TOKENIZER, trained_tokenizer

    path = trained_tokenizer(folder)
    if path is None:
        raise WrongUse(
            f"{folder} has no {TOKENIZER}: put the one there that its data were packed with, or name it as `tokenizer` "
            "in the next run's configuration"
        )
    try:
        found = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exceptions
        raise WrongUse(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    found.encode_special_tokens = True  # a prompt that spells one means its characters
    found.no_truncation()
    found.no_padding()
    return found
