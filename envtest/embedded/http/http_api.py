"""The API over HTTP: which verb a request means, and how its answer looks.

What flows in: HTTP requests. What flows out: HTTP answers, and streams of frames; a `Record` of each request. The loop's thread.
Mirrors apiserver pkg/endpoints (installer.go, handlers).
"""

import ssl
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from aiohttp import web

from envtest.embedded.api import lists, pipeline, requests, selectors, status, subresources, watches
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources
from envtest.embedded.http import aggregation, discovery, negotiation, openapi, paths, shapes

LARGEST_BODY = 3 * 1024 * 1024
"""Bytes, as upstream."""

_REMEMBERED = 100_000
_DEPRECATED = {"endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"}
"""What requests of a kind are warned of, by its storage key."""
_HEADERS = {"Cache-Control": "no-cache, private"}


@dataclass(frozen=True)
class Record:
    """A request that was answered, or whose stream has begun."""

    number: int
    method: str
    path: str
    """With its query."""
    info: paths.RequestInfo | None
    user_agent: str
    code: int


@dataclass
class _Call:
    """One request about objects."""

    request: web.BaseRequest
    info: paths.RequestInfo
    target: requests.Target
    query: Mapping[str, str]
    wanted: negotiation.Wanted
    body: bytes

    @property
    def user_agent(self) -> str:
        return self.request.headers.get("User-Agent", "")

    @property
    def content_type(self) -> str:
        return self.request.headers.get("Content-Type", "")


@dataclass(frozen=True)
class Settings:
    """What the server is like."""

    version: str
    """Of Kubernetes."""
    watching: watches.Settings = field(default_factory=watches.Settings)


