"""An operator's file adds and replaces entries of the catalogue; what is wrong with it is named, file and field."""

from pathlib import Path

import pytest
from darkroom_schemas.catalogue import CATALOGUE, JobType, read_types
from darkroom_schemas.catalogue_file import MAX_FILE_BYTES, CatalogueError, read_tables
from darkroom_schemas.families import FAMILIES, read_families

FAMILY = 'family = "sdxl"'
SKETCH = """
[types.sketch]
label = "Sketch"
family = "sdxl"
model = "sketch-xl"
steps = 4
guidance_scale = 1.0
sampler = "LCM"
width = 512
height = 768
max_output_bytes = 2_000_000
price_mc = 100
expected_s = 5
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "types.toml"
    file.write_text(text)
    return file


def read_catalogue(file: Path) -> dict[str, JobType]:
    tables = read_tables(file)
    return read_types(tables, read_families(tables))


def problem(folder: Path, text: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(written(folder, text))
    return str(caught.value).removeprefix(f"{folder / 'types.toml'}: ")


def test_a_type_is_added_behind_the_shipped_ones(tmp_path: Path) -> None:
    types = read_catalogue(written(tmp_path, SKETCH))
    assert list(types) == [*CATALOGUE, "sketch"]
    sketch = types["sketch"]
    assert (sketch.bucket, sketch.mime_type, sketch.outputs, sketch.takes_loras) == ("sketch", "image/png", 1, True)
    assert {name: types[name] for name in CATALOGUE} == CATALOGUE


def test_a_type_of_the_same_name_is_replaced_as_a_whole_in_its_place(tmp_path: Path) -> None:
    types = read_catalogue(written(tmp_path, SKETCH.replace("types.sketch", "types.image_fast")))
    assert list(types) == list(CATALOGUE)
    assert (types["image_fast"].family, types["image_fast"].vram_gb) == ("sdxl", 0)


def test_a_family_is_added(tmp_path: Path) -> None:
    family = '[families.flux]\nkind = "image"\nsamplers = ["Euler"]\n'
    file = written(tmp_path, family + SKETCH.replace("sdxl", "flux").replace("LCM", "euler"))
    families = read_families(read_tables(file))
    assert list(families) == [*FAMILIES, "flux"]
    assert read_catalogue(file)["sketch"].family == "flux"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[types.sketch]", "[types.sketch", "not TOML"),
        ("[types.sketch]", "[kinds.sketch]", "kinds: unknown; known: families, types"),
        ("[types.sketch]", "[types.Sketch]", "types.Sketch.name: String should match pattern"),
        ("steps = 4", "stepps = 4", "types.sketch.stepps: unknown; known: "),
        ("steps = 4", "steps = 0", "types.sketch.steps: Input should be greater than or equal to 1"),
        ("steps = 4", "steps = 60", "types.sketch.steps: must be at most 50 with the sampler LCM, are 60"),
        ("steps = 4", "", "types.sketch.steps: is required for the family sdxl"),
        ('model = "sketch-xl"', "", "types.sketch.model: is required for the family sdxl"),
        ('label = "Sketch"', "", "types.sketch.label: Field required"),
        ("width = 512", "width = 514", "types.sketch.width: must be a multiple of 8, is 514"),
        ('"LCM"', '"Warp"', "types.sketch.sampler: must be one of Euler, "),
        ('"sdxl"', '"flux"', "types.sketch.family: must be one of sdxl, wan_image, "),
        ('"sdxl"', '"wan_video"', "types.sketch.frames: is required for the family wan_video"),
        (
            FAMILY,
            'connector = "comfyui"\nmime_type = "image/png"',
            "types.sketch.connector: must be local; types of other back ends",
        ),
        (FAMILY, f'{FAMILY}\nconnector = "http"', "types.sketch.family: is for the connector local"),
        (FAMILY, "mime_type = 'image/png'", "types.sketch.family: is required for the connector local"),
        ("price_mc = 100", "price_mc = -1", "types.sketch.price_mc: Input should be greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert problem(tmp_path, SKETCH.replace(old, new)).startswith(message)


def test_a_family_of_images_needs_samplers(tmp_path: Path) -> None:
    assert "families.flux: " in problem(tmp_path, '[families.flux]\nkind = "image"\n')
    assert "samplers" in problem(tmp_path, '[families.flux]\nkind = "image"\n')


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"DARKROOM_CATALOGUE: cannot read .*types\.toml: No such file"):
        read_tables(tmp_path / "types.toml")
    large = written(tmp_path, "#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(CatalogueError, match="more than 1,000,000 bytes"):
        read_tables(large)
    large.write_bytes(b"\xff")
    with pytest.raises(CatalogueError, match="not text in UTF-8"):
        read_tables(large)
