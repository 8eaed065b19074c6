"""List-watch informers: caches of bytes that follow an API server, and tell their handlers."""
