"""Training on tiny models of each family: what it writes opens, what is killed goes on, what goes wrong is said."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from mt.cli import main
from mt.config import load_config
from mt.errors import ConfigError, ModelError, MTError
from mt.models import load_state, save_packed
from mt.pipeline import load
from mt.train import run
from mt.train.checkpoints import Checkpoints
from mt.train.mixture import Example
from mt.train.network import load_network
from mt.train.packing import Pack, coder_for, pack
from mt.train.recipe import Recipe, make_recipe
from mt.train.running import base_config
from tests import tiny

if TYPE_CHECKING:
    from mt.train.packing import Ints

CAUSAL = 'model:\n  name: tiny\n  path: .\n  family: causal\n  prompt: "Arabic: {source}\\nEnglish:"\n'
NLLB = "model: {name: tiny-nllb, path: ., family: seq2seq, source_code: arb_Arab, forced_bos: eng_Latn}\n"
OF_TORCH = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
"""Torch's compiler warns of its own doings."""
SHORT = {"epochs": 3, "batch_tokens": 800, "rate": 5e-3, "warm_up": 2, "evaluate_steps": 8, "clean": {"near_duplicates": 1}}


@pytest.fixture(autouse=True)
def _one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MT_CACHE", str(tmp_path / "cache"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained models, by the names of their families."""
    folder = tmp_path_factory.mktemp("bases")
    (tiny.gemma3(folder / "gemma3") / "config.yaml").write_text(CAUSAL)
    (tiny.gpt2(folder / "gpt2") / "config.yaml").write_text(CAUSAL)
    (tiny.nllb(folder / "nllb") / "config.yaml").write_text(NLLB)
    tiny.marian(folder / "marian")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in tiny.PAIRS), encoding="utf-8")
    return path


def recipe_for(base: Path, path: Path, **options: object) -> Recipe:
    return make_recipe(**{**SHORT, "base": str(base), "data": [{"files": str(path)}], **options})


def coded(folder: Path, pairs: Sequence[tuple[str, str]]) -> list[tuple[Ints, Ints]]:
    """Pairs as the ids that a causal model is trained on."""
    model = base_config(str(folder)).model
    packed = pack([Example(source, target, model.prompt or "") for source, target in pairs], coder_for(model, folder), max_tokens=999)
    return packed.rows(range(len(pairs)))


def ignore(message: str) -> None:
    pass


def english(folder: Path, source: str) -> str:
    return load(base_config(str(folder)), backend="transformers", threads=1, compute_type="float32").translate(source).text


@pytest.mark.parametrize(
    ("family", "lora"),
    [("gemma3", None), ("gpt2", None), ("marian", None), ("nllb", None), ("gemma3", {"rank": 4}), ("marian", {"rank": 4})],
)
def test_every_family_learns(bases: Path, data: Path, tmp_path: Path, family: str, lora: dict[str, int] | None) -> None:
    done = run(recipe_for(bases / family, data, lora=lora), tmp_path / "out", tell=ignore)
    assert done.outcome.after < done.outcome.before - 0.3
    assert english(done.folders["plain"], tiny.PAIRS[0][0])


@OF_TORCH
def test_compiled_layers_compute_the_same(bases: Path, data: Path, tmp_path: Path) -> None:
    config = base_config(str(bases / "gemma3"))
    rows = coded(bases / "gemma3", tiny.PAIRS[:5])
    networks = [
        load_network(config.model, bases / "gemma3", recipe_for(bases / "gemma3", data, compile=compiled, compute_type="float32"))
        for compiled in (False, True)
    ]
    losses = [network.loss(rows, training=True).mean for network in networks]
    assert float(losses[1]) == pytest.approx(float(losses[0]), rel=1e-5)
    for network, loss in zip(networks, losses, strict=True):
        loss.backward()  # type: ignore[no-untyped-call]
        network.take_gradients()
    for name, plain in networks[0].masters.items():
        assert plain.grad is not None
        torch.testing.assert_close(networks[1].masters[name].grad, plain.grad, rtol=1e-3, atol=1e-5)
    compiled = [network.model.get_decoder().layers[0]._compiled_call_impl is not None for network in networks]
    assert compiled == [False, True]


