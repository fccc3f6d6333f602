"""The model card: of the log of a training, what tells how it went."""

from pathlib import Path

from training.card import write_card

MODELS = Path(__file__).parents[2] / "src" / "corcal" / "models"
LOG = """\
2026-01-01 08:19:48,471 training.bodies made/bodies --count 420
2026-01-01 08:20:25,121   25 of 420 bodies
2026-01-01 08:29:33,849   25 of 240 bodies
2026-01-01 08:28:54,097 training.bodies took 546 s
2026-01-01 08:34:54,761   420 bodies
2026-01-01 08:37:32,896   Locator step 500 of 600, 156 s, loss 0.110
2026-01-01 08:38:04,389   Locator step 600 of 600, 188 s, loss 0.105
2026-01-01 08:38:28,805   420 bodies
2026-01-01 09:04:38,371   0 bodies
2026-01-01 09:04:43,940   240 near bodies
2026-01-01 10:23:20,847   held out: 10046 candidates, right 0.955
"""


def test_the_card_has_the_last_lines_of_each_step_once_and_without_their_time(
    tmp_path: Path,
) -> None:
    log, card = tmp_path / "training.log", tmp_path / "card.md"
    log.write_text(LOG)
    write_card(MODELS, log, card, counts=(420, 240, 720), seeds=(1, 2, 3))
    assert card.read_text().split("```")[1].split("\n") == [
        "",
        "420 bodies",
        "Locator step 600 of 600, 188 s, loss 0.105",
        "240 near bodies",
        "held out: 10046 candidates, right 0.955",
        "",
    ]
