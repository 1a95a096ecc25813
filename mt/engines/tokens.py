"""Tokenizers: text to ids and back, with nothing in a source ever read as a command.

Two kinds behind one protocol. `PlainTokens` needs only the `tokenizers` package and is ready in 0.3 s; `HubTokens`
takes any tokenizer that transformers knows, which costs the 4 s that importing transformers takes.
"""

from __future__ import annotations

import json
import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mt.errors import ModelError

if TYPE_CHECKING:
    import tokenizers
    from transformers import PreTrainedTokenizerBase

GENERIC_CLASSES = {"PreTrainedTokenizerFast", "TokenizersBackend"}
"""Tokenizer classes that add nothing to what tokenizer.json says."""
SHORTEST_SPECIAL = 3
"""Shorter special tokens, in characters, are left alone: they may be punctuation."""
ENTITY = re.compile(r"&(?:apos|quot|amp|#0?39);")
"""Matches `&apos;` `&quot;` `&amp;` `&#39;` `&#039;`: what opus-mt models write for `'` `"` `&`."""
ENTITIES = {"&apos;": "'", "&quot;": '"', "&amp;": "&", "&#39;": "'", "&#039;": "'"}
LINE_MARK = "<n>"
"""What PEGASUS writes for the end of a line."""


class Tokens(Protocol):
    """What an engine needs of a tokenizer. Threads may share one."""

    @property
    def special(self) -> frozenset[str]:
        """Tokens that command the model when a text is encoded: end of text, turn marks, language codes."""

    @property
    def eos(self) -> str | None:
        """The token that ends a text."""

    @property
    def bos(self) -> str | None:
        """The token that starts a text."""

    def encode(self, texts: Sequence[str], /, *, around: bool) -> list[list[int]]:
        """Ids of each text; around: with the special tokens that the model wants around a text."""

    def decode(self, ids: Sequence[int], /) -> str:
        """Text of the ids without special tokens."""

    def pieces(self, ids: Sequence[int], /) -> list[str]:
        """The token strings of ids, one each."""

    def ids(self, pieces: Sequence[str], /) -> list[int]:
        """The ids of token strings; that of the unknown token for one that the vocabulary lacks."""

    def id(self, token: str, /) -> int | None:
        """The id of a token; None: the vocabulary lacks it."""


class PlainTokens:
    """A `tokenizer.json` that needs no more than the `tokenizers` package."""

    def __init__(self, tokenizer: tokenizers.Tokenizer, *, bos: str | None, eos: str | None) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self.bos, self.eos = bos, eos
        self._unknown = tokenizer.token_to_id("<unk>") or 0
        self.special = frozenset(token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special)

    def encode(self, texts: Sequence[str], /, *, around: bool) -> list[list[int]]:
        """As in `Tokens`."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=around)]

    def decode(self, ids: Sequence[int], /) -> str:
        """As in `Tokens`."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True)

    def pieces(self, ids: Sequence[int], /) -> list[str]:
        """As in `Tokens`."""
        return [self._tokenizer.id_to_token(i) or "" for i in ids]

    def ids(self, pieces: Sequence[str], /) -> list[int]:
        """As in `Tokens`."""
        found = [self._tokenizer.token_to_id(piece) for piece in pieces]
        return [self._unknown if i is None else i for i in found]

    def id(self, token: str, /) -> int | None:
        """As in `Tokens`."""
        return self._tokenizer.token_to_id(token)


class HubTokens:
    """Any tokenizer of transformers, one call at a time: the fast ones raise "Already borrowed" when threads meet."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        tokenizer.model_max_length = 1 << 30  # lengths are checked in one place, the engine; no advice on stderr
        self.tokenizer = tokenizer
        self._lock = threading.Lock()
        added = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
        self.special = frozenset(added | set(tokenizer.all_special_tokens))

    @property
    def bos(self) -> str | None:
        """As in `Tokens`."""
        return _content(self.tokenizer.bos_token)

    @property
    def eos(self) -> str | None:
        """As in `Tokens`."""
        return _content(self.tokenizer.eos_token)

    def encode(self, texts: Sequence[str], /, *, around: bool) -> list[list[int]]:
        """As in `Tokens`."""
        with self._lock:
            ids: list[list[int]] = self.tokenizer(list(texts), add_special_tokens=around, truncation=False, padding=False)["input_ids"]
            return ids

    def encode_targets(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of texts of the target language, which Marian's tokenizer cuts in another way, without special tokens."""
        if not hasattr(self.tokenizer, "spm_target"):
            return self.encode(texts, around=False)
        with self._lock:
            ids: list[list[int]] = self.tokenizer(text_target=list(texts), add_special_tokens=False, truncation=False, padding=False)[
                "input_ids"
            ]
            return ids

    def decode(self, ids: Sequence[int], /) -> str:
        """As in `Tokens`."""
        with self._lock:
            return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def pieces(self, ids: Sequence[int], /) -> list[str]:
        """As in `Tokens`."""
        with self._lock:
            return list(self.tokenizer.convert_ids_to_tokens(list(ids)))

    def ids(self, pieces: Sequence[str], /) -> list[int]:
        """As in `Tokens`."""
        with self._lock:
            return list(self.tokenizer.convert_tokens_to_ids(list(pieces)))

    def id(self, token: str, /) -> int | None:
        """As in `Tokens`."""
        with self._lock:
            found = self.tokenizer.convert_tokens_to_ids(token)
        unknown = found is None or (found == self.tokenizer.unk_token_id and token != self.tokenizer.unk_token)
        return None if unknown else int(found)

    def chat(self, message: str) -> str:
        """One user message in the chat template, up to where the answer begins. Raises ModelError without a template."""
        if not self.tokenizer.chat_template:
            raise ModelError("its tokenizer has no chat template; set model.chat to false and give the whole prompt in model.prompt")
        turn = [{"role": "user", "content": message}]
        # Templates that know no thinking ignore the last word; those that do must answer at once.
        return str(self.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True, enable_thinking=False))


