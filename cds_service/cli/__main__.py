"""`python -m cds_service.cli`, for where the installed command is not on the path."""

import sys

from cds_service.cli import main

if __name__ == "__main__":
    sys.exit(main())
