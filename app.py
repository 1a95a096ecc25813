"""The web demo: `python app.py`, then open the address it prints. It takes the options of `mt demo`."""

import sys

from mt.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["demo", *sys.argv[1:]]))
