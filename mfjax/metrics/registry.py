"""All fusion metrics by name, with what a number means, where it comes from and whose numbers it can stand beside.

Popular codes disagree under one name, and some have mistakes that published tables contain. So each such form is a
metric of its own, a variant, and the default is the one under the plain name. "MATLAB" below is the code that most of
the field's tables come from: imageFusionMetrics (Z. Liu), Evaluation-for-Image-Fusion (L. Tang), VIFB (X. Zhang). All
take gray levels: the luma of 8 bits.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.metrics import contrast, edges, features, information, loss_of_structure, perception, structure
from mfjax.metrics.common import Image, UndefinedError

logger = logging.getLogger("mfjax")

ZHENG = "Zheng, Essock, Hansen, Haun, Inf. Fusion 8(2), 2007"
XYDEAS = "Xydeas, Petrovic, Electron. Lett. 36(4), 2000"
XYDEAS_SPIE = "Xydeas, Petrovic, SPIE 4051, 2000"
CVEJIC = (
    "Cvejic, Canagarajah, Bull, Electron. Lett. 42(11), 2006; Nava, Cristobal, Escalante-Ramirez, SPIE Newsroom, 2007"
)
WANG = "Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13(4), 2004"
HAGHIGHAT = "Haghighat, Aghagolzadeh, Seyedarabi, Comput. Electr. Eng. 37(5), 2011; Haghighat, Razian, AICT 2014"
VIFB = "VIFB (Zhang, Ye, Xiao, CVPRW 2020)"
LIU = "imageFusionMetrics"
TANG = "Evaluation-for-Image-Fusion"


@dataclass(frozen=True)
class Metric:
    """A fusion metric: a function of infrared, visible and fused levels, float64 `[h, w]` from 0 to 255."""

    name: str
    function: Callable[[Image, Image, Image], float]
    best: Literal["higher", "lower", "zero"]
    least: float
    most: float
    source: str
    """The paper that defines it."""
    agrees_with: str
    """Popular code that gives the same number."""
    variant_of: str | None = None
    """Of a variant, the metric that is meant by default."""

    @property
    def formula(self) -> str:
        """What it measures, in words."""
        said = " ".join((self.function.__doc__ or "").split()).partition(": ")[2]
        return said[:1].upper() + said[1:]


class Scores(dict[str, float]):
    """Values by metric; those that the images leave undefined are NaN, and `reasons` says why."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: dict[str, str] = {}


