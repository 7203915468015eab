"""The page of results, section by section: every figure from the runs, and what it means."""

from results_runs import CAPS, HINDSIGHT, INDEPENDENT, LEVELS, by_reference, ratio

SHOWN = (99.0, 99.5)


def sections(study):
    default, vanilla = study.contender("default", "planner"), study.contender("vanilla", "vanilla")
    return [
        opening(default), headline(default, vanilla), parts(study, default, vanilla), two_zones(study, default, vanilla),
        shifting(study, default), caps(study), everyone(study), reference(study, default, vanilla), seasons(default, vanilla), PAPER,
    ]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def opening(default):
    seeds = len(next(iter(default.worlds.values())))
    return f"""# What the same quality costs

Written by `scripts/reproduce-paper`: whole studies in virtual time over recorded trainings (NAS-Bench-201, CIFAR-10) and recorded grids.

Quality is the share of the hypervolume (test accuracy, joules per inference) that all cells of the table have together. Everything that draws power is charged: full and short trainings, supernets, scores, idle
slots, work thrown away; what rests is off. 8 slots, 80 hours, {len(default.worlds)} pairs of zone and season; {seeds} seeds each for the default and for vanilla LaMOO, fewer for all else. The default is the product's
own: searcher `{default.searcher}`, short and full trainings, policy `planner`, forecasts of its own. "±" is a standard error over seeds. (n/N) says that n of N runs got there: such a mean is over those, and a ratio
with a star rests on one."""


def headline(default, vanilla):
    def row(name, zones):
        cells = []
        for level in SHOWN:
            ours, theirs = default.to(level, "kg", zones), vanilla.to(level, "kg", zones)
            cells += [ours.text(), theirs.text(2), ratio(ours, theirs)]
        return [name] + cells

    rows = [row("all", None)] + [row(zone, [zone]) for zone in default.zones]
    head = ["zone"] + [text for level in SHOWN for text in (f"kg to {level:g} %", "vanilla LaMOO's", "times less")]
    energy = [
        f"{default.to(level, 'kwh').text(2)} kWh to {level:g} %, {default.to(level, 'kwh').value / HINDSIGHT[level]:.1f} times what a choice in hindsight needs ({HINDSIGHT[level]} kWh)"
        for level in SHOWN
    ]
    found = " and ".join(f"{kwh} kWh to {level:g} % ({kwh / default.to(level, 'kwh').value:.0f} times the default's)" for level, kwh in INDEPENDENT.items())
    others = f"An independent implementation's vanilla LaMOO took {found}, in the median; the one here, which the table is against, needs less."
    return f"## Carbon at equal quality\n\n{table(head, rows)}\n\nThe default's energy: {'; '.join(energy)}. {others}\n\n![Hypervolume against carbon, and the hours of one run](default.png)"


def seasons(default, vanilla):
    rows = []
    for zone, start in default.worlds:
        cells = []
        for level in SHOWN:
            ours, theirs = (contender.to(level, "kg", [zone], [start]) for contender in (default, vanilla))
            cells += [ours.text(), ratio(ours, theirs)]
        rows.append([zone, start] + cells)
    head = ["zone", "start"] + [text for level in SHOWN for text in (f"kg to {level:g} %", "times less than vanilla LaMOO")]
    return f"## By zone and season\n\n{table(head, rows)}"


def parts(study, default, vanilla):
    surrogate, greedy = study.contender("parts", "vanilla"), study.contender("parts", "greedy")
    rows = []
    for level in SHOWN:
        kwh, kg = ([contender.to(level, figure, starts=greedy.starts) for contender in (vanilla, surrogate, greedy, default)] for figure in ("kwh", "kg"))
        intensity = [carbon.value / energy.value for carbon, energy in zip(kg[2:], kwh[2:])]
        whole = ratio(kg[3], kg[0])
        steps = [ratio(kwh[step + 1], kwh[step]) for step in range(3)]
        rows.append([f"{level:g} %"] + steps + [f"{intensity[0] / intensity[1]:.2f}", whole])
    head = ["to", "search: a surrogate instead of LaMOO", "ladder: short trainings first", "resting: fewer slots at once", "shifting: cleaner hours", "all"]
    return f"""### Where it comes from

Factors of energy, but for shifting, which is a factor of grams per kilowatt-hour. Each is what one more part of the product divides by: vanilla LaMOO, vanilla with the product's searcher, the ladder on all slots at
once (`greedy`), the planner. The last column is carbon. Starts: {", ".join(greedy.starts)}.

{table(head, rows)}"""


def two_zones(study, default, vanilla):
    together = study.contender("together", "planner")
    zones = together.zones[0].split("+")
    rows = []
    for level in SHOWN:
        both, apart = together.to(level, "kg"), default.to(level, "kg", zones)
        theirs = vanilla.to(level, "kg", zones)
        rows.append([f"{level:g} %", both.text(), apart.text(), ratio(both, apart), theirs.text(2), ratio(both, theirs)])
    head = ["to", "4 + 4 slots, kg", "8 slots in one of them, kg", "times less", "vanilla LaMOO in one of them, kg", "times less"]
    return f"## Two zones ({' and '.join(zones)})\n\n{table(head, rows)}"


