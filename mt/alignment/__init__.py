"""Which words of a translation stand for which words of its source.

`align` needs no model: a lexicon counted in aligned text, sounds of names, values of numbers and the order of words. It is
made for Arabic with English and works in the time that a check may take.
"""

from mt.alignment.aligner import Link, Span, align, words
from mt.alignment.coverage import is_judged

__all__ = ["Link", "Span", "align", "is_judged", "words"]
