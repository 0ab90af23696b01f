"""xconn's router, started by its own API: one realm, anybody may do everything,
on a port of the loopback (first argument; its own program listens on all
interfaces). It ends when its standard input does.
"""

import asyncio
import sys

from xconn.router import Router
from xconn.server import Server


async def main(port):
    router = Router()
    router.add_realm("realm1")
    await Server(router).start("127.0.0.1", port)
    print(f"listening on ws://127.0.0.1:{port}/ws", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main(int(sys.argv[1])))
