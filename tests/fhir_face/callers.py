"""Who else calls in checks, beside health care's worker, and what there is to see."""

from worlds.parties import EMPLOYMENT, SOCIAL

GOALS = [
    {"id": "g-1", "text_client": "Osa-aikatyö varastossa.", "status": "active"},
    {"id": "g-2", "text_client": "Selkä kuntoon.", "status": "active"},
]
OLLI = {"party": EMPLOYMENT, "sub": "olli"}
KAISA = {"party": SOCIAL, "sub": "kaisa"}
