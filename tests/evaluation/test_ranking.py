"""Places, counts of them, significance."""

import numpy as np
import pytest

from mfjax.evaluation import Evaluation, mean_ranks, rank
from mfjax.metrics import FIELD, METRICS


def made(values, metrics):
    """Returns an evaluation of values `[methods][pairs][metrics]`."""
    values = np.array(values, float)
    names = tuple("abc"[: len(values)])
    return Evaluation(names, tuple(map(str, range(values.shape[1]))), metrics, values)


def test_places_follow_the_direction_of_each_metric():
    # Q_STD: more is better; Nabf: less; Q_SF: nearer to zero.
    evaluation = made([[[3, 0.1, -0.3]] * 2, [[2, 0.2, 0.1]] * 2, [[1, 0.3, 0.2]] * 2], ("Q_STD", "Nabf", "Q_SF"))
    np.testing.assert_array_equal(rank(evaluation).place, [[1, 1, 3], [2, 2, 1], [3, 3, 2]])


def test_first_and_second_places_are_counted_by_pair_and_shared_by_equals():
    evaluation = made([[[3], [1], [2]], [[2], [2], [2]], [[1], [3], [1]]], ("EN",))
    ranking = rank(evaluation)
    np.testing.assert_array_equal(ranking.firsts[:, 0], [2, 1, 1])
    np.testing.assert_array_equal(ranking.seconds[:, 0], [0, 2, 0])


def test_method_that_is_behind_on_every_pair_is_significantly_behind_and_one_that_varies_is_not():
    rng = np.random.default_rng(0)
    best = rng.normal(5, 1, (20, 1))
    worse, alike = best - 0.1, best + rng.normal(-0.01, 1, (20, 1))
    p_value = rank(made([best, worse, alike], ("EN",))).p_value[:, 0]
    place = rank(made([best, worse, alike], ("EN",))).place[:, 0]
    assert np.isnan(p_value[place == 1]).all()
    if place[0] == 1:
        assert p_value[1] == 0
    assert p_value[place > 1].max() > 0.05


def test_p_value_is_the_share_of_resampled_means_without_a_lead():
    # Of two pairs, with differences 1 and −3/4: all four draws but the one of the second pair twice have a lead.
    assert rank(made([[[1], [0]], [[0], [0.75]]], ("EN",))).p_value[1, 0] == pytest.approx(0.25, abs=0.02)


def test_p_value_of_a_metric_that_is_best_at_zero_compares_means_as_places_do():
    # The mean of 16 draws of ±1/2 is as far from 0 as 0.1 where they are ten of one sign or more: 45 %.
    ranking = rank(made([[[0.5], [-0.5]] * 8, [[0.1]] * 16], ("Q_SF",)))
    np.testing.assert_array_equal(ranking.place[:, 0], [1, 2])
    assert ranking.p_value[1, 0] == pytest.approx(0.4545, abs=0.02)


def test_p_value_is_of_the_pairs_on_which_both_methods_are_defined():
    ranking = rank(made([[[1], [0], [9]], [[0], [0.75], [np.nan]]], ("EN",)))
    # Differences 1, −3/4 and, of the undefined pair, none: in 11 of the 27 draws their sum is not positive.
    assert ranking.p_value[1, 0] == pytest.approx(11 / 27, abs=0.02)


def test_metric_that_is_undefined_has_no_place():
    ranking = rank(made([[[np.nan, 1]], [[np.nan, 2]]], ("Q_MI", "EN")))
    np.testing.assert_array_equal(ranking.place, [[0, 2], [0, 1]])
    assert np.isnan(ranking.p_value[:, 0]).all()


def test_mean_rank_is_of_the_means_over_the_metrics_each_in_its_direction():
    metrics = ("EN", "Nabf", "structure_lost_ir", "Q_SF")
    better, worse = [7, 0.01, 0.02, 0.05], [6, 0.05, 0.3, -0.2]
    np.testing.assert_array_equal(mean_ranks(made([[worse], [better]], metrics)), [2, 1])
    np.testing.assert_array_equal(
        mean_ranks(made([[[7, 0.01, 0.3, 0]], [[6, 0.05, 0.02, 0.1]]], metrics)), [1.25, 1.75]
    )


def test_metric_that_is_undefined_for_a_method_does_not_count_in_its_mean_rank():
    np.testing.assert_array_equal(mean_ranks(made([[[np.nan, 1]], [[2, 2]]], ("Q_MI", "EN"))), [2, 1])


def test_fields_metrics_are_fourteen_of_which_artefacts_are_to_be_few_and_the_frequency_error_near_zero():
    assert len(set(FIELD)) == 14
    assert {name: METRICS[name].best for name in FIELD if METRICS[name].best != "higher"} == {
        "Nabf": "lower",
        "Q_SF": "zero",
    }
