"""Tiny models of every family, made in seconds and saved as Hugging Face folders.

Their weights are random, so what they write is noise, but the same noise on every backend. Only `marian` is trained,
until it translates the little language of `PAIRS`. Sizes are the smallest that exercise the architecture.
"""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import sentencepiece
import tokenizers
import torch
import transformers
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

from mt.engines.tokens import quiet

NAMES = {"أحمد": "Ahmad", "ليلى": "Layla", "سامي": "Sami", "هدى": "Huda", "كريم": "Karim", "نورا": "Nora"}
PLACES = {"القاهرة": "Cairo", "عمان": "Amman", "بيروت": "Beirut", "تونس": "Tunis", "الرباط": "Rabat", "دمشق": "Damascus"}
DAYS = {"الاثنين": "Monday", "الثلاثاء": "Tuesday", "الجمعة": "Friday", "السبت": "Saturday"}
PAIRS = [
    (f"زار {name} مدينة {place} يوم {day}.", f"{NAMES[name]} visited {PLACES[place]} on {DAYS[day]}.")
    for name, place, day in itertools.product(NAMES, PLACES, DAYS)
] + [(f"وصل {name} إلى {place}.", f"{NAMES[name]} arrived in {PLACES[place]}.") for name, place in itertools.product(NAMES, PLACES)]
ENCODER_DECODER = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 128,
    "init_std": 0.3,
}
DECODER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
}
TURN = "<start_of_turn>"
END_OF_TURN = "<end_of_turn>"
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<start_of_turn>' + message['role'] + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
)


def marian(folder: Path, *, steps: int = 0) -> Path:
    """OPUS-MT. steps: of training, in 3 s of one core; 180 are enough to translate all of `PAIRS`."""
    spm = _sentencepiece(folder, "source.spm")
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    words = ["</s>", "<unk>", *[piece for piece, _ in _pieces(spm) if piece not in ("</s>", "<unk>", "<s>")], ">>eng<<", "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}), encoding="utf-8")
    _write(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "MarianTokenizer", "source_lang": "ar", "target_lang": "en", "separate_vocabs": False},
    )
    pad = len(words) - 1
    config = transformers.MarianConfig(
        **{**ENCODER_DECODER, "init_std": 0.2},
        vocab_size=len(words),
        pad_token_id=pad,
        eos_token_id=0,
        decoder_start_token_id=pad,
        forced_eos_token_id=0,
        bad_words_ids=[[pad]],
        dropout=0.0,
        scale_embedding=True,
        activation_function="swish",
    )
    model = _made(transformers.MarianMTModel, config)
    model.get_input_embeddings().weight.data[pad] = 0
    if steps:
        with quiet():
            _train(model, transformers.MarianTokenizer.from_pretrained(folder), steps)
    return _saved(model, folder)


def nllb(folder: Path) -> Path:
    """NLLB-200: an M2M-100 architecture, a BPE tokenizer with language tokens such as arb_Arab."""
    bpe = _bpe(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer = transformers.NllbTokenizer(vocab=bpe["vocab"], merges=[tuple(merge) for merge in bpe["merges"]], src_lang="eng_Latn")
    tokenizer.save_pretrained(folder)
    return _saved(_made(transformers.M2M100ForConditionalGeneration, _m2m_config(len(tokenizer))), folder)


def m2m100(folder: Path) -> Path:
    """M2M-100: a SentencePiece tokenizer with language tokens such as __ar__, named by codes such as ar."""
    spm = _sentencepiece(folder, "sentencepiece.bpe.model")
    words = ["<s>", "<pad>", "</s>", "<unk>", *[piece for piece, _ in _pieces(spm) if piece not in ("<s>", "</s>", "<unk>")]]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}), encoding="utf-8")
    languages = [f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES["m2m100"]]
    _write(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "M2M100Tokenizer", "num_madeup_words": 0, "additional_special_tokens": languages},
    )
    size = len(words) + len(languages)
    return _saved(_made(transformers.M2M100ForConditionalGeneration, _m2m_config(size)), folder)


