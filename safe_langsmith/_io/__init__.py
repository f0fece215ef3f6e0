"""Everything that touches the world: the environment, files, sockets, locks and the SDK."""
