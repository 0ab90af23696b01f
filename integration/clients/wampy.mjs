// Wampy, driven by a test.
import { WebSocket } from 'ws';
import { Wampy } from 'wampy';
import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';
import { Callee, decode, say, serve } from './protocol.mjs';

const SERIALIZERS = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };
const sessions = {};

serve({
  async join(c) {
    const wampy = new Wampy(c.url, {
      ws: WebSocket,
      realm: c.realm ?? 'realm1',
      serializer: new SERIALIZERS[c.serializer ?? 'json'](),
      autoReconnect: false,
      onClose: () => say({ event: 'disconnected', session: c.session }),
    });
    const welcome = await wampy.connect();
    sessions[c.session] = { wampy, callee: new Callee(c.session) };
    return { session: wampy.getSessionId(), authrole: welcome.authrole, authid: welcome.authid };
  },
  async register(c) {
    const { wampy, callee } = sessions[c.session];
    const registered = await wampy.register(
      c.procedure,
      async ({ argsList, argsDict }) => {
        const answer = await callee.invoked(c.procedure, c.behaviour ?? 'echo', argsList ?? [], argsDict ?? {});
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
    const payload = { argsList: decode(c.args ?? []), argsDict: decode(c.kwargs ?? {}) };
    const result = await sessions[c.session].wampy.call(c.procedure, payload, c.options ?? {});
    return { args: result.argsList, kwargs: result.argsDict };
  },
  async release(c) {
    return sessions[c.session].callee.release(c.procedure, c.n);
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
