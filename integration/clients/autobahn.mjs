// Autobahn|JS, driven by a test.
import { createRequire } from 'node:module';
import { Callee, decode, keyPair, say, serve } from './protocol.mjs';

const require = createRequire(import.meta.url);
globalThis.WebSocket = require('ws').WebSocket; // Node 20 has none, and the library wants one
const autobahn = require('autobahn');

const SERIALIZERS = {
  json: () => new autobahn.serializer.JSONSerializer(),
  msgpack: () => new autobahn.serializer.MsgpackSerializer(),
  cbor: () => new autobahn.serializer.CBORSerializer(),
};
const sessions = {};

// How a session proves who it is, by the library's own means.
const answers = {
  ticket: (secret) => secret,
  wampcra(secret, { challenge, salt, iterations, keylen }) {
    const key = salt ? autobahn.auth_cra.derive_key(secret, salt, iterations, keylen) : secret;
    return autobahn.auth_cra.sign(key, challenge);
  },
  cryptosign: (secret, extra) => autobahn.auth_cryptosign.sign_challenge(keyPair(secret), extra),
};

// What a RESULT holds, in the form that a test reads: one value, or both parts.
const unwrapped = (result) =>
  result instanceof autobahn.Result ? { args: result.args, kwargs: result.kwargs } : result;

serve({
  join(c) {
    return new Promise((resolve, reject) => {
      const connection = new autobahn.Connection({
        url: c.url,
        realm: c.realm ?? 'realm1',
        serializers: [SERIALIZERS[c.serializer ?? 'json']()],
        max_retries: 0,
        authmethods: c.authmethod ? [c.authmethod] : undefined,
        authid: c.authid,
        authextra: c.authmethod === 'cryptosign' ? { pubkey: autobahn.auth_cryptosign.public_key(keyPair(c.secret)) } : undefined,
        onchallenge: (session, method, extra) => answers[method](c.secret, extra),
      });
      connection.onopen = (session, details) => {
        sessions[c.session] = { connection, session, callee: new Callee(c.session), registrations: {}, calls: new Map() };
        const { authrole, authid, authmethod } = details;
        resolve({ session: session.id, authrole, authid, authmethod });
      };
      connection.onclose = (reason, details) => {
        say({ event: 'disconnected', session: c.session, reason });
        reject({ error: details.reason ?? 'test.disconnected', args: [details.message ?? reason] });
        return true; // no reconnection
      };
      connection.open();
    });
  },
  async register(c) {
    const { session, callee, registrations } = sessions[c.session];
    const handler = async (args, kwargs, details) => {
      const answer = await callee.invoked(c, args ?? [], kwargs ?? {}, details);
      if (answer.error) throw new autobahn.Error(answer.error, answer.args, answer.kwargs);
      return new autobahn.Result(answer.args, answer.kwargs);
    };
    const registration = await session.register(c.procedure, handler, c.options ?? {});
    registrations[c.procedure] = registration;
    registration.on_unregister.then((reason) => {
      say({ event: 'unregistered', session: c.session, procedure: c.procedure, reason });
    });
    return registration.id;
  },
  async unregister(c) {
    await sessions[c.session].registrations[c.procedure].unregister();
  },
  async call(c) {
    const own = sessions[c.session];
    const options = { ...c.options, ...(c.progress && { receive_progress: true }) };
    const promise = own.session.call(c.procedure, decode(c.args ?? []), decode(c.kwargs ?? {}), options);
    own.calls.set(c.id, promise);
    const result = await promise.then(unwrapped, undefined, (part) => {
      say({ event: 'progress', session: c.session, procedure: c.procedure, args: unwrapped(part) });
    });
    own.calls.delete(c.id);
    return result;
  },
  async cancel(c) {
    sessions[c.session].calls.get(c.call).cancel({ mode: c.mode });
  },
  async progress(c) {
    return sessions[c.session].callee.progress(c.procedure, c.args);
  },
  async finish(c) {
    await sessions[c.session].callee.finish(c.procedure);
  },
  async release(c) {
    return sessions[c.session].callee.release(c.procedure, c.n, c.how);
  },
  async peak(c) {
    return sessions[c.session].callee.peak.get(c.procedure) ?? 0;
  },
  async subscribe(c) {
    await sessions[c.session].session.subscribe(c.topic, (args, kwargs) => {
      say({ event: 'event', session: c.session, topic: c.topic, args: args ?? [], kwargs: kwargs ?? {} });
    });
  },
  async publish(c) {
    await sessions[c.session].session.publish(c.topic, decode(c.args ?? []), decode(c.kwargs ?? {}), { acknowledge: true });
  },
  async leave(c) {
    sessions[c.session].connection.close();
  },
});
