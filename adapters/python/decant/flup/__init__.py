# SPDX-License-Identifier: MIT
"""The names of flup, with decant behind them."""
