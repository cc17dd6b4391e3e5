from darkroom_chassis.api_keys import KeyKind, hash_api_key, new_api_key, parse_api_key, same_key


def test_a_new_key_parses_to_itself() -> None:
    key = new_api_key(KeyKind.SERVICE)
    assert parse_api_key(key.text) == key


def test_a_mistyped_key_is_refused_without_a_lookup() -> None:
    text = new_api_key(KeyKind.USER).text
    wrong = text[:-1] + ("a" if text[-1] != "a" else "b")
    assert parse_api_key(wrong) is None


def test_the_stored_hash_recognises_only_its_key() -> None:
    key, other = new_api_key(KeyKind.USER), new_api_key(KeyKind.USER)
    assert same_key(key.text, hash_api_key(key.text))
    assert not same_key(other.text, hash_api_key(key.text))


def test_a_printed_key_hides_its_secret() -> None:
    key = new_api_key(KeyKind.ADMIN)
    assert key.text not in repr(key)
