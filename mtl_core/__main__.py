"""``python -m mtl_core VERB``: the command line without Qt."""

import sys

from mtl_core.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
