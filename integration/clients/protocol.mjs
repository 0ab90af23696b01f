// JSON lines in, JSON lines out: the test's side of a client program. Each
// command has an "id", and exactly one line with that id answers it.
import crypto from 'node:crypto';
import readline from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

// JSON has no binary data: it travels as {"$bytes": Base64}.
export function encode(value) {
  if (value instanceof ArrayBuffer) value = new Uint8Array(value);
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (Array.isArray(value)) return value.map(encode);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, encode(v)]));
  }
  return value;
}

export function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value && typeof value === 'object') {
    if ('$bytes' in value) return new Uint8Array(Buffer.from(value.$bytes, 'base64'));
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decode(v)]));
  }
  return value;
}

export function say(line) {
  process.stdout.write(JSON.stringify(encode(line)) + '\n');
}

// The key pair of a private key in hex (Ed25519), as the libraries hold it.
export function keyPair(secret) {
  const seed = Buffer.from(secret, 'hex');
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]); // RFC 8410, 7
  const key = crypto.createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const publicKey = Buffer.from(crypto.createPublicKey(key).export({ format: 'jwk' }).x, 'base64url');
  return { publicKey, secretKey: Buffer.concat([seed, publicKey]) };
}

// Handlers of invocations, the same for both libraries: echo, name, hold, error,
// busy, and work, that takes its seconds. An answer is {args, kwargs}, with an error where it is one. details are
// {procedure, caller, progress}: progress sends a part of the result, if the
// caller takes any.
export class Callee {
  constructor(session) {
    this.session = session;
    this.held = new Map();
    this.running = new Map();
    this.peak = new Map();
  }

  async invoked({ procedure, behaviour = 'echo', seconds = 0 }, args, kwargs, details) {
    const running = (this.running.get(procedure) ?? 0) + 1;
    this.running.set(procedure, running);
    this.peak.set(procedure, Math.max(this.peak.get(procedure) ?? 0, running));
    say({
      event: 'invoked', session: this.session, procedure, args, kwargs,
      details: { procedure: details.procedure, caller: details.caller, progress: Boolean(details.progress) },
    });
    try {
      if (behaviour === 'hold') {
        const how = await new Promise((release) => {
          this.held.set(procedure, [...(this.held.get(procedure) ?? []), { release, progress: details.progress }]);
        });
        if (how === 'error') behaviour = how;
      }
      if (behaviour === 'work') await delay(1000 * seconds);
      switch (behaviour) {
        case 'name': return { args: [this.session], kwargs: {} };
        case 'error': return { error: 'com.example.failed', args, kwargs };
        case 'busy': return { error: 'wamp.error.unavailable', args: [], kwargs: {} };
        default: return { args, kwargs };
      }
    } finally {
      this.running.set(procedure, this.running.get(procedure) - 1);
    }
  }

  // Waits for the calls that run to end.
  async finish(procedure) {
    while (this.running.get(procedure)) await delay(5);
  }

  release(procedure, n, how) {
    const held = this.held.get(procedure) ?? [];
    const released = held.splice(0, n ?? held.length);
    released.forEach(({ release }) => release(how));
    return released.length;
  }

  // The oldest held call's part of a result; false if its caller takes none.
  progress(procedure, args) {
    const { progress } = this.held.get(procedure)[0];
    if (progress) progress(args);
    return Boolean(progress);
  }
}

export function serve(commands) {
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', async (line) => {
    const command = JSON.parse(line);
    try {
      say({ id: command.id, ok: (await commands[command.cmd](command)) ?? null });
    } catch (e) {
      const uri = e.errorUri ?? e.error ?? `node.${e.constructor?.name ?? 'Error'}`;
      say({ id: command.id, error: { uri, args: e.argsList ?? e.args ?? [String(e.message ?? e)], kwargs: e.argsDict ?? e.kwargs ?? {} } });
    }
  });
  lines.on('close', () => process.exit(0));
  say({ event: 'ready' });
}