def load_tokens(folder: Path) -> PlainTokens | HubTokens:
    """The tokenizer of a model folder, by the cheaper way where it is enough."""
    options = read_json(folder / "tokenizer_config.json")
    if options.get("tokenizer_class") in GENERIC_CLASSES and "chat_template" not in options and not any(folder.glob("chat_template*")):
        from tokenizers import Tokenizer

        with _readable(folder):
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return PlainTokens(tokenizer, bos=_content(options.get("bos_token")), eos=_content(options.get("eos_token")))
    return load_hub_tokens(folder)


def load_hub_tokens(folder: Path) -> HubTokens:
    """The tokenizer of a model folder as transformers reads it, without its advice and warnings."""
    from transformers import AutoTokenizer

    with quiet(), _readable(folder):
        return HubTokens(AutoTokenizer.from_pretrained(folder, local_files_only=True))


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars, advice and warnings of transformers, which are for programmers, on stderr."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


class Disarm:
    """Makes a source plain text: a space goes into every literal special token, so that none is read as one.

    >>> Disarm({"</s>", "<eos>", "."})("a</s>b <eos>. >>c")
    'a< /s>b < eos>. >>c'
    >>> Disarm({"</s>"})(">>fra<< x")  # Marian reads this at the start as a language code
    '> >fra<< x'
    """

    def __init__(self, special: Iterable[str]) -> None:
        tokens = sorted((token for token in special if len(token) >= SHORTEST_SPECIAL), key=len, reverse=True)
        self._pattern = re.compile("|".join([r"\A>>", *map(re.escape, tokens)]))

    def __call__(self, source: str) -> str:
        """The source, without commands in it."""
        return self._pattern.sub(lambda match: f"{match[0][0]} {match[0][1:]}", source)


def tidy(text: str, source: str) -> str:
    """The output as a reader wants it: no white space around it, and no artefacts of training data within.

    Entities and PEGASUS's line marks stay where the source itself holds some.

    >>> tidy(" the army&apos;s &quot;plan&quot; ", "خطة الجيش")
    'the army\\'s "plan"'
    >>> tidy("use &amp;", "اكتب &amp;")
    'use &amp;'
    """
    if not ENTITY.search(source):
        text = ENTITY.sub(lambda match: ENTITIES[match[0]], text)
    if LINE_MARK not in source:
        text = text.replace(LINE_MARK, " ")
    return text.strip()


def near(wanted: str, candidates: Iterable[str]) -> str:
    """For error messages: the candidates that look most like what was wanted, those with the same first two letters first.

    >>> near("ar", ["eng_Latn", "arb_Arab", "fra_Latn"])
    'arb_Arab'
    >>> near("en", ["<s>", "__ar__", "__en__"])
    '__en__'
    """
    start = letters(wanted)[:2]
    names = sorted(set(candidates))
    alike = [name for name in names if letters(name).startswith(start)] or get_close_matches(wanted, names, n=4) or names
    return ", ".join(alike[:4]) or "none"


def letters(token: str) -> str:
    """The letters of a token, lower-cased.

    >>> letters("<2en>"), letters("__ar__")
    ('en', 'ar')
    """
    return "".join(filter(str.isalpha, token)).lower()


def read_json(path: Path) -> dict[str, object]:
    """A JSON object from a file; {} where there is no such file. Raises ModelError for anything else."""
    if not path.is_file():
        return {}
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path}: damaged: not valid JSON") from error
    if not isinstance(tree, dict):
        raise ModelError(f"{path}: damaged: expected a JSON object")
    return tree


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # tokenizers raises Exception itself; transformers OSError, ValueError, KeyError and more
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(f"{folder}: its tokenizer cannot be read: {reason}; copy the folder again") from error


def _content(token: object) -> str | None:
    """A token is named by a string, or by an object that holds it."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None