def mbart50(folder: Path) -> Path:
    """mBART-50: language tokens such as ar_AR."""
    spm = _sentencepiece(folder, "sentencepiece.bpe.model")
    tokenizer = transformers.MBart50Tokenizer(vocab=_pieces(spm), src_lang="en_XX")
    tokenizer.save_pretrained(folder)
    config = transformers.MBartConfig(
        **ENCODER_DECODER,
        vocab_size=len(tokenizer),
        scale_embedding=True,
        tokenizer_class="MBart50Tokenizer",
        normalize_before=True,
        decoder_start_token_id=2,
        forced_eos_token_id=2,
    )
    return _with_search_settings(_saved(_made(transformers.MBartForConditionalGeneration, config), folder))


def t5(folder: Path, *, language_tokens: bool = False) -> Path:
    """T5 with gated activations; language_tokens: as MADLAD names languages, by a piece such as <2en>."""
    spm = _sentencepiece(folder, "spiece.model")
    pieces = [
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        *[(piece, score) for piece, score in _pieces(spm) if piece not in ("<s>", "</s>", "<unk>")],
    ]
    pieces += [("<2en>", 0.0), ("<2fr>", 0.0)] * language_tokens
    tokenizer = transformers.T5Tokenizer(vocab=pieces, extra_ids=0)
    tokenizer.save_pretrained(folder)
    config = transformers.T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=1,
        num_decoder_layers=1,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        decoder_start_token_id=0,
        initializer_factor=3.0,
    )
    return _saved(_made(transformers.T5ForConditionalGeneration, config), folder)


