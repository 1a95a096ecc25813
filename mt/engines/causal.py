"""Decoder-only models: a prompt with the source in it, and what the model writes after it.

The prompt is a template with {source}. With `chat` it becomes one user message in the tokenizer's chat template;
without, it is taken as it stands, special tokens included, so it may itself hold turn marks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mt.config import DecodingOptions, ModelOptions
from mt.engines.parts import LIMIT_EXTRA, LIMIT_PER_TOKEN, Batch, Output, check_length, limit_for
from mt.engines.tokens import Disarm, HubTokens, PlainTokens, read_json, tidy
from mt.engines.torch_model import Search, padded
from mt.errors import ModelError

if TYPE_CHECKING:
    import torch

SOURCE = "{source}"
TERMS = "{terms}"
THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
"""Matches `<think>Hm, Arabic.</think>` before an answer."""


class CausalText:
    """Prompts of sources; outputs without the prompt."""

    def __init__(self, model: ModelOptions, folder: Path, tokens: PlainTokens | HubTokens) -> None:
        self._model = model
        self._tokens = tokens
        self._disarm = Disarm(tokens.special)
        if model.prompt is None:
            raise ModelError(f"model '{model.name}': a model of family: causal needs model.prompt, a template with {SOURCE}")
        config = read_json(folder / "config.json")
        inner = config.get("text_config")
        config = {**config, **inner} if isinstance(inner, dict) else config
        self.ends = self._all_ends(config, read_json(folder / "generation_config.json"))
        positions = config.get("max_position_embeddings", config.get("n_positions"))
        self.positions = positions if isinstance(positions, int) else None
        window = config.get("sliding_window")
        self.window = window if isinstance(window, int) else None
        self.max_source_tokens = min(model.max_source_tokens, self._longest(model.prompt))

    def count(self, source: str, /) -> int:
        """As in `Text`."""
        return len(self._tokens.encode([self._disarm(source)], around=False)[0])

    def batch(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None, terms: Sequence[str] | None = None
    ) -> Batch:
        """As in `Text`. With a prompt other than the model's own only the architecture limits the length of a source."""
        plain = [self._disarm(source) for source in sources]
        counts = [len(ids) for ids in self._tokens.encode(plain, around=False)]
        check_length(counts, self.max_source_tokens if prompt is None else self._longest(prompt))
        frames = [self._frame(prompt, named) for named in terms or [""] * len(plain)]
        inputs = self._encode([before + source + after for (before, after), source in zip(frames, plain, strict=True)])
        rooms = [None if self.positions is None else self.positions - len(ids) for ids in inputs]
        return Batch(tuple(inputs), tuple(limit_for(count, options, room) for count, room in zip(counts, rooms, strict=True)))

    def prompts(self, sources: Sequence[str], templates: Sequence[str]) -> list[tuple[int, ...]]:
        """Ids of sources, each in a template of its own, however long: for training."""
        filled = []
        for source, template in zip(sources, templates, strict=True):
            before, _, after = self._template(template).partition(SOURCE)
            filled.append(before + self._disarm(source) + after)
        return self._encode(filled) if filled else []

    def answers(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Ids of what a model is to write after a prompt, the end token included: for training."""
        gap = "" if self._model.chat else " "
        end = self._tokens.id(self._tokens.eos or "")
        ends = (min(self.ends) if end is None else end,)
        return [(*ids, *ends) for ids in self._tokens.encode([gap + self._disarm(text) for text in texts], around=False)]

    def read(self, ids: Sequence[int], source: str, /) -> str:
        """As in `Text`."""
        return tidy(THINKING.sub("", self._tokens.decode(ids)), source)

    def _frame(self, prompt: str | None, named: str) -> tuple[str, str]:
        """What stands before a source and after it. named: terms for the prompt that has a place for them; plain text, like a source."""
        if not named:
            before, _, after = self._template(prompt or self._model.prompt or "").partition(SOURCE)
            return before, after
        wanted = self._model.terms_prompt
        if wanted is None or wanted.count(TERMS) != 1:
            raise ModelError(f"model '{self._model.name}': terms need model.terms_prompt, a template with {TERMS} and {SOURCE}")
        before, _, after = self._template(wanted).partition(SOURCE)
        plain = self._disarm(named)
        return before.replace(TERMS, plain), after.replace(TERMS, plain)

    def _template(self, prompt: str) -> str:
        """What stands around a source: the prompt, in the chat template if the model is to be addressed so."""
        name = f"model '{self._model.name}'"
        if prompt.count(SOURCE) != 1:
            raise ModelError(f"{name}: its prompt must hold {SOURCE} once, found {prompt.count(SOURCE)}: {prompt!r}")
        if not self._model.chat:
            return prompt
        if marks := [token for token in sorted(self._tokens.special) if len(token) > 2 and token in prompt]:
            raise ModelError(f"{name}: its prompt holds {marks[0]} already, which the chat template adds; set model.chat to false")
        if not isinstance(self._tokens, HubTokens):
            raise ModelError(f"{name}: its tokenizer has no chat template; set model.chat to false")
        try:
            rendered = self._tokens.chat(prompt)
        except ModelError as error:
            raise ModelError(f"{name}: {error}") from error
        if rendered.count(SOURCE) != 1:
            raise ModelError(f"{name}: its chat template does not keep the message as it is; set model.chat to false")
        return rendered

    def _encode(self, prompts: Sequence[str]) -> list[tuple[int, ...]]:
        """Ids of rendered prompts: the start of text once, and no end of text, after which nothing would be written."""
        bos = self._tokens.bos
        around = not self._model.chat and not (bos and prompts[0].startswith(bos))
        ids = self._tokens.encode(prompts, around=around)
        return [tuple(row[:-1]) if row and row[-1] in self.ends and around else tuple(row) for row in ids]

    def _longest(self, prompt: str) -> int:
        """Longest source that leaves room for the prompt and the output."""
        if self.positions is None:
            return self._model.max_source_tokens
        frame = len(self._encode([self._template(prompt).replace(SOURCE, "")])[0])
        return (self.positions - frame - LIMIT_EXTRA) // (1 + LIMIT_PER_TOKEN)

    def _all_ends(self, *configs: dict[str, object]) -> frozenset[int]:
        """Chat models end a turn with one token and a text with another: both end an output."""
        ends: set[object] = {self._tokens.id(self._tokens.eos)} if self._tokens.eos else set()
        for config in configs:
            named = config.get("eos_token_id")
            ends.update(named if isinstance(named, list) else [named])
        found = frozenset(end for end in ends if isinstance(end, int))
        if not found:
            raise ModelError(f"model '{self._model.name}': neither its tokenizer nor config.json names an end-of-sequence token")
        return found


class TorchCausal:
    """Runs a decoder-only model on transformers. Padding is on the left, where nothing is written."""

    def __init__(self, search: Search, positions: int | None) -> None:
        """positions: most tokens of prompt and output together; None: no bound."""
        self._search = search
        self._positions = positions

    def run(self, batch: Batch, options: DecodingOptions, /) -> list[Output]:
        """As in `Runner`."""
        if len(batch.inputs) > 1 and self._positions is not None and batch.reach > self._positions:
            return [output for part in batch.singles() for output in self.run(part, options)]
        inputs = self._inputs(batch.inputs)
        start = inputs["input_ids"].shape[1]
        rows, sums = self._search.generate(inputs, batch, options, start=start, hidden=start)
        if not sums:
            given = [self._inputs([(*ids, *row[:-1])]) for ids, row in zip(batch.inputs, rows, strict=True)]
            sums = self._search.score(given, rows)
        return [Output(row, total) for row, total in zip(rows, sums, strict=True)]

    def several(self, batch: Batch, options: DecodingOptions, count: int, /) -> list[list[Output]]:
        """As in `Runner`."""
        return [self._several(part, options, count) for part in batch.singles()]

    def _several(self, batch: Batch, options: DecodingOptions, count: int) -> list[Output]:
        """The outputs for the one input of a batch."""
        inputs = self._inputs(batch.inputs)
        start = inputs["input_ids"].shape[1]
        rows, _ = self._search.generate(inputs, batch, options, start=start, hidden=start, count=count)
        sums = self._search.score([self._inputs([(*batch.inputs[0], *row[:-1])]) for row in rows], rows)
        return [Output(row, total) for row, total in zip(rows, sums, strict=True)]

    def _inputs(self, rows: Sequence[Sequence[int]]) -> dict[str, torch.Tensor]:
        ids, mask = padded(rows, self._search.pad, self._search.model.device, left=True)
        return {"input_ids": ids, "attention_mask": mask}
