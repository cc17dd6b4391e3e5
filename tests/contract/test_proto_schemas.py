"""The committed contracts in proto-schemas/ are what the code says."""

from support.proto_schemas import FOLDER, generate


def test_generated_contracts_are_current() -> None:
    committed = {path: path.read_text() for path in FOLDER.glob("*/*.json") if path.parent.name != "examples"}
    current = generate()
    stale = {path.name for path in committed.keys() | current if committed.get(path) != current.get(path)}
    assert stale == set(), "run `make proto-schemas` and commit what changed"
