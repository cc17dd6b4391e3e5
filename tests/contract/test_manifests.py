"""The check of Kubernetes manifests finds what it is there for; deploy/lint.sh runs it on every overlay."""

from copy import deepcopy
from typing import Any

import pytest
import yaml
from support.manifests import problems

POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true}
      containers:
        - name: api
          image: registry.example.com/api:1.0
          startupProbe: {httpGet: {path: /livez, port: 80}}
          livenessProbe: {httpGet: {path: /livez, port: 80}}
          readinessProbe: {httpGet: {path: /readyz, port: 80}}
          resources: {limits: {memory: 1Gi}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
"""
SOUND: dict[str, Any] = yaml.safe_load(DEPLOYMENT)


def found(changed: dict[str, Any]) -> list[str]:
    return problems([changed, yaml.safe_load(POLICY)])


def test_a_sound_deployment_has_no_problem() -> None:
    assert found(SOUND) == []


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("image", "registry.example.com/api", "without a version"),
        ("image", "registry.example.com/api:latest", "without a version"),
        ("resources", {}, "no limit of memory"),
        ("securityContext", {"readOnlyRootFilesystem": True}, "its privileges"),
        ("readinessProbe", None, "no readinessProbe"),
        ("imagePullPolcy", "Always", "imagePullPolcy"),
    ],
)
def test_a_fault_of_a_container_is_found(place: str, value: object, words: str) -> None:
    changed = deepcopy(SOUND)
    container = changed["spec"]["template"]["spec"]["containers"][0]
    container[place] = value
    if value is None:
        del container[place]
    assert any(words in problem for problem in found(changed)), found(changed)


def test_a_pod_that_may_run_as_root_is_found() -> None:
    changed = deepcopy(SOUND)
    changed["spec"]["template"]["spec"]["securityContext"] = {}
    assert found(changed) == ["Deployment/api: runs as root"]


def test_a_namespace_open_to_all_is_found() -> None:
    assert problems([SOUND]) == ["there is no NetworkPolicy default-deny"]


def test_a_route_to_a_service_that_does_not_exist_is_found() -> None:
    service = yaml.safe_load("{apiVersion: v1, kind: Service, metadata: {name: api}, spec: {ports: [{port: 80}]}}")
    route = yaml.safe_load(
        "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: all},"
        " spec: {rules: [{backendRefs: [{name: api, port: 80}]}]}}"
    )
    sound = [SOUND, yaml.safe_load(POLICY), service, route]
    assert problems(sound) == []
    route["spec"]["rules"][0]["backendRefs"][0]["port"] = 81
    assert problems(sound) == ["HTTPRoute/all: there is no Service api with its port"]