@OF_TORCH
def test_without_a_compiler_training_goes_on_and_says_so(bases: Path, data: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with torch._inductor.config.patch({"cpp.cxx": ("no-such-compiler",)}):
        run(recipe_for(bases / "gemma3", data, compile=True, epochs=1), tmp_path / "out", tell=said.append)
    assert any("needs g++" in line for line in said)


def test_all_forms_are_written_and_say_the_same(bases: Path, data: Path, tmp_path: Path) -> None:
    done = run(recipe_for(bases / "gemma3", data, epochs=12, export=["packed", "plain", "ctranslate2"]), tmp_path / "out", tell=ignore)
    assert english(done.folders["packed"], tiny.PAIRS[0][0]) == english(done.folders["plain"], tiny.PAIRS[0][0])
    assert (done.folders["ctranslate2"] / "model.bin").is_file()
    assert all((folder / "README.md").read_text(encoding="utf-8") == done.card for folder in done.folders.values())
    moved = (tmp_path / "out").rename(tmp_path / "moved")
    assert english(moved / "plain", tiny.PAIRS[0][0])  # its config.yaml names no place


def test_frozen_embeddings_stay_and_marian_keeps_its_zeros(bases: Path, data: Path, tmp_path: Path) -> None:
    run(recipe_for(bases / "gemma3", data), tmp_path / "causal", tell=ignore)
    old, new = (load_state(folder, torch.bfloat16) for folder in (bases / "gemma3", tmp_path / "causal/plain"))
    assert torch.equal(old["model.embed_tokens.weight"], new["model.embed_tokens.weight"])
    assert not torch.equal(old["model.layers.0.mlp.up_proj.weight"], new["model.layers.0.mlp.up_proj.weight"])
    run(recipe_for(bases / "marian", data), tmp_path / "marian", tell=ignore)
    assert not load_state(tmp_path / "marian/plain")["model.shared.weight"][-1].any()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_fused_loss_and_its_gradient_are_those_of_torch(bases: Path, smoothing: float) -> None:
    recipe = make_recipe(data=[], label_smoothing=smoothing, device="cpu", compute_type="float32")
    config = base_config(str(bases / "gemma3"))
    rows = coded(bases / "gemma3", tiny.PAIRS[:3])
    network = load_network(config.model, bases / "gemma3", recipe)
    loss = network.loss(rows, training=True)
    loss.mean.backward()  # type: ignore[no-untyped-call]
    fused = {name: value.grad.clone() for name, value in network.model.named_parameters() if value.grad is not None}
    network.model.zero_grad()
    inputs = torch.zeros(3, max(len(s) + len(t) for s, t in rows), dtype=torch.long)
    labels = torch.full_like(inputs, -100)
    for i, (source, target) in enumerate(rows):
        inputs[i, : len(source) + len(target)] = torch.tensor([*source, *target])
        labels[i, len(source) - 1 : len(source) + len(target) - 1] = torch.tensor(target)
    logits = network.model(input_ids=inputs).logits
    plain = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), label_smoothing=smoothing)
    plain.backward()  # type: ignore[no-untyped-call]
    assert float(loss.mean.detach()) == pytest.approx(float(plain.detach()), abs=1e-4)
    for name, value in network.model.named_parameters():
        if name in fused:
            assert torch.allclose(fused[name], value.grad, atol=1e-4), name


def test_packed_weights_come_back_within_half_a_step(tmp_path: Path) -> None:
    torch.manual_seed(1)
    state = {"a.weight": torch.randn(7, 5), "b.bias": torch.randn(5), "zero.weight": torch.zeros(2, 3)}
    save_packed(state, tmp_path)
    back = load_state(tmp_path, torch.float32)
    step = state["a.weight"].abs().amax(1, keepdim=True) / 127
    assert ((back["a.weight"] - state["a.weight"]).abs() <= 0.51 * step).all()
    assert torch.equal(back["zero.weight"], state["zero.weight"])
    assert torch.allclose(back["b.bias"], state["b.bias"], rtol=1e-2)


def test_batches_keep_the_budget_and_the_weights() -> None:
    import numpy as np

    lengths = np.array([3, 9, 4, 5, 2, 30])
    packed = Pack(np.arange(lengths.sum() * 2), lengths, lengths, np.array([1.0, 2.0, 0.0, 1.0, 0.5, 1.0]))
    epochs = [packed.batches(40, seed=1, epoch=epoch) for epoch in range(40)]
    assert epochs[0] == packed.batches(40, seed=1, epoch=0) and epochs[0] != epochs[1]
    for batches in epochs:
        assert all(len(batch) == 1 or len(batch) * 2 * max(lengths[batch]) <= 40 for batch in batches)
        seen = [i for batch in batches for i in batch]
        assert (seen.count(0), seen.count(1), seen.count(2)) == (1, 2, 0)
    assert 10 < sum(batches.count([4]) + sum(4 in b for b in batches if len(b) > 1) for batches in epochs) < 30
    assert [list(row[0]) for row in packed.rows([2])] == [[24, 25, 26, 27]]


