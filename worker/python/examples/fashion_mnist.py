"""Trains networks of NAS-Bench-201 cells on Fashion-MNIST with PyTorch, as CE-NAS asks for it: alone, or as paths of a supernet.

The study is configs/fashion-program.toml.
"""

import gzip
import random
import re

import ce_nas
import numpy as np
import torch
from torch import nn
from torch.nn import functional

RECALIBRATION_IMAGES = 1000


def idx(folder, name):
    """One file of the IDX format, gzipped or not."""
    path = next(path for path in sorted(folder.iterdir()) if path.name.startswith(name))
    data = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
    sizes = [int.from_bytes(data[4 + 4 * at : 8 + 4 * at], "big") for at in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes).copy()


def images(task):
    """Training, validation and test images on the device: the same for all networks, whatever their seeds."""
    data = task.order["data"]
    order = torch.from_numpy(np.random.RandomState(0).permutation(60_000))
    held_back = data["validation_images"]
    used = data["training_images"] or len(order) - held_back

    def load(prefix, part=slice(None)):
        pixels = torch.from_numpy(idx(task.data, f"{prefix}-images"))[part].float().div(255).sub(0.286).div(0.353)
        classes = torch.from_numpy(idx(task.data, f"{prefix}-labels"))[part].long()
        return pixels.unsqueeze(1).to(task.device), classes.to(task.device)

    return load("train", order[held_back : held_back + used]), load("train", order[:held_back]), load("t10k")


def convolution(planes, channels, kernel, stride=1):
    return nn.Sequential(
        nn.ReLU(), nn.Conv2d(planes, channels, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(channels)
    )


class Zero(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)


OPERATIONS = {
    "none": lambda channels: Zero(),
    "skip_connect": lambda channels: nn.Identity(),
    "nor_conv_1x1": lambda channels: convolution(channels, channels, 1),
    "nor_conv_3x3": lambda channels: convolution(channels, channels, 3),
    "avg_pool_3x3": lambda channels: nn.AvgPool2d(3, 1, 1, count_include_pad=False),
}


def path_of(text):
    """The operation on each edge, node by node: `|op~0|+|op~0|op~1|+…`."""
    return [re.findall(r"([a-z0-9_]+)~\d", node) for node in text.split("+")]


class Cell(nn.Module):
    """Each node is the sum of an operation on every node before it. In a supernet every operation waits on every edge."""

    def __init__(self, offered, channels):
        super().__init__()
        edge = lambda names: nn.ModuleDict({name: OPERATIONS[name](channels) for name in names})
        self.nodes = nn.ModuleList(nn.ModuleList(edge(names) for names in node) for node in offered)
        self.path = [[names[0] for names in node] for node in offered]

    def forward(self, x):
        known = [x]
        for node, names in zip(self.nodes, self.path):
            known.append(sum(edge[name](before) for edge, name, before in zip(node, names, known)))
        return known[-1]


class Reduction(nn.Module):
    """Half the size, twice the channels, with a residual."""

    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(convolution(channels, 2 * channels, 3, 2), convolution(2 * channels, 2 * channels, 3))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(channels, 2 * channels, 1, bias=False))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def build(task, offered):
    """A network whose cells offer these operations on each edge of each node."""
    skeleton = task.order["space"]["nas_bench201"]
    channels, planes = skeleton["channels"], skeleton["input"][0]
    layers = [nn.Conv2d(planes, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)]
    for stage in range(3):
        if stage > 0:
            layers.append(Reduction(channels))
            channels *= 2
        layers += [Cell(offered, channels) for _ in range(skeleton["cells_per_stage"])]
    layers += [nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, skeleton["classes"])]
    return nn.Sequential(*layers).to(task.device)


def alone(task):
    return build(task, [[[name] for name in node] for node in path_of(task.architecture.text)])


def supernet(task):
    inner_nodes = task.order["space"]["nas_bench201"].get("nodes", 4) - 1
    return build(task, [[list(OPERATIONS)] * (node + 1) for node in range(inner_nodes)])


def take(model, path):
    """Has all cells of a supernet use the same operations."""
    for cell in (layer for layer in model if isinstance(layer, Cell)):
        cell.path = path


def draw(model, dice):
    """A path at random: of a supernet's cells each operation comes up equally often."""
    cell = next(layer for layer in model if isinstance(layer, Cell))
    take(model, [[dice.choice(list(edge)) for edge in node] for node in cell.nodes])


@torch.no_grad()
def error(model, part):
    model.eval()
    pixels, classes = part
    wrong = sum((model(x).argmax(1) != y).sum().item() for x, y in zip(pixels.split(500), classes.split(500)))
    return wrong / len(pixels)


@torch.no_grad()
def recalibrate(model, pixels):
    """Batch norm of this path alone: in the supernet its statistics are those of all paths."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the mean of all batches
    model.train()
    for batch in pixels[:RECALIBRATION_IMAGES].split(250):
        model(batch)


def score(task, training, validation):
    """The error of one path with the weights that it inherits."""
    model = supernet(task)
    model.load_state_dict(torch.load(task.supernet / "weights.pt", map_location=task.device))
    take(model, path_of(task.architecture.text))
    recalibrate(model, training[0])
    task.finish(validation_error=error(model, validation))


def train(task, training, validation, test):
    shares_weights = task.kind == "supernet"
    recipe, model, start = task.order["recipe"], supernet(task) if shares_weights else alone(task), 0
    optimiser = torch.optim.SGD(
        model.parameters(), recipe["learning_rate"], recipe["momentum"], weight_decay=recipe["weight_decay"], nesterov=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, task.epochs, recipe["final_learning_rate"])
    if task.checkpoint:
        state = torch.load(task.checkpoint / "state.pt", map_location=task.device)
        start = state["epoch"]
        for part, name in ((model, "model"), (optimiser, "optimiser"), (schedule, "schedule")):
            part.load_state_dict(state[name])

    def save(folder):
        state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}
        torch.save({"epoch": epoch, **state}, folder / "state.pt")

    pixels, classes = training
    for epoch in range(start + 1, task.epochs + 1):
        model.train()
        # Of the epoch alone, so that an interruption changes nothing.
        order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(task.seed + epoch)).to(task.device)
        dice = random.Random(task.seed + epoch)
        batches = order.split(recipe["batch_size"])
        loss_sum = 0.0
        for batch in batches:
            if shares_weights:
                draw(model, dice)
            loss = functional.cross_entropy(model(pixels[batch]), classes[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss_sum += loss.item()
        schedule.step()
        task.report(epoch=epoch, training_loss=loss_sum / len(batches), validation_error=error(model, validation))
        if task.wants_checkpoint():
            task.save(save)
    if shares_weights:
        torch.save(model.state_dict(), task.supernet / "weights.pt")
        # Of the path that came last: a supernet has no error of its own.
        task.finish(validation_error=error(model, validation))
        return
    result = {"validation_error": error(model, validation)}
    # Of a short training nobody reads it, and nothing may be decided by it.
    if task.kind == "full":
        result["test_error"] = error(model, test)
        torch.jit.trace(model.eval(), validation[0][:2]).save(task.artifacts / "network.pt")
    task.finish(**result)


def main():
    with ce_nas.task() as task:
        torch.manual_seed(task.seed)
        torch.set_num_threads(task.threads)
        training, validation, test = images(task)
        if task.kind == "one_shot":
            score(task, training, validation)
        else:
            train(task, training, validation, test)


if __name__ == "__main__":
    main()
