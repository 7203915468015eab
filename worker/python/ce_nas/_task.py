"""One task: what is to be done, and the way to answer. README.md describes the protocol beneath."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence, TextIO

STOPPED = 75
"""Exit code: stopped as asked, what was saved is whole."""

REFUSED = 65
"""Exit code: this architecture can't be worked on, and trying again would not help."""

_VERSION = 1
_STATE, _NEXT = "state", "next"
# Longest wait for a worker that takes a checkpoint; one that is gone never does.
_PATIENCE_S = 60.0


class NoTask(Exception):
    """The program was not started by CE-NAS."""


class Refused(Exception):
    """To be raised for an architecture that can't be built; the task is given up with these words."""


@dataclass(frozen=True)
class Architecture:
    """What is to be built, in three forms."""

    text: str
    """In the space's own notation."""
    genes: Sequence[int]
    """Which option each decision of the space takes."""
    values: Mapping[str, Any]
    """By name, in a free-form space: those decisions that are asked for."""


class Task:
    """What is to be done. Made by :func:`task`."""

    def __init__(self, order: Mapping[str, Any], answers: TextIO) -> None:
        if order.get("version") != _VERSION:
            raise NoTask(f"this package speaks version {_VERSION}, the worker {order.get('version')}")
        told = order["architecture"]
        self.kind: str = order["kind"]
        """``full``, ``rung``, ``one_shot`` or ``supernet``."""
        self.epochs: int = order["epochs"]
        """To train for; 0 for a one-shot score."""
        self.architecture = Architecture(told["text"], told["genes"], told["values"]) if told else Architecture("", (), {})
        """Of no meaning for a supernet."""
        self.seed: int = order["seed"]
        """32 bits; the same for every attempt at one trial."""
        self.data = Path(order["data"]["path"])
        """Where the images lie: the study's ``data.path``, or the worker's own."""
        self.objectives: Sequence[str] = order["objectives"]
        """What the study minimises, by the names of its settings."""
        self.device: str = order["device"]
        """``cpu`` or ``cuda``; the right board is the only visible one."""
        self.threads: int = order["threads"]
        """Processor threads to compute with."""
        self.order = order
        """Everything that was told: the space, the recipe, the split of the data."""
        self.artifacts = Path(order["artifacts"])
        """Where a full training may leave ``weights.safetensors`` and ``network.pt``."""
        self.supernet = Path(order["supernet"])
        """Where a supernet is to be left, or lies for a one-shot score."""
        self._folder = Path(order["checkpoint"])
        self._wanted = Path(order["checkpoint_wanted"])
        self._answers = answers
        self._stopping = False

    @property
    def checkpoint(self) -> Optional[Path]:
        """The folder that the last :meth:`save` filled, maybe on another machine; none when there is nothing to go on from."""
        state = self._folder / _STATE
        return state if state.is_dir() else None

    def report(
        self,
        *,
        epoch: Optional[int] = None,
        training_loss: Optional[float] = None,
        validation_error: Optional[float] = None,
        done: Optional[float] = None,
    ) -> None:
        """How far it is: epochs done, from 1, or a share between 0 and 1. Errors are shares too."""
        told = {
            "epoch": _int(epoch),
            "training_loss": _float(training_loss),
            "validation_error": _float(validation_error),
            "done": _float(done),
        }
        self._say("progress", told)

    def should_stop(self) -> bool:
        """Whether the worker wants its slot back: save, and leave."""
        return self._stopping

    def wants_checkpoint(self) -> bool:
        """Whether :meth:`save` should be called now: to leave, or to be safe from accidents. Cheap enough for every batch."""
        return self._stopping or self._wanted.exists()

    def save(self, write: Callable[[Path], None]) -> None:
        """Has ``write`` fill an empty folder, which takes the place of the last one. Ends the program where it should stop."""
        coming, state = self._folder / _NEXT, self._folder / _STATE
        shutil.rmtree(coming, ignore_errors=True)
        coming.mkdir(parents=True)
        write(coming)
        shutil.rmtree(state, ignore_errors=True)
        coming.rename(state)
        self._say("checkpoint", {})
        if self._stopping:
            raise SystemExit(STOPPED)
        # The worker copies the folder, and says so by taking its word away.
        until = time.monotonic() + _PATIENCE_S
        while self._wanted.exists() and not self._stopping and time.monotonic() < until:
            time.sleep(0.02)

    def finish(
        self,
        *,
        validation_error: float,
        test_error: Optional[float] = None,
        parameters: Optional[int] = None,
        flops: Optional[int] = None,
        latency_ms: Optional[float] = None,
        joules_per_inference: Optional[float] = None,
    ) -> None:
        """The result, and the last word. Errors are shares between 0 and 1."""
        figures = {
            "validation_error": float(validation_error),
            "test_error": _float(test_error),
            "parameters": _int(parameters),
            "flops": _int(flops),
            "latency_ms": _float(latency_ms),
            "joules_per_inference": _float(joules_per_inference),
        }
        self._say("result", figures)

    def _say(self, kind: str, told: Mapping[str, Any]) -> None:
        known = {name: value for name, value in told.items() if value is not None}
        print(json.dumps({"type": kind, **known}), file=self._answers, flush=True)

    def _stop(self, *_: object) -> None:
        self._stopping = True


# Numbers of numpy or PyTorch become Python's own.
def _float(value: Optional[float]) -> Optional[float]:
    return None if value is None else float(value)


def _int(value: Optional[int]) -> Optional[int]:
    return None if value is None else int(value)


@contextmanager
def task() -> Iterator[Task]:
    """The task that this process was started for.

    Takes standard output for its answers (what the program prints goes to standard error from here on), and SIGTERM as
    the request to stop. An exception ends the program with its traceback; :class:`Refused` gives the task up.
    """
    path = os.environ.get("CE_NAS_TASK")
    if not path:
        raise NoTask("CE_NAS_TASK is not set: this program is started by a worker of CE-NAS (evaluation.command)")
    order = json.loads(Path(path).read_text(encoding="utf-8"))
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        this = Task(order, answers)
        before = signal.signal(signal.SIGTERM, this._stop)
        try:
            yield this
        except Refused as refusal:
            print(refusal, file=sys.stderr, flush=True)
            raise SystemExit(REFUSED) from None
        finally:
            signal.signal(signal.SIGTERM, before)
            sys.stdout.flush()
            os.dup2(answers.fileno(), 1)