class HttpApi:
    """Answers requests.

    Attributes:
        log: The latest requests, oldest first.
        aggregated: Answer what no resource of ours answers.
    """

    def __init__(self, api: pipeline.Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings
        self._openapi = openapi.Documents(api.registry, settings.version)
        self._parts = subresources.Subresources(api)
        self.log: deque[Record] = deque(maxlen=_REMEMBERED)
        self.aggregated: list[aggregation.Group] = []
        self._number = 0
        self._watching: Counter[tuple[str, str, str]] = Counter()
        """How many watches there are, by group, version and plural."""

    def server(self) -> web.Server:
        """Return what speaks HTTP."""
        return web.Server(self.handle, request_factory=_request, handler_cancellation=True, access_log=None)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        self._number += 1
        query = {key: request.query[key] for key in request.query}
        info = paths.parse(request.method, request.rel_url.raw_path, query)
        try:
            body = await request.read() if request.can_read_body else b""
            if not _is_known(request):
                raise status.unauthorized()
            self._api.warnings.clear()
            answer = await self._answer(request, info, query, body)
        except web.HTTPRequestEntityTooLarge:
            answer = _error(status.StatusError(413, "RequestEntityTooLarge", _TOO_LARGE))
        except status.StatusError as error:
            answer = _error(error)
        for warning in dict.fromkeys(self._api.warnings if not answer.prepared else ()):
            answer.headers.add("Warning", f"299 - {status.quoted(warning)}")
        self._api.warnings.clear()
        self._remember(request, info, answer.status)
        return answer

    def _remember(self, request: web.BaseRequest, info: paths.RequestInfo | None, code: int) -> None:
        agent = request.headers.get("User-Agent", "")
        self.log.append(Record(self._number, request.method, request.path_qs, info, agent, code))

    async def _answer(
        self, request: web.BaseRequest, info: paths.RequestInfo | None, query: Mapping[str, str], body: bytes
    ) -> web.StreamResponse:
        resource = self._api.registry.find(info.group, info.version, info.plural) if info else None
        if info is None or resource is None:
            return self._answer_outside(request, body)
        if not info.verb:
            raise status.method_not_allowed()
        target = _target(info, resource)
        shapes_allowed = info.verb in ("get", "list", "watch", "create", "update", "patch", "delete")
        wanted = negotiation.wanted(request.headers.get("Accept", ""), allow_shapes=shapes_allowed)
        call = _Call(request, info, target, query, wanted, body)
        if info.verb == "watch":
            return await self._watch(call)
        if resource.storage_key in _DEPRECATED:
            self._api.warnings.append(_DEPRECATED[resource.storage_key])
        return self._do(call)

    def _answer_outside(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        path = request.rel_url.path
        for group in self.aggregated:
            if (found := group.find(request.method, request.path_qs, body)) is not None:
                return _json(200, found)
        text = self._numbers() if path == "/metrics" else discovery.health(path)
        if text is not None:
            return web.Response(text=text)
        if (data := self._openapi.find(path)) is not None:
            return web.Response(body=data, content_type=negotiation.JSON)
        document = discovery.document(discovery.Facts(self._api.registry, self._settings.version, self.aggregated), path)
        if document is None:
            raise self._no_such_path(path)
        if request.method not in ("GET", "HEAD"):
            raise status.method_not_allowed()
        return _json(200, document)

    def _numbers(self) -> str:
        """Return the metric that tells of watches, as the real server has it."""
        labels = 'component="apiserver",group="{}",version="{}",resource="{}",subresource="",verb="WATCH"'
        lines = [f"{_LONG_RUNNING}{{{labels.format(*place)}}} {number}" for place, number in self._watching.items()]
        return "\n".join([f"# TYPE {_LONG_RUNNING} gauge", *lines, ""])

    def _no_such_path(self, path: str) -> status.StatusError:
        """Return the error of a path that leads nowhere: below a built-in group it is another one."""
        parts = path.strip("/").split("/")
        group = parts[1] if parts[0] == "apis" and len(parts) > 2 else "" if parts[0] == "api" and len(parts) > 1 else None
        is_built_in = any(resource.group == group and not resource.is_custom for resource in self._api.registry.all())
        return status.no_route() if is_built_in else status.kind_not_found()

    def _do(self, call: _Call) -> web.StreamResponse:
        if call.target.subresource not in ("", "status"):
            return self._do_part(call)
        return cast(
            "web.StreamResponse",
            {
                "create": self._create,
                "get": self._get,
                "list": self._list,
                "update": self._update,
                "patch": self._patch,
                "delete": self._delete,
                "deletecollection": self._delete_collection,
            }[call.info.verb](call),
        )

    def _create(self, call: _Call) -> web.Response:
        if call.target.subresource or call.target.name:
            raise status.method_not_allowed()
        body, options = self._body(call, "CreateOptions")
        return self._shaped(call, self._api.create(call.target, body, options), 201)

    def _get(self, call: _Call) -> web.Response:
        wanted = requests.revision(call.query.get("resourceVersion", ""))
        if wanted > self._api.store.revision:
            raise status.too_large_version(wanted, self._api.store.revision)
        return self._shaped(call, self._api.get(call.target))

    def _list(self, call: _Call) -> web.Response:
        page = lists.read(self._api, call.target, requests.list_options(call.query, is_watch=False))
        if call.wanted.shape == "object":
            return _encoded(call.wanted.media, 200, lists.as_json(call.target, page))
        shape = shapes.of_list(call.wanted.shape, call.target.resource, call.query, self._api.clock())
        return _encoded(call.wanted.media, 200, shape(page))

    async def _watch(self, call: _Call) -> web.StreamResponse:
        options = requests.list_options(call.query, is_watch=True)
        shape = shapes.of_event(call.wanted.shape, call.target.resource, call.query, self._api.clock)
        request = watches.Request(_watched(call), _of_name(call, options), shape)
        watch = watches.Watch(self._api, request, self._settings.watching)
        answer = web.StreamResponse(headers=_HEADERS)
        answer.content_type = negotiation.JSON
        answer.enable_chunked_encoding()
        frames = watch.frames()
        place = (call.info.group, call.info.version, call.info.plural)
        self._watching[place] += 1
        try:
            await answer.prepare(call.request)
            self._remember(call.request, call.info, 200)
            async for data in frames:
                await answer.write(data)
            await answer.write_eof()
        except (ConnectionError, ssl.SSLError):
            return answer  # the client has gone, as clients of watches do
        finally:
            self._watching[place] -= 1
            await frames.aclose()
        return answer

    def _update(self, call: _Call) -> web.Response:
        body, options = self._body(call, "UpdateOptions")
        written = self._api.update(call.target, body, options)
        return self._shaped(call, written.object, 201 if written.is_created else 200)

    def _patch(self, call: _Call) -> web.Response:
        patch, repeated = _patch_of(call)
        options = requests.options(call.query, call.user_agent, "PatchOptions")
        requests.check_patch_options(patch, options, call.query)
        options = replace(options, repeated=repeated)
        written = self._api.patch(call.target, patch, options)
        return self._shaped(call, written.object, 201 if written.is_created else 200)

    def _delete(self, call: _Call) -> web.Response:
        if call.target.subresource:
            raise status.method_not_allowed()
        options = self._delete_options(call)
        found = self._api.delete(call.target, options)
        if found["kind"] == "Status":
            return _encoded(call.wanted.media, 200, found)
        is_accepted = options.orphan_dependents is False and self._api.find(call.target) is not None
        return self._shaped(call, found, 202 if is_accepted else 200)

    def _delete_collection(self, call: _Call) -> web.Response:
        chosen = selectors.parse(call.target.resource, call.query.get("labelSelector", ""), call.query.get("fieldSelector", ""))
        gone = self._api.delete_collection(call.target, chosen, self._delete_options(call))
        return _encoded(call.wanted.media, 200, lists.as_json(call.target, lists.Page(gone, self._api.store.revision)))

    def _do_part(self, call: _Call) -> web.Response:
        """Do what is asked of a subresource other than status."""
        patch, body = None, Json()
        if call.info.verb == "patch":
            patch, _ = _patch_of(call)
            options = requests.options(call.query, call.user_agent, "PatchOptions")
        elif call.info.verb in ("create", "update"):
            body, options = self._body(call, "UpdateOptions")
        else:
            options = requests.Options()
        code, found = self._parts.do(call.info.verb, call.target, subresources.Input(body, options, patch))
        return _encoded(call.wanted.media, code, found)

    def _body(self, call: _Call, kind: str) -> tuple[Json, requests.Options]:
        options = requests.options(call.query, call.user_agent, kind)
        body = negotiation.decode_object(call.content_type, call.body, call.target.resource.kind)
        return cast("Json", body.value), replace(options, repeated=body.repeated)

    def _delete_options(self, call: _Call) -> requests.DeleteOptions:
        body = negotiation.decode(call.content_type, call.body).value if call.body else {}
        if not isinstance(body, dict):
            raise status.bad_request("decoded object cannot be converted to DeleteOptions")
        return requests.delete_options(body, call.query)

    def _shaped(self, call: _Call, obj: Json, code: int = 200) -> web.Response:
        if call.wanted.shape != "object":
            obj = shapes.of_object(call.wanted.shape, call.target.resource, call.query, self._api.clock())(obj)
        return _encoded(call.wanted.media, code, obj)


_LONG_RUNNING = "apiserver_longrunning_requests"
_TOO_LARGE = f"Request entity too large: limit is {LARGEST_BODY}"


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:  # noqa: ANN401 (aiohttp's)
    return web.BaseRequest(message, payload, protocol, writer, task, task.get_loop(), client_max_size=LARGEST_BODY)


def _is_known(request: web.BaseRequest) -> bool:
    """Ask whether the client showed a certificate, or asks for what anybody may read."""
    shown = request.get_extra_info("peercert")
    return bool(shown) or request.rel_url.path in discovery.PUBLIC


def _target(info: paths.RequestInfo, resource: resources.Resource) -> requests.Target:
    """Return what a request is about.

    Raises:
        status.StatusError: There is no such path, or it has no such verb.
    """
    if info.namespace and not resource.is_namespaced:
        raise status.no_route()
    if info.subresource and info.subresource not in resource.subresources:
        raise status.not_found(resource, info.name) if resource.is_custom else status.no_route()
    if resource.is_namespaced and info.name and not info.namespace:
        raise status.no_route()
    needs_namespace = info.verb not in ("list", "watch")
    if resource.is_namespaced and needs_namespace and not info.namespace:
        raise status.method_not_allowed()
    if info.verb in ("update", "patch") and not info.name:
        raise status.method_not_allowed()
    return requests.Target(resource, info.namespace, info.name, info.subresource)


def _patch_of(call: _Call) -> tuple[requests.Patch, tuple[str, ...]]:
    return negotiation.decode_patch(call.content_type, call.body, is_custom=call.target.resource.is_custom)


def _watched(call: _Call) -> requests.Target:
    return replace(call.target, name="", subresource="")


def _of_name(call: _Call, options: requests.ListOptions) -> requests.ListOptions:
    """Narrow a watch of one object, by its old path, to its name."""
    if not call.target.name:
        return options
    own = f"metadata.name={call.target.name}"
    return replace(options, field_selector=f"{options.field_selector},{own}" if options.field_selector else own)


def _json(code: int, obj: Json) -> web.Response:
    return _encoded(negotiation.JSON, code, obj)


def _encoded(media: str, code: int, obj: Json) -> web.Response:
    return web.Response(status=code, body=negotiation.encode(media, obj), content_type=media, headers=_HEADERS)


def _error(error: status.StatusError) -> web.Response:
    if error.is_plain:
        return web.Response(status=error.code, text=error.message)
    answer = _json(error.code, error.to_json())
    answer.headers.update(error.headers)
    return answer
