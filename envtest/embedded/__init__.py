"""A Kubernetes API in memory: what a new user's demo and fast tests talk to, kept honest by the real one.

What flows in: requests over HTTPS. What flows out: what a kube-apiserver and its controllers would answer and do. One thread
owns all state. `tests/contract` holds it against the real server.
"""
