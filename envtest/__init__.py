"""A local Kubernetes API for tests and demos; shares no code with the client side."""
