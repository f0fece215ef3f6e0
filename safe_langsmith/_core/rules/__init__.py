"""One function a cause, in the order of `engine.PRECEDENCE`."""
