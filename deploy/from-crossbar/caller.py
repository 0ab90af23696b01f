"""Calls the service: where its first argument says, as often as the second, all at once. It counts the answers."""

import asyncio
import sys
from collections import Counter

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError


class Caller(ApplicationSession):
    async def onJoin(self, details):
        answers = await asyncio.gather(*(self.answer(order) for order in range(int(sys.argv[2]))))
        for answer, times in sorted(Counter(answers).items()):
            print(f"{times:4} {answer}", flush=True)
        self.leave()

    async def answer(self, order):
        try:
            return f"by process {await self.call('com.shop.invoice', order)}"
        except ApplicationError as refused:
            return f"{refused.error}: {refused.args[0]}"

    def onDisconnect(self):
        asyncio.get_running_loop().stop()


ApplicationRunner(sys.argv[1], "realm1").run(Caller, log_level="warn")
