// A caller or a worker in the weather, by Autobahn|JS or Wampy:
// weather.mjs LIBRARY call|work URL NAME SERIALIZER N. See weather.py.
import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { Wampy } from 'wampy';
import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';

const [library, role, url, name, serializer, number] = process.argv.slice(2);
const n = Number(number);
const procedures = ['com.weather.once', 'com.weather.again'];
const mostOpen = 300;

const digest = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function payload() {
  const chance = Math.random();
  const size = chance < 0.1 ? 10 : chance < 0.6 ? 100 : chance < 0.9 ? 1000 : chance < 0.99 ? 20000 : 300000;
  return pick(['a', 'é', '€', '𝄞']) + 'x'.repeat(Math.floor(Math.random() * size)) + randomBytes(8).toString('hex');
}

// Each library as {call(procedure, args), register(procedure, handler)}, and what ends with it.
const libraries = {
  autobahn(joined) {
    const require = createRequire(import.meta.url);
    globalThis.WebSocket = class extends WebSocket { // Node 20 has none, and the library wants one
      constructor(...args) {
        super(...args);
        this.on('error', () => {}); // its close follows
      }
    };
    const autobahn = require('autobahn');
    const serializers = {
      json: () => new autobahn.serializer.JSONSerializer(),
      msgpack: () => new autobahn.serializer.MsgpackSerializer(),
      cbor: () => new autobahn.serializer.CBORSerializer(),
    };
    return new Promise((resolve) => {
      const connection = new autobahn.Connection({ url, realm: 'realm1', serializers: [serializers[serializer]()], max_retries: 0 });
      connection.onopen = (session) => joined({
        call: async (procedure, args) => (await session.call(procedure, args)).args,
        register: (procedure, handler, options) =>
          session.register(procedure, async (args) => new autobahn.Result(await handler(...args)), options),
      });
      connection.onclose = () => {
        resolve();
        return true; // it does not come back by itself
      };
      connection.open();
    });
  },
  wampy(joined) {
    const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };
    return new Promise((resolve) => {
      const wampy = new Wampy(url, {
        ws: WebSocket, realm: 'realm1', serializer: new serializers[serializer](), autoReconnect: false, onClose: resolve, onError: () => {},
      });
      wampy.connect().then(() => joined({
        call: async (procedure, args) => (await wampy.call(procedure, args)).argsList,
        register: (procedure, handler, options) =>
          wampy.register(procedure, async ({ argsList }) => ({ argsList: await handler(...argsList) }), options),
      }), resolve);
    });
  },
};

let attached = 0; // counts sessions, so that what belongs to one that is gone is told apart

const work = { ran: [], again: [], bad: [], peak: 0, slots: n };

async function worker(session) {
  for (const procedure of procedures) {
    let running = 0;
    await session.register(procedure, async (call, check, ms, text) => {
      running += 1;
      work.peak = Math.max(work.peak, running);
      (procedure === procedures[0] ? work.ran : work.again).push(call);
      if (digest(text) !== check) work.bad.push(`call ${call} came with another payload`);
      await sleep(ms);
      running -= 1;
      return [call, check, text];
    }, { invoke: 'roundrobin', concurrency: n });
  }
}

const sums = { sent: 0, results: 0, errors: {}, lost: 0, bad: [] };
const open = new Map();

async function one(session, mine) {
  const text = payload();
  sums.sent += 1;
  const call = `${name}-${process.pid}-${sums.sent}`;
  const check = digest(text);
  let lose;
  const lost = new Promise((_, reject) => (lose = reject)); // neither library ends a call with its connection
  open.set(call, { since: Date.now(), lose });
  try {
    const args = await Promise.race([session.call(pick(procedures), [call, check, Math.floor(Math.random() * 60), text]), lost]);
    sums.results += 1;
    if (JSON.stringify(args) !== JSON.stringify([call, check, text])) sums.bad.push(`call ${call} came back with another payload`);
  } catch (e) {
    const uri = e?.error ?? e?.errorUri ?? e?.errorURI;
    const gone = mine !== attached || e === 'lost' || e === 'session not open' || uri === 'Connection closed'; // in the libraries' words
    if (gone) sums.lost += 1;
    else if (typeof uri === 'string') sums.errors[uri] = (sums.errors[uri] ?? 0) + 1;
    else sums.bad.push(`call ${call}: ${e?.stack ?? JSON.stringify(e)}`);
  } finally {
    open.delete(call);
  }
}

async function caller(session) {
  const mine = attached;
  while (mine === attached) {
    if (open.size < mostOpen) one(session, mine);
    await sleep((-Math.log(1 - Math.random()) * 1000) / n);
  }
}

if (role === 'work') {
  setInterval(() => {
    if (work.ran.length || work.again.length || work.bad.length) say(work);
    Object.assign(work, { ran: [], again: [], bad: [] });
  }, 200);
} else {
  setInterval(() => {
    const oldest = Math.max(0, ...[...open.values()].map(({ since }) => (Date.now() - since) / 1000));
    say({ ...sums, open: open.size, oldest });
    sums.bad = [];
  }, 1000);
}

for (;;) {
  await libraries[library]((session) => {
    attached += 1;
    (role === 'work' ? worker : caller)(session).catch(() => {}); // its session has ended meanwhile
  });
  attached += 1;
  for (const { lose } of open.values()) lose('lost');
  await sleep(Math.random() * 1000);
}
