"""Training: from corpora to weights that `mt translate --model DIR` opens, by one recipe.

    read (corpora) -> clean (cleaning) -> mix, with noise and terms (mixture) -> pack (packing)
    -> train (network, training, checkpoints) -> export (exporting) -> measure and describe (card)

`run` in `mt.train.running` walks this path; everything that can be chosen stands in `mt.train.recipe`.
"""

from mt.train.recipe import DataPart, Recipe, load_recipe
from mt.train.running import Trained, run

__all__ = ["DataPart", "Recipe", "Trained", "load_recipe", "run"]
