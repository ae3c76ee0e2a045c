"""The card's health, from NVIDIA's management library (NVML), looked at beside the training.

What is watched, and what is called trouble:
    ecc          memory errors that could not be corrected: the volatile count is above what it was at the first look
    xid          errors that the driver reports by number, apart from those that programs cause
    throttling   clocks lowered by heat (in hardware or software), by the hardware's brake or the power supply's
    temperature  the core at or over a limit, by default where the card itself begins to slow down
What a card does not support is told once and not watched. CodeFuse-13B (ICSE-SEIP 2024, 3.5) watches the same.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch

from train.config import HealthConfig

# Bits of NVML's reasons for lower clocks that mean trouble; a software power cap (4) and idling (1) do not.
_THROTTLING = {
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "hardware power brake",
}


@dataclass(frozen=True)
class Trouble:
    """One thing that the card reported. `policy` is warn, checkpoint or stop."""

    kind: str
    policy: str
    text: str


def load_nvml() -> ModuleType:
    """nvidia-ml-py's module."""
    import pynvml

    return pynvml


def watch(config: HealthConfig, device: torch.device) -> Watch | str:
    """A watch over a device, looked at once and going on in the background; or, in a sentence, why there is none."""
    if device.type != "cuda":
        return "health is not watched: this run is on a CPU"
    try:
        nvml: Any = load_nvml()
    except ImportError:
        return "health is not watched: nvidia-ml-py is not installed: pip install 'codemill[train]'"
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:  # no driver, or none that speaks to this user
        return f"health is not watched: {error}"
    try:
        uuid = str(torch.cuda.get_device_properties(device).uuid)
        return Watch(config, nvml, nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid.removeprefix('GPU-')}"))
    except nvml.NVMLError as error:
        nvml.nvmlShutdown()
        return f"health is not watched: NVML does not find the device: {error}"


class Watch:
    """Looks at one card every `every_s` seconds, in a thread; `take` gives what was found since it was last asked."""

    def __init__(self, config: HealthConfig, nvml: Any, handle: Any):
        self.config, self.nvml, self.handle = config, nvml, handle
        self.name = f"{socket.gethostname()}, GPU {nvml.nvmlDeviceGetIndex(handle)} ({nvml.nvmlDeviceGetName(handle)})"
        self.figures: dict[str, float] = {}
        self.unsupported: list[str] = []
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._found: list[Trouble] = []
        self._before: dict[str, float] = {}  # what each kind was at the last look
        self._events = self._registered()
        self._limit = config.max_celsius or self._threshold()
        self.look()
        self._thread = threading.Thread(target=self._run, daemon=True, name="health")
        self._thread.start()

    def look(self) -> None:
        """Look once. What a kind's policy switches off is not looked at."""
        for kind, found in (
            ("ecc", self._ecc),
            ("xid", self._xids),
            ("throttling", self._throttling),
            ("temperature", self._temperature),
        ):
            if getattr(self.config, kind) != "off" and kind not in self.unsupported:
                found()

    def take(self) -> list[Trouble]:
        """What was found since this was last asked."""
        with self._lock:
            found, self._found = self._found, []
        return found

    def close(self) -> None:
        """End the thread and NVML."""
        self._ended.set()
        self._thread.join()
        if self._events is not None:
            self.nvml.nvmlEventSetFree(self._events)
        self.nvml.nvmlShutdown()

    def _run(self) -> None:
        while not self._ended.wait(self.config.every_s):
            self.look()

    def _ecc(self) -> None:
        nvml = self.nvml
        kinds = nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_VOLATILE_ECC
        count = self._asked("ecc", lambda: nvml.nvmlDeviceGetTotalEccErrors(self.handle, *kinds))
        if count is None:
            return
        before = self._before.setdefault("ecc", count)
        if count > before:
            self._report("ecc", f"{count - before:g} memory errors that could not be corrected")
        self._put("ecc", "ecc_uncorrected", count)

    def _xids(self) -> None:
        """Take all events that wait; the call waits a millisecond where there is none."""
        nvml = self.nvml
        while True:
            try:
                event = nvml.nvmlEventSetWait_v2(self._events, 1)
            except nvml.NVMLError_Timeout:
                return
            except nvml.NVMLError as error:
                self._give_up("xid", error)
                return
            if event.eventData not in self.config.ignored_xids:
                self._report("xid", f"Xid {event.eventData}")

    def _throttling(self) -> None:
        bits = self._asked("throttling", lambda: self.nvml.nvmlDeviceGetCurrentClocksThrottleReasons(self.handle))
        if bits is None:
            return
        bits = int(bits) & sum(_THROTTLING)
        if bits and bits != self._before.get("throttling"):
            told = ", ".join(text for bit, text in _THROTTLING.items() if bits & bit)
            self._report("throttling", f"clocks are lowered: {told}")
        self._put("throttling", "throttled", bits)
        self.figures["throttled"] = float(bits != 0)

    def _temperature(self) -> None:
        nvml = self.nvml
        celsius = self._asked(
            "temperature", lambda: nvml.nvmlDeviceGetTemperature(self.handle, nvml.NVML_TEMPERATURE_GPU)
        )
        if celsius is None:
            return
        limit = self._limit
        if limit is not None and celsius >= limit and not self._before.get("temperature", 0) >= limit:
            self._report("temperature", f"{celsius:g} degrees Celsius, at or over {limit:g}")
        self._put("temperature", "temperature_celsius", celsius)

    def _registered(self) -> Any:
        """The set of events in which Xids wait, None where the card or the system has none (Windows, MIG)."""
        nvml = self.nvml
        if self.config.xid == "off":
            return None
        try:
            events = nvml.nvmlEventSetCreate()
            nvml.nvmlDeviceRegisterEvents(self.handle, nvml.nvmlEventTypeXidCriticalError, events)
        except nvml.NVMLError as error:
            self._give_up("xid", error)
            return None
        return events

    def _threshold(self) -> float | None:
        nvml = self.nvml
        if self.config.temperature == "off":
            return None
        try:
            return nvml.nvmlDeviceGetTemperatureThreshold(self.handle, nvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN)
        except nvml.NVMLError:
            text = f"{self.name}: no temperature is known at which it slows down: set health.max_celsius"
            self._found.append(Trouble("temperature", "warn", text))
            return None

    def _asked(self, kind: str, ask: Callable[[], float]) -> float | None:
        """A figure of the card, None where it has none. A kind that cannot be read once is not asked again."""
        if getattr(self.config, kind) == "off" or kind in self.unsupported:
            return None
        try:
            return ask()
        except self.nvml.NVMLError as error:
            self._give_up(kind, error)
            return None

    def _put(self, kind: str, name: str, value: float) -> None:
        self._before[kind] = value
        self.figures[name] = float(value)

    def _report(self, kind: str, text: str) -> None:
        with self._lock:
            self._found.append(Trouble(kind, getattr(self.config, kind), f"{self.name}: {text}"))

    def _give_up(self, kind: str, error: Exception) -> None:
        """A card that falls off the bus stops answering: that it did before makes it trouble, else a limitation."""
        self.unsupported.append(kind)
        lost = kind in self._before
        policy = getattr(self.config, kind) if lost else "warn"
        told = "can no longer be read" if lost else "is not watched"
        with self._lock:
            self._found.append(Trouble(kind, policy, f"{self.name}: {kind} {told}: {error}"))
