"""The program ``corcal``, also as ``python -m corcal``."""

import gc
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line; an interruption ends without a traceback, even while it loads."""
    try:
        from corcal.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("\ncorcal: interrupted\n")
        return 130
    finally:
        # The interpreter looks for cycles once more as it ends: among the tables of highdicom that
        # takes half a second, for memory that the system takes back at once.
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
