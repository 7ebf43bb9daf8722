"""The command `mfjax serve`."""

import logging
import signal
import socket
import webbrowser
from typing import Annotated

from tyro.conf import arg

from mfjax.cli.signals import EndedError
from mfjax.errors import MfjaxError
from mfjax.inference.engines import Engine, Precision, check_engine
from mfjax.serve.limits import Limits

logger = logging.getLogger("mfjax")


def serve(
    *,
    host: Annotated[str, arg(metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, arg(metavar="PORT")] = 8000,
    open: Annotated[bool, arg(help_behavior_hint="")] = False,
    model: Annotated[str, arg(metavar="NAME_OR_FILE")] = "default",
    engine: Engine = "auto",
    precision: Precision = "auto",
    upload_limit: Annotated[float, arg(metavar="MB")] = Limits.upload // 2**20,
    output_limit: Annotated[float, arg(metavar="MEGAPIXELS")] = Limits.output_pixels // 10**6,
    time_limit: Annotated[float, arg(metavar="S")] = Limits.seconds,
    waiting: Annotated[int, arg(metavar="N")] = Limits.waiting,
) -> int:
    """Show a page on which two pictures are fused, in a browser on this machine, until Ctrl-C.

    Pictures are sent to this process only, and its memory forgets them ten minutes after their last use: nothing is
    kept. The page makes no request to any other machine. It needs Starlette and uvicorn (pip install 'mfjax[serve]').

    Args:
        host: Address on which the page is served. By default only this machine can open it; 0.0.0.0 opens it to
            everybody who reaches this machine, without a password and unencrypted.
        port: Port; 0 takes one that is free.
        open: Open the page in the browser.
        model: Model that is chosen at first: the name of a bundled one, or a weights file, which the page then offers.
        engine: Engine that runs the models, as of mfjax fuse.
        precision: Type in which features are extracted, as of mfjax fuse.
        upload_limit: Most megabytes of a file.
        output_limit: Most megapixels of a fused image.
        time_limit: Most seconds of work on one image.
        waiting: Most requests that wait for the one in work; each page shows its place.
    """
    check_engine(engine, precision)
    try:
        from mfjax.serve.app import make_app
        from mfjax.serve.server import bound, run
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        if package not in ("anyio", "starlette", "uvicorn"):
            raise
        raise MfjaxError(f"the page needs {package}, which is not installed: pip install 'mfjax[serve]'") from error
    from mfjax.serve.models import Models

    limits = Limits(
        upload=round(upload_limit * 2**20),
        output_pixels=round(output_limit * 1e6),
        seconds=time_limit,
        waiting=waiting,
    )
    models = Models(model, engine=engine, precision=precision)
    address = bound(host, port)
    if not address.is_loopback:
        logger.warning(
            "--host %s: everybody who reaches this machine can use the page, without a password and unencrypted", host
        )
    names = () if address.is_loopback else {host, socket.gethostname()}
    app = make_app(models, limits, names=names, loopback=address.is_loopback)
    print(f"{address.url} is the page; Ctrl-C ends it", flush=True)
    if open:
        webbrowser.open(address.url)
    try:
        run(app, address)
    except (KeyboardInterrupt, EndedError) as ended:  # uvicorn has ended all answers before
        if isinstance(ended, EndedError) and ended.number != signal.SIGINT:
            raise
        print("ended; nothing is kept", flush=True)
    return 0
