"""Calls the service at the router, as often as its argument says and all at once, and counts the answers."""

import asyncio
import sys
from collections import Counter

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError


class Caller(ApplicationSession):
    async def onJoin(self, details):
        answers = await asyncio.gather(*(self.answer(x) for x in range(int(sys.argv[1]))))
        for answer, times in sorted(Counter(answers).items()):
            print(f"{times:4} {answer}", flush=True)
        self.leave()

    async def answer(self, x):
        try:
            square, process = await self.call("com.example.compute", x)
        except ApplicationError as refused:
            return f"{refused.error}: {refused.args[0]}"
        return f"by process {process}" if square == x * x else "wrong"

    def onDisconnect(self):
        asyncio.get_running_loop().stop()


ApplicationRunner("ws://127.0.0.1:8080/ws", "realm1").run(Caller, log_level="warn")
