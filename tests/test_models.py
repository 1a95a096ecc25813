"""Weights: found, checked, fetched, converted, exported. The hub is a small server in this file; nothing leaves the machine."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from mt.config import ModelOptions, config_names, load_config
from mt.engines.tokens import quiet
from mt.errors import ConfigError, FetchError, ModelError
from mt.models import (
    PREFERENCE,
    Golden,
    best_installed,
    cache_folder,
    catalogue,
    converted,
    export,
    get,
    info,
    installed,
    load_state,
    locate,
    packed,
    revision_of,
)
from mt.models.conversion import copies
from mt.pipeline import load
from tests import tiny

COMMIT, NEWER = "a" * 40, "b" * 40
OFFLINE = "or take what ships with the package: --model builtin"
ARABIC, ENGLISH = tiny.PAIRS[0]
LEARNT = (Golden(ARABIC, (ENGLISH.split()[0].lower(),)),)
BUILTIN = ModelOptions()


@pytest.fixture(autouse=True)
def _own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has caches of its own, and a hub that does not answer."""
    monkeypatch.setenv("MT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port: nothing listens there
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.gemma3(tmp_path_factory.mktemp("gemma"))


@pytest.fixture
def copy(gemma: Path, tmp_path: Path) -> Path:
    """A causal model to be damaged."""
    return shutil.copytree(gemma, tmp_path / "copy")


def causal(path: Path | str, **options: str) -> ModelOptions:
    chosen = {"name": "tiny", "path": str(path), "family": "causal", "prompt": "Arabic: {source}\nEnglish:", **options}
    return ModelOptions.model_validate(chosen)


def seq2seq(path: Path | str, **options: str) -> ModelOptions:
    return ModelOptions.model_validate({"name": "tiny", "path": str(path), "family": "seq2seq", **options})


def cache_as_hub_does(source: Path, hub: Path, hub_id: str, commit: str = COMMIT, ref: str | None = "main") -> Path:
    """Files in blobs/, links to them in snapshots/COMMIT/, the commit in refs/REF."""
    repository = hub / f"models--{hub_id.replace('/', '--')}"
    folder = repository / "snapshots" / commit
    (repository / "blobs").mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True)
    for path in source.iterdir():
        blob = repository / "blobs" / hashlib.sha256(path.read_bytes()).hexdigest()
        shutil.copyfile(path, blob)
        (folder / path.name).symlink_to(Path("..", "..", "blobs", blob.name))
    if ref:
        (repository / "refs").mkdir(exist_ok=True)
        (repository / "refs" / ref).write_text(commit)
    return folder


def pickle_weights(folder: Path) -> Path:
    """Turn the safetensors of a folder into what older repositories hold."""
    state = load_file(folder / "model.safetensors")
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


# The catalogue


def test_catalogue_has_the_models_of_the_design_and_no_pipeline() -> None:
    names = {model.name for model in catalogue()}
    assert names >= {"builtin", "opus", "opus-big", "nllb", "nllb-1.3b", "madlad-3b", "m2m", "mbart50", "translategemma"}
    assert names >= {"distilbart", "bart", "pegasus", "mt5-xlsum"}
    assert "default" not in names
    assert names == set(config_names()) - {"default"}, "a model is called as its file"


@pytest.mark.parametrize("model", catalogue(), ids=lambda m: m.name)
def test_fields_of_every_model_fit_its_family(model: ModelOptions) -> None:
    assert model.licence != "unknown"
    assert model.size_mb
    assert model.quality
    assert model.revision is None or len(model.revision) == 40
    if model.family == "causal":
        assert model.prompt is not None
        assert "{source}" in model.prompt
        assert (model.source_code, model.forced_bos, model.source_prefix) == (None, None, "")
    else:
        assert (model.prompt, model.chat, model.summary_prompt, model.digest_prompt) == (None, False, None, None)
        assert (model.source_code is None) == (model.forced_bos is None), "a model names both languages or none"
        assert model.task == "translate" or model.source_code is None


