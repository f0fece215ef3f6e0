"""Two workers of an application that is imported before the fork."""

bind = "127.0.0.1:0"
preload_app = True
workers = 2
worker_tmp_dir = "."


def post_worker_init(worker):
    # A worker that is stopped while it starts may miss the signal.
    worker.log.info("Ready")
