"""The routes of the page.

    GET    /                                  the page; /page/NAME its files
    GET    /api/about                         models, samples, limits
    GET    /api/samples/NAME/KIND.png         a rendered picture; ?small for a thumb
    PUT    /api/files/KIND?name=NAME          the bytes of a file; says what it is
    GET    /api/files/KEY.png                 its preview
    POST   /api/jobs                          {"ir": KEY, "vis": KEY or null, "options": {…}}
    GET    /api/jobs/KEY                      how far it is, and what came of it
    DELETE /api/jobs/KEY                      stop it, and forget it
    GET    /api/jobs/KEY/pictures/LAYER.png   ?bits=16 &palette=iron &hot=0.8 &download
    GET    /api/jobs/KEY/alignment.png        infrared edges on the visible picture, and a checkerboard
    GET    /api/jobs/KEY/scores               the paper's metrics

An error is {"error": one line}.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from functools import partial
from typing import Any, TypeVar

import anyio
from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import mfjax
from mfjax import images
from mfjax.errors import MfjaxError
from mfjax.images import palettes
from mfjax.messages import collected, one_line
from mfjax.serve import answers, bodies, fusing, page, samples, views
from mfjax.serve.guard import Guard
from mfjax.serve.limits import Limits
from mfjax.serve.looking import Look, look
from mfjax.serve.models import Models
from mfjax.serve.options import Options
from mfjax.serve.queue import FullError, Job, Queue
from mfjax.serve.store import Store
from mfjax.serve.uploads import KINDS, Kind, Upload, safe_name, shortened

UPLOADS_AT_ONCE = 4  # files that arrive at once, whose bytes are not yet bounded by the store

T = TypeVar("T")


class App:
    """The page's state: files, jobs and their queue.

    Args:
        models: the models that it offers.
        limits: what it takes and keeps.
    """

    def __init__(self, models: Models, limits: Limits) -> None:
        self.models, self.limits = models, limits
        self.files: Store[tuple[Upload, Kind, Look]] = Store(
            limits.kept_files, limits.kept_file_bytes, limits.kept_seconds
        )
        self.jobs: Store[Job] = Store(limits.kept_results, limits.kept_result_bytes, limits.kept_seconds)
        self.queue = Queue(
            lambda job: fusing.fuse(job, models, limits),
            waiting=limits.waiting,
            seconds=limits.seconds,
            asked_seconds=limits.asked_seconds,
            done=self._done,
            idle=self._sweep,
        )
        self._keys: dict[int, str] = {}  # of jobs that are not done, by their ids
        self._one = CapacityLimiter(1)  # one file is looked at, or picture drawn, at a time, beside the queue's work
        self._arriving = CapacityLimiter(UPLOADS_AT_ONCE)

    @property
    def routes(self) -> list[Route]:
        """Returns the routes."""
        return [
            Route("/", page.index),
            Route("/page/{name}", page.file),
            Route("/api/about", self.about),
            Route("/api/samples/{name}/{kind}.png", self.sample),
            Route("/api/files/{kind}", self.put_file, methods=["PUT"]),
            Route("/api/files/{key}.png", self.preview),
            Route("/api/jobs", self.post_job, methods=["POST"]),
            Route("/api/jobs/{key}", self.job, methods=["GET", "DELETE"]),
            Route("/api/jobs/{key}/pictures/{layer}.png", self.picture),
            Route("/api/jobs/{key}/alignment.png", self.alignment),
            Route("/api/jobs/{key}/scores", self.scores),
        ]

    async def about(self, request: Request) -> Response:
        """Tells what the page offers."""
        about = {"version": mfjax.__version__, "model": self.models.first, "models": self.models.described()}
        about["samples"] = [
            {"name": name, "title": each.title, "words": each.words, "align": "auto" if each.align else ""}
            for name, each in samples.SAMPLES.items()
        ]
        return JSONResponse(about | {"palettes": palettes.NAMES, "limits": answers.limits(self.limits)})

    async def sample(self, request: Request) -> Response:
        """Sends a rendered picture."""
        name, kind = request.path_params["name"], _kind(request.path_params["kind"])
        made = await self._in_thread(samples.png, name, kind, small="small" in request.query_params)
        return Response(made, media_type="image/png")

    async def put_file(self, request: Request) -> Response:
        """Takes a file, and tells what it is."""
        kind = _kind(request.path_params["kind"])
        try:
            self._arriving.acquire_on_behalf_of_nowait(request)
        except anyio.WouldBlock:
            raise HTTPException(503, "too many files arrive at once; try again in a moment") from None
        try:
            data = await bodies.read(request, self.limits.upload, self.limits.upload_seconds)
            upload = Upload(safe_name(request.query_params.get("name", ""), kind), data)
            seen = await self._in_thread(look, upload, kind, self.limits)
        finally:
            self._arriving.release_on_behalf_of(request)
        key = self.files.put((upload, kind, seen), len(data) + len(seen.preview))
        return JSONResponse({"key": key, **seen.facts}, status_code=201)

    async def preview(self, request: Request) -> Response:
        """Sends a picture of a file."""
        found = self.files.get(request.path_params["key"])
        if found is None:
            raise _gone("file")
        return Response(found[2].preview, media_type="image/png")

    async def post_job(self, request: Request) -> Response:
        """Takes a request to fuse two files."""
        told = await bodies.read_json(request)
        if not isinstance(told, Mapping):
            raise MfjaxError("a request is an object of JSON with ir, vis and options")
        uploads = {}
        for kind in KINDS:
            key = told.get(kind)
            found = self.files.get(key) if isinstance(key, str) else None
            if found is None and (kind == "ir" or key is not None):
                raise _gone(f"{kind} file")
            if found is not None and found[1] != kind:
                raise MfjaxError(f"this file was sent as {found[1]}, not as {kind}; send it again")
            uploads[kind] = None if found is None else found[0]
        options = Options.of(told.get("options", {}))
        self.models.check(options.model)
        ir = uploads["ir"]
        assert ir is not None
        job = Job(fusing.Task(ir, uploads["vis"], options))
        key = self.jobs.put(job, len(ir.data))
        self._keys[id(job)] = key
        try:
            self.queue.add(job)
        except FullError as full:
            self._forget(key)
            raise HTTPException(503, str(full)) from full
        return JSONResponse({"key": key}, status_code=202)

    async def job(self, request: Request) -> Response:
        """Tells how far a job is; or stops and forgets it."""
        job = self._found(request)
        if request.method == "DELETE":
            self.queue.stop(job)
            self._forget(request.path_params["key"])
            return Response(status_code=204)
        return JSONResponse(answers.job(job, self.queue.before(job)))

    async def picture(self, request: Request) -> Response:
        """Sends a picture of a result."""
        result = self._result(request)
        layer, asked = request.path_params["layer"], request.query_params
        how = answers.drawing(asked)

        def draw() -> bytes:
            return views.png(result, views.drawn(result, layer, **how), whole="download" in asked)

        headers = {}
        if "download" in asked:
            headers["content-disposition"] = answers.attachment(f"{result.name}_{answers.suffix(layer, how)}.png")
        return Response(await self._in_thread(draw), media_type="image/png", headers=headers)

    async def alignment(self, request: Request) -> Response:
        """Sends the picture to judge the alignment by."""
        place = self._found(request).found
        if place is None:
            raise HTTPException(404, "there is no alignment to show")
        made = await self._in_thread(images.encode, place.picture, answers.ALIGNMENT)
        return Response(made, media_type="image/png")

    async def scores(self, request: Request) -> Response:
        """Tells the metrics of a result."""
        return JSONResponse(await self._in_thread(views.scores, self._result(request)))

    async def _in_thread(self, function: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """Returns what a function returns that takes time, with no other one at the same time; it logs nothing."""

        def call() -> T:
            with collected():
                return function(*arguments, **options)

        return await anyio.to_thread.run_sync(call, limiter=self._one)

    def _found(self, request: Request) -> Job:
        """Returns the job of a request's key, which counts as asking for it."""
        job = self.jobs.get(request.path_params["key"])
        if job is None:
            raise _gone("result")
        job.ask()
        return job

    def _result(self, request: Request) -> fusing.Result:
        job = self._found(request)
        if job.result is None:
            raise HTTPException(409, "there is no result yet")
        return job.result

    def _forget(self, key: str) -> None:
        if (job := self.jobs.drop(key)) is not None:
            self._keys.pop(id(job), None)

    def _done(self, job: Job) -> None:
        key = self._keys.pop(id(job), None)
        if key is not None and job.result is not None:
            self.jobs.grow(key, job.result.bytes)

    def _sweep(self) -> None:
        self.files.sweep()
        self.jobs.sweep()


def make_app(
    models: Models, limits: Limits | None = None, *, names: Collection[str] = (), loopback: bool = True
) -> Starlette:
    """Returns the page as an ASGI application, whose queue runs while the application does.

    Args:
        models: the models that it offers.
        limits: what it takes and keeps.
        names: as of `Guard`.
        loopback: as of `Guard`.
    """
    app = App(models, limits or Limits())

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        app.queue.start()
        yield
        await anyio.to_thread.run_sync(app.queue.close)

    return Starlette(
        routes=app.routes,
        middleware=[Middleware(partial(Guard, names=names, loopback=loopback))],
        exception_handlers={MfjaxError: _refused, OSError: _refused, MemoryError: _refused, HTTPException: _failed},
        lifespan=lifespan,
    )


def _kind(text: str) -> Kind:
    for kind in KINDS:
        if text == kind:
            return kind
    raise HTTPException(404, f"there is no kind {text!r} of images; there are ir and vis")


def _gone(what: str) -> HTTPException:
    return HTTPException(404, f"the {what} is not kept any more")


async def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": shortened(one_line(error))}, status_code=422)


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code)