def test_licences_that_forbid_commercial_use_are_said_in_the_note() -> None:
    restricted = {model.name for model in catalogue() if "-NC" in model.licence}
    assert restricted == {"nllb", "nllb-1.3b", "mt5-xlsum"}
    assert restricted == {model.name for model in catalogue() if "not for commercial use" in model.note}


# Finding a model


def test_builtin_is_found_and_whole() -> None:
    folder = locate(BUILTIN)
    assert packed(folder)
    assert {path.name for path in folder.iterdir()} >= {"config.json", "tokenizer.json", "NOTICE", "GEMMA_TERMS.html", "README.md"}


def test_local_folder_is_found(gemma: Path) -> None:
    assert locate(causal(gemma)) == gemma


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_hub_model_is_found_in_the_hub_cache(gemma: Path, tmp_path: Path, revision: str | None) -> None:
    folder = cache_as_hub_does(gemma, tmp_path / "hub", "org/tiny")
    model = causal("org/tiny").model_copy(update={"revision": revision})
    assert locate(model) == folder
    assert revision_of(model) == COMMIT


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"HF_HUB_CACHE": "one"}, "one"),
        ({"HUGGINGFACE_HUB_CACHE": "two"}, "two"),
        ({"HF_HOME": "three"}, "three/hub"),
        ({"XDG_CACHE_HOME": "four"}, "four/huggingface/hub"),
        ({"HF_HOME": "three", "HF_HUB_CACHE": "one"}, "one"),
    ],
)
def test_hub_cache_is_where_its_variables_say(
    gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], place: str
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    cache_as_hub_does(gemma, tmp_path / place, "org/tiny")
    assert installed(causal("org/tiny"))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (causal("org/tiny"), f"model 'tiny' (org/tiny) is not installed; run `mt models get FILE.yaml`, {OFFLINE}"),
        (load_config("nllb").model, "run `mt models get nllb`"),
        (causal("org/tiny", name="nllb"), "run `mt models get FILE.yaml`"),
        (causal("./nowhere"), "no such folder: nowhere"),
        (causal("/no/such/place"), "no such folder: /no/such/place"),
    ],
)
def test_model_that_is_not_there_is_named_with_the_remedy(model: ModelOptions, message: str) -> None:
    with pytest.raises(ModelError) as caught:
        locate(model)
    assert message in str(caught.value)
    assert not installed(model)


def test_another_revision_than_the_pinned_one_does_not_count(gemma: Path, tmp_path: Path) -> None:
    cache_as_hub_does(gemma, tmp_path / "hub", "org/tiny", commit=NEWER)
    assert not installed(causal("org/tiny", revision=COMMIT))


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n"
SCALED = {"rope_theta": 1e4, "rope_type": "linear", "factor": 8.0}


def cut(name: str, size: int) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:size])

    return damage


