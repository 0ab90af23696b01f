"""A worker: it asks to share, takes two calls at once, and logs in by ticket. Its argument is where it connects."""

import asyncio
import os
import sys

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp import RegisterOptions


class Worker(ApplicationSession):
    def onConnect(self):
        self.join("realm1", ["ticket"], "invoicing")

    def onChallenge(self, challenge):
        return os.environ["TICKET"]

    async def onJoin(self, details):
        options = RegisterOptions(invoke="roundrobin", concurrency=2)
        await self.register(self.invoice, "com.shop.invoice", options)
        print(f"process {os.getpid()} is registered, as {details.authrole}", flush=True)

    async def invoice(self, order):
        await asyncio.sleep(0.2)  # the work
        return os.getpid()

    def onDisconnect(self):
        asyncio.get_running_loop().stop()


ApplicationRunner(sys.argv[1], "realm1").run(Worker, log_level="warn")
