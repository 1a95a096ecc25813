"""Terms that must come out as given: read from files, found in the Arabic, checked and mended in the English.

A model that was trained for it sees the terms of a source in its prompt. What it does not give is put in by word
alignment, in place of exactly the words that stand for the term, and flagged; what cannot be had is flagged.
"""

from mt.glossary.enforcing import Applied
from mt.glossary.entries import Found, Term
from mt.glossary.problems import Problem, problems
from mt.glossary.reading import STARTER, read
from mt.glossary.terms import Glossary, load

__all__ = ["STARTER", "Applied", "Found", "Glossary", "Problem", "Term", "load", "problems", "read"]
