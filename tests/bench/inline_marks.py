"""How many marks come out at the right words: by word alignment, and by position alone.

    python -m tests.bench.inline_marks

A case counts where all its tags are at a right place. The rules were written while looking at `tests/cases/inline.json`;
`tests/cases/inline_held_out.json` was written afterwards and measured once before anything was changed.
"""

import argparse

from mt.alignment import align
from tests.marked import cases, positional, projected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="show the cases that come out wrong by alignment")
    given = parser.parse_args()
    print("| cases | number | by position | by word alignment |\n| --- | ---: | ---: | ---: |")
    for name in ("inline", "inline_held_out"):
        every = cases(name)
        wrong = [[(case, made) for case in every if (made := projected(case, links)) not in case.right] for links in (positional, align)]
        shares = " | ".join(f"{1 - len(found) / len(every):.1%}" for found in wrong)
        print(f"| {name} | {len(every)} | {shares} |")
        for case, made in wrong[-1] if given.show else ():
            print(f"\n{case.source}\n  {made}\n  {case.right[0]}")


if __name__ == "__main__":
    main()
