"""`python -m mt.cli`, where the script `mt` is not on the path."""

import sys

from mt.cli import main

sys.exit(main())
