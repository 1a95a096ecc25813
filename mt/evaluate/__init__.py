"""How good translations and summaries are, on files of people's translations, beside other systems.

scores      BLEU and chrF of lines, with intervals and paired tests
sets        what a folder of evaluation files holds
faithful    numbers and Latin tokens carried over; repetition, Arabic left in, length
summaries   ROUGE beside the lead at the same length, support by the source
worst       the worst segments and what went wrong in them
folder      all of it over one folder; `page` writes it as Markdown
"""

from mt.evaluate.folder import FolderReport, evaluate_folder
from mt.evaluate.page import as_markdown, worst_page
from mt.evaluate.scores import RESAMPLES, Lines, Row, Score, Scores, peers_in, read_lines, score, translate_lines

__all__ = [
    "RESAMPLES",
    "FolderReport",
    "Lines",
    "Row",
    "Score",
    "Scores",
    "as_markdown",
    "evaluate_folder",
    "peers_in",
    "read_lines",
    "score",
    "translate_lines",
    "worst_page",
]