# What is killed goes on

LONGER = {**SHORT, "epochs": 8}


def killed(base: Path, data: Path, output: Path) -> None:
    """Run `mt train` in a process of its own and kill it, with no chance to clean up, when it has two checkpoints."""
    settings = [f"{name}={json.dumps(value)}" for name, value in LONGER.items()]
    arguments = ["--base", str(base), "--data", str(data), "-o", str(output), *(a for s in settings for a in ("--set", s))]
    process = subprocess.Popen([sys.executable, "-m", "mt.cli", "train", *arguments], env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        while not list(output.glob("checkpoints/step-000008")):
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("family", ["gemma3", "marian"])
def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_been(bases: Path, data: Path, tmp_path: Path, family: str) -> None:
    killed(bases / family, data, tmp_path / "killed")
    assert not (tmp_path / "killed/plain").exists()
    said: list[str] = []
    resumed = run(recipe_for(bases / family, data, **LONGER), tmp_path / "killed", tell=said.append)
    straight = run(recipe_for(bases / family, data, **LONGER), tmp_path / "straight", tell=ignore)
    assert any("going on from" in line for line in said)
    one, other = (load_state(done.folders["plain"]) for done in (resumed, straight))
    assert resumed.outcome.progress.measured == straight.outcome.progress.measured
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_finished_run_is_not_run_again_but_can_go_on_longer(bases: Path, data: Path, tmp_path: Path) -> None:
    first = run(recipe_for(bases / "marian", data), tmp_path / "out", tell=ignore)
    again = run(recipe_for(bases / "marian", data), tmp_path / "out", tell=ignore)
    longer = run(recipe_for(bases / "marian", data, epochs=5), tmp_path / "out", tell=ignore)
    assert again.outcome.progress.measured == first.outcome.progress.measured
    assert longer.outcome.progress.step > first.outcome.progress.step


def test_training_stops_where_the_held_out_loss_rises(bases: Path, data: Path, tmp_path: Path) -> None:
    options = {"epochs": 60, "rate": 0.5, "patience": 2, "evaluate_steps": 4, "clip": 100.0}
    done = run(recipe_for(bases / "marian", data, **options), tmp_path / "out", tell=ignore)
    assert done.outcome.stopped.startswith("no better held-out loss since step ")
    assert done.outcome.after <= min(m.held_out for m in done.outcome.progress.measured)


def test_minutes_end_a_run(bases: Path, data: Path, tmp_path: Path) -> None:
    done = run(recipe_for(bases / "marian", data, epochs=1000, minutes=0.01), tmp_path / "out", tell=ignore)
    assert done.outcome.progress.epoch < 900 and "minutes" in done.outcome.stopped


# What goes wrong is said, and the last good weights stay


def test_a_loss_that_is_no_number_stops_the_run_with_the_last_checkpoint(bases: Path, data: Path, tmp_path: Path) -> None:
    recipe = recipe_for(bases / "gemma3", data, rate=1e30, warm_up=1, evaluate_steps=1000)
    with pytest.raises(ModelError, match=r"the loss is nan at step \d+, rate .*; lower rate; the last good checkpoint is .*step-000000"):
        run(recipe, tmp_path / "out", tell=ignore)
    weights = Checkpoints(tmp_path / "out/checkpoints", keep=3).weights(0)
    assert weights and all(value.isfinite().all() for value in weights.values())


@contextmanager
def files_of_at_most_a_kilobyte() -> Iterator[None]:
    """What a full disk does to a writer, done by the kernel."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_that_fills_up_costs_no_checkpoint(bases: Path, data: Path, tmp_path: Path) -> None:
    run(recipe_for(bases / "marian", data, epochs=1), tmp_path / "out", tell=ignore)
    kept = Checkpoints(tmp_path / "out/checkpoints", keep=3)
    before, weights = kept.steps(), kept.weights(kept.steps()[-1])
    said = r"checkpoint cannot be written: .*; the last good one is .*; make room and run the same command"
    with files_of_at_most_a_kilobyte(), pytest.raises(ModelError, match=said):
        run(recipe_for(bases / "marian", data, epochs=2), tmp_path / "out", tell=ignore)
    assert kept.steps() == before
    assert all(torch.equal(value, weights[name]) for name, value in kept.weights(before[-1]).items())
    assert not list((tmp_path / "out/checkpoints").glob(".step*"))


@pytest.mark.parametrize("damaged", ["weights.safetensors", "optimizer.pt", "progress.json"])
def test_a_damaged_checkpoint_is_named(bases: Path, data: Path, tmp_path: Path, damaged: str) -> None:
    run(recipe_for(bases / "marian", data, epochs=1), tmp_path / "out", tell=ignore)
    newest = Checkpoints(tmp_path / "out/checkpoints", keep=3).latest()
    (newest / damaged).write_bytes((newest / damaged).read_bytes()[:50])
    with pytest.raises(ModelError, match=rf"{newest.name}.*damaged.*remove"):
        run(recipe_for(bases / "marian", data, epochs=2), tmp_path / "out", tell=ignore)


def test_another_recipe_does_not_go_on_with_a_run(bases: Path, data: Path, tmp_path: Path) -> None:
    run(recipe_for(bases / "marian", data, epochs=1), tmp_path / "out", tell=ignore)
    with pytest.raises(ConfigError, match="holds a run of another recipe, base or data; name another --output"):
        run(recipe_for(bases / "marian", data, seed=2), tmp_path / "out", tell=ignore)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").touch()
    with pytest.raises(ConfigError, match="not empty, and no training run"):
        run(recipe_for(bases / "marian", data), tmp_path / "mine", tell=ignore)


@pytest.mark.parametrize(
    ("base", "options", "message"),
    [
        ("nowhere", {}, "unknown model or configuration 'nowhere'"),
        ("opus-big", {}, "is not installed; run `mt models get opus-big`"),
        ("bart", {}, "'bart' is for summaries"),
        ("{bases}", {}, "not a model folder"),
        ("{bases}/unaddressed", {}, "needs model.prompt, a template with {source}"),
        ("{bases}/wrong", {}, "cannot be loaded|no weights of the right shape"),
        ("{bases}/marian", {"export": ["packed"]}, "packed is for causal models"),
        (
            "{bases}/marian",
            {"max_tokens": 16, "data": [{"files": "{data}", "min_words": 5}]},
            "every example is longer than max_tokens: 16",
        ),
        ("{bases}/marian", {"device": "cuda"}, "torch finds no GPU"),
    ],
)
def test_a_base_that_does_not_fit_is_refused_before_training(
    bases: Path, data: Path, tmp_path: Path, base: str, options: dict[str, object], message: str
) -> None:
    if base.endswith("unaddressed"):
        tiny.gemma3(bases / "unaddressed")
    if base.endswith("wrong"):
        folder = tiny.marian(bases / "wrong")
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "d_model": 48}))
    filled = json.loads(json.dumps(options).replace("{data}", str(data)))
    with pytest.raises(MTError, match=message):
        run(recipe_for(Path(base.format(bases=bases)), data, **filled), tmp_path / "out", tell=ignore)
    assert not (tmp_path / "out/checkpoints").exists()


# The command


def test_the_command_trains_scores_and_names_the_folders(
    bases: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for suffix, side in ((".ar", 0), (".en", 1)):
        Path("dev" + suffix).write_text("".join(pair[side] + "\n" for pair in tiny.PAIRS[:6]), encoding="utf-8")
    (tmp_path / "r.yaml").write_text(
        "data: [{files: data.tsv}]\nclean: {near_duplicates: 1}\nevaluation: {files: ['dev.*'], score: [dev.ar], lines: 4}\n"
    )
    command = ["train", "--recipe", "r.yaml", "--base", str(bases / "marian"), "--epochs", "1", "--set", "batch_tokens=800"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert out == "plain\ttrained/r/plain\n"
    card = Path("trained/r/plain/README.md").read_text(encoding="utf-8")
    assert "| 4 of dev |" in card and "| data.tsv | 180 | 174 | 6 |" in card
    assert "chrF" in load_config("trained/r/plain/config.yaml").model.quality
    assert "held-out loss" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train"], 2, "nothing to train on: give --recipe YAML or --data FILE"),
        (["train", "--data", "gone.tsv"], 2, "gone.tsv: no such file"),
        (["train", "--recipe", "gone.yaml"], 2, "gone.yaml: no such file"),
        (["train", "--data", "x.tsv", "--set", "rate"], 2, "--set rate: expected OPTION=VALUE"),
        (["train", "--data", "x.tsv", "--set", "beams=4"], 2, "options: unknown key 'beams'"),
        (["train", "--data", "x.tsv", "--minutes", "-1"], 2, "minutes: input should be greater than 0"),
    ],
)
def test_wrong_use_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == code
    assert message in capsys.readouterr().err
