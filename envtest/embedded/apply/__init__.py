"""Patches and server-side apply: who owns which field, and how objects are merged."""
