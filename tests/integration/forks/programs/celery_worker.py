"""Queue twenty tasks, and work on them in two processes until stopped. The messages are files.

Arguments: what the names of the runs begin with, which is also the folder of the messages; further options.
"""

import os
import sys
from pathlib import Path

from celery import Celery
from traced import work

kind = sys.argv[1]
app = Celery(broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": "messages",
    "data_folder_out": "messages",
    "control_folder": "control",
    "polling_interval": 0.01,
}


@app.task(name="task")
def task(label):
    work(label)


Path(kind).mkdir()
os.chdir(kind)
for folder in ("messages", "control"):
    Path(folder).mkdir()
for number in range(20):
    task.delay(f"{kind} {number}")
work(f"{kind} before the worker")
options = ["--concurrency=2", "--loglevel=INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
app.worker_main(["worker", *options, *sys.argv[2:]])
