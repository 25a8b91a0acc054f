"""Run ``lisa-scaffold`` as ``python -m lisa_scaffold``."""

import sys

if __name__ == "__main__":
    # Python looks in the current folder first, which may be a project that nobody trusts.
    if not sys.flags.safe_path:
        del sys.path[0]
    from lisa_scaffold.cli import main

    sys.exit(main())
