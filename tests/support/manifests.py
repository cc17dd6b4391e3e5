"""Checks rendered Kubernetes manifests: against the schemas of Kubernetes, and against the rules of this repository.

`kubectl kustomize OVERLAY | python tests/support/manifests.py OVERLAY` prints what is wrong, and then exits with 1.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import kubernetes_validate
import yaml

VERSION = "1.34"
CUSTOM = {"ScaledObject", "ServiceMonitor", "PodMonitor", "PrometheusRule", "Gateway", "HTTPRoute"}
"""Kinds of operators, which the schemas of Kubernetes do not contain."""
Manifest = dict[str, Any]  # Any: YAML


def problems(manifests: Sequence[Manifest]) -> list[str]:
    """Return a sentence for each problem."""
    found = []
    for manifest in manifests:
        name = f"{manifest['kind']}/{manifest['metadata']['name']}"
        found += [f"{name}: {problem}" for problem in (*_schema(manifest), *_pod(manifest))]
    return found + _references(manifests)


def _schema(manifest: Manifest) -> Iterator[str]:
    if manifest["kind"] in CUSTOM:
        return
    try:
        kubernetes_validate.validate(manifest, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{'.'.join(map(str, error.path))}: {error.message}"


def pod_spec(manifest: Manifest) -> Manifest | None:
    """Return the specification of the pods that a manifest makes."""
    template: Manifest | None = manifest.get("spec", {}).get("template")
    return None if template is None else template["spec"]


def _pod(manifest: Manifest) -> Iterator[str]:
    pod = pod_spec(manifest)
    if pod is None:
        return
    if not pod.get("securityContext", {}).get("runAsNonRoot"):
        yield "runs as root"
    if pod.get("automountServiceAccountToken") is not False:
        yield "has a token of the Kubernetes API"
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        rules = container.get("securityContext", {})
        if not rules.get("readOnlyRootFilesystem") or rules.get("allowPrivilegeEscalation") is not False:
            yield f"container {container['name']} can change its files or its privileges"
        if rules.get("capabilities", {}).get("drop") != ["ALL"]:
            yield f"container {container['name']} keeps capabilities"
        if "memory" not in container.get("resources", {}).get("limits", {}):
            yield f"container {container['name']} has no limit of memory"
        _, _, tag = container["image"].rpartition(":")
        if "/" in tag or tag == "latest":
            yield f"container {container['name']} has an image without a version: {container['image']}"
    if manifest["kind"] != "Deployment":
        return
    for container in pod["containers"]:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe not in container:
                yield f"container {container['name']} has no {probe}"


def _references(manifests: Sequence[Manifest]) -> list[str]:
    """Each pod is selected by a policy that lets it send something, and each target of KEDA exists."""
    names = {(one["kind"], one["metadata"]["name"]) for one in manifests}
    found = []
    for manifest in manifests:
        if manifest["kind"] == "ScaledObject":
            target = manifest["spec"]["scaleTargetRef"]["name"]
            if ("Deployment", target) not in names:
                found.append(f"ScaledObject/{manifest['metadata']['name']}: there is no Deployment {target}")
    ports = {
        (one["metadata"]["name"], port["port"])
        for one in manifests
        if one["kind"] == "Service"
        for port in one["spec"]["ports"]
    }
    for route in (one for one in manifests if one["kind"] == "HTTPRoute"):
        for backend in (each for rule in route["spec"]["rules"] for each in rule.get("backendRefs", ())):
            if (backend["name"], backend["port"]) not in ports:
                found.append(
                    f"HTTPRoute/{route['metadata']['name']}: there is no Service {backend['name']} with its port"
                )
    if ("NetworkPolicy", "default-deny") not in names:
        found.append("there is no NetworkPolicy default-deny")
    return found


def main(overlay: str) -> int:
    """Read manifests from standard input."""
    manifests = [one for one in yaml.safe_load_all(sys.stdin) if one is not None]
    wrong = problems(manifests)
    for problem in wrong:
        sys.stdout.write(f"{overlay}: {problem}\n")
    return int(bool(wrong) or not manifests)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
