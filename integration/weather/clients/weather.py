"""A caller or a worker in the weather, by Autobahn|Python: weather.py call|work URL NAME SERIALIZER N.

A caller makes N calls a second, a worker takes N at once. Both come back
whenever their connection is lost, and say in lines of JSON what they saw: a
caller once a second its sums, a worker what it has run since its last line.
"""

import asyncio
import hashlib
import json
import os
import random
import sys
import time

from autobahn.asyncio.wamp import ApplicationSession
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.wamp import serializer, types
from autobahn.exception import Disconnected
from autobahn.wamp.exception import ApplicationError, TransportLost

ROLE, URL, NAME, SERIALIZER, N = *sys.argv[1:5], int(sys.argv[5])
HOST, PORT = URL.split("/")[2].split(":")
SERIALIZERS = {"json": serializer.JsonSerializer, "msgpack": serializer.MsgPackSerializer, "cbor": serializer.CBORSerializer}
PROCEDURES = ["com.weather.once", "com.weather.again"]
MOST_OPEN = 300


def digest(payload):
    return hashlib.sha256(payload.encode()).hexdigest()[:16]


def say(line):
    print(json.dumps(line), flush=True)


def payload():
    size = random.choice([10] * 10 + [100] * 50 + [1000] * 30 + [20000] * 9 + [300000])
    return random.choice("aé€𝄞") + "x" * random.randrange(size) + os.urandom(8).hex()


class Worker(ApplicationSession):
    ran, again, bad, peak = [], [], [], 0

    async def onJoin(self, details):
        self.running = {}
        for procedure in PROCEDURES:
            self.running[procedure] = 0
            options = types.RegisterOptions(invoke="roundrobin", concurrency=N)
            await self.register(lambda *args, procedure=procedure: self.work(procedure, *args), procedure, options=options)

    async def work(self, procedure, call, check, ms, text):
        self.running[procedure] += 1
        Worker.peak = max(Worker.peak, self.running[procedure])
        (Worker.ran if procedure == PROCEDURES[0] else Worker.again).append(call)
        if digest(text) != check:
            Worker.bad.append(f"call {call} came with another payload")
        try:
            await asyncio.sleep(ms / 1000)
        finally:
            self.running[procedure] -= 1
        return types.CallResult(call, check, text)

    @classmethod
    async def report(cls):
        while True:
            await asyncio.sleep(0.2)
            if cls.ran or cls.again or cls.bad:
                say({"ran": cls.ran, "again": cls.again, "peak": cls.peak, "slots": N, "bad": cls.bad})
                cls.ran, cls.again, cls.bad = [], [], []


class Caller(ApplicationSession):
    sums = {"sent": 0, "results": 0, "errors": {}, "lost": 0, "bad": []}
    open = {}

    async def onJoin(self, details):
        while self.is_attached():
            if len(Caller.open) < MOST_OPEN:
                asyncio.ensure_future(self.one())
            await asyncio.sleep(random.expovariate(N))

    async def one(self):
        sums, text = Caller.sums, payload()
        sums["sent"] += 1
        call, check = f"{NAME}-{os.getpid()}-{sums['sent']}", digest(text)
        Caller.open[call] = time.monotonic()
        try:
            result = await self.call(random.choice(PROCEDURES), call, check, random.randrange(60), text)
            sums["results"] += 1
            if list(result.results) != [call, check, text]:
                sums["bad"].append(f"call {call} came back with another payload")
        except ApplicationError as e:
            if e.error == "wamp.error.canceled" and not self.is_attached() or e.error == "wamp.close.transport_lost":
                sums["lost"] += 1
            else:
                sums["errors"][e.error] = sums["errors"].get(e.error, 0) + 1
        except (TransportLost, Disconnected, asyncio.CancelledError):
            sums["lost"] += 1
        except Exception as e:
            sums["lost" if not self.is_attached() else "bad"] = sums["lost"] + 1 if not self.is_attached() else sums["bad"] + [repr(e)]
        finally:
            del Caller.open[call]

    @classmethod
    async def report(cls):
        while True:
            await asyncio.sleep(1)
            oldest = time.monotonic() - min(cls.open.values(), default=time.monotonic())
            say({**cls.sums, "open": len(cls.open), "oldest": oldest})
            cls.sums["bad"] = []


async def main():
    kind = {"call": Caller, "work": Worker}[ROLE]
    reporting = asyncio.ensure_future(kind.report())
    while True:
        factory = WampWebSocketClientFactory(lambda: kind(types.ComponentConfig("realm1")), url=URL, serializers=[SERIALIZERS[SERIALIZER]()])
        factory.setProtocolOptions(autoPingInterval=5, autoPingTimeout=10, openHandshakeTimeout=5, closeHandshakeTimeout=2)
        try:
            _, protocol = await asyncio.wait_for(asyncio.get_running_loop().create_connection(factory, HOST, int(PORT)), 5)
            await protocol.is_closed
        except (OSError, asyncio.TimeoutError):
            pass
        await asyncio.sleep(random.random())
        if reporting.done():
            reporting.result()


asyncio.run(main())
