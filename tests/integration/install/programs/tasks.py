"""Celery tasks that trace; `python tasks.py` puts five of them into the queue, which is a folder."""

import os

import celery
import langsmith
from langsmith.run_trees import get_cached_client

for folder in ("queue", "processed", "control"):
    os.makedirs(folder, exist_ok=True)
app = celery.Celery("tasks", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": "queue",
    "data_folder_out": "queue",
    "processed_folder": "processed",
    "control_folder": "control",
    "polling_interval": 0.1,
}


@langsmith.traceable
def work(number):
    return number + 1


@app.task
def task(number):
    work(number)
    get_cached_client().tracing_queue.join()
    get_cached_client().flush()
    with open("done", "a", encoding="utf-8") as file:
        file.write(f"{number}\n")


if __name__ == "__main__":
    for number in range(5):
        task.delay(number)
