// fox-wamp, started by its own API: JSON only, anybody may do everything, on a
// port of the loopback (first argument; its own programs listen on all
// interfaces). It ends when its standard input does.
import { createRequire } from 'node:module';

const Router = createRequire(import.meta.url)('fox-wamp');
const router = new Router();
const server = router.listenWAMP({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0) });
server.on('listening', () => {
  process.stdout.write(`listening on ws://127.0.0.1:${server.address().port}/ws\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
