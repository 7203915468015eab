"""The peers of scripts/bench-search, each behind ask and tell, as its manual sets it up for decisions without order."""

import warnings

import numpy
import optuna
import pymoo
from optuna.distributions import CategoricalDistribution
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.mixed import MixedVariableDuplicateElimination, MixedVariableMating, MixedVariableSampling
from pymoo.core.problem import Problem
from pymoo.core.variable import Choice

OPERATIONS = 5

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
VERSIONS = f"Optuna {optuna.__version__}, pymoo {pymoo.__version__}"


class Optuna:
    """One trial at a time; the study is in memory."""

    batch = 1

    def __init__(self, sampler, edges, objectives):
        self.edges = edges
        self.study = optuna.create_study(directions=["minimize"] * objectives, sampler=sampler)
        self.trial = None

    def ask(self):
        self.trial = self.study.ask()
        return [tuple(self.trial.suggest_categorical(edge, range(OPERATIONS)) for edge in self.edges)]

    def tell(self, values):
        self.study.tell(self.trial, list(values[0]))

    def begin_with(self, cells, values):
        """As if these had been asked for and told."""
        kinds = {edge: CategoricalDistribution(range(OPERATIONS)) for edge in self.edges}
        for cell, told in zip(cells, values):
            genes = dict(zip(self.edges, map(int, cell)))
            self.study.add_trial(optuna.trial.create_trial(params=genes, distributions=kinds, values=list(map(float, told))))


class Pymoo:
    """A generation at a time."""

    def __init__(self, seed, edges, objectives, population):
        self.edges, self.batch = edges, population
        same = MixedVariableDuplicateElimination()
        self.algorithm = NSGA2(
            pop_size=population,
            sampling=MixedVariableSampling(),
            mating=MixedVariableMating(eliminate_duplicates=same),
            eliminate_duplicates=same,
        )
        choices = {edge: Choice(options=list(range(OPERATIONS))) for edge in edges}
        problem = Problem(vars=choices, n_obj=objectives)
        self.algorithm.setup(problem, termination=("n_gen", 10**9), seed=seed, verbose=False)
        self.asked = None

    def ask(self):
        self.asked = self.algorithm.ask()
        return [tuple(int(one.X[edge]) for edge in self.edges) for one in self.asked]

    def tell(self, values):
        self.asked.set("F", numpy.asarray(values, dtype=float))
        for one in self.asked:
            one.evaluated.update(["F", "G", "H"])
        self.algorithm.evaluator.n_eval += len(self.asked)
        self.algorithm.tell(infills=self.asked)


def make(name, seed, edges, objectives, population):
    if name == "optuna-tpe":
        return Optuna(optuna.samplers.TPESampler(seed=seed), edges, objectives)
    if name == "optuna-nsga2":
        return Optuna(optuna.samplers.NSGAIISampler(seed=seed, population_size=population), edges, objectives)
    return Pymoo(seed, edges, objectives, population)


NAMES = ["optuna-tpe", "optuna-nsga2", "pymoo-nsga2"]
