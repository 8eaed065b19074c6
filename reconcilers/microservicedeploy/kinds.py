"""The kinds that the MicroServiceDeploy operator works with.

What flows in: nothing. What flows out: names. No upstream file.
"""

from informers import objects
from reconcilers.microservicedeploy import spec

INSTANCE = spec.RESOURCE.gvk
SERVICE_ACCOUNT = objects.GroupVersionKind("", "v1", "ServiceAccount")
CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")
SERVICE = objects.GroupVersionKind("", "v1", "Service")
DEPLOYMENT = objects.GroupVersionKind("apps", "v1", "Deployment")
HPA = objects.GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler")
NETWORK_POLICY = objects.GroupVersionKind("networking.k8s.io", "v1", "NetworkPolicy")
INGRESS = objects.GroupVersionKind("networking.k8s.io", "v1", "Ingress")
QUOTA = objects.GroupVersionKind("", "v1", "ResourceQuota")
NAMESPACE = objects.GroupVersionKind("", "v1", "Namespace")

CHILDREN = (SERVICE_ACCOUNT, CONFIG_MAP, NETWORK_POLICY, SERVICE, DEPLOYMENT, HPA, INGRESS)
"""The kinds of an instance's children: what is owned, watched and pruned."""

OBSERVED = (DEPLOYMENT, HPA, INGRESS)
"""Of these, what is there decides what is written, or stands in the status; the others only the applier looks at."""
