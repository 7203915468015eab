"""Runs our training and PyTorch's side by side, one after the other in turns, and prints what came out.

Called by `scripts/bench-training`, which see. Each side is a process of its own that answers requests, a line each
(worker/evaluation/examples/training_speed.rs, scripts/lib/bench_training_peer.py): it takes the time, this program only asks
in turns, reads the GPU's energy counter and does the sums.
"""

import argparse
import ctypes
import json
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

# The cell that comes first in NAS-Bench-201 on CIFAR-10 among those with a skip: what searches end at.
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


class Nvml:
    """The first visible board: name, driver, and joules at any moment of the last minutes."""

    EVERY_S = 0.02

    def __init__(self):
        self.library = ctypes.CDLL("libnvidia-ml.so.1")
        self.board = ctypes.c_void_p()
        self.ask("nvmlInit_v2")
        self.ask("nvmlDeviceGetHandleByIndex_v2", 0, ctypes.byref(self.board))
        self.readings = []
        threading.Thread(target=self.watch, daemon=True).start()

    def ask(self, function, *arguments):
        code = getattr(self.library, function)(*arguments)
        if code != 0:
            raise OSError(f"{function} says {code}")

    def words(self):
        text = ctypes.create_string_buffer(96)
        self.ask("nvmlDeviceGetName", self.board, text, 96)
        name = text.value.decode()
        self.ask("nvmlSystemGetDriverVersion", text, 96)
        return name, text.value.decode()

    def watch(self):
        energy_mj = ctypes.c_ulonglong()
        while True:
            self.ask("nvmlDeviceGetTotalEnergyConsumption", self.board, ctypes.byref(energy_mj))
            joules = energy_mj.value / 1000
            # The counter moves every 20 to 100 ms: only its moves are readings.
            if not self.readings or self.readings[-1][1] != joules:
                self.readings.append((time.monotonic(), joules))
            time.sleep(self.EVERY_S)

    def joules(self, begin, end):
        """None where the span is too short for the counter."""
        time.sleep(0.2)
        inside = [reading for reading in list(self.readings) if begin <= reading[0] <= end]
        if len(inside) < 5:
            return None
        (first, before), (last, after) = inside[0], inside[-1]
        return (after - before) / (last - first) * (end - begin)


class Side:
    def __init__(self, name, command, trains=True):
        self.name = name
        self.trains = trains
        self.parameters = self.version = None
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        """The answer, with `end` on this process's clock."""
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"error: {self.name} ended while it was asked to {request.split()[0]} (its own message stands above)")
        answer = json.loads(line)
        if "ended_s_ago" in answer:
            answer["end"] = time.monotonic() - answer["ended_s_ago"]
        return answer


def write_images(folder, training, images):
    """CIFAR-10's layout, of noise: how fast a training is does not depend on what it sees."""
    noise = random.Random(1)
    record = lambda: bytes([noise.randrange(10)]) + noise.randbytes(3072)
    for name, count in [("data_batch_1.bin", training + images), ("test_batch.bin", 10)]:
        (folder / name).write_bytes(b"".join(record() for _ in range(count)))


def sides_of(options, folder):
    common = {
        "data": folder, "device": options.device, "threads": options.threads, "precision": options.precision,
        "channels": options.channels, "cells": options.cells, "batch": options.batch,
        "training": options.batch * options.steps, "images": options.images,
    }
    words = lambda keys: [f"{key}={value}" for key, value in keys.items()]
    sides = [Side("ours", [options.ours, *words(common)])]
    for layout in options.peer_layouts:
        for batch in options.peer_scoring_batches:
            name = f"PyTorch, {layout.replace('_', ' ')}"
            if len(options.peer_scoring_batches) > 1:
                name += f", scoring {batch} at once"
            keys = words(common | {"layout": layout, "scoring_batch": batch})
            command = [sys.executable, str(Path(__file__).with_name("bench_training_peer.py")), *keys]
            sides.append(Side(name, command, trains=batch == options.peer_scoring_batches[0]))
    return sides


def measure(options, sides, nvml, work, request):
    """The sides in turns; the first turn warms up and does not count."""
    sides = [side for side in sides if side.trains or work == "scoring"]
    turns = {side.name: [] for side in sides}
    for repeat in range(options.repeats + 1):
        # Whoever comes first finds a cooler machine: take turns at that too.
        for side in sides if repeat % 2 else sides[::-1]:
            answer = side.ask(request)
            if repeat == 0:
                side.parameters = answer.get("parameters", side.parameters)
                side.version = answer.get("torch")
                continue
            answer["images_per_s"] = answer["images"] / answer["seconds"]
            joules = nvml and nvml.joules(answer["end"] - answer["seconds"], answer["end"])
            answer["joules_per_image"] = joules / answer["images"] if joules else None
            turns[side.name].append(answer)
            print(f"{work}: {side.name}: {answer['images_per_s']:.1f} images/s", file=sys.stderr, flush=True)
    return turns


