"""The list of back ends: ids, credentials, and errors that name the file and the field."""

from pathlib import Path

import pytest
from gpu_worker.backends.backend_list import BackendListError, read_backends
from gpu_worker.backends.entry import BackendType


def write(folder: Path, text: str) -> Path:
    path = folder / "backends.yaml"
    path.write_text(text)
    return path


def test_a_file_and_the_short_form_make_one_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_KEY", " sk-secret \n")
    (tmp_path / "forge").write_text("hunter2\n")
    path = write(
        tmp_path,
        f"""
        credentials:
          openai-main: {{env: OPENAI_KEY, hosts: ["*.openai.com"]}}
          forge-login: {{file: {tmp_path / "forge"}, username: ann}}
        backends:
          - {{type: a1111, url: "http://10.0.0.7:7860/", alias: studio, credential: forge-login, concurrency: 2}}
          - {{type: openai, credential: openai-main, models: [gpt-image-1]}}
        """,
    )
    listed = read_backends(path, ["comfyui=http://127.0.0.1:8188", "http"])
    assert [entry.id for entry in listed.backends] == ["10.0.0.7_7860", "api.openai.com_443", "127.0.0.1_8188", "http"]
    forge, openai, comfyui, http = listed.backends
    assert forge.url == "http://10.0.0.7:7860"
    assert forge.names == ("10.0.0.7_7860", "studio")
    assert openai.url == "https://api.openai.com/v1"
    assert openai.offered(("gpt-image-1", "gpt-4")) == ("gpt-image-1",)
    assert comfyui.offered(("a", "b")) == ("a", "b")
    assert (http.type, http.url) == (BackendType.HTTP, None)
    login = listed.credentials["forge-login"]
    assert (login.username, login.secret.get_secret_value()) == ("ann", "hunter2")
    assert listed.credentials["openai-main"].secret.get_secret_value() == "sk-secret"
    assert "hunter2" not in repr(listed)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("backends: [{type: comfyui}]", "backends.0: Value error, url: is required for comfyui"),
        ("backends: [{type: comfy, url: 'http://a'}]", "backends.0.type"),
        ("backends: [{type: comfyui, url: 'ftp://a'}]", "backends.0.url: Value error, must be an http"),
        ("backends: [{type: comfyui, url: 'http://ann:pw@a'}]", "name a credential instead"),
        ("backends: [{type: http, url: 'http://a'}]", "http has none"),
        ("backends: [{type: comfyui, url: 'http://a', concurency: 2}]", "backends.0.concurency"),
        ("backends: [{type: comfyui, url: 'http://a', credential: main}]", "a_80.credential: no 'main'"),
        ("backends: [{type: comfyui, url: 'http://a'}, {type: a1111, url: 'http://b', alias: a_80}]", "'a_80'"),
        ("credentials: {main: {}}", "credentials.main: Value error, needs either env or file"),
        ("credentials: {main: {env: NO_SUCH_VARIABLE}}", "the variable NO_SUCH_VARIABLE is not set"),
        ("credentials: {main: {file: /no/such/file}}", "cannot read /no/such/file"),
        ("[1]", "Input should be"),
        ("a: [", "not YAML"),
    ],
)
def test_an_invalid_list_is_refused_by_field(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BackendListError) as caught:
        read_backends(write(tmp_path, text), ())
    assert named in str(caught.value)


def test_a_secret_of_several_lines_is_refused_without_its_text(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("line one\nline two")
    path = write(tmp_path, f"credentials: {{main: {{file: {tmp_path / 'key'}}}}}")
    with pytest.raises(BackendListError) as caught:
        read_backends(path, ())
    assert "one line" in str(caught.value)
    assert "line two" not in str(caught.value)


@pytest.mark.parametrize("text", ["http://127.0.0.1:8188", "comfyui=", "nothing=http://a", "comfyui=http://a?b=c"])
def test_a_short_form_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BackendListError):
        read_backends(None, [text])


def test_an_address_of_version_six_makes_a_usable_id() -> None:
    (entry,) = read_backends(None, ["comfyui=http://[::1]:8188"]).backends
    assert entry.id == "..1_8188"
