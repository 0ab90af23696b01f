"""A WAMP client that a test drives: JSON lines in, JSON lines out.

Autobahn|Python, over asyncio or over Twisted (first argument). One process
holds any number of sessions. Each command has an "id", and exactly one line
with that id answers it: {"id", "ok"} or {"id", "error": {uri, args, kwargs}}.
What happens by itself comes as {"event", "session", ...}.
"""

import asyncio
import base64
import datetime
import decimal
import json
import math
import ssl
import sys
import threading
import time
import uuid

FRAMEWORK = sys.argv[1]
if FRAMEWORK == "twisted":
    from twisted.internet import asyncioreactor

    loop = asyncio.new_event_loop()
    asyncioreactor.install(loop)
    from autobahn.twisted.wamp import ApplicationSession
    from autobahn.twisted.rawsocket import WampRawSocketClientFactory
    from autobahn.twisted.websocket import WampWebSocketClientFactory
    from twisted.internet import endpoints, reactor, threads
else:
    loop = asyncio.new_event_loop()
    from autobahn.asyncio.rawsocket import WampRawSocketClientFactory
    from autobahn.asyncio.wamp import ApplicationSession
    from autobahn.asyncio.websocket import WampWebSocketClientFactory

asyncio.set_event_loop(loop)

import txaio  # noqa: E402

getattr(txaio, "use_" + FRAMEWORK)()
if FRAMEWORK == "asyncio":
    txaio.config.loop = loop

from autobahn.wamp import auth, serializer, types  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402

SERIALIZERS = {
    "json": serializer.JsonSerializer,
    "msgpack": serializer.MsgPackSerializer,
    "cbor": serializer.CBORSerializer,
}


def encode(value):
    """JSON has no binary data: it travels as {"$bytes": Base64}; nor has it much that Python has: {"$python": expression}."""
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, (list, tuple)):
        return [encode(v) for v in value]
    if isinstance(value, dict) and all(isinstance(k, str) for k in value):
        return {k: encode(v) for k, v in value.items()}
    if value is None or isinstance(value, (bool, int, str)) or isinstance(value, float) and math.isfinite(value):
        return value
    return {"$python": repr(value)}


NAMES = {"datetime": datetime, "Decimal": decimal.Decimal, "UUID": uuid.UUID, "nan": math.nan, "inf": math.inf}


def decode(value):
    if isinstance(value, list):
        return [decode(v) for v in value]
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return base64.b64decode(value["$bytes"])
        if set(value) == {"$python"}:
            return eval(value["$python"], dict(NAMES))  # a test's own words
        return {k: decode(v) for k, v in value.items()}
    return value


def say(**line):
    print(json.dumps(encode(line)), flush=True)


def future(result):
    """What Autobahn returns, as an asyncio future, whatever it runs on."""
    if hasattr(result, "asFuture"):
        return result.asFuture(loop)
    return result


def deferred(coroutine):
    """A coroutine as what the framework wants from a handler."""
    task = asyncio.ensure_future(coroutine, loop=loop)
    if FRAMEWORK == "twisted":
        from twisted.internet.defer import Deferred

        return Deferred.fromFuture(task)
    return task


SECRETS = {"ticket": "ticket", "wampcra": "secret", "scram": "password", "cryptosign": "privkey"}


def authenticator(spec):
    """How a session proves who it is, by the library's own means; anonymous needs none."""
    method = spec.get("authmethod")
    if method not in SECRETS:
        return None
    known = {"authid": spec["authid"], SECRETS[method]: spec["secret"]}
    if "authextra" in spec:
        known["authextra"] = spec["authextra"]
    return auth.create_authenticator(method, **known)


