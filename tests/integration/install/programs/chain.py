"""A LangChain runnable, traced because the environment says so."""

from langchain_core.runnables import RunnableLambda

if __name__ == "__main__":
    for number in range(5):
        RunnableLambda(lambda value: value + 1).invoke(number)
