"""Only a file whose hash is known is run, unless told otherwise."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.models import load, load_model
from models.onnx_maker import adding_model, failing_model, sha256_of


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A release of one model, which adds 1, in a folder of its own."""
    adding_model(tmp_path / "adder.onnx", name="corcal-adder", version="0.3")
    entry = {
        "sha256": sha256_of(tmp_path / "adder.onnx").upper(),
        "version": "1.2",
        "file": "adder.onnx",
    }
    (tmp_path / "known.json").write_text(json.dumps({"adder": entry}))
    monkeypatch.setattr(load, "files", lambda _package: tmp_path)
    monkeypatch.setattr(load, "_cache", {})
    return tmp_path


def test_a_known_model_runs_and_is_recorded_as_trusted(release):
    model = load_model("adder")
    out = model.run({"volume": np.array([1.0, 2.5], np.float32)})
    np.testing.assert_array_equal(out["out"], [2.0, 3.5])
    assert model.record.name == "corcal-adder"
    assert model.record.version == "1.2"  # what the release says, not what the file says
    assert model.record.sha256 == sha256_of(release / "adder.onnx")
    assert model.record.trusted
    assert (model.inputs, model.outputs) == (("volume",), ("out",))


def test_a_changed_file_is_refused_with_both_hashes_and_the_way_to_allow_it(release):
    known = sha256_of(release / "adder.onnx")
    changed = adding_model(release / "adder.onnx", 2.0)
    with pytest.raises(InputError, match=sha256_of(changed)) as caught:
        load_model("adder")
    assert known in str(caught.value)
    assert "install corcal again" in str(caught.value)  # what helps at the command
    assert "from Python, pass trust_unknown=True" in str(caught.value)


@pytest.mark.usefixtures("release")
def test_an_unknown_file_runs_when_told_and_its_record_says_so(tmp_path):
    other = adding_model(tmp_path / "other.onnx", 5.0, name="mine", version="7")
    with pytest.raises(InputError, match="trust_unknown=True"):
        load_model("adder", path=other)
    model = load_model("adder", path=other, trust_unknown=True)
    assert model.run({"volume": np.zeros(1, np.float32)})["out"][0] == 5.0
    assert (model.record.name, model.record.version) == ("mine", "7")
    assert not model.record.trusted


def test_a_path_may_be_text(tmp_path):
    with pytest.raises(InputError, match=r"the file none\.onnx of model 'lesions' cannot be read"):
        load_model("lesions", path=str(tmp_path / "none.onnx"))


def test_a_file_given_by_path_is_known_by_its_hash_alone(release, tmp_path):
    copy = tmp_path / "copy.onnx"
    copy.write_bytes((release / "adder.onnx").read_bytes())
    assert load_model("adder", path=copy).record.trusted


@pytest.mark.usefixtures("release")
def test_trusting_the_unknown_does_not_make_a_known_file_untrusted():
    assert load_model("adder", trust_unknown=True).record.trusted


@pytest.mark.usefixtures("release")
def test_the_same_bytes_are_loaded_once_and_changed_bytes_anew(tmp_path):
    first = load_model("adder")
    assert load_model("adder") is first
    path = adding_model(tmp_path / "x.onnx", 2.0)
    second = load_model("adder", path=path, trust_unknown=True)
    adding_model(path, 3.0)
    third = load_model("adder", path=path, trust_unknown=True)
    assert len({id(first), id(second), id(third)}) == 3


@pytest.mark.usefixtures("release")
def test_a_model_that_the_release_does_not_have_is_refused_with_those_it_has():
    with pytest.raises(InputError, match=r"no model 'other'.*there are adder"):
        load_model("other")


def test_a_missing_file_is_refused(release):
    (release / "adder.onnx").unlink()
    with pytest.raises(InputError, match=r"adder\.onnx.*cannot be read"):
        load_model("adder")


@pytest.mark.usefixtures("release")
def test_bytes_that_are_no_model_are_refused(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"not a model at all")
    with pytest.raises(InputError, match=r"bad\.onnx is not a model"):
        load_model("adder", path=tmp_path / "bad.onnx", trust_unknown=True)


@pytest.mark.parametrize("text", ["{", "[]", '{"adder": {"sha256": "0"}}', '{"adder": 3}'])
def test_a_damaged_list_of_models_is_refused(release, text):
    (release / "known.json").write_text(text)
    with pytest.raises(InputError, match=r"known\.json\) is damaged"):
        load_model("adder")


def test_a_missing_list_of_models_is_refused(release):
    (release / "known.json").unlink()
    with pytest.raises(InputError, match=r"known\.json\) is missing"):
        load_model("adder")


@pytest.mark.usefixtures("release")
def test_inputs_of_another_name_are_refused():
    with pytest.raises(InputError, match="has the inputs volume, got image"):
        load_model("adder").run({"image": np.zeros(1, np.float32)})


@pytest.mark.parametrize("array", [np.zeros((2, 2), np.float32), np.zeros(1, np.int16)])
@pytest.mark.usefixtures("release")
def test_arrays_of_another_shape_or_type_are_refused(array):
    with pytest.raises(InputError, match="cannot be run on these arrays"):
        load_model("adder").run({"volume": array})


@pytest.mark.usefixtures("release")
def test_what_fails_in_a_model_is_raised_and_nothing_is_printed(tmp_path, capfd):
    # 2 x 3 and 4 x 5 cannot be multiplied; only running it shows, and onnxruntime logs it in colour
    model = load_model("adder", path=failing_model(tmp_path / "f.onnx"), trust_unknown=True)
    with pytest.raises(InputError, match=r"model failing cannot be run on these arrays.*MatMul"):
        model.run({"a": np.zeros((2, 3), np.float32), "b": np.zeros((4, 5), np.float32)})
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    ["[ONNXRuntimeError] : Failed to allocate memory for requested buffer", "std::bad_alloc"],
)
@pytest.mark.usefixtures("release")
def test_too_little_memory_is_told_in_plain_words(monkeypatch, text):
    class Session:
        def run(self, *_args):
            raise RuntimeError(text)

    model = replace(load_model("adder"), _session=Session())
    with pytest.raises(InputError, match=r"^memory did not suffice to run model corcal-adder: "):
        model.run({"volume": np.zeros(1, np.float32)})

    def no_session(*_args, **_options):
        raise RuntimeError(text)

    monkeypatch.setattr(load, "_cache", {})
    monkeypatch.setattr("onnxruntime.InferenceSession", no_session)
    with pytest.raises(InputError, match=r"^memory did not suffice to load model adder: "):
        load_model("adder")


@pytest.mark.usefixtures("release")
def test_a_session_that_cannot_be_made_prints_nothing_on_standard_output(monkeypatch, capfd):
    def out_of_threads(*_args, **_options):
        msg = "pthread_create failed, error code: 11"
        raise RuntimeError(msg)

    monkeypatch.setattr("onnxruntime.InferenceSession._create_inference_session", out_of_threads)
    with pytest.raises(InputError, match=r"adder\.onnx is not a model that can be run: pthread"):
        load_model("adder")
    assert capfd.readouterr() == ("", "")


def test_importing_the_room_does_not_import_onnxruntime():
    code = "import corcal.models, sys; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
