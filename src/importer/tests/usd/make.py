#!/usr/bin/env python3
"""Makes all.usdc of all.usda by the reference implementation (PyPI: usd-core 26.11)."""

from pathlib import Path
from pxr import Sdf

folder = Path(__file__).parent
layer = Sdf.Layer.FindOrOpen(str(folder / "all.usda"))
layer.Export(str(folder / "all.usdc"))
