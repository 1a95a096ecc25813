"""Encoder-decoder models: Marian/OPUS-MT, NLLB, M2M-100, mBART-50, T5/MADLAD; for summaries BART, PEGASUS, T5, mT5.

How a language is named differs: a token before the source that its tokenizer sets by a code (`source_code`), a token
that the target starts with (`forced_bos`), or words before the source (`source_prefix`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mt.config import DecodingOptions, ModelOptions
from mt.engines.parts import Batch, Output, check_length, limit_for
from mt.engines.tokens import Disarm, HubTokens, near, read_json, tidy
from mt.engines.torch_model import Search, padded
from mt.errors import ModelError

if TYPE_CHECKING:
    import torch

LANGUAGE_TOKEN = re.compile(r"<2\w+>|>>\w+<<")
"""Matches how MADLAD and multilingual Marian models name the target: `<2en>`, `>>eng<<`."""


class Seq2SeqText:
    """Sources with the language named as the model wants it; outputs that start with `forced_bos`."""

    def __init__(self, model: ModelOptions, folder: Path, tokens: HubTokens) -> None:
        self._model = model
        self._tokens = tokens
        self._disarm = Disarm(tokens.special | self._language_pieces())
        config = read_json(folder / "config.json")
        settings = {**config, **read_json(folder / "generation_config.json")}
        self._name_source()
        if tokens.eos is None or (end := tokens.id(tokens.eos)) is None:
            raise ModelError(f"model '{model.name}': its tokenizer has no end-of-sequence token")
        self.ends = frozenset({end})
        self.prefix = self._target_prefix(settings.get("forced_bos_token_id"))
        positions = config.get("max_position_embeddings")
        self.positions = positions if isinstance(positions, int) else None
        around = len(tokens.encode([model.source_prefix], around=True)[0])
        most = model.max_source_tokens
        self.max_source_tokens = most if self.positions is None else min(most, self.positions - around)

    def count(self, source: str, /) -> int:
        """As in `Text`."""
        return len(self._tokens.encode([self._disarm(source)], around=False)[0])

    def batch(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None, terms: Sequence[str] | None = None
    ) -> Batch:
        """As in `Text`; there are no prompts here."""
        if prompt is not None or terms is not None:
            raise ModelError(f"model '{self._model.name}': a prompt is for models of family: causal")
        plain = [self._disarm(source) for source in sources]
        counts = [len(ids) for ids in self._tokens.encode(plain, around=False)]
        check_length(counts, self.max_source_tokens)
        inputs = self._tokens.encode([self._model.source_prefix + source for source in plain], around=True)
        # One position of the decoder is taken by its start token.
        room = None if self.positions is None else self.positions - len(self.prefix) - 1
        return Batch(tuple(map(tuple, inputs)), tuple(limit_for(count, options, room) for count in counts))

    def sources(self, sources: Sequence[str]) -> list[tuple[int, ...]]:
        """Ids of sources, special tokens included, however long: for training."""
        plain = [self._model.source_prefix + self._disarm(source) for source in sources]
        return [tuple(ids) for ids in self._tokens.encode(plain, around=True)]

    def answers(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Ids of what a model is to write, from the language it starts with to the end token: for training."""
        (end,) = self.ends
        return [(*self.prefix, *ids, end) for ids in self._tokens.encode_targets([self._disarm(text) for text in texts])]

    def read(self, ids: Sequence[int], source: str, /) -> str:
        """As in `Text`."""
        return tidy(self._tokens.decode(ids), source)

    def _name_source(self) -> None:
        """Tell the tokenizer the source language, and check that it knows it."""
        tokenizer, name, code = self._tokens.tokenizer, f"model '{self._model.name}'", self._model.source_code
        wants_code = hasattr(type(tokenizer), "src_lang")
        if wants_code and code is None:
            raise ModelError(
                f"{name}: its tokenizer must be told the source language; set model.source_code, e.g. {near('ar', self._languages())}"
            )
        if code is not None and not wants_code:
            raise ModelError(f"{name}: its tokenizer takes no source_code; unset it, or name languages in model.source_prefix")
        if code is not None:
            if code not in self._languages():
                raise ModelError(f"{name}: source_code: unknown language '{code}'; near: {near(code, self._languages())}")
            tokenizer.src_lang = code
        for token in LANGUAGE_TOKEN.findall(self._model.source_prefix):
            if self._tokens.id(token) is None:
                known = self._language_pieces()
                raise ModelError(f"{name}: source_prefix: unknown language token '{token}'; near: {near(token, known)}")

    def _target_prefix(self, forced: object) -> tuple[int, ...]:
        """Ids that every output starts with, without being part of it: our option, else what the model was made with."""
        token = self._model.forced_bos
        if token is None:
            return (forced,) if isinstance(forced, int) else ()
        found = self._tokens.id(token)
        if found is None:
            raise ModelError(f"model '{self._model.name}': forced_bos: unknown token '{token}'; near: {near(token, self._tokens.special)}")
        return (found,)

    def _language_pieces(self) -> frozenset[str]:
        """Languages that are plain pieces of the vocabulary, where the prefix names one so: not marked special, but commands."""
        if not LANGUAGE_TOKEN.search(self._model.source_prefix):
            return frozenset()
        return frozenset(token for token in self._tokens.tokenizer.get_vocab() if LANGUAGE_TOKEN.fullmatch(token))

    def _languages(self) -> frozenset[str]:
        """Codes that `src_lang` takes: M2M-100 has a table of its own, the others use the tokens themselves."""
        return frozenset(getattr(self._tokens.tokenizer, "lang_code_to_token", self._tokens.special))


class TorchSeq2Seq:
    """Runs an encoder-decoder model on transformers."""

    def __init__(self, search: Search, prefix: Sequence[int], name: str) -> None:
        if search.start is None:
            raise ModelError(f"model '{name}': its config.json has no decoder_start_token_id")
        self._search = search
        self._start = (search.start, *prefix)

    def run(self, batch: Batch, options: DecodingOptions, /) -> list[Output]:
        """As in `Runner`."""
        inputs = self._inputs(batch.inputs, [()] * len(batch.inputs))
        rows, sums = self._search.generate(inputs, batch, options, start=len(self._start), hidden=1)
        if not sums:
            given = [self._inputs([ids], [row[:-1]]) for ids, row in zip(batch.inputs, rows, strict=True)]
            sums = self._search.score(given, rows)
        return [Output(row, total) for row, total in zip(rows, sums, strict=True)]

    def several(self, batch: Batch, options: DecodingOptions, count: int, /) -> list[list[Output]]:
        """As in `Runner`."""
        return [self._several(part, options, count) for part in batch.singles()]

    def _several(self, batch: Batch, options: DecodingOptions, count: int) -> list[Output]:
        """The outputs for the one input of a batch."""
        inputs = self._inputs(batch.inputs, [()])
        rows, _ = self._search.generate(inputs, batch, options, start=len(self._start), hidden=1, count=count)
        sums = self._search.score([self._inputs(batch.inputs, [row[:-1]]) for row in rows], rows)
        return [Output(row, total) for row, total in zip(rows, sums, strict=True)]

    def _inputs(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> dict[str, torch.Tensor]:
        """Padded sources, and what the decoder starts from: its start token, the prefix and the targets, of equal length."""
        import torch

        device = self._search.model.device
        ids, mask = padded(sources, self._search.pad, device, left=False)
        started = torch.tensor([[*self._start, *target] for target in targets], device=device)
        return {"input_ids": ids, "attention_mask": mask, "decoder_input_ids": started}
