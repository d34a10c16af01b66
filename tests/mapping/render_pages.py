"""Write the reference pages of the shipped mappings anew: ``python tests/mapping/render_pages.py``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mapping.systems import SHIPPED, shipped
from tyokyky_bridge.mapping.pages import fidelity_page, mapping_page

if __name__ == "__main__":
    reference = Path(__file__).parents[2] / "docs" / "reference"
    (reference / "mappings").mkdir(parents=True, exist_ok=True)
    lenses = [shipped(system)[0] for system in SHIPPED]
    for lens in lenses:
        (reference / "mappings" / f"{lens.system}.md").write_text(mapping_page(lens), "utf-8")
    (reference / "fidelity.md").write_text(fidelity_page(lenses), "utf-8")
