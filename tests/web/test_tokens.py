"""Colours that are used together can be told apart, in light and in dark (UX 3.2, WCAG 1.4.3, 1.4.11)."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static/css"
STATES = ("open", "now", "completed", "missed", "canceled", "custom", "waiting")
GROUNDS = ("page", "panel", "sunken")

TEXT = [
    *((ink, ground) for ink in ("text", "text-2", "text-3") for ground in GROUNDS),
    *((ink, ground) for ink in ("accent", "accent-hover", "danger") for ground in ("page", "panel")),
    *((state, f"{state}-tint") for state in (*STATES, "ok", "warn", "danger", "accent")),
    *(
        (ink, f"{state}-tint")
        for ink in ("text", "text-2")
        for state in (*STATES, "ok", "warn", "danger", "accent")
    ),
    *((state, "panel") for state in (*STATES, "ok", "warn")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-danger", "danger"),
    ("on-danger", "danger-hover"),
    ("accent-hover", "accent-tint"),
    ("panel", "text"),
]
SHAPES = [
    *((shape, ground) for shape in ("edge", "focus") for ground in GROUNDS),
    *((f"{state}", ground) for state in STATES for ground in GROUNDS),
    ("focus", "accent-tint"),
]


def tokens(theme: str) -> dict[str, str]:
    """Every token's colour in one theme, followed through its references."""
    raw = dict(re.findall(r"--([\w-]+):\s*([^;]+);", (CSS / "tokens.css").read_text()))

    def resolved(value: str) -> str:
        if pair := re.fullmatch(r"light-dark\((.+?\)), ?(.+)\)", value):
            return resolved(pair[1 if theme == "light" else 2])
        if reference := re.fullmatch(r"var\(--([\w-]+)\)", value):
            return resolved(raw[reference[1]])
        return value

    return {name: resolved(value.strip()) for name, value in raw.items()}


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two #rrggbb colours."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_what_they_are_written_on(theme: str) -> None:
    colours = tokens(theme)
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in TEXT}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_and_shapes_stand_out(theme: str) -> None:
    colours = tokens(theme)
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in SHAPES}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}


def test_the_check_sees_a_weak_pair() -> None:
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54
    assert contrast("#d3dae1", "#ffffff") < 3


def test_components_name_meanings_and_never_raw_colours() -> None:
    raw = re.findall(
        r"--((?:slate|blue|green|amber|red|violet|plum|teal|focus)-\d+):", (CSS / "tokens.css").read_text()
    )
    assert len(raw) > 30
    app = (CSS / "app.css").read_text()
    assert [name for name in raw if f"--{name})" in app] == []
