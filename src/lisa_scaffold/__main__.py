"""Run ``lisa-scaffold`` as ``python -m lisa_scaffold``."""

import sys

from lisa_scaffold.cli import main

if __name__ == "__main__":
    sys.exit(main())
