"""The wheel: everything that an offline machine needs is in it, and it works without the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [made] = folder.glob("*.whl")
    return made


def test_wheel_holds_all_that_the_checkout_has(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {str(path.relative_to(ROOT)) for path in (ROOT / "mt").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    beside = {f"mt/{path.relative_to(ROOT)}" for folder in ("configs", "seeds") for path in (ROOT / folder).rglob("*") if path.is_file()}
    assert package | beside <= names
    assert sum(name.endswith(".int8.safetensors") for name in names) == 3


def test_installed_wheel_finds_its_weights_configurations_and_samples(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)], check=True)
    code = (
        "import mt, mt.models, mt.config, pathlib\n"
        "assert pathlib.Path(mt.__file__).is_relative_to(pathlib.Path('site').resolve()), mt.__file__\n"
        "pipe = mt.load('builtin', backend='ctranslate2', beam_size=1)\n"
        "print(pipe.translate('القاهرة عاصمة مصر.').text)\n"
        "print(len(mt.config.config_names()), len(list(mt.config.seeds_folder().glob('*.txt'))))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(target), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    english, counts = done.stdout.splitlines()
    assert "Egypt" in english
    assert counts == f"{len(list((ROOT / 'configs').glob('*.yaml')))} {len(list((ROOT / 'seeds').glob('*.txt')))}"
