"""Results as JSON, with everything that is known about them.

One result is one object. `schema` rises when a key changes its meaning or goes; new keys may come at
any time. Indices count from 0. The keys:

    schema, id, title, notes, signature
    text          the English, as the source was laid out
    blocks        kind, text, tail            joining text + tail gives the source back
    segments      block, source, tail         joining source + tail over a block gives its text back
                  text                        the English
                  flags                       flag, explanation: what looks wrong
                  obtained                    model, decoded_again, memory, copied
                  terms                       source, target, how: decoded, repaired, missing, forbidden
                  suggestion                  null, or: source, text, similarity: a remembered translation of a similar source
                  quality                     from 0 to 1, how good it is likely to be, for ranking; null where no model was asked
                  score, tokens, truncated    of the hypothesis; null where no model was asked
    flagged       indices of the segments with flags
    summary       null, or: method, language, headline, text
                  sentences                   text, sources (indices of segments, best first), flags
"""

from __future__ import annotations

import json
from typing import TypeAlias

from mt.check import explain
from mt.data import Flag, Result, Suggestion, Summary, SummarySentence, Translation
from mt.summarization import EXPLANATIONS

SCHEMA = 1

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


def write_json(result: Result) -> str:
    """One result as indented JSON."""
    return json.dumps(record(result), ensure_ascii=False, indent=2) + "\n"


def write_jsonl(result: Result) -> str:
    """One result as JSON on one line."""
    return json.dumps(record(result), ensure_ascii=False) + "\n"


def write_summary_json(result: Result) -> str:
    """The summary of a result as indented JSON, each sentence with the text that supports it."""
    assert result.summary is not None
    return json.dumps(summary_record(result), ensure_ascii=False, indent=2) + "\n"


def write_summary_jsonl(result: Result) -> str:
    """The summary of a result as JSON on one line, each sentence with the text that supports it."""
    return json.dumps(summary_record(result), ensure_ascii=False) + "\n"


def record(result: Result) -> dict[str, JSON]:
    """Everything about a result; the keys are in the docstring of this module."""
    return {
        **_head(result),
        "text": result.text,
        "blocks": [{"kind": block.kind, "text": block.text, "tail": block.tail} for block in result.document.blocks],
        "segments": [_segment(translation) for translation in result.translations],
        "flagged": list(result.flagged),
        "summary": None if result.summary is None else _summary(result.summary),
    }


def summary_record(result: Result) -> dict[str, JSON]:
    """The summary alone; `evidence` of a sentence holds the source and the English of what supports it."""
    assert result.summary is not None
    made = _summary(result.summary)
    made["sentences"] = [
        {**_sentence(sentence), "evidence": [_evidence(result.translations[i]) for i in sentence.sources]}
        for sentence in result.summary.sentences
    ]
    return {**_head(result), **made}


def _head(result: Result) -> dict[str, JSON]:
    return {
        "schema": SCHEMA,
        "id": result.document.id,
        "title": result.document.title,
        "notes": list(result.notes),
        "signature": result.signature,
    }


def _segment(translation: Translation) -> dict[str, JSON]:
    segment, hypothesis = translation.segment, translation.hypothesis
    return {
        "block": segment.block,
        "source": segment.text,
        "tail": segment.tail,
        "text": translation.text,
        "flags": [{"flag": flag, "explanation": _explanation(translation, flag)} for flag in sorted(translation.flags)],
        "obtained": translation.obtained,
        "terms": [{"source": term.source, "target": term.target, "how": term.how} for term in translation.terms],
        "suggestion": _suggestion(translation.suggestion),
        "quality": None if translation.quality is None else round(translation.quality, 3),
        "score": None if hypothesis is None else round(hypothesis.score, 4),
        "tokens": None if hypothesis is None else hypothesis.tokens,
        "truncated": None if hypothesis is None else hypothesis.truncated,
    }


def _suggestion(suggestion: Suggestion | None) -> JSON:
    if suggestion is None:
        return None
    return {"source": suggestion.source, "text": suggestion.english, "similarity": round(suggestion.similarity, 3)}


def _explanation(translation: Translation, flag: Flag) -> str:
    return " ".join(explain(translation.segment.text, translation.text, frozenset({flag}), translation.terms))


def _summary(summary: Summary) -> dict[str, JSON]:
    return {
        "method": summary.method,
        "language": summary.language,
        "headline": summary.headline,
        "text": summary.text,
        "sentences": [_sentence(sentence) for sentence in summary.sentences],
    }


def _sentence(sentence: SummarySentence) -> dict[str, JSON]:
    return {
        "text": sentence.text,
        "sources": list(sentence.sources),
        "flags": [{"flag": flag, "explanation": EXPLANATIONS[flag]} for flag in sorted(sentence.flags)],
    }


def _evidence(translation: Translation) -> dict[str, JSON]:
    return {"source": translation.segment.text, "text": translation.text}
