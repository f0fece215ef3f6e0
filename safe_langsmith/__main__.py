"""`python -m safe_langsmith`, which is also installed as `safe-langsmith`."""

from __future__ import annotations

import sys

from safe_langsmith._cli.main import main

if __name__ == "__main__":
    sys.exit(main())
