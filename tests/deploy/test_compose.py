"""docker-compose.yml: every secret is made by init.sh, nothing has a default password, services can change nothing."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if "DARKROOM_REGISTRY" in service["image"]}
REQUIRED = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a copy of what init.sh needs."""
    shutil.copytree(ROOT / "deploy" / "compose", tmp_path / "deploy" / "compose")
    return tmp_path


def init(checkout: Path, *arguments: str) -> dict[str, str]:
    """Run init.sh, and return what .env contains."""
    subprocess.run([checkout / "deploy" / "compose" / "init.sh", *arguments], check=True, capture_output=True)
    lines = (checkout / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_init_makes_every_secret_that_compose_requires(checkout: Path) -> None:
    made = init(checkout)
    assert set(made) >= REQUIRED
    secrets = [made[name] for name in REQUIRED]
    assert len(set(secrets)) == len(secrets)
    assert min(map(len, secrets)) >= 40
    assert (checkout / ".env").stat().st_mode & 0o077 == 0


def test_init_changes_nothing_that_is_there(checkout: Path) -> None:
    (checkout / ".env").write_text("JWT_SECRET=mine\nCOMPOSE_PROFILES=observability\n")
    first = init(checkout, "--gpu", "--s3")
    assert first["JWT_SECRET"] == "mine"
    assert first["COMPOSE_PROFILES"] == "observability,gpu,s3"
    assert init(checkout, "--gpu", "--s3") == first


def test_a_gpu_worker_takes_the_place_of_that_for_the_cpu(checkout: Path) -> None:
    assert init(checkout)["COMPOSE_PROFILES"] == "cpu"
    assert init(checkout, "--s3")["COMPOSE_PROFILES"] == "cpu,s3"
    assert init(checkout, "--gpu")["COMPOSE_PROFILES"] == "s3,gpu"


def test_a_domain_turns_on_tls(checkout: Path) -> None:
    made = init(checkout, "--domain", "images.example.com")
    assert (made["PUBLIC_URL"], made["COMPOSE_PROFILES"]) == ("https://images.example.com", "tls,cpu")


def test_no_secret_has_a_default() -> None:
    defaults = re.findall(r"\$\{([A-Z_]+):-([^}]+)\}", TEXT)
    assert [name for name, _ in defaults if SECRET.search(name)] == []


@pytest.mark.parametrize("name", OURS)
def test_our_services_have_no_rights_and_cannot_change_their_files(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "ports" not in service, "only the proxy is reachable from outside"


def test_only_proxies_and_the_observers_on_loopback_publish_ports() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.pop("proxy-tls") == ["80:80", "443:443", "443:443/udp"]
    assert all("127.0.0.1:" in port for ports in published.values() for port in ports), published


def test_stores_have_no_way_out() -> None:
    assert yaml.safe_load(TEXT)["networks"]["stores"] == {"internal": True}
    for name in ("postgres", "valkey", "seaweedfs"):
        assert SERVICES[name]["networks"] == ["stores"]


def test_no_image_floats() -> None:
    images = {re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", str(service["image"])) for service in SERVICES.values()}
    assert [image for image in images if image.endswith(":latest") or ":" not in image.rpartition("/")[2]] == []
