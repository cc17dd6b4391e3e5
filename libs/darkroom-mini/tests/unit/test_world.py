"""What the renderer draws."""

import numpy as np
import pytest
from darkroom_mini.world.render import render
from darkroom_mini.world.scene import Colour, Place, Scene, Setting, Style, Thing, Time, Weather
from darkroom_mini.world.subjects.catalogue import SUBJECTS

CAT = Thing("cat", Colour.ORANGE)
_SLACK = 0.02


def pixels_of(scene: Scene, seed: int = 1, width: int = 256, height: int = 256) -> bytes:
    return render(scene, seed, width, height).image.tobytes()


@pytest.mark.parametrize("style", Style)
def test_the_same_scene_and_seed_give_the_same_bytes(style: Style) -> None:
    scene = Scene((CAT,), time=Time.NIGHT, weather=Weather.RAIN, style=style)
    assert pixels_of(scene) == pixels_of(scene)
    assert pixels_of(scene) != pixels_of(scene, seed=2)


@pytest.mark.parametrize(("width", "height"), [(256, 256), (384, 256), (256, 384)])
def test_a_picture_has_the_size_that_was_asked_for(width: int, height: int) -> None:
    assert render(Scene((CAT,)), 1, width, height).image.size == (width, height)


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_subject_is_large_and_inside_the_picture(name: str) -> None:
    setting = tuple(Setting)[sorted(SUBJECTS).index(name) % len(Setting)]
    (box,) = render(Scene((Thing(name, Colour.RED),), setting=setting), 3).boxes
    left, top, right, bottom = box
    assert -_SLACK <= left < right <= 1 + _SLACK
    assert -_SLACK <= top < bottom <= 1 + _SLACK
    assert max(right - left, bottom - top) > 0.4


@pytest.mark.parametrize("setting", Setting)
def test_each_colour_each_time_and_each_weather_looks_different(setting: Setting) -> None:
    scenes = [Scene((Thing("car", colour),), setting=setting) for colour in Colour]
    scenes += [Scene((CAT,), setting=setting, time=time) for time in Time]
    if setting not in (Setting.SPACE, Setting.ROOM, Setting.UNDERWATER):
        scenes += [Scene((CAT,), setting=setting, weather=weather) for weather in (*Weather,)[1:]]
    assert len({pixels_of(scene) for scene in scenes}) == len(scenes)


def test_a_single_thing_stands_where_its_place_says() -> None:
    middles = []
    for place in (Place.LEFT, Place.CENTRE, Place.RIGHT):
        ((left, _, right, _),) = render(Scene((CAT,), place=place), 5).boxes
        middles.append((left + right) / 2)
    assert middles == pytest.approx([0.28, 0.5, 0.72], abs=0.06)


def test_two_things_stand_in_the_order_of_the_scene() -> None:
    first, second = render(Scene((CAT, Thing("boat", Colour.RED))), 5).boxes
    assert first[2] < second[0] + 0.1


def test_a_landscape_has_no_things() -> None:
    picture = render(Scene((), setting=Setting.SEA), 1)
    assert picture.boxes == ()
    assert picture.image.tobytes() != pixels_of(Scene((CAT,), setting=Setting.SEA))


def test_night_is_darker_than_day() -> None:
    day, night = (np.asarray(render(Scene((CAT,), time=time), 1).image).mean() for time in (Time.DAY, Time.NIGHT))
    assert night < day / 2


@pytest.mark.parametrize(
    ("problem", "arguments"),
    [
        ("things: at most two", {"things": (CAT, CAT, CAT)}),
        ("count: only things of one kind", {"things": (), "count": 2}),
        ("count: 1 to 3", {"things": (CAT,), "count": 4}),
        ("count: only things of one kind", {"things": (CAT, Thing("dog", Colour.RED)), "count": 2}),
        ("place: only a single thing", {"things": (CAT,), "count": 2, "place": Place.LEFT}),
        ("weather: always clear", {"things": (CAT,), "setting": Setting.SPACE, "weather": Weather.RAIN}),
        ("time: always night", {"things": (CAT,), "style": Style.NEON, "time": Time.DAY}),
    ],
)
def test_an_impossible_scene_is_refused_with_the_field(problem: str, arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=problem):
        Scene(**arguments)  # type: ignore[arg-type]  # the point of the test
