"""`python -m controller` is the same as the console script `coxswain`."""

import sys

from controller import cli

if __name__ == "__main__":
    sys.exit(cli.main())
