"""Decoding options in the words of each library.

    ours                    transformers                                   CTranslate2
    beam_size               num_beams                                      beam_size
    length_penalty          length_penalty                                 length_penalty
    max_new_tokens          max_new_tokens, and a limit a source (Limits)  max_decoding_length, max_length
    no_repeat_ngram_size    NoRepeatNGramLogitsProcessor after the prompt  no_repeat_ngram_size
    repetition_penalty      RepetitionPenaltyLogitsProcessor after it      repetition_penalty

Nothing is sampled, and nothing that a model's own generation_config.json says about the search gets in.
"""

from __future__ import annotations

from typing import TypedDict

from mt.config import DecodingOptions


class TransformersSearch(TypedDict):
    """Arguments of `GenerationConfig`."""

    num_beams: int
    length_penalty: float | None
    do_sample: bool
    early_stopping: bool
    use_cache: bool
    renormalize_logits: bool


class Ct2Search(TypedDict):
    """Arguments that `Translator.translate_batch` and `Generator.generate_batch` share."""

    beam_size: int
    length_penalty: float
    no_repeat_ngram_size: int
    repetition_penalty: float
    sampling_topk: int
    disable_unk: bool
    return_scores: bool
    return_end_token: bool


def for_transformers(options: DecodingOptions) -> TransformersSearch:
    """Without the penalties: those of `GenerationConfig` would look at the prompt too."""
    return {
        "num_beams": options.beam_size,
        "length_penalty": options.length_penalty if options.beam_size > 1 else None,
        "do_sample": False,
        "early_stopping": options.beam_size > 1,  # stop at beam_size finished hypotheses, as CTranslate2 does
        "use_cache": True,
        "renormalize_logits": options.no_repeat_ngram_size > 0,  # what is forbidden has no share, as in CTranslate2
    }


def for_ctranslate2(options: DecodingOptions) -> Ct2Search:
    """With the length penalty at 0 in greedy search, where it changes nothing but makes the score a plain sum."""
    return {
        "beam_size": options.beam_size,
        "length_penalty": options.length_penalty if options.beam_size > 1 else 0.0,
        "no_repeat_ngram_size": options.no_repeat_ngram_size,
        "repetition_penalty": options.repetition_penalty,
        "sampling_topk": 1,
        "disable_unk": False,
        "return_scores": True,
        "return_end_token": True,
    }


def has_penalties(options: DecodingOptions) -> bool:
    """Whether the search changes the model's probabilities, so that its sums are no scores of the model."""
    return options.repetition_penalty != 1.0 or options.no_repeat_ngram_size > 0
