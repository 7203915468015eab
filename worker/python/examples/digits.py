"""Trains a multilayer perceptron of scikit-learn on 8x8 digits, as CE-NAS asks for it: a second or two each.

The search space is configs/digits-space.toml, the study configs/digits.toml.
"""

import pickle
import warnings

import ce_nas
import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

VALIDATION, TEST = 400, 400


def images():
    """Training, validation and test: the same for all networks, whatever their seeds."""
    pixels, classes = load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(pixels))
    pixels, classes = pixels[order] / 16.0, classes[order]
    cuts = [len(pixels) - VALIDATION - TEST, len(pixels) - TEST]
    return list(zip(np.split(pixels, cuts), np.split(classes, cuts)))


def build(task):
    choices = task.architecture.values
    return MLPClassifier(
        hidden_layer_sizes=[choices["width"]] * choices["layers"],
        activation=choices["activation"],
        learning_rate_init=choices["learning_rate"],
        batch_size=32,
        random_state=task.seed,
    )


def save(model, epoch, folder):
    with open(folder / "model.pickle", "wb") as file:
        pickle.dump((model, epoch), file)


def restore(folder):
    with open(folder / "model.pickle", "rb") as file:
        return pickle.load(file)


def main():
    with ce_nas.task() as task:
        training, validation, test = images()
        model, start = restore(task.checkpoint) if task.checkpoint else (build(task), 0)
        error = 1.0
        for epoch in range(start + 1, task.epochs + 1):
            model.partial_fit(*training, classes=range(10))
            error = 1.0 - model.score(*validation)
            task.report(epoch=epoch, training_loss=model.loss_, validation_error=error)
            if task.wants_checkpoint():
                task.save(lambda folder: save(model, epoch, folder))
        # Also where the last epoch was trained before the interruption.
        error = 1.0 - model.score(*validation)
        weights = sum(part.size for part in model.coefs_ + model.intercepts_)
        task.finish(validation_error=error, test_error=1.0 - model.score(*test), parameters=weights)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # scikit-learn would rather choose the number of epochs itself
    main()
