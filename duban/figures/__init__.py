"""Figures that units report, and the rates that follow from them."""