def summary(turns):
    """Medians of each side. The ratio is the median over the turns, against the quickest PyTorch; beside it the ratio of the quickest
    turns, which a busy machine disturbed least."""
    median = lambda values: statistics.median(values) if values else None
    rows = {
        name: {
            "images_per_s": median([turn["images_per_s"] for turn in of]),
            "joules_per_image": median([turn["joules_per_image"] for turn in of if turn["joules_per_image"]]),
            "turns": [turn["images_per_s"] for turn in of],
        }
        for name, of in turns.items()
    }
    ours, *peers = rows
    best = max(peers, key=lambda name: rows[name]["images_per_s"])
    ratios = [ours / peer for ours, peer in zip(rows[ours]["turns"], rows[best]["turns"])]
    quickest = max(rows[ours]["turns"]) / max(max(rows[peer]["turns"]) for peer in peers)
    return {
        "sides": rows, "against": best, "ratio": statistics.median(ratios), "ratios": ratios, "ratio_of_quickest": quickest,
    }


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(": ", 1)[1]
    return platform.machine()


def show(report):
    print(f"{report['device']}" + (f", driver {report['driver']}" if report["driver"] else ""))
    print(
        f"NAS-Bench-201, C={report['channels']}, N={report['cells']}, batches of {report['batch']}, {report['precision']}, "
        f"PyTorch {report['torch']}; medians of {report['repeats']} turns"
    )
    print(f"{'':52}{'images/s':>10}{'J/image':>11}")
    for work in ("training", "scoring"):
        part = report[work]
        for name, side in part["sides"].items():
            joules = f"{side['joules_per_image']:.5f}" if side["joules_per_image"] else "–"
            print(f"{work + ': ' + name:52}{side['images_per_s']:>10.1f}{joules:>11}")
        spread = f"{min(part['ratios']):.2f} to {max(part['ratios']):.2f}"
        quickest = f"quickest turns {part['ratio_of_quickest']:.2f}"
        print(f"{work}: ours is {part['ratio']:.2f} × {part['against']} (in single turns {spread}; {quickest})")
    print(f"waiting for data, with flips and crops: {100 * report['share_waiting_for_data']:.2f} % of our training's time")


def options_of_command_line():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", required=True)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["auto", "f32", "bf16"], default="auto")
    for name, default in [("channels", 16), ("cells", 5), ("batch", 256)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    for name in ["steps", "images", "scores", "repeats"]:
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--peer-scoring-batches")
    parser.add_argument("--peer-layouts")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.device == "auto":
        import torch

        options.device = "cuda" if torch.cuda.is_available() else "cpu"
    cuda = options.device == "cuda"
    if options.precision == "auto":
        options.precision = "bf16" if cuda else "f32"
    usual = {"steps": 200, "images": 2048, "scores": 20, "repeats": 5} if cuda else {"steps": 2, "images": 512, "scores": 2, "repeats": 5}
    if options.quick:
        usual |= {"repeats": 3} | ({"steps": 100, "scores": 8} if cuda else {"scores": 1, "images": 256})
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    batches = options.peer_scoring_batches or str(options.batch)
    options.peer_scoring_batches = [int(word) for word in batches.split(",")]
    layouts = options.peer_layouts or ("channels_last" if cuda else "channels_last,planes")
    options.peer_layouts = layouts.split(",")
    return options


def main():
    options = options_of_command_line()
    nvml = Nvml() if options.device == "cuda" else None
    device, driver = nvml.words() if nvml else (f"{cpu_model()}, {options.threads} threads", None)
    with tempfile.TemporaryDirectory() as folder:
        write_images(Path(folder), options.batch * options.steps, options.images)
        sides = sides_of(options, folder)
        cells = " ".join(sides[0].ask(f"cells {options.scores}")["cells"])
        training = measure(options, sides, nvml, "training", f"train {CELL}")
        parameters = {side.parameters for side in sides if side.trains}
        if len(parameters) != 1:
            sys.exit(f"error: the sides train different networks, of {parameters} parameters")
        batches = [sides[0].ask("batches") for _ in range(options.repeats + 1)][1:]
        scoring = measure(options, sides, nvml, "scoring", f"score {cells}")
    names = ["channels", "cells", "batch", "precision", "threads", "steps", "images", "scores", "repeats"]
    waits = statistics.median(answer["seconds"] / answer["images"] for answer in batches)
    report = {
        "device": device, "driver": driver, "torch": sides[1].version, "cell": CELL, "parameters": parameters.pop(),
        **{name: getattr(options, name) for name in names},
        "training": summary(training), "scoring": summary(scoring),
    }
    # Nothing is prepared beside the training: all of it is waited for.
    report["share_waiting_for_data"] = waits * report["training"]["sides"]["ours"]["images_per_s"]
    if options.json:
        print(json.dumps(report, indent=1))
    else:
        show(report)


main()