INF = float("inf")
METRICS = {
    metric.name: metric
    for metric in (
        # The six of the paper's Section IV.B.
        Metric("Q_TE", information.tsallis, "higher", -INF, INF, CVEJIC, LIU),
        Metric("Q_Y", structure.yang, "higher", -1, 1, "Yang, Zhang, Wang, Liu, Inf. Fusion 9(2), 2008", LIU),
        Metric("Q_SF", contrast.spatial_frequency_error, "zero", -1, INF, ZHENG, LIU),
        Metric(
            "Q_MI",
            information.normalised_mutual_information,
            "higher",
            0,
            2,
            "Hossny, Nahavandi, Creighton, Electron. Lett. 44(18), 2008",
            LIU,
        ),
        Metric("Q_STD", contrast.standard_deviation, "higher", 0, 127.5, "Rao, Meas. Sci. Technol. 8, 1997", VIFB),
        Metric(
            "Q_AG",
            contrast.average_gradient,
            "higher",
            0,
            255,
            "Cui, Feng, Xu, Li, Chen, Opt. Commun. 341, 2015",
            "the formula as printed",
        ),
        # What else the field reports.
        Metric(
            "EN", information.entropy, "higher", 0, 8, "Roberts, van Aardt, Ahmed, J. Appl. Remote Sens. 2, 2008", TANG
        ),
        Metric("SF", contrast.spatial_frequency, "higher", 0, 361, "Eskicioglu, Fisher, IEEE TCOM 43(12), 1995", TANG),
        Metric(
            "MI",
            information.mutual_information,
            "higher",
            0,
            16,
            "Qu, Zhang, Yan, Electron. Lett. 38(7), 2002",
            TANG,
        ),
        Metric(
            "SCD",
            contrast.sum_of_correlations_of_differences,
            "higher",
            -2,
            2,
            "Aslantas, Bendes, AEU 69(12), 2015",
            TANG,
        ),
        Metric("CC", contrast.correlation, "higher", -1, 1, "Deshmukh, Bhosale, IJIP 4(5), 2010", TANG),
        Metric("VIF", perception.visual_information, "higher", 0, INF, "Sheikh, Bovik, IEEE TIP 15(2), 2006", TANG),
        Metric("Qabf", edges.edges_kept, "higher", 0, 1, XYDEAS, f"{TANG}, {VIFB}"),
        Metric(
            "Nabf",
            edges.artefacts,
            "lower",
            0,
            1,
            "Shreyamsha Kumar, Signal Image Video Process. 7, 2013",
            "its author's own",
        ),
        Metric("SSIM", structure.ssim_255, "higher", -1, 1, WANG, "MATLAB's ssim"),
        Metric("MS_SSIM", structure.multi_exposure_ssim, "higher", 0, 1, "Ma, Zeng, Wang, IEEE TIP 24(11), 2015", TANG),
        Metric("Q_CB", perception.chen_blum, "higher", 0, 1, "Chen, Blum, Image Vis. Comput. 27, 2009", LIU),
        Metric("Q_CV", perception.chen_varshney, "lower", 0, INF, "Chen, Varshney, Inf. Fusion 8(2), 2007", LIU),
        Metric("FMI_pixel", features.pixels, "higher", 0, 1, HAGHIGHAT, "its authors' own, feature 'none'"),
        Metric("FMI_gradient", features.gradients, "higher", 0, 1, HAGHIGHAT, "its authors' own, 'gradient'"),
        Metric("FMI_dct", features.cosines, "higher", 0, 1, HAGHIGHAT, f"its authors' own, 'dct'; {TANG}"),
        Metric("PSNR", contrast.peak_signal_to_noise_ratio, "higher", 0, INF, "Jagalingam, Hegde, 2015", "its formula"),
        Metric("MSE", contrast.mean_squared_error, "lower", 0, 1, "Jagalingam, Hegde, 2015", TANG),
        Metric("Q_NCIE", information.nonlinear_correlation, "higher", 0, 1, "Wang, Shen, Jin, 2008", LIU),
        Metric("Q_S", structure.piella, "higher", -1, 1, "Piella, Heijmans, ICIP 2003", LIU),
        Metric("Q_C", structure.cvejic, "higher", -1, 1, "Cvejic, Loza, Bull, Canagarajah, 2005", LIU),
        # What the field has no metric of.
        Metric("structure_lost_ir", loss_of_structure.infrared, "lower", 0, 1, "this project's own", "none"),
        Metric("structure_lost_vis", loss_of_structure.visible, "lower", 0, 1, "this project's own", "none"),
        # Variants: other forms under the same name.
        Metric("Q_TE_true_marginals", information.tsallis_true_marginals, "higher", -INF, INF, CVEJIC, "none", "Q_TE"),
        Metric("Q_TE_q185", information.tsallis_q185, "higher", -INF, INF, CVEJIC, LIU, "Q_TE"),
        Metric("STD_sample", contrast.standard_deviation_sample, "higher", 0, 128, "", "MATLAB's std2", "Q_STD"),
        Metric("AG_central", contrast.average_gradient_central, "higher", 0, 255, "", f"{TANG}, {VIFB}", "Q_AG"),
        Metric("PSNR_255", contrast.peak_signal_to_noise_ratio_shifted, "higher", 48.13, INF, "", TANG, "PSNR"),
        Metric("SSIM_L1", structure.ssim_1, "higher", -1, 1, "", TANG, "SSIM"),
        Metric("Nabf_as_called", edges.artefacts_as_called, "lower", 0, 1, "", TANG, "Nabf"),
        Metric(
            "Q_G_toolbox", edges.edges_kept_toolbox, "higher", 0, 1, "Xydeas, Petrovic, SPIE 4051, 2000", LIU, "Qabf"
        ),
        Metric("Q_CB_double_input", perception.chen_blum_double, "higher", 0, 1, "", VIFB, "Q_CB"),
        Metric("VIFB_Mutinf", information.mutual_information_vifb, "higher", 0, 11.1, "", VIFB, "MI"),
        Metric("VIFB_Cross_entropy", information.cross_entropy_vifb, "lower", -INF, INF, "", VIFB, "EN"),
        Metric("VIFB_Edge_intensity", contrast.edge_intensity_vifb, "higher", 0, 1443, "", VIFB, "Q_AG"),
        Metric("VIFB_SF", contrast.spatial_frequency_vifb, "higher", 0, 361, "", VIFB, "SF"),
        Metric("VIFB_Ssim", structure.ssim_vifb, "higher", -2, 2, "", VIFB, "SSIM"),
        Metric("VIFB_Rmse", contrast.root_mean_squared_error_vifb, "lower", 0, INF, "", VIFB, "MSE"),
        Metric("VIFB_Psnr", contrast.peak_signal_to_noise_ratio_vifb, "higher", 0, INF, "", VIFB, "PSNR"),
    )
}
PAPER = ("Q_TE", "Q_Y", "Q_SF", "Q_MI", "Q_STD", "Q_AG")
STRUCTURE_LOST = ("structure_lost_ir", "structure_lost_vis")  # beside all others: what those pay for
DEFAULT = tuple(name for name, metric in METRICS.items() if metric.variant_of is None)


def score(ir: NDArray, vis: NDArray, fused: NDArray, *, names: Sequence[str] = DEFAULT) -> Scores:
    """The metrics of a fused image by name.

    Args:
        ir: infrared, uint8, uint16 or float in [0, 1], gray `[h, w]` or RGB `[h, w, 3]`.
        vis: visible, of the same size, as all three must be.
        fused: what was made of them.
        names: which metrics, of `METRICS`; by default all but variants.

    Returns:
        A dict. A metric that is undefined for these images, as many are for a constant one, is NaN, and
        `.reasons[name]` says why.

    Raises:
        MfjaxError: the images are not of one size, a float lies outside [0, 1], or a name is unknown.
    """
    if unknown := [name for name in names if name not in METRICS]:
        raise MfjaxError(f"there is no metric {', '.join(unknown)}; available: {', '.join(METRICS)}")
    levels = [images.luma(image).astype(np.float64) for image in (ir, vis, fused)]
    if len({x.shape for x in levels}) > 1:
        sizes = [f"{x.shape[0]}x{x.shape[1]}" for x in levels]
        raise MfjaxError(f"infrared is {sizes[0]}, visible {sizes[1]} and fused {sizes[2]}; resize them to one size")
    scores = Scores()
    for name in names:
        try:
            scores[name] = METRICS[name].function(*levels)
        except UndefinedError as reason:
            scores[name] = float("nan")
            scores.reasons[name] = str(reason)
    return scores
