

class Reduction(nn.Module):
    """Halves height and width by two 1×1 convolutions at stride 2, one of them a pixel further."""

    def __init__(self, given, channels):
        super().__init__()
        half = (Conv(given, channels // 2, stride=2, norm=False) for _ in range(2))
        self.halves = nn.ModuleList(half)
        self.norm = Norm(channels)

    def forward(self, x):
        x = F.relu(x)
        here, there = self.halves
        return self.norm(torch.cat([here(x), there(x[:, :, 1:, 1:])], 1))


class Separable(nn.Module):
    """Rectification, a convolution of each channel by itself, one across channels."""

    def __init__(self, channels, side, stride, dilation):
        super().__init__()
        self.depthwise = Conv(channels, channels, side, stride, dilation, depthwise=True, norm=False)
        self.pointwise = Conv(channels, channels)

    def forward(self, x):
        return self.pointwise(self.depthwise(F.relu(x)))


class Pool(nn.Module):
    def __init__(self, op, stride):
        super().__init__()
        self.op, self.stride = op, stride

    def forward(self, x):
        if self.op == "max_pool_3x3":
            return F.max_pool2d(x, 3, self.stride, 1)
        return F.avg_pool2d(x, 3, self.stride, 1, count_include_pad=False)


def operation(op, channels, stride):
    side = int(op[-1]) if op[-1].isdigit() else 0
    if op.endswith("pool_3x3"):
        return Pool(op, stride)
    if op.startswith("sep_conv"):
        return nn.Sequential(Separable(channels, side, stride, 1), Separable(channels, side, 1, 1))
    if op.startswith("dil_conv"):
        return nn.Sequential(Separable(channels, side, stride, 2))
    return nn.Identity() if stride == 1 else Reduction(channels, channels)


class Rectified(Conv):
    def forward(self, x):
        return super().forward(F.relu(x))


class Cell(nn.Module):
    """Two inputs, then four nodes, each the sum of two operations on what is before it; the nodes side by side are its output."""

    def __init__(self, given, elder_is_larger, channels, is_reduction):
        super().__init__()
        self.nodes = NETWORK["cells"][is_reduction]
        elder = Reduction if elder_is_larger else Rectified
        self.inputs = nn.ModuleList([elder(given[0], channels), Rectified(given[1], channels)])
        self.edges = nn.ModuleDict()
        for node, edges in enumerate(self.nodes):
            of_node = self.edges[str(node)] = nn.ModuleDict()
            for op, source in edges:
                stride = 2 if is_reduction and source < 2 else 1
                of_node[str(source)] = nn.ModuleDict({op: operation(op, channels, stride)})

    def forward(self, elder, younger):
        states = [self.inputs[0](elder), self.inputs[1](younger)]
        for node, edges in enumerate(self.nodes):
            states.append(sum(self.edges[str(node)][str(source)][op](states[source]) for op, source in edges))
        return torch.cat(states[2:], 1)


class Network(nn.Module):
    """Images `[n, planes, height, width]`, pixels in [0, 1], to logits `[n, classes]`."""

    def __init__(self):
        super().__init__()
        self.pixels = Pixels()
        channels, is_cifar = NETWORK["channels"], NETWORK["stem"] == "cifar"
        steps = [channels * 3] if is_cifar else [channels // 2, channels, channels]
        given = [NETWORK["planes"], *steps]
        stride = 1 if is_cifar else 2
        stem = (Conv(given[step], given[step + 1], 3, stride) for step in range(len(steps)))
        self.stem = nn.ModuleList(stem)
        self.cells = nn.ModuleList()
        given, elder_is_larger = [steps[-1]] * 2, not is_cifar
        for layer in range(NETWORK["layers"]):
            is_reduction = layer in NETWORK["reductions"]
            channels *= 2 if is_reduction else 1
            self.cells.append(Cell(given, elder_is_larger, channels, is_reduction))
            given, elder_is_larger = [given[1], channels * 4], is_reduction
        self.classifier = nn.Linear(given[1], NETWORK["classes"])

    def forward(self, images):
        elder = younger = self.stem[0](self.pixels(images))
        if len(self.stem) > 1:
            elder = self.stem[1](F.relu(younger))
            younger = self.stem[2](F.relu(elder))
        for cell in self.cells:
            elder, younger = younger, cell(elder, younger)
        return self.classifier(younger.mean((2, 3)))
