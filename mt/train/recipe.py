"""A recipe: which corpora, how they are mixed, and how the model is trained on them. YAML files hold differences only."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import Literal

from pydantic import Field

from mt.config import Options, load_options, validated
from mt.errors import ConfigError


class DataPart(Options):
    """One or more files of one kind, and how often they are seen."""

    files: str = Field(description="a path or a pattern such as corpora/*.tsv.gz, relative to the recipe")
    task: Literal["translate", "summaries"] = Field("translate", description="pairs of texts, or articles with their summaries")
    weight: float = Field(1.0, gt=0, le=100, description="times an epoch; 0.25: a quarter of the examples, others each epoch")
    cap: int | None = Field(None, ge=1, description="most examples of one file, chosen by the seed; unset: all")
    min_words: int = Field(1, ge=1, le=1000, description="shortest Arabic side, in words")


class CleanOptions(Options):
    """What a pair of sentences must be like. Each rule can be switched off by its widest value or by false."""

    max_words: int = Field(170, ge=1, le=10_000, description="longest side, in words")
    ratio: tuple[float, float] = Field((0.5, 3.2), description="English words for an Arabic word, least and most; from 6 Arabic words on")
    duplicates: bool = Field(True, description="drop what is the same but for case, vowel signs and punctuation")
    near_duplicates: float = Field(0.8, gt=0, le=1, description="drop a pair whose Arabic shares this part of its three-word runs; 1: off")
    numbers: bool = Field(True, description="drop pairs in which a number of one side has no answer on the other")
    language: bool = Field(True, description="drop pairs whose sides are not in Arabic and in English")
    overlap: int = Field(8, ge=0, le=50, description="words in a row shared with an evaluation file that cost a pair its place; 0: off")


class Lexicon(Options):
    """Word lists from which terms are asked for in the prompt."""

    files: str = Field(description="a path or a pattern, relative to the recipe")
    replace: bool = Field(True, description="its terms may get the English of another, so that the model learns to obey")


class TermOptions(Options):
    """Examples that tell the model which English some terms of the source must have."""

    share: float = Field(0.0, ge=0, le=1, description="of the pairs of five words and more; those without a known term stay as they are")
    replaced: float = Field(0.45, ge=0, le=1, description="of the capitalised or longer terms: the wanted English is another than usual")
    lexicons: tuple[Lexicon, ...] = ()
    prompt: str | None = Field(None, description="template with {terms} and {source}; unset: the base's terms_prompt")


class HeldOutOptions(Options):
    """Pairs that are never trained on, whose loss says when to stop."""

    files: str | None = Field(None, description="a path or a pattern, relative to the recipe; unset: part of the data")
    lines: int = Field(50, ge=1, le=100_000, description="most pairs of the files, evenly spread; of the data at most a tenth")


class EvaluationOptions(Options):
    """Texts that must not be trained on, and those among them that the result is scored on."""

    files: tuple[str, ...] = Field((), description="patterns, relative to the recipe; whatever shares a run of words with them is dropped")
    score: tuple[str, ...] = Field((), description="Arabic files, NAME.ar beside NAME.en, that old and new weights are scored on")
    lines: int = Field(50, ge=1, le=100_000, description="lines of each that are scored")


class LoraOptions(Options):
    """Low-rank adapters (Hu et al. 2021, https://arxiv.org/abs/2106.09685), merged into the weights at the end."""

    rank: int = Field(16, ge=1, le=1024)
    alpha: int = Field(32, ge=1, description="the adapters count alpha / rank times")


class Recipe(Options):
    """Everything about one training run."""

    base: str = Field("builtin", description="a name of `mt models`, a YAML file, or a model folder with a config.yaml")
    data: tuple[DataPart, ...] = Field(description="what is trained on")
    clean: CleanOptions = CleanOptions()
    noise: float = Field(0.0, ge=0, le=1, description="share of the pairs of five words and more whose Arabic gets slips of the pen")
    terms: TermOptions = TermOptions()
    held_out: HeldOutOptions = HeldOutOptions()
    evaluation: EvaluationOptions = EvaluationOptions()
    lora: LoraOptions | None = Field(None, description="train adapters instead of all weights: for large models")
    max_tokens: int = Field(1400, ge=16, le=100_000, description="longest example, prompt and answer together; longer ones are dropped")
    batch_tokens: int | None = Field(None, ge=16, description="padded tokens a step; unset: 32,768 on a GPU, 3,072 on a processor")
    rate: float | None = Field(None, gt=0, description="highest learning rate; unset: 3e-5, for adapters 2e-4")
    floor: float = Field(0.05, ge=0, le=1, description="the part of the rate that is left at the end; it falls in a straight line")
    warm_up: int = Field(40, ge=1, description="steps over which the rate rises")
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    clip: float = Field(1.0, gt=0, description="longest gradient, as a norm")
    epochs: float = Field(3.0, gt=0, le=10_000, description="times through the data")
    minutes: float | None = Field(
        None, gt=0, description="of training, if the epochs are not done before; cleaning and scoring not counted"
    )
    evaluate_steps: int = Field(50, ge=1, description="steps between checkpoints, at which the held-out loss is measured")
    patience: int = Field(5, ge=1, description="checkpoints without a better held-out loss after which the second half of a run ends")
    average: int = Field(3, ge=1, le=20, description="checkpoints whose mean is tried as the result; 1: none")
    export: tuple[Literal["packed", "plain", "ctranslate2"], ...] = Field(
        ("plain",), description="packed: int8 rows in shards below 45 MB (causal only); plain: bfloat16, for any program; ctranslate2: int8"
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: Literal["auto", "float32", "bfloat16"] = Field("auto", description="of the model; what is trained is float32 always")
    compile: bool = Field(
        False,
        description="fuse the small operations of the layers: half a minute at the start, then less time a step; needs a C++ compiler",
    )
    threads: int = Field(0, ge=0, le=1024, description="processor threads; 0: all cores. On a busy machine fewer are faster")
    seed: int = Field(1, ge=0, lt=2**32)

    @property
    def peak(self) -> float:
        """The highest learning rate."""
        return self.rate or (2e-4 if self.lora else 3e-5)


def load_recipe(path: Path, **overrides: object) -> Recipe:
    """Read a recipe; its paths are taken from where the file is. Raises ConfigError."""
    return _anchored(load_options(path, Recipe, **overrides), path.parent)


def make_recipe(**options: object) -> Recipe:
    """A recipe without a file; its paths are taken from the working folder. Raises ConfigError."""
    return validated(options, "options", Recipe)


def matching(pattern: str) -> list[Path]:
    """The files that a pattern names, sorted. Raises ConfigError where there is none."""
    found = sorted(Path(name) for name in glob(pattern))
    if not found:
        raise ConfigError(f"{pattern}: no such file; the paths of a recipe are relative to the recipe")
    return found


def _anchored(recipe: Recipe, folder: Path) -> Recipe:
    def place(pattern: str) -> str:
        return str(folder / Path(pattern).expanduser())

    def placed(part: DataPart | Lexicon) -> dict[str, object]:
        return {**part.model_dump(), "files": place(part.files)}

    held_out, evaluation = recipe.held_out, recipe.evaluation
    return recipe.model_copy(
        update={
            "base": place(recipe.base) if recipe.base.startswith(".") else recipe.base,
            "data": tuple(DataPart.model_validate(placed(part)) for part in recipe.data),
            "terms": recipe.terms.model_copy(
                update={"lexicons": tuple(Lexicon.model_validate(placed(part)) for part in recipe.terms.lexicons)}
            ),
            "held_out": held_out.model_copy(update={"files": place(held_out.files) if held_out.files else None}),
            "evaluation": evaluation.model_copy(
                update={"files": tuple(map(place, evaluation.files)), "score": tuple(map(place, evaluation.score))}
            ),
        }
    )
