"""Fixes for each cause, most useful first. A fix that the evidence rules out is not offered."""
