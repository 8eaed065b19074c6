"""The built-in kinds: their types, what is defaulted, what is allocated; most of it is data from a real server."""
