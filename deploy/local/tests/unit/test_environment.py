"""Addresses and environments of the services."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from darkroom_local.addresses import Address, choose_addresses
from darkroom_local.environment import Environments, Servers, with_user_secrets
from darkroom_local.errors import PortTaken, StackError
from darkroom_local.stack_secrets import StackSecrets
from webhook_dispatcher.settings import Settings as WebhookSettings


def environments(**env: str) -> Environments:
    return Environments(
        env=env,
        state=Path("/state"),
        secrets=StackSecrets(),
        servers=Servers("redis://r", "postgresql://platform", "postgresql://webhooks"),
        addresses=choose_addresses(env, workers=2, free=True),
        profile="tiny",
    )


def test_a_taken_port_is_refused_naming_its_holder_and_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken) as refused:
            choose_addresses({"QUEUE_API_PORT": str(port)}, workers=0, free=False)
    sentence = str(refused.value)
    assert f"Port {port} for queue-api is taken by" in sentence
    assert "pid" in sentence
    assert "QUEUE_API_PORT" in sentence
    assert "--free-ports" in sentence


def test_free_ports_differ_from_one_another() -> None:
    addresses = choose_addresses({}, workers=3, free=True)
    ports = [address.port for address in (addresses.platform, addresses.queue, addresses.dispatcher)]
    ports += [address.port for address in addresses.workers]
    assert len(set(ports)) == 6


def test_workers_listen_on_ports_side_by_side() -> None:
    # Fixed ports out of the range that systems hand out by themselves: two side by side cannot be asked for.
    env = {"PLATFORM_API_PORT": "11901", "QUEUE_API_PORT": "11902", "WEBHOOK_DISPATCHER_PORT": "11903"}
    addresses = choose_addresses(env | {"GPU_WORKER_PORT": "11904"}, workers=2, free=False)
    assert [address.port for address in addresses.workers] == [11904, 11905]


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused_naming_the_variable(port: str) -> None:
    with pytest.raises(StackError, match="PLATFORM_API_PORT"):
        choose_addresses({"PLATFORM_API_PORT": port}, workers=0, free=False)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "x" * 300])
@pytest.mark.parametrize("free", [True, False])
def test_a_host_that_is_not_of_this_machine_is_refused_naming_the_variable(host: str, free: bool) -> None:
    env = {"QUEUE_API_HOST": host, "QUEUE_API_PORT": "11902", "PLATFORM_API_PORT": "11901"}
    with pytest.raises(StackError, match=r"queue-api can't listen on .* Set QUEUE_API_HOST to an address of this"):
        choose_addresses(env, workers=0, free=free)


def test_two_services_on_one_port_are_refused_naming_the_port() -> None:
    with pytest.raises(StackError, match="can't both listen on port 9820"):
        choose_addresses({"PLATFORM_API_PORT": "9820"}, workers=0, free=False)


def test_more_workers_than_ports_are_refused_naming_the_variable() -> None:
    with pytest.raises(StackError, match="GPU_WORKER_PORT is 65535"):
        choose_addresses({"GPU_WORKER_PORT": "65535"}, workers=2, free=False)


def test_a_worker_gets_no_secret_and_no_database() -> None:
    made = environments(AUTH_TOKEN="from-user", DATABASE_URL="postgresql://root")
    worker = made.worker(0)
    assert not {"AUTH_TOKEN", "JWT_SECRET", "SIGNING_SECRET", "SECRETS_KEY"} & worker.keys()
    assert not [name for name in worker if name.endswith("DATABASE_URL")]
    assert worker["REDIS_URL"] == "redis://r"


def test_each_service_gets_only_its_own_database() -> None:
    made = environments()
    assert made.platform()["PLATFORM_DATABASE_URL"] == "postgresql://platform"
    assert "WEBHOOKS_DATABASE_URL" not in made.platform()
    assert made.dispatcher()["WEBHOOKS_DATABASE_URL"] == "postgresql://webhooks"
    assert "PLATFORM_DATABASE_URL" not in made.dispatcher()


def allowed_networks(monkeypatch: pytest.MonkeyPatch, **env: str) -> list[str]:
    """Read the networks as webhook-dispatcher itself does."""
    for name, value in environments(**env).dispatcher().items():
        monkeypatch.setenv(name, value)
    settings = WebhookSettings(redis_url="redis://r", database_url="postgresql://w")
    return [str(network) for network in settings.webhook_allowed_networks]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_webhooks_may_reach_loopback_while_every_service_listens_there(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert allowed_networks(monkeypatch, PLATFORM_API_HOST=host) == ["127.0.0.0/8", "::1/128"]


@pytest.mark.parametrize("service", ["PLATFORM_API", "QUEUE_API", "WEBHOOK_DISPATCHER", "GPU_WORKER"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_webhooks_may_not_reach_loopback_when_others_reach_a_service(
    service: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert allowed_networks(monkeypatch, **{f"{service}_HOST": host}) == []


@pytest.mark.parametrize(("value", "networks"), [("", []), ("10.1.0.0/16", ["10.1.0.0/16"])])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_networks_that_the_user_sets_win_and_empty_means_none(
    value: str, networks: list[str], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {"WEBHOOK_ALLOWED_NETWORKS": value, "PLATFORM_API_HOST": host}
    assert allowed_networks(monkeypatch, **env) == networks


def test_services_on_all_addresses_are_found_on_loopback() -> None:
    found = {host: Address(host, 80).url for host in ("0.0.0.0", "::", "::1", "localhost")}
    assert found == {
        "0.0.0.0": "http://127.0.0.1:80",
        "::": "http://[::1]:80",
        "::1": "http://[::1]:80",
        "localhost": "http://localhost:80",
    }


def test_the_settings_for_operators_are_those_of_platform_api_and_nothing_else_of_the_environment() -> None:
    made = environments(JWT_SECRET="from-user", AWS_SECRET_ACCESS_KEY="of-the-user")
    operator = made.operator()
    assert operator.items() <= made.platform().items()
    assert {"PLATFORM_DATABASE_URL", "JWT_SECRET", "SIGNING_SECRET"} <= operator.keys()
    assert "AWS_SECRET_ACCESS_KEY" not in operator


def test_workers_have_different_ids() -> None:
    made = environments(GPU_WORKER_ID="garage")
    assert [made.worker(number)["GPU_WORKER_ID"] for number in (0, 1)] == ["garage-1", "garage-2"]


def test_a_secret_that_the_user_sets_takes_the_place_of_the_generated_one() -> None:
    generated = StackSecrets()
    merged = with_user_secrets(generated, {"AUTH_TOKEN": "from-user", "JWT_SECRET": ""})
    assert merged.auth_token == "from-user"
    assert merged.jwt_secret == generated.jwt_secret


def test_workers_take_the_gpus_in_turn() -> None:
    two = replace(environments(), gpus=("GPU-a", "GPU-b"))
    assert [two.worker(number)["GPU_WORKER_DEVICE"] for number in range(2)] == ["GPU-a", "GPU-b"]
    one = replace(environments(), gpus=("GPU-a",))
    assert [one.worker(number)["GPU_WORKER_DEVICE"] for number in range(2)] == ["GPU-a", "GPU-a"]
    assert "GPU_WORKER_DEVICE" not in environments().worker(0)