def write(name: str, text: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_text(text)

    return damage


def remove(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink()

    return damage


def lose_a_shard(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    save_file(state, folder / "model-00001-of-00002.safetensors")


def lose_a_shard_of_the_index(folder: Path) -> None:
    lose_a_shard(folder)
    weight_map = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))


def lose_a_packed_shard(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00003-of-00003.int8.safetensors")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove("config.json"), "missing file config.json"),
        (write("config.json", "{"), "config.json: damaged: not valid JSON"),
        (write("config.json", "{}"), "config.json: names no model_type"),
        (write("config.json", '{"model_type": "t5", "is_encoder_decoder": true}'), "a t5 model is of family: seq2seq, not causal"),
        (write("config.json", '{"model_type": "marian", "is_encoder_decoder": true}'), "a marian model is of family: seq2seq"),
        (remove("tokenizer.json"), "no tokenizer: expected one of tokenizer.json"),
        (remove("model.safetensors"), "no weights: expected model.safetensors"),
        (cut("model.safetensors", 0), "model.safetensors: damaged: 0 bytes are too few"),
        (cut("model.safetensors", 100), "model.safetensors: damaged: 100 bytes are too few"),
        (cut("model.safetensors", 20_000), "model.safetensors: damaged: 20000 bytes, its header promises"),
        (write("model.safetensors", POINTER), "a Git LFS pointer, not the weights"),
        (write("model.safetensors", "\x08\0\0\0\0\0\0\0notjson!"), "its header is not that of a safetensors file"),
        (lose_a_shard, "missing file model-00002-of-00002.safetensors"),
        (lose_a_shard_of_the_index, "missing file model-00002-of-00002.safetensors"),
        (lose_a_packed_shard, "missing file model-00001-of-00003.int8.safetensors, model-00002-of-00003.int8.safetensors"),
        (pickle_weights, "its weights are pickled, and only safetensors are read"),
    ],
)
def test_damage_is_named_with_the_remedy(copy: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(copy)
    with pytest.raises(ModelError) as caught:
        locate(causal(copy))
    said = str(caught.value)
    assert message in said
    assert said.startswith("model 'tiny': ")
    assert said.endswith(f"copy the folder again, {OFFLINE}")
    assert "\n" not in said


def test_marian_needs_all_three_of_its_tokenizer_files(marian: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(marian, tmp_path / "marian")
    (folder / "target.spm").unlink()
    with pytest.raises(ModelError, match="missing file target.spm"):
        locate(seq2seq(folder))


def test_interrupted_download_is_not_installed(gemma: Path, tmp_path: Path) -> None:
    folder = cache_as_hub_does(gemma, tmp_path / "hub", "org/tiny")
    (folder / "model.safetensors").resolve().unlink()  # the link is there, the file is not
    with pytest.raises(ModelError, match=r"no weights: .* run `mt models get"):
        locate(causal("org/tiny"))


# What pins the weights


def test_revision_of_a_folder_is_its_content(copy: Path, tmp_path: Path) -> None:
    first = revision_of(causal(copy))
    assert revision_of(causal(shutil.copytree(copy, tmp_path / "elsewhere"))) == first
    state = load_file(copy / "model.safetensors")
    name = "model.layers.0.mlp.up_proj.weight"
    state[name][5, 7] += 1
    save_file(state, copy / "model.safetensors", metadata={"format": "pt"})
    assert revision_of(causal(copy)) != first


# Reading weights


def test_int8_rows_are_unpacked_row_by_row(tmp_path: Path) -> None:
    rows = torch.tensor([[127, -64, 0], [1, 2, -127]], dtype=torch.int8)
    first = {"w": rows, "w.scale": torch.tensor([0.5, 0.001], dtype=torch.float16)}
    save_file(first, tmp_path / "model-00001-of-00002.int8.safetensors")
    save_file({"norm": torch.ones(3, dtype=torch.bfloat16)}, tmp_path / "model-00002-of-00002.int8.safetensors")
    state = load_state(tmp_path, torch.float32)
    scale = torch.tensor(0.001, dtype=torch.float16).item()
    assert set(state) == {"w", "norm"}
    assert torch.equal(state["w"], torch.tensor([[63.5, -32, 0], [scale, 2 * scale, -127 * scale]]))
    assert state["norm"].dtype == torch.float32


def test_unpacking_rounds_once_and_block_borders_do_not_show(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    rows = torch.randint(-127, 128, (700, 97), generator=generator, dtype=torch.int8)  # more than two blocks, none full
    scale = torch.rand(700, generator=generator).half()
    save_file({"w": rows, "w.scale": scale}, tmp_path / "model-00001-of-00001.int8.safetensors")
    assert torch.equal(load_state(tmp_path)["w"], (rows.float() * scale.float()[:, None]).bfloat16())


@pytest.mark.parametrize("dtype", [None, torch.float32, torch.float16])
def test_plain_weights_keep_their_type_unless_told(tmp_path: Path, dtype: torch.dtype | None) -> None:
    stored = {"w": torch.tensor([0.5, 2.0], dtype=torch.bfloat16), "steps": torch.tensor([3])}
    save_file(stored, tmp_path / "model.safetensors")
    state = load_state(tmp_path, dtype)
    assert state["w"].dtype == (dtype or torch.bfloat16)
    assert state["w"].tolist() == [0.5, 2.0]
    assert state["steps"].dtype == torch.int64


# model: auto


def install_catalogued(name: str, source: Path, hub: Path) -> Path:
    return cache_as_hub_does(source, hub, load_config(name).model.path)


@pytest.mark.parametrize(
    ("there", "best"),
    [([], "builtin"), (["opus"], "opus"), (["opus-big"], "opus-big"), (["opus", "opus-big"], "opus-big")],
)
def test_auto_takes_the_first_of_the_preference_that_is_installed(marian: Path, tmp_path: Path, there: list[str], best: str) -> None:
    for name in there:
        install_catalogued(name, marian, tmp_path / "hub")
    assert best_installed() == best
    assert load_config("default", auto=best_installed()).model.name == best


def test_auto_passes_over_a_damaged_model(marian: Path, tmp_path: Path) -> None:
    folder = install_catalogued("opus-big", marian, tmp_path / "hub")
    (folder / "model.safetensors").unlink()
    assert best_installed() == "builtin"


def test_preference_names_translation_models_and_ends_with_the_one_that_is_always_there() -> None:
    models = {model.name: model for model in catalogue()}
    assert all(models[name].task == "translate" for name in PREFERENCE)
    assert PREFERENCE[-1] == "builtin"


# Fetching


@dataclass
class Hub:
    """What a hub holds for one repository, and the requests that reached it. cut: bytes after which it hangs up, once."""

    files: dict[str, bytes] = field(default_factory=dict)
    commit: str = COMMIT
    status: int = 200
    cut: int | None = None
    seen: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    held = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def reply(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                if held.cut is not None and len(body) > held.cut:
                    body, held.cut = body[: held.cut], None
                    self.close_connection = True
                self.wfile.write(body)

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            held.seen.append(f"{self.command} {path}")
            if held.status != 200:
                code = {401: "GatedRepo", 404: "RepoNotFound"}.get(held.status, "")
                return self.reply(held.status, b"{}", X_Error_Code=code)
            if path.startswith("/api/models/org/tiny"):
                siblings = [{"rfilename": name, "size": len(data)} for name, data in held.files.items()]
                body = json.dumps({"id": "org/tiny", "sha": held.commit, "siblings": siblings}).encode()
                return self.reply(200, body, Content_Type="application/json")
            data = held.files.get(path.rsplit("/", 1)[1])
            if data is None or f"/resolve/{held.commit}/" not in path:
                return self.reply(404, b"", X_Error_Code="EntryNotFound")
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
            headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X_Repo_Commit": held.commit, "Accept_Ranges": "bytes"}
            if start:
                headers["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return self.reply(206 if start else 200, data[start:], **headers)

        do_HEAD = do_GET  # noqa: N815

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        held.url = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("HF_ENDPOINT", held.url)
        yield held
        server.shutdown()
        thread.join()


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A YAML of the user's for a model on the hub."""
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump({"model": {"name": "tiny", "path": "org/tiny", "family": "seq2seq"}}))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


UNWANTED = {"tf_model.h5": b"x", "model-q4k.gguf": b"x", "rust_model.ot": b"x", "training_args.bin": b"x"}


def test_get_fetches_what_is_needed_notes_the_commit_and_tries_the_model(hub: Hub, recipe: Path, marian: Path, tmp_path: Path) -> None:
    hub.files = {**contents(marian), **UNWANTED, "onnx/model.onnx": b"x", "README.md": b"about"}
    folder = get(recipe, golden=LEARNT)
    assert folder == tmp_path / "hub" / "models--org--tiny" / "snapshots" / COMMIT
    assert {path.name for path in folder.iterdir()} == {*contents(marian), "README.md"}
    model = load_config(recipe).model
    assert installed(model)
    assert revision_of(model) == COMMIT
    assert info(recipe).problem == ""


def test_get_twice_asks_the_hub_once_and_keeps_the_commit_when_main_moves(hub: Hub, recipe: Path, marian: Path) -> None:
    hub.files = contents(marian)
    folder = get(recipe, golden=LEARNT)
    asked, hub.commit = len(hub.seen), NEWER
    assert get(recipe) == folder
    assert len(hub.seen) == asked
    assert revision_of(load_config(recipe).model) == COMMIT


def test_get_goes_on_where_it_was_cut_off(hub: Hub, recipe: Path, marian: Path) -> None:
    hub.files = contents(marian)
    hub.cut = len(hub.files["model.safetensors"]) // 2
    folder = get(recipe, golden=LEARNT)
    assert (folder / "model.safetensors").read_bytes() == hub.files["model.safetensors"]


def test_get_repairs_what_is_damaged(hub: Hub, recipe: Path, marian: Path) -> None:
    hub.files = contents(marian)
    weights = get(recipe, golden=LEARNT) / "model.safetensors"
    blob = weights.resolve()
    blob.write_bytes(blob.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"model.safetensors: damaged: .* run `mt models get"):
        locate(load_config(recipe).model)
    get(recipe, golden=LEARNT)
    assert weights.read_bytes() == hub.files["model.safetensors"]


def test_get_turns_pickles_into_safetensors(hub: Hub, recipe: Path, marian: Path, tmp_path: Path) -> None:
    hub.files = contents(pickle_weights(shutil.copytree(marian, tmp_path / "pickled")))
    folder = get(recipe, golden=LEARNT)
    assert folder.is_relative_to(cache_folder())
    assert {path.name for path in folder.iterdir()} == set(contents(marian))
    stored, original = load_state(folder), load_state(marian)
    assert set(stored) == set(original)
    assert all(torch.equal(stored[name], original[name]) for name in original)
    assert revision_of(load_config(recipe).model) == COMMIT


def test_pickles_that_are_cached_already_are_converted_without_the_network(recipe: Path, marian: Path, tmp_path: Path) -> None:
    cache_as_hub_does(pickle_weights(shutil.copytree(marian, tmp_path / "pickled")), tmp_path / "hub", "org/tiny")
    with pytest.raises(ModelError, match="its weights are pickled"):
        locate(load_config(recipe).model)
    get(recipe, golden=LEARNT)
    assert installed(load_config(recipe).model)


def test_pickle_of_something_else_than_weights_is_refused(recipe: Path, marian: Path, tmp_path: Path) -> None:
    folder = pickle_weights(shutil.copytree(marian, tmp_path / "pickled"))
    torch.save({"epoch": 3, "state": {}}, folder / "pytorch_model.bin")
    cache_as_hub_does(folder, tmp_path / "hub", "org/tiny")
    with pytest.raises(ModelError, match="holds something else than named tensors"):
        get(recipe)


class Bomb:
    """What a hostile pickle does when it is opened by a reader that runs code."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.mark,)


def test_code_in_a_pickle_is_not_run(hub: Hub, recipe: Path, marian: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pickle.loads(pickle.dumps(Bomb(mark)))
    assert mark.exists(), "the bomb works"
    mark.unlink()
    hub.files = {**contents(marian), "pytorch_model.bin": pickle.dumps(Bomb(mark))}
    del hub.files["model.safetensors"]
    with pytest.raises(ModelError, match=r"pytorch_model\.bin: cannot be read as tensors"):
        get(recipe)
    assert not mark.exists()
    assert not installed(load_config(recipe).model)


def test_shared_tensors_of_a_pickle_are_stored_once(hub: Hub, recipe: Path, marian: Path) -> None:
    state = load_file(marian / "model.safetensors")
    shared = state["model.shared.weight"]
    tied = {**state, "lm_head.weight": shared, "model.encoder.embed_tokens.weight": shared}
    mark = marian.parent / "tied.bin"
    torch.save(tied, mark)
    hub.files = {**contents(marian), "pytorch_model.bin": mark.read_bytes()}
    del hub.files["model.safetensors"]
    assert set(load_state(get(recipe, golden=LEARNT))) == set(state)


def test_model_that_writes_something_else_is_not_taken_by_auto(hub: Hub, recipe: Path, marian: Path) -> None:
    hub.files = contents(marian)
    with pytest.raises(ModelError, match=r"is installed but writes .*; do not use it"):
        get(recipe, golden=[Golden(ARABIC, ("zanzibar",))])
    assert info(recipe).problem == "failed its golden sentences"


def test_failed_trial_of_a_preferred_model_leaves_auto_with_the_next(marian: Path, tmp_path: Path) -> None:
    install_catalogued("opus", marian, tmp_path / "hub")
    assert best_installed() == "opus"
    with pytest.raises(ModelError, match="do not use it"):
        get("opus")  # it knows no Cairo that is a capital, nor any school
    assert best_installed() == "builtin"


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "accept its terms at https://huggingface.co/org/tiny and run `hf auth login`"), (404, "the hub has no such repository")],
)
def test_refusal_of_the_hub_is_explained(hub: Hub, recipe: Path, status: int, message: str) -> None:
    hub.status = status
    with pytest.raises(FetchError) as caught:
        get(recipe)
    assert message in str(caught.value)
    assert "--model builtin" in str(caught.value)


def test_repository_without_weights_is_refused(hub: Hub, recipe: Path) -> None:
    hub.files = {"config.json": b"{}", "model.onnx": b"x"}
    with pytest.raises(FetchError, match="holds neither safetensors nor PyTorch weights"):
        get(recipe)


def test_time_limit_stops_the_transfer_and_says_how_to_go_on(hub: Hub, recipe: Path, marian: Path) -> None:
    hub.files = contents(marian)
    with pytest.raises(FetchError, match=r"the time set for fetching it is over; run it again to go on, .*--model builtin"):
        get(recipe, timeout=0.0)


def test_no_network_is_said_with_the_offline_choice() -> None:
    with pytest.raises(FetchError) as caught:
        get("opus-big", timeout=20)
    assert "model 'opus-big' (Helsinki-NLP/opus-mt-tc-big-ar-en) cannot be fetched" in str(caught.value)
    assert "--model builtin" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_switch_is_honoured(hub: Hub, recipe: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(FetchError, match=r"HF_HUB_OFFLINE forbids fetching it; .*--model builtin"):
        get(recipe)
    assert hub.seen == []


def test_get_of_what_ships_with_the_package_needs_nothing() -> None:
    assert get("builtin") == locate(BUILTIN)


def test_get_of_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="unknown model or configuration 'opusbig'; expected one of .*opus-big"):
        get("opusbig")


# CTranslate2 copies


def log_probs(model: torch.nn.Module, rows: torch.Tensor, targets: torch.Tensor, **inputs: torch.Tensor) -> list[float]:
    """Natural-log probability of each target token."""
    with torch.no_grad():
        logits = model(**inputs).logits
    return [float(value) for value in logits.log_softmax(-1)[0, rows, targets]]


def test_copy_of_packed_weights_gives_the_probabilities_of_the_unpacked_ones(gemma: Path, tmp_path: Path) -> None:
    import ctranslate2
    from transformers import AutoModelForCausalLM, Gemma3TextConfig

    folder = shutil.copytree(gemma, tmp_path / "packed")
    settings = json.loads((folder / "config.json").read_text())
    settings["rope_parameters"]["full_attention"]["rope_theta"] = 30.0  # far from what the converter supposes
    settings["rope_parameters"]["sliding_attention"]["rope_theta"] = 200.0
    (folder / "config.json").write_text(json.dumps(settings))
    state = load_file(folder / "model.safetensors")
    pieces: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if tensor.dim() == 2:
            scale = (tensor.float().abs().amax(1) / 127).half()
            pieces |= {name: (tensor / scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8), f"{name}.scale": scale}
        else:
            pieces[name] = tensor
    (folder / "model.safetensors").unlink()
    save_file(pieces, folder / "model-00001-of-00001.int8.safetensors")

    model = AutoModelForCausalLM.from_config(Gemma3TextConfig.from_pretrained(folder), dtype=torch.float32).eval()
    model.load_state_dict(load_state(folder, torch.float32), strict=False)
    model.tie_weights()
    ids = [2, *range(40, 54)]  # within the sliding window of 16: beyond it CTranslate2 does not score
    expected = log_probs(model, torch.arange(len(ids) - 1), torch.tensor(ids[1:]), input_ids=torch.tensor([ids]))
    generator = ctranslate2.Generator(str(converted(causal(folder), "float32")))
    vocabulary = json.loads((converted(causal(folder), "float32") / "vocabulary.json").read_text())
    (scores,) = generator.score_batch([[vocabulary[i] for i in ids]])
    assert scores.log_probs == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("make", [tiny.marian, tiny.nllb, tiny.m2m100, tiny.mbart50, tiny.t5, tiny.bart], ids=lambda make: make.__name__)
def test_copy_opens_and_knows_every_token_by_its_id(make: Callable[[Path], Path], tmp_path: Path) -> None:
    import ctranslate2
    from transformers import AutoTokenizer

    folder = make(tmp_path / "model")
    settings = json.loads((folder / "config.json").read_text())
    for name in ("normalize_before", "normalize_embedding"):  # many hub models do not say it, and transformers does not ask
        settings.pop(name, None)
    (folder / "config.json").write_text(json.dumps(settings))
    copy = converted(seq2seq(folder), "float32")
    ctranslate2.Translator(str(copy))
    words = json.loads((copy / "shared_vocabulary.json").read_text())
    with quiet():
        known = AutoTokenizer.from_pretrained(folder).get_vocab()
    assert {word: i for word, i in known.items() if words[i : i + 1] != [word]} in ({}, {"<pad>": len(words)})


@pytest.mark.parametrize("scaled", [True, False], ids=["as T5 1.0", "as T5 1.1 and MADLAD"])
def test_copy_of_t5_scales_its_outputs_as_transformers_does(tmp_path: Path, scaled: bool) -> None:
    import ctranslate2
    from transformers import T5ForConditionalGeneration

    folder = tiny.t5(tmp_path / "t5")
    settings = json.loads((folder / "config.json").read_text())
    del settings["scale_decoder_outputs"]  # what version 5 writes; the models of the hub know only this:
    (folder / "config.json").write_text(json.dumps(settings | {"tie_word_embeddings": scaled}))
    model = T5ForConditionalGeneration.from_pretrained(folder).eval()
    assert model.config.scale_decoder_outputs is scaled
    source, target = [20, 30, 40, 1], [21, 31, 41, 51, 1]
    inputs = {"input_ids": torch.tensor([source]), "decoder_input_ids": torch.tensor([[0, *target[:-1]]])}
    expected = log_probs(model, torch.arange(len(target)), torch.tensor(target), **inputs)
    copy = converted(seq2seq(folder), "float32")
    words = json.loads((copy / "shared_vocabulary.json").read_text())
    (scores,) = ctranslate2.Translator(str(copy)).score_batch([[words[i] for i in source]], [[words[i] for i in target[:-1]]])
    assert scores.log_probs == pytest.approx(expected, abs=2e-4)


def test_copy_is_made_once_and_made_anew_when_the_weights_change(copy: Path) -> None:
    model = causal(copy)
    first = converted(model, "int8")
    stamp = (first / "model.bin").stat().st_mtime_ns
    assert converted(model, "int8") == first
    assert (first / "model.bin").stat().st_mtime_ns == stamp
    other_type = converted(model, "float32")
    assert other_type != first
    assert copies(model) == ["float32", "int8"]
    state = load_file(copy / "model.safetensors")
    state["model.norm.weight"][0] += 1
    save_file(state, copy / "model.safetensors", metadata={"format": "pt"})
    second = converted(model, "int8")
    assert second != first
    assert copies(model) == ["int8"]
    assert not first.exists(), "copies of weights that are gone are gone"
    assert not other_type.exists()


def test_models_that_differ_in_options_only_share_a_copy(gemma: Path) -> None:
    one, other = causal(gemma, name="one"), causal(gemma, name="a/b c", prompt="{source}")
    assert converted(one, "int8") == converted(other, "int8")
    assert copies(other) == ["int8"]


def test_two_processes_make_one_copy_and_ask_no_hub(copy: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    options = causal(copy).model_dump_json()
    model = f"mt.config.ModelOptions.model_validate_json({options!r})"
    code = f"import mt.config, mt.models; print(mt.models.converted({model}, 'int8'))"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(*process.communicate(), process.returncode) for process in started]
    assert [end[1:] for end in ended] == [("", 0), ("", 0)]
    (path,) = {end[0].strip() for end in ended}
    shelf = cache_folder() / "ctranslate2"
    assert [p.name for p in shelf.iterdir() if p.is_dir()] == [Path(path).name]
    assert hub.seen == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "olmo", "layer_types": None, "rope_parameters": None}, "cannot convert it (No conversion is registered"),
        ({"rope_parameters": {"full_attention": SCALED, "sliding_attention": SCALED}}, "CTranslate2 ignores the scaled positions"),
        ({"intermediate_size": 48}, "cannot convert it"),
    ],
)
def test_what_has_no_faithful_copy_is_refused_with_the_remedy(copy: Path, change: dict[str, object], message: str) -> None:
    settings = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(settings | change))
    with pytest.raises(ModelError) as caught:
        converted(causal(copy), "int8")
    assert str(caught.value).startswith("model 'tiny': ")
    assert message in str(caught.value)
    assert str(caught.value).endswith("use backend: transformers")
    assert [p for p in (cache_folder() / "ctranslate2").iterdir() if p.is_dir()] == []


def test_marian_with_a_pad_token_that_means_something_is_refused(marian: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(marian, tmp_path / "marian")
    state = load_file(folder / "model.safetensors")
    state["model.shared.weight"][-1] = 1
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="wants zeros as the embedding of <pad>"):
        converted(seq2seq(folder), "float32")


def test_cache_that_cannot_be_written_is_named_with_the_remedy(gemma: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("MT_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="cannot write to .*; set MT_CACHE"):
        converted(causal(gemma), "int8")


# Exporting


def test_exported_builtin_opens_as_any_model_and_says_the_same(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = export("builtin", tmp_path / "plain")
    assert {path.name for path in folder.iterdir()} >= {"NOTICE", "GEMMA_TERMS.html", "README.md", "generation_config.json"}
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.bfloat16
    assert model.config.use_cache
    assert torch.equal(model.lm_head.weight, load_state(locate(BUILTIN))["model.embed_tokens.weight"])
    inputs = tokenizer("Arabic: القاهرة عاصمة مصر.\nEnglish:", return_tensors="pt")
    written = model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    ours = load("builtin", backend="transformers", compute_type="bfloat16", beam_size=1).translate("القاهرة عاصمة مصر.").text
    assert tokenizer.decode(written, skip_special_tokens=True).strip() == ours
    assert "Cairo" in ours and "Egypt" in ours and "capital" in ours


def test_export_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(ConfigError, match="not empty"):
        export("builtin", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_failed_export_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        export("builtin", tmp_path / "file" / "below")
    with pytest.raises(ModelError, match="is not installed"):
        export("opus", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# What is said about models


def test_info_of_a_model_that_is_not_installed_says_how_to_get_it() -> None:
    told = info("nllb")
    assert told.folder is None
    assert told.revision == "f8d333a098d19b4fd9a8b18f94170487ad3f821d"
    assert "mt models get nllb" in told.problem


def test_info_of_the_builtin_tells_size_revision_and_copies() -> None:
    told = info("builtin")
    assert told.folder == locate(BUILTIN)
    assert told.problem == ""
    assert told.disk_mb is not None
    assert 130 <= told.disk_mb <= 145
    assert len(told.revision) == 40
    assert told.copies == ()


def test_importing_models_loads_nothing_heavy() -> None:
    heavy = ["torch", "transformers", "ctranslate2", "huggingface_hub", "safetensors", "rich"]
    code = f"import sys, mt.models; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
