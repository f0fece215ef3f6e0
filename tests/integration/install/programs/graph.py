"""A graph for `langgraph dev`."""

from typing import TypedDict

from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    number: int


builder = StateGraph(State)
builder.add_node("add", lambda state: {"number": state["number"] + 1})
builder.add_edge(START, "add")
builder.add_edge("add", END)
graph = builder.compile()
