"""The record of the images that a run is trained on."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mfjax import weights
from mfjax.data import fingerprints
from mfjax.data.fingerprints import Seen
from mfjax.data.selection import open_sources
from mfjax.training import DataConfig, Sources, Teacher, TrainConfig, history, seen


def folder(root, *seeds):
    for side, add in (("ir", 0), ("vis", 1000)):
        (root / side).mkdir(parents=True)
        for seed in seeds:
            image = np.random.default_rng(seed + add).integers(0, 256, (9, 12), dtype=np.uint8)
            cv2.imwrite(str(root / side / f"{seed}.png"), image)
    return str(root)


def config_of(tiny_config, *roots, **options):
    return TrainConfig(model=tiny_config, data=DataConfig(roots=roots, crop=8), **options)


def test_image_has_one_fingerprint_in_any_format_and_as_its_gray_copy():
    rng = np.random.default_rng(0)
    gray, colour = rng.integers(0, 256, (40, 50), dtype=np.uint8), rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert fingerprints.fingerprint(np.dstack([gray] * 3)) == fingerprints.fingerprint(gray)
    assert fingerprints.fingerprint(gray.astype(np.uint16) * 257) == fingerprints.fingerprint(gray)
    by_opencv = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    assert fingerprints.fingerprint(by_opencv) in fingerprints.fingerprints(colour)
    assert fingerprints.fingerprint(colour) in fingerprints.fingerprints(colour)
    assert fingerprints.fingerprint(gray.reshape(50, 40)) != fingerprints.fingerprint(gray)


def test_list_of_a_thousand_images_is_small_and_is_read_back_as_it_was_written():
    rng = np.random.default_rng(0)
    many = Seen(frozenset(rng.bytes(8) for _ in range(1100)), frozenset({"something"}))
    text = fingerprints.to_text(many)
    assert len(text) < 12_000
    assert fingerprints.from_text(text) == many


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"images": "?", "unknown": []}', '{"images": 3, "unknown": []}'])
def test_damaged_list_is_refused(text):
    with pytest.raises(ValueError, match="is damaged"):
        fingerprints.from_text(text)


def test_model_whose_file_has_no_list_was_trained_on_unknown_images(tiny_weights):
    assert seen.read_models([str(tiny_weights)]) == Seen(
        unknown=frozenset({f"of {tiny_weights.name}, which it was made from, {fingerprints.UNKNOWN}"})
    )
    assert "its file is gone" in str(seen.read_models(["nowhere.safetensors"]).unknown)


def test_run_that_goes_on_with_other_pairs_lists_both_and_does_not_read_twice(tiny_config, tmp_path, monkeypatch):
    first, second = (config_of(tiny_config, folder(tmp_path / name, seed)) for name, seed in (("a", 1), ("b", 2)))
    history.append(tmp_path, first, 0)
    assert len(seen.read(tmp_path).images) == 2
    history.append(tmp_path, second, 5)
    assert seen.read(tmp_path) == seen.read_sources(open_sources([*first.data.roots, *second.data.roots]))
    monkeypatch.setattr(seen, "read_sources", None)
    history.append(tmp_path, second, 6)


def test_run_that_begins_anew_in_a_folder_forgets_what_another_saw(tiny_config, tmp_path):
    history.append(tmp_path, config_of(tiny_config, folder(tmp_path / "a", 1)), 0)
    history.append(tmp_path, config_of(tiny_config, folder(tmp_path / "b", 2, 3)), 0)
    assert len(seen.read(tmp_path).images) == 4


def test_what_taught_a_run_counts_as_seen(tiny_config, tiny_params, tmp_path):
    teacher = tmp_path / "teacher.safetensors"
    weights.save(teacher, tiny_config, tiny_params, {"seen": fingerprints.to_text(Seen(frozenset({b"12345678"})))})
    taught = config_of(tiny_config, folder(tmp_path / "a", 1), target=Teacher(str(teacher)))
    history.append(tmp_path, taught, 0)
    assert b"12345678" in seen.read(tmp_path).images
    history.append(tmp_path / "a", replace(taught, target=Sources()), 0)
    assert b"12345678" not in seen.read(tmp_path / "a").images


def test_run_from_before_this_was_noted_has_its_list_when_it_ends_if_its_recipe_never_changed(
    tiny_config, tiny_params, tmp_path
):
    config = config_of(tiny_config, folder(tmp_path / "a", 1))
    history.append(tmp_path, config, 0)
    (tmp_path / "seen.json").unlink()
    model = history.export(tmp_path / "model.safetensors", config, tiny_params, 5)
    assert len(fingerprints.from_metadata(weights.load(model).metadata).images) == 2
    [entry] = json.loads((tmp_path / "recipe.json").read_text())
    (tmp_path / "recipe.json").write_text(json.dumps([entry | {"recipe": {}}, entry]))
    (tmp_path / "seen.json").unlink()
    history.export(model, config, tiny_params, 5)
    assert "other recipes" in str(fingerprints.from_metadata(weights.load(model).metadata).unknown)
