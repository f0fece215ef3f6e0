"""Sending probes: read-only requests to the endpoint that refused."""
