"""Talking to an API server: the interfaces, the transport, the live and the cached client."""
