"""``python -m corcal``."""

import sys

from corcal.cli import main

sys.exit(main())