class Session(ApplicationSession):
    def __init__(self, name, spec):
        super().__init__(types.ComponentConfig(spec.get("realm", "realm1")))
        self.name, self.spec = name, spec
        self.authenticator = authenticator(spec)
        self.joined = loop.create_future()
        self.held = {}
        self.calls = {}
        self.running, self.peak = {}, {}
        self.registrations = {}
        self.lock = threading.Lock()

    def onConnect(self):
        method = self.spec.get("authmethod")
        if self.authenticator:
            extra = self.authenticator.authextra or None
            self.join(self.config.realm, self.spec.get("offers", [method]), self.spec["authid"], authextra=extra)
        else:
            self.join(self.config.realm, [method] if method else None)

    def onChallenge(self, challenge):
        return self.authenticator.on_challenge(self, challenge)

    def onWelcome(self, welcome):
        if self.authenticator:
            return self.authenticator.on_welcome(self, welcome.authextra)

    def onJoin(self, details):
        told = ("session", "authrole", "authid", "authmethod", "authprovider")
        welcome = {name: getattr(details, name) for name in told}
        welcome["set_cookie"] = getattr(self._transport, "http_headers", {}).get("set-cookie")
        self.joined.set_result(welcome)

    def onLeave(self, details):
        if not self.joined.done():
            self.joined.set_exception(ApplicationError(details.reason, details.message))
        say(event="left", session=self.name, reason=details.reason)
        self.disconnect()

    def onDisconnect(self):
        if not self.joined.done():
            self.joined.set_exception(ApplicationError("test.disconnected"))
        say(event="disconnected", session=self.name)

    def handler(self, procedure, behaviour, seconds):
        def enter(args, kwargs, details):
            with self.lock:
                self.running[procedure] = self.running.get(procedure, 0) + 1
                self.peak[procedure] = max(self.peak.get(procedure, 0), self.running[procedure])
            say(
                event="invoked",
                session=self.name,
                procedure=procedure,
                args=list(args),
                kwargs=kwargs,
                details={
                    "procedure": details.procedure,
                    "caller": details.caller,
                    "progress": details.progress is not None,
                },
            )

        def leave():
            with self.lock:
                self.running[procedure] -= 1

        def blocking(args, details):
            enter(args, {}, details)
            try:
                time.sleep(seconds)  # the work itself
                return self.name
            finally:
                leave()

        async def answer(args, kwargs, details):
            enter(args, kwargs, details)
            how = behaviour
            try:
                if behaviour == "hold":
                    release = loop.create_future()
                    self.held.setdefault(procedure, []).append((release, details.progress))
                    how = await release
                if how == "freeze":
                    time.sleep(seconds)  # in the thread of all, as a worker that has one does
                if how == "work":
                    await asyncio.sleep(seconds)
                if how == "error":
                    raise ApplicationError("com.example.failed", *args, **kwargs)
                if how == "busy":
                    raise ApplicationError("wamp.error.unavailable")
                if how == "name":
                    return self.name
                return types.CallResult(*args, **kwargs)
            except asyncio.CancelledError:
                say(event="interrupted", session=self.name, procedure=procedure, args=list(args))
                raise
            finally:
                leave()

        def called(*args, call_details, **kwargs):
            if behaviour != "block":
                return deferred(answer(args, kwargs, call_details))
            if FRAMEWORK == "twisted":
                return threads.deferToThread(blocking, args, call_details)
            return loop.run_in_executor(None, blocking, args, call_details)

        return called


sessions = {}


async def connect(url, factory, ca, own):
    """Connects to a ws, rs or unix URL; over asyncio also to wss and rss, with a file of CAs and a certificate of its own."""
    if url.startswith("unix:"):
        path = url.removeprefix("unix://")
        if FRAMEWORK == "twisted":
            await future(endpoints.UNIXClientEndpoint(reactor, path).connect(factory))
        else:
            await loop.create_unix_connection(factory, path)
        return
    host, port = url.split("/")[2].split(":")
    if FRAMEWORK == "twisted":
        await future(endpoints.TCP4ClientEndpoint(reactor, host, int(port)).connect(factory))
    else:
        secure = ssl.create_default_context(cafile=ca) if url.startswith(("wss", "rss")) else None
        if own:
            secure.load_cert_chain(*own)
        await loop.create_connection(factory, host, int(port), ssl=secure)


async def join(c):
    session = Session(c["session"], c)
    sessions[c["session"]] = session
    speaks = SERIALIZERS[c.get("serializer", "cbor")]()
    if c["url"].startswith("ws"):
        factory = WampWebSocketClientFactory(lambda: session, url=c["url"], serializers=[speaks], headers=c.get("headers"))
        # Another session may hold up this process for longer, to derive a key; Autobahn would give up without a word to the session.
        factory.setProtocolOptions(openHandshakeTimeout=0)
    else:
        factory = WampRawSocketClientFactory(lambda: session, speaks)
    await connect(c["url"], factory, c.get("ca"), c.get("certificate"))
    return await asyncio.wait_for(session.joined, 30)


