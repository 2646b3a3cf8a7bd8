"""The paper's own network, to compare with: 600 tanh units, squared error, L-BFGS (ICVGIP 2016, section 3.3)."""

import numpy as np
import torch
from numpy.typing import NDArray

HIDDEN = 600
ITERATIONS = 1000

Array = NDArray[np.float32]


def papers_answers(
    fisher: Array,
    labels: NDArray[np.int64],
    targets: Array,
    judged: Array,
    *,
    seed: int = 0,
    iterations: int = ITERATIONS,
) -> Array:
    """Train the paper's network towards the tag vectors of clips' hashtags, and embed other clips with it.

    It is trained in the span of the training clips. A first layer that starts there never leaves it, for every
    gradient is a sum of training clips: nothing is lost, and 1,000 steps take half a minute.

    Parameters
    ----------
    fisher : float32 (n, dimensions)
    labels : int64 (n,)
        Rows of `targets`.
    targets : float32 (hashtags, out)
    judged : float32 (m, dimensions)

    Returns
    -------
    float32 (m, out)
        Of any length.
    """
    values, vectors = np.linalg.eigh((fisher @ fisher.T).astype(np.float64))
    kept = values > values[-1] * 1e-7
    basis = vectors[:, kept] / np.sqrt(values[kept])
    seen = torch.from_numpy((vectors[:, kept] * np.sqrt(values[kept])).astype(np.float32))
    unseen = torch.from_numpy(((judged @ fisher.T) @ basis).astype(np.float32))
    goals = torch.from_numpy(targets[labels])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = torch.nn.Sequential(
            torch.nn.Linear(seen.shape[1], HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, targets.shape[1])
        )
    optimiser = torch.optim.LBFGS(network.parameters(), max_iter=iterations, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        error: torch.Tensor = (network(seen) - goals).square().sum(dim=1).mean()
        error.backward()  # type: ignore[no-untyped-call]
        return error

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        embedded: Array = network(unseen).numpy()
    return embedded
