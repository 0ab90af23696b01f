// Wampy, driven by a test.
import { WebSocket } from 'ws';
import { Wampy } from 'wampy';
import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';
import * as cryptosign from 'wampy/cryptosign.js';
import * as wampcra from 'wampy/wampcra.js';
import { Callee, decode, keyPair, say, serve } from './protocol.mjs';

const SERIALIZERS = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };
const sessions = {};

// How a session proves who it is, by the library's own means.
const answers = {
  ticket: (secret) => () => secret,
  wampcra: wampcra.sign,
  cryptosign: cryptosign.sign,
};

function login({ authmethod, authid, secret }) {
  if (!answers[authmethod]) return {}; // anonymous: it has no other way to say so
  const options = { authid, authmethods: [authmethod], onChallenge: answers[authmethod](secret) };
  if (authmethod === 'cryptosign') {
    options.authextra = { pubkey: cryptosign.bytes2hex(keyPair(secret).publicKey) };
  }
  return options;
}

serve({
  async join(c) {
    const wampy = new Wampy(c.url, {
      ws: WebSocket,
      realm: c.realm ?? 'realm1',
      serializer: new SERIALIZERS[c.serializer ?? 'json'](),
      autoReconnect: false,
      ...login(c),
      onClose: () => say({ event: 'disconnected', session: c.session }),
    });
    const welcome = await wampy.connect();
    sessions[c.session] = { wampy, callee: new Callee(c.session), calls: new Map() };
    return { session: wampy.getSessionId(), authrole: welcome.authrole, authid: welcome.authid, authmethod: welcome.authmethod };
  },
  async register(c) {
    const { wampy, callee } = sessions[c.session];
    const registered = await wampy.register(
      c.procedure,
      async ({ argsList, argsDict, details, result_handler }) => {
        const { procedure = c.procedure, caller, receive_progress } = details;
        const progress = receive_progress && ((part) => result_handler({ argsList: part, options: { progress: true } }));
        const answer = await callee.invoked(c, argsList ?? [], argsDict ?? {}, { procedure, caller, progress });
        if (answer.error) throw { error: answer.error, argsList: answer.args, argsDict: answer.kwargs };
        return { argsList: answer.args, argsDict: answer.kwargs };
      },
      c.options ?? {},
    );
    return registered.registrationId;
  },
  async unregister(c) {
    await sessions[c.session].wampy.unregister(c.procedure);
  },
  async call(c) {
    const own = sessions[c.session];
    const payload = { argsList: decode(c.args ?? []), argsDict: decode(c.kwargs ?? {}) };
    const options = { ...c.options };
    if (c.progress) {
      options.progress_callback = ({ argsList }) => {
        say({ event: 'progress', session: c.session, procedure: c.procedure, args: argsList });
      };
    }
    const promise = own.wampy.call(c.procedure, payload, options);
    own.calls.set(c.id, own.wampy.getOpStatus().reqId);
    const result = await promise;
    own.calls.delete(c.id);
    return { args: result.argsList, kwargs: result.argsDict };
  },
  async cancel(c) {
    const own = sessions[c.session];
    own.wampy.cancel(own.calls.get(c.call), { mode: c.mode });
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
    await sessions[c.session].wampy.subscribe(c.topic, ({ argsList, argsDict }) => {
      say({ event: 'event', session: c.session, topic: c.topic, args: argsList ?? [], kwargs: argsDict ?? {} });
    });
  },
  async publish(c) {
    await sessions[c.session].wampy.publish(c.topic, { argsList: decode(c.args ?? []), argsDict: decode(c.kwargs ?? {}) });
  },
  async leave(c) {
    await sessions[c.session].wampy.disconnect();
  },
});
