"""Run ``lisa-scaffold`` as ``python -I -m lisa_scaffold``."""

import sys

if __name__ == "__main__":
    # Without -I, Python looks first in the current folder, maybe a project that nobody trusts. A
    # module there that Python needs to get here has run by now, and with a lisa_scaffold there we
    # are not even asked; nothing but what is imported from here on is kept from coming from there.
    if not sys.flags.safe_path:
        del sys.path[0]
    from lisa_scaffold.cli import main

    sys.exit(main())
