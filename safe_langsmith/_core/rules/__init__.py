"""One function for each row of `engine.PRECEDENCE` and `engine.PREFLIGHT`.

The first line of a rule's docstring states its condition, for `docs/how-it-decides.md`.
"""
