"""One function for each row of `engine.PRECEDENCE`.

The first line of a rule's docstring states its condition, for `docs/how-it-decides.md`.
"""
