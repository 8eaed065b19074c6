"""Simulated nodes: a small kubelet that runs any image by name."""