def bart(folder: Path) -> Path:
    """BART as a summariser: English byte-level BPE, and an output that must start with <s>."""
    backend = Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator((english for _, english in PAIRS), trainer)
    backend.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    _generic(backend, folder, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>", mask_token="<mask>")
    config = transformers.BartConfig(
        **ENCODER_DECODER,
        vocab_size=backend.get_vocab_size(),
        normalize_before=False,
        forced_bos_token_id=0,
        forced_eos_token_id=2,
        decoder_start_token_id=2,
    )
    return _with_search_settings(_saved(_made(transformers.BartForConditionalGeneration, config), folder))


def gemma3(folder: Path, *, window: int = 256) -> Path:
    """Gemma 3 as a base model: a prompt, no chat template. window: tokens that sliding attention sees."""
    backend = _gemma_tokenizer()
    _generic(backend, folder, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", pad_token="<pad>")
    config = transformers.Gemma3TextConfig(
        **DECODER,
        vocab_size=backend.get_vocab_size(),
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=window,
        layer_types=["sliding_attention", "full_attention"],
        rope_parameters={
            "full_attention": {"rope_theta": 1e6, "rope_type": "default"},
            "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"},
        },
    )
    return _saved(_made(transformers.Gemma3ForCausalLM, config), folder)


def llama(folder: Path) -> Path:
    """Llama as a chat model: turns end with a token of their own, and the template starts with <bos>."""
    backend = _gemma_tokenizer()
    _generic(backend, folder, bos_token="<bos>", eos_token=END_OF_TURN, unk_token="<unk>", pad_token="<pad>", chat_template=CHAT_TEMPLATE)
    config = transformers.LlamaConfig(
        **DECODER,
        vocab_size=backend.get_vocab_size(),
        tie_word_embeddings=False,
    )
    return _saved(_made(transformers.LlamaForCausalLM, config), folder)


def gpt2(folder: Path) -> Path:
    """GPT-2: positions are learned and few, so that the architecture sets the limits."""
    backend = _gemma_tokenizer()
    _generic(backend, folder, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", pad_token="<pad>")
    config = transformers.GPT2Config(
        vocab_size=backend.get_vocab_size(),
        n_embd=32,
        n_layer=1,
        n_head=2,
        n_positions=128,
        max_position_embeddings=128,
        eos_token_id=1,
        bos_token_id=2,
        initializer_range=0.3,
    )
    return _saved(_made(transformers.GPT2LMHeadModel, config), folder)


def _m2m_config(size: int) -> transformers.M2M100Config:
    return transformers.M2M100Config(
        **ENCODER_DECODER,
        vocab_size=size,
        decoder_start_token_id=2,
    )


def _made(architecture: type[transformers.PreTrainedModel], config: transformers.PreTrainedConfig) -> transformers.PreTrainedModel:
    torch.manual_seed(1)
    with quiet():
        return architecture(config).eval()


def _saved(model: transformers.PreTrainedModel, folder: Path) -> Path:
    with quiet():
        model.save_pretrained(folder)
    return folder


def _with_search_settings(folder: Path) -> Path:
    """As hub models have them: an engine that let them in would write something else."""
    path = folder / "generation_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    _write(path, {**settings, "num_beams": 4, "min_length": 10, "max_length": 142, "no_repeat_ngram_size": 3, "length_penalty": 2.0})
    return folder


def _train(model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase, steps: int) -> None:
    """Until the loss is near nothing: teacher forcing on all of PAIRS, with Adam, the rate falling to 0 over the last 40%."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    sources = tokenizer([arabic for arabic, _ in PAIRS], padding=True, return_tensors="pt")
    labels = tokenizer(text_target=[english for _, english in PAIRS], padding=True, return_tensors="pt")["input_ids"]
    labels[labels == tokenizer.pad_token_id] = -100
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (steps - step) / (0.4 * steps)))
    generator = torch.Generator().manual_seed(1)
    model.train()
    for _ in range(steps):
        rows = torch.randperm(len(PAIRS), generator=generator)[:32]
        loss = model(input_ids=sources["input_ids"][rows], attention_mask=sources["attention_mask"][rows], labels=labels[rows]).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        model.get_input_embeddings().weight.data[tokenizer.pad_token_id] = 0  # CTranslate2 starts the decoder from zeros
    model.eval()
    torch.set_num_threads(threads)


def _sentencepiece(folder: Path, name: str) -> sentencepiece.SentencePieceProcessor:
    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentences = itertools.chain.from_iterable(PAIRS)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=sentences, model_writer=model, vocab_size=160, hard_vocab_limit=False, minloglevel=2
    )
    (folder / name).write_bytes(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def _pieces(spm: sentencepiece.SentencePieceProcessor) -> list[tuple[str, float]]:
    return [(spm.id_to_piece(i), spm.get_score(i)) for i in range(spm.get_piece_size())]


def _bpe(special: list[str]) -> dict[str, dict[str, int]]:
    """Vocabulary and merges of a BPE that marks word starts with the SentencePiece space."""
    backend = Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.train_from_iterator(
        itertools.chain.from_iterable(PAIRS), tokenizers.trainers.BpeTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    )
    model: dict[str, dict[str, int]] = json.loads(backend.to_str())["model"]
    return model


def _gemma_tokenizer() -> Tokenizer:
    """BPE over whole texts with bytes for what it does not know, as Gemma's."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", TURN, END_OF_TURN]
    backend = Tokenizer(tokenizers.models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    backend.normalizer = normalizers.Replace(" ", "\N{LOWER ONE EIGHTH BLOCK}")
    backend.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    backend.decoder = decoders.Sequence([decoders.Replace("\N{LOWER ONE EIGHTH BLOCK}", " "), decoders.ByteFallback(), decoders.Fuse()])
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=600, special_tokens=[*special, *[f"<0x{i:02X}>" for i in range(256)]], show_progress=False, max_token_length=12
    )
    texts = [f"Arabic: {arabic}\nEnglish: {english}" for arabic, english in PAIRS]
    backend.train_from_iterator(texts, trainer)
    state = json.loads(backend.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["content"] in special]
    backend = Tokenizer.from_str(json.dumps(state))
    backend.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return backend


def _generic(backend: Tokenizer, folder: Path, **tokens: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    backend.save(str(folder / "tokenizer.json"))
    _write(
        folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False, **tokens}
    )


def _write(path: Path, tree: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree), encoding="utf-8")
