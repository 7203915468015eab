"""What simulated studies spent: means, standard errors and ratios over runs, zones and seasons."""

import json
import math
import statistics

LEVELS = [98.0, 99.0, 99.5, 99.9]
CAPS = [2.0, 5.0, 10.0, 20.0]
# Hindsight's choice of the cheapest set that reaches a level, kWh, by exhaustive search over the table's front.
HINDSIGHT = {98.0: 0.366, 99.0: 0.534, 99.5: 0.814, 99.9: 1.902}
# What an independent implementation of the same world found for vanilla LaMOO, kWh, medians.
INDEPENDENT = {99.0: 40, 99.5: 72}


class Study:
    """All comparisons of one call, by the names of their stages."""

    def __init__(self, folder):
        self.stages = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

    def contender(self, stage, policy, searcher=None):
        return Contender(self.stages[stage], policy, searcher)

    def contenders(self, *stages):
        for stage in stages:
            for found in self.stages[stage]["worlds"][0]["contenders"]:
                yield self.contender(stage, found["policy"], found["searcher"])


class Contender:
    """One policy with one searcher, in every zone and season that its stage simulated."""

    def __init__(self, document, policy, searcher=None):
        self.levels, self.caps = document["levels"], document["caps_kg"]
        self.policy, self.worlds = policy, {}
        for world in document["worlds"]:
            zone = "+".join(grid["zone"] for grid in world["zones"])
            for found in world["contenders"]:
                if found["policy"] == policy and searcher in (None, found["searcher"]):
                    self.searcher = found["searcher"]
                    self.worlds[zone, world["start"][:10]] = found["runs"]

    @property
    def zones(self):
        return list(dict.fromkeys(zone for zone, _ in self.worlds))

    @property
    def starts(self):
        return list(dict.fromkeys(start for _, start in self.worlds))

    def of(self, zones=None, starts=None):
        """The runs of these zones and starts, a list for each pair."""
        is_kept = lambda zone, start: (zones is None or zone in zones) and (starts is None or start in starts)
        return [runs for world, runs in self.worlds.items() if is_kept(*world)]

    def to(self, level, figure, zones=None, starts=None):
        """Mean over zones and seasons of what it took to reach a level: a name, or a function of a run and what it had then."""
        place = self.levels.index(level)
        value = figure if callable(figure) else lambda run, reached: reached[figure]
        worlds = self.of(zones, starts)
        by_world = [[value(run, run["to"][place]) for run in runs if run["to"][place]] for runs in worlds]
        return Mean(by_world, sum(len(runs) for runs in worlds))

    def found(self, figure, zones=None, starts=None):
        """Mean over zones and seasons of what every run has: a function of a run."""
        worlds = self.of(zones, starts)
        return Mean([[figure(run) for run in runs] for runs in worlds], sum(len(runs) for runs in worlds))


class Mean:
    """The mean of worlds' means, with its standard error; `reached` of `asked` runs count."""

    def __init__(self, by_world, asked):
        full = [values for values in by_world if values]
        self.reached, self.asked = sum(len(values) for values in full), asked
        self.value = statistics.mean(statistics.mean(values) for values in full) if full else math.nan
        spread = [statistics.variance(values) / len(values) for values in full if len(values) > 1]
        self.error = math.sqrt(sum(spread)) / len(spread) if spread else math.nan

    @property
    def is_whole(self):
        return self.reached == self.asked

    def text(self, digits=3):
        if math.isnan(self.value):
            return "–"
        error = "" if math.isnan(self.error) else f" ± {self.error:.{digits}f}"
        short = "" if self.is_whole else f" ({self.reached}/{self.asked})"
        return f"{self.value:.{digits}f}{error}{short}"


def ratio(ours, theirs):
    """How many times less we took, as text."""
    if math.isnan(ours.value) or math.isnan(theirs.value) or not ours.value:
        return "–"
    short = "" if ours.is_whole and theirs.is_whole else "*"
    return f"{theirs.value / ours.value:.1f}{short}"


def by_reference(run, reached):
    """Kilograms up to a level as the paper's code counts: training slots at 1 kW each, nothing else."""
    grams = 0.0
    for index, hour in enumerate(run["by_hour"]):
        part = min(1.0, max(0.0, reached["hours"] - index))
        grams += part * hour["train"] * hour["grids"][0]["g_per_kwh"]
    return grams / 1000.0
