"""Simulated controllers: what kube-controller-manager and kube-scheduler do to the objects of an embedded API server."""
