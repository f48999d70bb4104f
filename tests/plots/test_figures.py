"""Figures: what is on them, and that a file is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from paddle_mnist.plots import (
    check_plot_file,
    draw_in_terminal,
    plot_confusion,
    plot_curves,
    plot_digits,
    plot_history,
    plot_ladder,
    plot_mistakes,
    plot_preparation,
    plot_readings,
    plot_reliability,
    plot_robustness,
    plot_weights,
    save_figure,
)
from paddle_mnist.plots.figures import ENDINGS
from paddle_mnist.system.errors import RunError, UsageError


def history(epochs: int, validation: bool) -> list[dict]:
    rows = []
    for epoch in range(1, epochs + 1):
        row = {"epoch": epoch, "loss": 1 / epoch, "accuracy": 1 - 0.5 / epoch}
        if validation:
            row.update(validation_loss=2 / epoch, validation_accuracy=1 - 0.6 / epoch)
        rows.append(row)
    return rows


def digits(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def shown_images(figure) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]


def titles(figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def test_history_has_a_curve_of_loss_and_one_of_accuracy():
    figure = plot_history(history(3, validation=True), "cnn")
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["epoch", "epoch"]
    assert figure.get_suptitle() == "cnn"
    for axes, name in zip(figure.axes, ("loss", "accuracy")):
        training, validation = axes.lines
        assert [line.get_label() for line in axes.lines] == ["training", "validation"]
        np.testing.assert_array_equal(training.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(
            training.get_ydata(), [row[name] for row in history(3, validation=True)]
        )
        np.testing.assert_array_equal(
            validation.get_ydata(), [row[f"validation_{name}"] for row in history(3, True)]
        )


def test_losses_within_the_epochs_end_where_the_epochs_end():
    rows = [{**row, "losses": [4.0, 3.0, 2.0, 1.0]} for row in history(2, validation=False)]
    loss, accuracy = plot_history(rows).axes
    assert len(accuracy.lines) == 1
    within = loss.lines[1]
    np.testing.assert_allclose(within.get_xdata(), np.arange(1, 9) / 4)
    np.testing.assert_array_equal(within.get_ydata(), 2 * [4.0, 3.0, 2.0, 1.0])


def test_history_without_validation_has_one_line_each():
    figure = plot_history(history(1, validation=False))
    assert [len(axes.lines) for axes in figure.axes] == [1, 1]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["training"]


@pytest.mark.parametrize("count, columns, panels", [(1, 8, 1), (8, 8, 8), (9, 8, 16), (5, 2, 6)])
def test_digits_are_a_grid_with_empty_rest(count, columns, panels):
    images = digits(count)
    figure = plot_digits(images, [f"no. {i}" for i in range(count)], columns, "some digits")
    assert len(figure.axes) == panels
    assert titles(figure) == [f"no. {i}" for i in range(count)]
    assert not any(axes.axison for axes in figure.axes)
    for shown, image in zip(shown_images(figure), images):
        np.testing.assert_array_equal(shown, image)
    assert len(shown_images(figure)) == count
    assert figure.get_suptitle() == "some digits"


def test_digits_need_no_titles():
    assert titles(plot_digits(digits(3))) == []


def test_digits_are_drawn_from_black_to_white_whatever_is_in_them():
    image = plot_digits(np.full((1, 28, 28), 100, np.uint8)).axes[0].images[0]
    assert image.get_clim() == (0, 255)
    assert image.get_cmap().name == "gray"


def test_no_digits_give_an_empty_figure():
    assert shown_images(plot_digits(digits(0))) == []


def confusion() -> np.ndarray:
    matrix = np.diag(np.arange(90, 100))
    matrix[4, 9], matrix[2, 7] = 6, 1
    return matrix


def test_confusion_shows_every_count_at_its_place():
    axes = plot_confusion(confusion(), "cnn").axes[0]
    texts = {text.get_position(): text.get_text() for text in axes.texts if text.get_text()}
    expected = {(digit, digit): str(90 + digit) for digit in range(10)}
    expected[(9, 4)], expected[(7, 2)] = "6", "1"  # x: read as, y: true digit
    assert texts == expected
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("read as", "true digit")
    assert [label.get_text() for label in axes.get_xticklabels()] == list("0123456789")
    assert [label.get_text() for label in axes.get_yticklabels()] == list("0123456789")


def test_confusion_is_coloured_by_mistakes_only():
    (image,) = plot_confusion(confusion()).axes[0].images
    coloured = np.asarray(image.get_array())
    assert coloured[4, 9] == 6
    assert coloured[2, 7] == 1
    assert coloured.sum() == 7
    # And the darkest is the most frequent.
    brightness = [sum(to_rgb(image.cmap(image.norm(value)))) for value in (0, 1, 6)]
    assert brightness == sorted(brightness, reverse=True)


def test_confusion_of_other_things_has_their_names():
    names = [f"thing {letter}" for letter in "abcdefghij"]
    axes = plot_confusion(confusion(), class_names=names).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == names
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    assert axes.get_ylabel() == "true class"


def test_confusion_without_a_mistake_is_white():
    (image,) = plot_confusion(np.diag(np.full(10, 5))).axes[0].images
    assert np.asarray(image.get_array()).sum() == 0
    assert image.get_clim() == (0, 1)


def some_mistakes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # True digit 3 in all; the probability of 3 falls from picture to picture, 1 is the rival.
    belief = np.array([0.9, 0.4, 0.1, 0.3])
    probabilities = np.zeros((4, 10), np.float32)
    probabilities[:, 3], probabilities[:, 1] = belief, 1 - belief
    return digits(4), np.full(4, 3), probabilities


def test_the_worst_mistakes_come_first_and_right_answers_are_left_out():
    images, labels, probabilities = some_mistakes()
    figure = plot_mistakes(images, labels, probabilities)
    assert titles(figure) == [f"3 read as 1\n{share}%" for share in (90, 70, 60)]
    for shown, index in zip(shown_images(figure), (2, 3, 1)):
        np.testing.assert_array_equal(shown, images[index])
    assert figure.get_suptitle() == "the worst 3 of 3 mistakes"


def test_mistakes_of_other_things_have_their_names():
    names = [f"thing {letter}" for letter in "abcdefghij"]
    figure = plot_mistakes(*some_mistakes(), class_names=names)
    assert titles(figure) == [f"thing d\nread as thing b\n{share}%" for share in (90, 70, 60)]


def test_mistakes_of_one_neuron_are_as_bad_as_they_are_far():
    labels, numbers = np.array([4, 1, 8, 4]), np.array([[4.4], [9.6], [0.2], [3.3]], np.float32)
    figure = plot_mistakes(digits(4), labels, numbers)
    assert titles(figure) == ["1 read as 9\n9.6", "8 read as 0\n0.2", "4 read as 3\n3.3"]


def test_mistakes_can_be_limited():
    figure = plot_mistakes(*some_mistakes(), count=2)
    assert len(shown_images(figure)) == 2
    assert figure.get_suptitle() == "the worst 2 of 3 mistakes"


def test_no_mistakes_are_said_to_be_none():
    images, labels, probabilities = some_mistakes()
    figure = plot_mistakes(images[:1], labels[:1], probabilities[:1])
    assert figure.get_suptitle() == "no mistakes"
    assert shown_images(figure) == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_readings_show_each_picture_and_its_probabilities(count):
    images = digits(count)
    probabilities = np.random.default_rng(1).dirichlet(np.ones(10), count)
    figure = plot_readings(images, list(range(count)), list(probabilities))
    for shown, image in zip(shown_images(figure), images):
        np.testing.assert_array_equal(shown, image)
    assert len(shown_images(figure)) == count
    assert [t for t in titles(figure) if "read as" in t] == [f"read as {d}" for d in range(count)]
    bars = [[bar.get_height() for bar in axes.patches] for axes in figure.axes if axes.patches]
    np.testing.assert_allclose(bars, probabilities)


def test_readings_without_probabilities_have_no_bars():
    figure = plot_readings(digits(2), [3, 4], [None, None])
    assert len(shown_images(figure)) == 2
    assert not any(axes.patches or axes.axison for axes in figure.axes)


def test_a_drawing_in_the_terminal_by_hand():
    image = np.zeros((28, 28), np.uint8)
    image[0, 0] = 255  # the last of ten shades
    image[1, 2] = 142  # 142 * 9 / 255 = 5.01, the sixth
    image[27, 27] = 29  # 29 * 9 / 255 = 1.02, the second
    lines = draw_in_terminal(image).split("\n")
    assert lines[0] == "@@"
    assert lines[1] == "    ++"
    assert lines[2:27] == [""] * 25
    assert lines[27] == " " * 54 + ".."


def test_a_full_picture_fills_the_terminals_square():
    assert draw_in_terminal(np.full((28, 28), 255, np.uint8)) == "\n".join(28 * ["@" * 56])


@pytest.mark.parametrize("figure", ["history", "digits", "confusion", "mistakes", "readings"])
def test_every_figure_is_saved_as_a_png(figure, tmp_path):
    figures = {
        "history": lambda: plot_history(history(2, validation=True), "cnn"),
        "digits": lambda: plot_digits(digits(3), "abc"),
        "confusion": lambda: plot_confusion(confusion(), "cnn"),
        "mistakes": lambda: plot_mistakes(*some_mistakes()),
        "readings": lambda: plot_readings(digits(2), [1, 2], [np.full(10, 0.1), None]),
    }
    path = tmp_path / "figure.png"
    save_figure(figures[figure](), path)
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert min(picture.size) > 100
        assert len(picture.convert("L").getcolors()) > 2  # something is drawn
    assert os.listdir(tmp_path) == ["figure.png"]


@pytest.mark.parametrize("name, beginning", [("a.svg", b"<?xml"), ("a.pdf", b"%PDF")])
def test_the_ending_says_which_kind(name, beginning, tmp_path):
    save_figure(plot_digits(digits(1)), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(beginning)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.gibberish", "file.txt/a.png", "folder", "x" * 300 + ".png"])
def test_a_figure_that_cannot_be_written_is_an_error_of_ours(name, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").write_text("kept")
    with pytest.raises(RunError) as error:
        save_figure(plot_digits(digits(1)), tmp_path / name)
    assert name in str(error.value)
    assert ".tmp" not in str(error.value)
    assert sorted(os.listdir(tmp_path)) == ["file.txt", "folder"]
    assert (tmp_path / "file.txt").read_text() == "kept"


def test_a_missing_folder_is_made(tmp_path):
    save_figure(plot_digits(digits(1)), tmp_path / "new" / "folder" / "a.png")
    assert os.listdir(tmp_path / "new" / "folder") == ["a.png"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_only_drawings_are_drawn_over(ending, tmp_path):
    path = tmp_path / f"a{ending}"
    check_plot_file(path)  # nothing is there
    save_figure(plot_digits(digits(1)), path)
    check_plot_file(path)
    path.write_bytes(b"a picture of somebody else")
    with pytest.raises(UsageError, match="is there already"):
        check_plot_file(path)


@pytest.mark.parametrize(
    "name, expected",
    [("", "name a file"), ("folder", "name a file"), ("a", "the ending ''"), ("a.txt", "'.txt'")],
)
def test_a_name_that_is_no_drawing_is_refused(name, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=expected):
        check_plot_file(Path(name))


def test_a_path_without_a_name_is_an_error_of_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (type(tmp_path)("."), type(tmp_path)("/")):
        with pytest.raises(RunError):
            save_figure(plot_digits(digits(1)), path)
    assert os.listdir(tmp_path) == []


def test_a_failing_figure_leaves_the_old_file(tmp_path):
    class Broken:
        def savefig(self, file, **_options):
            file.write(b"half")
            raise OSError("No space left on device")

    path = tmp_path / "figure.png"
    path.write_bytes(b"old")
    with pytest.raises(RunError, match="No space left on device"):
        save_figure(Broken(), path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["figure.png"]


def test_weights_share_one_scale_on_which_white_is_zero():
    weights = np.zeros((3, 5, 5))
    weights[1, 2, 2], weights[2, 0, 0] = -4, 2
    figure = plot_weights(weights, ["a", "b", "c"], columns=2, title="kernels")
    assert titles(figure) == ["a", "b", "c"]
    assert figure.get_suptitle() == "kernels"
    drawn = [axes.images[0] for axes in figure.axes if axes.images]
    assert [image.get_clim() for image in drawn] == [(-4, 4)] * 3
    for image, expected in zip(drawn, weights):
        np.testing.assert_array_equal(image.get_array(), expected)
    red, _, blue, _ = drawn[2].to_rgba(np.array([[2.0]]))[0, 0]
    assert red > blue
    assert drawn[0].to_rgba(np.array([[0.0]]))[0, 0, :3].min() > 0.95


def test_weights_that_are_all_zero_are_drawn():
    assert len(plot_weights(np.zeros((1, 28, 28))).axes) == 2  # the picture and its scale


def test_curves_are_drawn_over_their_places():
    figure = plot_curves({"a": [3, 2], "b": [1, 4]}, xlabel="epoch", ylabel="loss", title="both")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("epoch", "loss", "both")
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2], [1, 2]]
    assert [list(line.get_ydata()) for line in axes.lines] == [[3, 2], [1, 4]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_one_curve_needs_no_legend():
    figure = plot_curves({"loss": [3, 2, 1]}, x=[0, 10, 20], xlabel="step", ylabel="loss")
    (axes,) = figure.axes
    assert list(axes.lines[0].get_xdata()) == [0, 10, 20]
    assert axes.get_legend() is None


def test_the_ladder_is_drawn_against_parameters_and_minutes():
    rows = {
        "small": {"parameters": 100, "minutes": 1, "errors": [2.0, 4.0], "source_error": 5.0},
        "large": {"parameters": 900, "minutes": 9, "errors": [1.1, 1.1, 1.1], "source_error": None},
    }
    figure = plot_ladder(rows)
    by_size, by_time = figure.axes
    assert (by_size.get_xlabel(), by_time.get_xlabel()) == ("parameters", "minutes of training")
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}
    points = [
        [bars[0].get_xydata()[0].tolist() for bars in axes.containers] for axes in figure.axes
    ]
    assert points == [[[100, 3], [900, pytest.approx(1.1)]], [[1, 3], [9, pytest.approx(1.1)]]]
    # The range of the first one: from its lowest to its highest error.
    (bar,) = by_size.containers[0].lines[2]
    assert bar.get_segments()[0].tolist() == [[100, 2], [100, 4]]
    hollow = [line for line in by_size.lines if line.get_fillstyle() == "none"]
    assert [line.get_xydata().tolist() for line in hollow] == [[[100, 5]]]
    assert not [line for line in by_time.lines if line.get_fillstyle() == "none"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["1 small", "2 large"]
    assert [text.get_text() for text in by_time.texts] == ["1", "2"]


@pytest.mark.parametrize("minutes", [[], [0.0], [0.0, 0.0], [0.0, 2.0]], ids=str)
@pytest.mark.parametrize("error", [0.0, 3.0])
def test_a_ladder_without_minutes_or_errors_can_be_drawn(minutes, error, tmp_path):
    rows = {
        str(number): {"parameters": 9, "minutes": time, "errors": [error], "source_error": None}
        for number, time in enumerate(minutes)
    }
    figure = plot_ladder(rows)
    save_figure(figure, tmp_path / "ladder.png")
    by_size, by_time = figure.axes
    assert (by_time.get_xscale() == "log") is any(minutes)
    assert (by_size.get_yscale() == "log") is (error > 0 and minutes != [])


def test_reliability_leaves_out_what_has_no_readings():
    rows = [
        {"count": 0, "confidence": None, "accuracy": None},
        {"count": 4, "confidence": 0.55, "accuracy": 0.5},
        {"count": 96, "confidence": 0.98, "accuracy": 1.0},
    ]
    figure = plot_reliability({"as it is": rows, "mended": rows[1:]}, "cnn")
    accuracy, counts = figure.axes
    equal, first, second = accuracy.lines
    assert equal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert first.get_xydata().tolist() == [[0.55, 0.5], [0.98, 1.0]] == second.get_xydata().tolist()
    assert [line.get_label() for line in counts.lines] == ["as it is", "mended"]
    assert counts.lines[0].get_xydata().tolist() == [[0.55, 4], [0.98, 96]]
    assert figure.get_suptitle() == "cnn"


def test_robustness_has_a_panel_a_disturbance_and_a_line_a_network():
    accuracies = {
        "mlp": {"noise": {0: 0.98, 0.5: 0.3}, "shift": {0: 0.98, 4: 0.2}},
        "cnn": {"noise": {0: 0.99, 0.5: 0.6}, "shift": {0: 0.99, 4: 0.7}},
    }
    figure = plot_robustness(accuracies, {"noise": "deviation", "shift": "pixels"})
    assert titles(figure) == ["noise", "shift"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["deviation", "pixels"]
    for axes in figure.axes:
        for line, (network, found) in zip(axes.lines, accuracies.items()):
            assert line.get_label() == network
            expected = [list(pair) for pair in found[axes.get_title()].items()]
            assert line.get_xydata().tolist() == expected
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["mlp", "cnn"]


@pytest.mark.parametrize("name", [r"$\frac{$", r"$\unknown$", "5 $ or $", r"\$", "$$", "$_$"])
def test_a_name_is_no_formula(tmp_path, name):
    names = [*"012345678", name]
    probabilities = np.eye(10, dtype=np.float32)[:2]
    steps = {"to_grey": digits(1)[0]}
    figures = [
        plot_confusion(np.eye(10, dtype=np.int64), class_names=names),
        plot_mistakes(digits(2), np.array([9, 9]), probabilities, class_names=names),
        plot_preparation([steps], [name]),
    ]
    for figure in figures:
        save_figure(figure, tmp_path / "figure.png")


def test_control_a_formula_that_is_wrong_cannot_be_drawn(tmp_path):
    with pytest.raises(RunError, match="cannot be written"):
        save_figure(plot_digits(digits(1), title=r"$\frac{$"), tmp_path / "figure.png")
