"""Traces functions, and nested ones, with whatever client the SDK creates."""

import langsmith


@langsmith.traceable
def inner(number):
    return number + 1


@langsmith.traceable
def outer(number):
    return inner(number)


if __name__ == "__main__":
    for number in range(5):
        outer(number)
