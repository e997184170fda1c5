"""Memory for the large intermediate results of one call."""

from torch import Tensor


class Workspace:
    """One allocation that is cut up into matrices of one width.

    A C library gives large blocks back to the operating system as soon as they are freed, and every page of the next
    one is fetched anew: with a dozen large tensors per call that took as long as computing them. It keeps the memory of
    one block that is as large as all of them.

    like (Tensor): Has the dtype, the device and, as its last axis, the width.
    n_rows (int): Rows of all matrices together.
    """

    def __init__(self, like: Tensor, n_rows: int) -> None:
        self._block = like.new_empty((n_rows, like.shape[-1]))
        self._used = 0

    def take(self, n_rows: int) -> Tensor:
        """RETURNS (Tensor): The next matrix, with anything in it. *Shape:* (n_rows, width).

        n_rows (int): Its rows.
        """
        matrix = self._block.narrow(0, self._used, n_rows)
        self._used += n_rows
        return matrix
