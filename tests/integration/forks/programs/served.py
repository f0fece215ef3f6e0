"""An application that traces each request. gunicorn imports it before it forks its workers."""

import os

from traced import work

work("while the server starts")


def application(environ, start_response):
    work(environ["PATH_INFO"])
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
