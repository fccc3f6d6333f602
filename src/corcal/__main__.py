"""The program ``corcal``, also as ``python -m corcal``."""

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


if __name__ == "__main__":
    sys.exit(main())
