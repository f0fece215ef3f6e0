"""Render a diagnosis as text and as HTML."""
