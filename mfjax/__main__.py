"""`python -m mfjax` is the command `mfjax`."""

import sys

from mfjax.cli import main

sys.exit(main())
