"""Health by a stand-in that has the functions of nvidia-ml-py's module, and by the real module without a driver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest
import torch

import train.health as health
import train.loop as loop
import train.watched as watched
from curate.errors import RunFailed
from train.checkpoint import finished
from train.config import HealthConfig, PretrainConfig
from train.health import Watch, watch
from train.pretrain import pretrain
from train.settings import parse


class StandIn:
    """One card, whose figures a test sets. Names, constants and errors are those of the real module."""

    def __init__(self, **figures: Any):
        self.ecc, self.celsius, self.limit, self.reasons = 3, 50, 90, 4
        self.xids: list[int] = []
        self.unsupported: set[str] = set()
        self.calls: list[str] = []
        vars(self).update(figures)

    def __getattr__(self, name: str) -> Any:
        value = getattr(pynvml, name)  # an unknown name fails here as it would there
        if not name.startswith("nvml") or not callable(value):
            return value

        def function(*arguments: Any) -> Any:
            self.calls.append(name)
            if name in self.unsupported:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return getattr(self, f"_{name}", lambda *_: name)(*arguments)

        return function

    def _nvmlDeviceGetIndex(self, handle: Any) -> int:
        return 5

    def _nvmlDeviceGetName(self, handle: Any) -> str:
        return "NVIDIA H100"

    def _nvmlDeviceGetTotalEccErrors(self, handle: Any, kind: int, counter: int) -> int:
        assert (kind, counter) == (pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, pynvml.NVML_VOLATILE_ECC)
        return self.ecc

    def _nvmlDeviceGetTemperature(self, handle: Any, sensor: int) -> int:
        return self.celsius

    def _nvmlDeviceGetTemperatureThreshold(self, handle: Any, kind: int) -> int:
        return self.limit

    def _nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: Any) -> int:
        return self.reasons

    def _nvmlDeviceRegisterEvents(self, handle: Any, kinds: int, events: Any) -> None:
        assert kinds == pynvml.nvmlEventTypeXidCriticalError

    def _nvmlEventSetWait_v2(self, events: Any, milliseconds: int) -> Any:
        if not self.xids:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_TIMEOUT)
        return SimpleNamespace(eventType=pynvml.nvmlEventTypeXidCriticalError, eventData=self.xids.pop(0))


@contextmanager
def watching(card: StandIn, **config: Any) -> Iterator[Watch]:
    """A watch that looks when it is asked to: its thread waits for an hour."""
    found = Watch(HealthConfig(every_s=3600, **config), card, "handle")
    try:
        yield found
    finally:
        found.close()
    assert card.calls[-2:] == ["nvmlEventSetFree", "nvmlShutdown"]


def test_trouble_is_told_when_it_begins() -> None:
    card = StandIn()
    with watching(card) as found:
        assert found.take() == []
        card.ecc, card.celsius, card.reasons, card.xids = 5, 93, 4 | 0x40, [31, 79]
        found.look()
        told = [(one.kind, one.policy, one.text.partition(": ")[2]) for one in found.take()]
        assert told == [
            ("ecc", "stop", "2 memory errors that could not be corrected"),
            ("xid", "stop", "Xid 79"),
            ("throttling", "warn", "clocks are lowered: hardware thermal slowdown"),
            ("temperature", "warn", "93 degrees Celsius, at or over 90"),
        ]
        assert found.figures == {"ecc_uncorrected": 5.0, "throttled": 1.0, "temperature_celsius": 93.0}
        found.look()
        assert found.take() == []
        card.celsius, card.reasons = 60, 4
        found.look()
        card.celsius = 90
        found.look()
        assert [one.kind for one in found.take()] == ["temperature"]


def test_what_is_off_is_not_looked_at_and_limits_may_be_set() -> None:
    card = StandIn(celsius=71, xids=[79])
    with watching(card, ecc="off", xid="warn", throttling="off", max_celsius=70) as found:
        assert [(one.kind, one.policy) for one in found.take()] == [("xid", "warn"), ("temperature", "warn")]
    assert not {"nvmlDeviceGetTotalEccErrors", "nvmlDeviceGetCurrentClocksThrottleReasons"} & set(card.calls)


def test_what_a_card_does_not_support_is_told_once() -> None:
    card = StandIn(unsupported={"nvmlDeviceGetTotalEccErrors", "nvmlDeviceGetTemperatureThreshold"})
    with watching(card) as found:
        found.look()
        told = found.take()
        assert [(one.kind, one.policy) for one in told] == [("temperature", "warn"), ("ecc", "warn")]
        assert "ecc is not watched" in told[1].text
        assert found.figures["temperature_celsius"] == 50.0


def test_a_card_that_stops_answering_is_trouble() -> None:
    card = StandIn()
    with watching(card) as found:
        card.unsupported = {"nvmlDeviceGetTotalEccErrors"}
        found.look()
        (told,) = found.take()
        assert (told.kind, told.policy) == ("ecc", "stop")
        assert "ecc can no longer be read" in told.text


def test_without_a_card_or_a_driver_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert watch(HealthConfig(), torch.device("cpu")) == "health is not watched: this run is on a CPU"
    library_missing = StandIn()

    def init() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    library_missing.__dict__["nvmlInit"] = init
    monkeypatch.setattr(health, "load_nvml", lambda: library_missing)
    assert watch(HealthConfig(), torch.device("cuda")) == "health is not watched: NVML Shared Library Not Found"


def test_the_real_module_without_a_driver_is_one_sentence() -> None:
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        assert str(watch(HealthConfig(), torch.device("cuda"))).startswith("health is not watched: ")
    else:
        pynvml.nvmlShutdown()


@pytest.mark.parametrize("policy", ["warn", "checkpoint", "stop"])
def test_a_run_does_what_the_policy_says(
    policy: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An Xid between the third step and the fourth."""
    card = StandIn()
    watches: list[Watch] = []
    step = loop.train_step

    def started(config: HealthConfig, device: torch.device) -> Watch:
        watches.append(Watch(config, card, "handle"))
        return watches[0]

    def stepping(state: Any, *rest: Any) -> dict[str, Any]:
        if state.step == 3:
            card.xids.append(79)
            watches[0].look()
        return step(state, *rest)

    monkeypatch.setattr(watched, "watch", started)
    monkeypatch.setattr(loop, "train_step", stepping)
    settings |= {"health": {"xid": policy, "every_s": 3600}, "checkpoint": {"every": 2}, "log_every": 1}
    config = parse(PretrainConfig, settings, where="test")
    if policy == "stop":
        with pytest.raises(RunFailed, match=r"GPU 5 .*: Xid 79: take the card out.* goes on from step-00000002"):
            pretrain(config, face="json")
    else:
        pretrain(config, face="json")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one for one in told if one["event"] == "message" and "Xid 79" in one["text"]]
    steps = [int(one.name[5:]) for one in finished(Path(settings["out"]) / "checkpoints")]
    assert steps == {"warn": [2, 4, 6], "checkpoint": [2, 4, 6], "stop": [2]}[policy]
