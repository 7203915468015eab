"""PyTorch's side of `scripts/bench-training`: the same networks as people write them, trained and scored in eager mode.

It answers the same requests as our side (worker/evaluation/examples/training_speed.rs), one a line of standard input, by a
line of JSON. Everything that costs nothing to write is done: data on the device, channels last, autocast, cuDNN's search for
kernels, a fused optimiser on GPUs, no look at results between batches.
"""

import json
import sys
import time
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional

EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
# What our scoring does too: the batches whose statistics are averaged before a path is scored.
RECALIBRATION_BATCH = 128


def conv_norm(channels_in, channels, side, stride=1):
    """Rectification, convolution, batch norm: NAS-Bench-201's ReLUConvBN."""
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels_in, channels, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(channels),
    )


def operation(name, channels):
    return {
        "skip_connect": lambda: nn.Identity(),
        "avg_pool_3x3": lambda: nn.AvgPool2d(3, 1, 1, count_include_pad=False),
        "nor_conv_1x1": lambda: conv_norm(channels, channels, 1),
        "nor_conv_3x3": lambda: conv_norm(channels, channels, 3),
    }[name]()


class Cell(nn.Module):
    """An operation on each edge, or every operation of a supernet; `none` is nothing to compute."""

    def __init__(self, channels, choices):
        super().__init__()
        self.edges = nn.ModuleList(
            nn.ModuleDict({name: operation(name, channels) for name in names if name != "none"}) for names in choices
        )

    def forward(self, x, path):
        nodes = [x, None, None, None]
        for (source, target), edge, name in zip(EDGES, self.edges, path):
            if name == "none" or nodes[source] is None:
                continue
            value = edge[name](nodes[source])
            nodes[target] = value if nodes[target] is None else nodes[target] + value
        return nodes[3] if nodes[3] is not None else torch.zeros_like(x)


class Reduction(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = conv_norm(channels // 2, channels, 3, 2)
        self.second = conv_norm(channels, channels, 3)
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(channels // 2, channels, 1, bias=False))

    def forward(self, x):
        return self.second(self.first(x)) + self.shortcut(x)


class Network(nn.Module):
    def __init__(self, channels, cells, choices):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.layers = nn.ModuleList()
        for stage in range(3):
            if stage > 0:
                self.layers.append(Reduction(channels << stage))
            self.layers.extend(Cell(channels << stage, choices) for _ in range(cells))
        self.last = nn.Sequential(nn.BatchNorm2d(channels * 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(channels * 4, 10)

    def forward(self, x, path):
        x = self.stem(x)
        for layer in self.layers:
            x = layer(x, path) if isinstance(layer, Cell) else layer(x)
        return self.classifier(self.last(x))


def names(text):
    """Of `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`, in the order of EDGES."""
    return [word.split("~")[0] for word in text.replace("+", "").split("|") if word]


class Peer:
    def __init__(self, keys):
        number = lambda key: int(keys[key])
        self.cuda = keys["device"] == "cuda"
        self.device = torch.device("cuda:0" if self.cuda else "cpu")
        self.half = keys["precision"] == "bf16"
        self.format = torch.channels_last if keys["layout"] == "channels_last" else torch.contiguous_format
        self.channels, self.cells, self.batch = number("channels"), number("cells"), number("batch")
        self.training, self.count = number("training"), number("images")
        self.scoring_batch = number("scoring_batch")
        torch.set_num_threads(number("threads"))
        torch.backends.cudnn.benchmark = True
        records = numpy.fromfile(Path(keys["data"]) / "data_batch_1.bin", numpy.uint8).reshape(-1, 3073)
        self.labels = torch.from_numpy(records[:, 0].astype(numpy.int64)).to(self.device)
        self.images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()).to(self.device)
        values = torch.tensor([127.0, 127.0, 127.0], device=self.device).view(1, 3, 1, 1)
        self.shift, self.scale = values, 1 / 64
        self.supernet = None

    def synchronise(self):
        if self.cuda:
            torch.cuda.synchronize()

    def autocast(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def normalised(self, images):
        return ((images.float() - self.shift) * self.scale).contiguous(memory_format=self.format)

    def network(self, choices):
        return Network(self.channels, self.cells, choices).to(self.device).to(memory_format=self.format)

    def train(self, cell):
        path = names(cell)
        network = self.network([[name] for name in path]).train()
        parameters = sum(parameter.numel() for parameter in network.parameters())
        fused = {"fused": True} if self.cuda else {}
        optimiser = torch.optim.SGD(
            network.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True, **fused
        )
        steps = self.training // self.batch
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 2 * steps)
        for _ in range(2):
            self.synchronise()
            begin = time.monotonic()
            order = torch.randperm(self.training).to(self.device)
            total = torch.zeros([], device=self.device)
            for step in range(steps):
                indices = order[step * self.batch : (step + 1) * self.batch]
                images = self.normalised(self.images[indices])
                with self.autocast():
                    loss = functional.cross_entropy(network(images, path), self.labels[indices])
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                schedule.step()
                total += loss.detach()
            total.item()
            self.synchronise()
            end = time.monotonic()
        answer = {"images": steps * self.batch, "seconds": end - begin, "parameters": parameters}
        return answer | {"ended_s_ago": time.monotonic() - end}

    @torch.no_grad()
    def score(self, cells):
        if self.supernet is None:
            every = ["skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
            self.supernet = self.network([every] * 6)
        network = self.supernet
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        batch = min(RECALIBRATION_BATCH, self.count)
        self.synchronise()
        begin = time.monotonic()
        for cell in cells:
            path = names(cell)
            with self.autocast():
                network.train()
                for turn, start in enumerate(range(0, self.count - batch + 1, batch)):
                    for norm in norms:
                        norm.momentum = 1 / (turn + 1)
                    network(self.normalised(self.images[start : start + batch]), path)
                network.eval()
                right = torch.zeros([], dtype=torch.int64, device=self.device)
                for start in range(0, self.count, self.scoring_batch):
                    end = min(start + self.scoring_batch, self.count)
                    guesses = network(self.normalised(self.images[start:end]), path).argmax(1)
                    right += (guesses == self.labels[start:end]).sum()
            right.item()
        seconds = time.monotonic() - begin
        return {"images": 2 * self.count * len(cells), "seconds": seconds, "ended_s_ago": 0.0, "scores": len(cells)}


def main():
    peer = Peer(dict(argument.split("=", 1) for argument in sys.argv[1:]))
    for line in sys.stdin:
        request, *words = line.split()
        answer = peer.train(words[0]) if request == "train" else peer.score(words)
        print(json.dumps(answer | {"torch": torch.__version__}), flush=True)


main()
