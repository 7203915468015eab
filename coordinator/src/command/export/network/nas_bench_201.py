

class Reduction(nn.Module):
    """Halves height and width while it doubles the channels."""

    def __init__(self, channels):
        super().__init__()
        self.first = Conv(channels // 2, channels, 3, stride=2)
        self.second = Conv(channels, channels, 3)
        self.shortcut = Conv(channels // 2, channels, norm=False)

    def forward(self, x):
        inner = self.second(F.relu(self.first(F.relu(x))))
        return inner + self.shortcut(F.avg_pool2d(x, 2))


class Cell(nn.Module):
    """Four nodes; each is the sum of what its edges make of those before it."""

    def __init__(self, channels):
        super().__init__()
        sides = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
        learnt = [(str(edge), op) for edge, (op, _, _) in enumerate(NETWORK["edges"]) if op in sides]
        conv = {edge: nn.ModuleDict({op: Conv(channels, channels, sides[op])}) for edge, op in learnt}
        self.edges = nn.ModuleDict(conv)

    def forward(self, x):
        nodes = [x, None, None, None]
        for edge, (op, source, target) in enumerate(NETWORK["edges"]):
            value = nodes[source]
            if op == "none" or value is None:
                continue
            if op == "avg_pool_3x3":
                value = F.avg_pool2d(value, 3, 1, 1, count_include_pad=False)
            elif op != "skip_connect":
                value = self.edges[str(edge)][op](F.relu(value))
            nodes[target] = value if nodes[target] is None else nodes[target] + value
        return torch.zeros_like(x) if nodes[3] is None else nodes[3]


class Stage(nn.Module):
    def __init__(self, stage):
        super().__init__()
        channels = NETWORK["channels"] * 2**stage
        if stage > 0:
            self.reduction = Reduction(channels)
        self.cells = nn.ModuleList(Cell(channels) for _ in range(NETWORK["cells"]))

    def forward(self, x):
        x = self.reduction(x) if hasattr(self, "reduction") else x
        for cell in self.cells:
            x = cell(x)
        return x


class Network(nn.Module):
    """Images `[n, planes, height, width]`, pixels in [0, 1], to logits `[n, classes]`."""

    def __init__(self):
        super().__init__()
        self.pixels = Pixels()
        self.stem = Conv(NETWORK["planes"], NETWORK["channels"], 3)
        self.stages = nn.ModuleList(Stage(stage) for stage in range(3))
        features = NETWORK["channels"] * 4
        self.last = nn.ModuleDict({"norm": Norm(features)})
        self.classifier = nn.Linear(features, NETWORK["classes"])

    def forward(self, images):
        x = self.stem(self.pixels(images))
        for stage in self.stages:
            x = stage(x)
        return self.classifier(F.relu(self.last["norm"](x)).mean((2, 3)))
