"""A service that registers plainly. Where it connects, wampool or the router, is its only argument."""

import asyncio
import os
import sys

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession


class Service(ApplicationSession):
    async def onJoin(self, details):
        try:
            await self.register(self.compute, "com.example.compute")
        except Exception as refused:
            print(f"not registered: {refused.error}", flush=True)
            return self.leave()
        print(f"registered by process {os.getpid()}", flush=True)

    async def compute(self, x):
        await asyncio.sleep(1)  # the work
        return [x * x, os.getpid()]

    def onDisconnect(self):
        asyncio.get_running_loop().stop()


ApplicationRunner(sys.argv[1], "realm1").run(Service, log_level="warn")
