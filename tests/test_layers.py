"""Who may import whom (the map is in NOTES.md), and what `import mt` may cost."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mt"

# Arrows point down only: a module may import from lower layers and from its own.
LAYERS = [
    {"cli"},
    {"web", "service", "batch", "cluster", "evaluate", "bench", "train", "report", "review"},
    {"pipeline", "formats"},
    {"alternatives", "translation", "summarization"},
    {"check", "glossary", "memory", "alignment", "names", "negation", "numbers", "quality", "reranking"}
    | {"segmentation", "arabic", "engines", "models"},
    {"config"},
    {"data", "errors", "writing", "_version"},
]
# Heavy or optional packages, and the only parts that may import them (inside functions).
OWNERS = {
    "torch": {"engines", "models", "bench", "train"},
    "transformers": {"engines", "models", "bench", "train"},
    "ctranslate2": {"engines", "models", "bench"},
    "peft": {"train"},
    "gradio": {"web", "service"},
    "fastapi": {"web", "service"},
    "starlette": {"web", "service", "review"},
    "uvicorn": {"web", "service", "review"},
    "mcp": {"service"},
    "prometheus_client": {"service"},
    "ray": {"cluster"},
    "fsspec": {"batch", "cluster"},
    "mdit_py_plugins": {"formats"},
    "sacrebleu": {"evaluate"},
    "rouge_score": {"evaluate"},
    "lxml": {"formats", "glossary", "memory", "train"},
    "docx": {"formats", "report"},
    "pptx": {"formats"},
    "openpyxl": {"formats"},
    "markdown_it": {"formats"},
    "pypdf": {"formats"},
    "trafilatura": {"formats"},
}

# Packages that are themselves imported inside functions only: their modules import what they need at the top.
LATE = {"service"}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer_of(part: str) -> int:
    found = [i for i, layer in enumerate(LAYERS) if part in layer]
    assert found, f"mt.{part} has no layer"
    return found[0]


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """(module, at the top level of the file?) for every import statement; typing-only ones are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, node in tree.body) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "mt" else [node.module]
            found += [(name, node in tree.body) for name in names]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down_and_heavy_ones_are_local(path: Path) -> None:
    part = part_of(path)
    for module, top_level in imports(path):
        root, *rest = module.split(".")
        if root == "mt" and rest:
            assert layer_of(rest[0]) >= layer_of(part), f"mt.{part} imports {module} from a higher layer"
        if root in OWNERS:
            assert part in OWNERS[root], f"mt.{part} may not import {root}"
            assert not top_level or part in LATE, f"{path.name} imports {root} at import time"
        if rest and rest[0] in LATE and part not in LATE:
            assert not top_level, f"{path.name} imports {module} at import time"


def test_import_mt_loads_nothing_heavy() -> None:
    heavy = ["numpy", "pydantic", "yaml", "torch", "transformers", "ctranslate2", "gradio"]
    code = f"import sys, mt; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
