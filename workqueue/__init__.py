"""The rate-limited work queue; it has never heard of Kubernetes."""
