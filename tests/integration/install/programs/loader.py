"""Loads the examples of a dataset with LangChain's loader, which creates its own client, and traces its own work."""

import langsmith
from langchain_core.document_loaders import LangSmithLoader


@langsmith.traceable
def answer(text):
    return text


if __name__ == "__main__":
    for document in LangSmithLoader(dataset_name="questions").lazy_load():
        answer(document.page_content)
