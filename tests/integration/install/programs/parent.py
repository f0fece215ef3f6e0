"""Starts another Python program, which traces."""

import os
import subprocess
import sys

if __name__ == "__main__":
    child = os.path.join(os.path.dirname(os.path.abspath(__file__)), "traceable.py")
    sys.exit(subprocess.run([sys.executable, child], check=False).returncode)
