"""Run ``lisa-scaffold`` as ``python -m lisa_scaffold``."""

import sys

if __name__ == "__main__":
    # Python looks in the current folder first, and that may be a project which nobody trusts.
    if not sys.flags.safe_path:
        del sys.path[0]
    from lisa_scaffold.cli import main

    sys.exit(main())
