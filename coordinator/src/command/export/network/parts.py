

class Norm(nn.Module):
    """Batch norm: by the batch while training, by what training saw otherwise."""

    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_variance", torch.ones(channels))

    def forward(self, x):
        running = (self.running_mean, self.running_variance)
        return F.batch_norm(x, *running, self.scale, self.shift, self.training, 0.1, 1e-5)


class Conv(nn.Module):
    """A convolution without bias, padded to keep an image's size at stride 1, and the batch norm behind it."""

    def __init__(self, given, channels, side=1, stride=1, dilation=1, depthwise=False, norm=True):
        super().__init__()
        self.groups = given if depthwise else 1
        self.stride, self.dilation, self.padding = stride, dilation, dilation * (side // 2)
        self.weight = nn.Parameter(torch.empty(channels, given // self.groups, side, side))
        nn.init.kaiming_normal_(self.weight, mode="fan_out")
        if norm:
            self.norm = Norm(channels)

    def forward(self, x):
        x = F.conv2d(x, self.weight, None, self.stride, self.padding, self.dilation, self.groups)
        return self.norm(x) if hasattr(self, "norm") else x


class Pixels(nn.Module):
    """Pixels scaled to [0, 1] as the network was trained on them: less their mean, in deviations."""

    def __init__(self):
        super().__init__()
        for name in ("mean", "deviation"):
            self.register_buffer(name, torch.tensor(NORMALISATION[name]).view(1, -1, 1, 1), persistent=False)

    def forward(self, images):
        return (images - self.mean) / self.deviation
