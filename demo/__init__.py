"""One MicroServiceDeploy from creation to removal, on a Kubernetes API that the demo starts and ends itself."""