async def register(c):
    s = sessions[c["session"]]
    handler = s.handler(c["procedure"], c.get("behaviour", "echo"), c.get("seconds", 0))
    registration = await future(
        s.register(
            handler,
            c["procedure"],
            options=types.RegisterOptions(details_arg="call_details", **c.get("options", {})),
        )
    )
    s.registrations[c["procedure"]] = registration
    return registration.id


async def unregister(c):
    await future(sessions[c["session"]].registrations.pop(c["procedure"]).unregister())


def unwrapped(result):
    """What a RESULT holds, in the form that a test reads: one value, or both parts."""
    if isinstance(result, types.CallResult):
        return {"args": list(result.results), "kwargs": result.kwresults}
    return result


async def call(c):
    s = sessions[c["session"]]
    kwargs = decode(c.get("kwargs", {}))
    options = dict(c.get("options", {}))
    if c.get("progress"):

        def part(*args, **kwargs):
            say(event="progress", session=s.name, procedure=c["procedure"], args=args[0] if len(args) == 1 else list(args))

        options["on_progress"] = part
    if options:
        kwargs["options"] = types.CallOptions(**options)
    s.calls[c["id"]] = s.call(c["procedure"], *decode(c.get("args", [])), **kwargs)
    try:
        return unwrapped(await future(s.calls[c["id"]]))
    finally:
        del s.calls[c["id"]]


async def cancel(c):
    """Autobahn|Python knows no modes: the router's default it is."""
    sessions[c["session"]].calls[c["call"]].cancel()


async def progress(c):
    """The oldest held call's part of a result; false if its caller takes none."""
    _, part = sessions[c["session"]].held[c["procedure"]][0]
    if part is None:
        return False
    part(*c["args"])
    return True


async def finish(c):
    """Waits for the calls that run to end."""
    while sessions[c["session"]].running.get(c["procedure"]):
        await asyncio.sleep(0.005)


async def release(c):
    """Ends the held calls of a procedure: the oldest n, or all."""
    held = sessions[c["session"]].held.get(c["procedure"], [])
    n = c.get("n", len(held))
    for f, _ in held[:n]:
        if not f.done():  # canceled by an INTERRUPT
            f.set_result(c.get("how", "answer"))
    del held[:n]
    return n


async def peak(c):
    return sessions[c["session"]].peak.get(c["procedure"], 0)


async def subscribe(c):
    s = sessions[c["session"]]

    def event(*args, **kwargs):
        say(event="event", session=s.name, topic=c["topic"], args=list(args), kwargs=kwargs)

    await future(s.subscribe(event, c["topic"], options=types.SubscribeOptions(**c.get("options", {}))))


async def publish(c):
    s = sessions[c["session"]]
    options = types.PublishOptions(acknowledge=True, **c.get("options", {}))
    await future(s.publish(c["topic"], *decode(c.get("args", [])), options=options, **decode(c.get("kwargs", {}))))


async def leave(c):
    sessions[c["session"]].leave()


async def drop(c):
    """Ends the connection without a word."""
    transport = sessions[c["session"]]._transport.transport
    if FRAMEWORK == "twisted":
        transport.abortConnection()
    else:
        transport.abort()


COMMANDS = {
    f.__name__: f
    for f in (
        *(join, register, unregister, call, cancel, progress, finish, release),
        *(peak, subscribe, publish, leave, drop),
    )
}


async def execute(c):
    try:
        say(id=c["id"], ok=await COMMANDS[c["cmd"]](c))
    except ApplicationError as e:
        say(id=c["id"], error={"uri": e.error, "args": list(e.args), "kwargs": e.kwargs})
    except (Exception, asyncio.CancelledError) as e:
        say(id=c["id"], error={"uri": "python." + type(e).__name__, "args": [str(e)], "kwargs": {}})


def commands():
    for line in sys.stdin:
        loop.call_soon_threadsafe(lambda c=json.loads(line): loop.create_task(execute(c)))
    loop.call_soon_threadsafe(stop)


def stop():
    if FRAMEWORK == "twisted":
        reactor.stop()
    else:
        loop.stop()


threading.Thread(target=commands, daemon=True).start()
say(event="ready")
if FRAMEWORK == "twisted":
    reactor.run(installSignalHandlers=False)
else:
    loop.run_forever()
