

class Block(nn.Module):
    """1×1 expansion, a convolution of each channel by itself, squeeze-and-excitation, 1×1 projection."""

    def __init__(self, given, channels, inner, kernel, stride, squeezed, activation):
        super().__init__()
        self.activation = F.relu if activation == "relu" else F.hardswish
        if inner != given:
            self.expand = Conv(given, inner)
        self.depthwise = Conv(inner, inner, kernel, stride, depthwise=True)
        if squeezed:
            self.squeeze, self.excite = nn.Linear(inner, squeezed), nn.Linear(squeezed, inner)
        self.project = Conv(inner, channels)
        self.is_added = stride == 1 and given == channels

    def forward(self, x):
        wide = self.activation(self.expand(x)) if hasattr(self, "expand") else x
        mixed = self.activation(self.depthwise(wide))
        if hasattr(self, "squeeze"):
            gates = self.excite(F.relu(self.squeeze(mixed.mean((2, 3)))))
            mixed = mixed * F.hardsigmoid(gates)[:, :, None, None]
        value = self.project(mixed)
        return value + x if self.is_added else value


class Network(nn.Module):
    """Images `[n, planes, height, width]` of any size, pixels in [0, 1], to logits `[n, classes]`."""

    def __init__(self):
        super().__init__()
        self.pixels = Pixels()
        self.first = Conv(NETWORK["planes"], NETWORK["first"], 3, stride=2)
        self.fixed = Block(**NETWORK["fixed"])
        stages = (nn.ModuleList(Block(**block) for block in stage) for stage in NETWORK["stages"])
        self.stages = nn.ModuleList(stages)
        self.last = Conv(NETWORK["stages"][-1][-1]["channels"], NETWORK["last"])
        self.features = Conv(NETWORK["last"], NETWORK["features"], norm=False)
        self.classifier = nn.Linear(NETWORK["features"], NETWORK["classes"])

    def forward(self, images):
        x, side = self.pixels(images), NETWORK["resolution"]
        if x.shape[2:] != (side, side):
            x = F.interpolate(x, (side, side), mode="bilinear", align_corners=False, antialias=True)
        x = self.fixed(F.hardswish(self.first(x)))
        for stage in self.stages:
            for block in stage:
                x = block(x)
        x = F.hardswish(self.last(x)).mean((2, 3), keepdim=True)
        return self.classifier(F.hardswish(self.features(x)).flatten(1))