def shifting(study, default):
    greedy, oracle = study.contender("parts", "greedy"), study.contender("parts", "ladder-oracle")
    rows = []
    for zone in default.zones:
        now, ours, best = (contender.to(99.5, "kg", [zone], greedy.starts) for contender in (greedy, default, oracle))
        possible = now.value - best.value
        share = f"{100 * (now.value - ours.value) / possible:.0f} %" if possible > 0 else "–"
        rows.append([zone, now.text(), ours.text(), best.text(), share])
    head = ["zone", "at once (`greedy`), kg to 99.5 %", "planner, kg", "oracle (`ladder-oracle`), kg", "of its saving"]
    return f"""## Waiting for clean hours

The same searcher and ladder, started at once on all slots; by the planner; and on all slots in the fewest cleanest hours that hold the work, known beforehand. More than 100 % is the planner's other way to save:
fewer slots at once need fewer trainings. Starts: {", ".join(greedy.starts)}.

{table(head, rows)}"""


def caps(study):
    rows = []
    for grams in sorted(int(name.removeprefix("cap-")) for name in study.stages if name.startswith("cap-")):
        contender = study.contender(f"cap-{grams}", "planner")
        percent = lambda run: run["percent"]
        most = max(run["kg"] * 1000 for runs in contender.of() for run in runs)
        by_zone = [contender.found(percent, [zone]).text(2) for zone in contender.zones]
        rows.append([f"{grams} g", worlds_and_seeds(contender), contender.found(percent).text(2)] + by_zone + [f"{most:.1f} g"])
    head = ["cap", "worlds × seeds", "% of the hypervolume", *contender.zones, "most that a run spent"]
    return f"## Caps\n\nThe default with `budget.carbon_g`, ended at 99.9 % where it gets there.\n\n{table(head, rows)}"


def worlds_and_seeds(contender):
    return f"{len(contender.worlds)} × {len(contender.of()[0])}"


def where_both_are(ours, theirs):
    """How many times less, over the zones and seasons that both were simulated in."""
    if theirs is None:
        return "–"
    zones, starts = ([place for place in mine if place in other] for mine, other in ((ours.zones, theirs.zones), (ours.starts, theirs.starts)))
    return ratio(*(contender.to(99.5, "kg", zones, starts) for contender in (ours, theirs)))


def everyone(study):
    rows = []
    stages = ["default", "vanilla", "vanillas", "parts", "policies", "rules", "far"]
    base = {"lamoo-random": study.contender("vanillas", "vanilla", "lamoo-random"), "surrogate": study.contender("parts", "vanilla")}
    for stage in stages:
        for contender in study.contenders(stage):
            same, lamoo = (where_both_are(contender, base.get(searcher)) for searcher in (contender.searcher, "lamoo-random"))
            goes_on = any(not run["reason"].startswith("the hypervolume") for runs in contender.of() for run in runs)
            within = [contender.found(lambda run, place=place: run["within"][place]).text(2) for place in range(len(CAPS))]
            row = [contender.policy, contender.searcher or "–", worlds_and_seeds(contender)]
            row += [contender.to(level, "kg").text(2 if level < 99 else 3) for level in LEVELS]
            row += [contender.to(99.5, figure).text(1) for figure in ("kwh", "hours", "trainings")]
            rows.append(row + [same, lamoo] + (within if goes_on else ["–"] * len(CAPS)))
    head = ["policy", "searcher", "worlds × seeds", *(f"kg to {level:g} %" for level in LEVELS), "kWh to 99.5 %", "hours", "trainings",
            "times less than vanilla, same searcher", "than vanilla LaMOO", *(f"% by {cap:g} kg" for cap in CAPS)]
    return f"""## Every rule

Means over each one's worlds (zone and season). Runs that were ended at 99.5 % say nothing of what a cap would have bought. Oracles know the future: of the grid (`ladder-oracle`, `cleanest-hours`, `offline-oracle`) or
of every result (`choice-oracle`).

{table(head, rows)}"""


def reference(study, default, vanilla):
    action = study.contender("rules", "action-table")
    rows = []
    for contender in (vanilla, action, default):
        figures = [contender.to(level, figure) for level in SHOWN for figure in ("kg", by_reference)]
        rows.append([f"{contender.policy}, {contender.searcher}"] + [figure.text(2) for figure in figures])
    head = ["", *(text for level in SHOWN for text in (f"kg to {level:g} %, everything", "the paper's code"))]
    return f"""## As the paper's code counts

It counts slots that train, at 1 kW each, and neither supernets nor scores nor idle slots; nor the first ten trainings, which are counted here. `action-table` is its rule, drawn at random, with few-shot scores.

{table(head, rows)}"""


PAPER = """## What the paper says, and where this differs

CE-NAS (Zhao, Liu, Jiang, Guo; NeurIPS 2024) reports up to 7.22 times less carbon than vanilla on HW-NAS-Bench at equal search efficiency, on one grid (California, from 2021-07-02), counting as above.

- Its split between scoring and training, charged for everything, saves next to nothing: compare `action-table`, `split` and `linear-split` with vanilla. Scores of a supernet reject the bad and do not find the best.
- Most of what is saved here is saved by asking for fewer trainings: a surrogate over both objectives and fidelities, short trainings before full ones, and fewer slots at once. That holds on any grid.
- Waiting for clean hours adds what the grid gives: much in California, little where intensity is flat.
- All ratios are against a baseline that is named, over several grids and seasons, with forecasts that never see the future."""
