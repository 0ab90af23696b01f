// What a web page does with Autobahn|JS and with Wampy, driven by a test that
// evaluates these functions in a browser. Each answer is what a test reads.
const sessions = {};

// JSON has no binary data: it travels as {"$bytes": Base64}.
const encode = (value) => {
  if (value instanceof ArrayBuffer) value = new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return { $bytes: btoa(String.fromCharCode(...new Uint8Array(value.buffer, value.byteOffset, value.byteLength))) };
  return Array.isArray(value) ? value.map(encode) : value;
};
const decode = (value) => {
  if (Array.isArray(value)) return value.map(decode);
  return value?.$bytes ? Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0)) : value;
};

const libraries = {
  autobahn: {
    join: (url, serializer) =>
      new Promise((resolve, reject) => {
        const { JSONSerializer, MsgpackSerializer, CBORSerializer } = autobahn.serializer;
        const serializers = [new { json: JSONSerializer, msgpack: MsgpackSerializer, cbor: CBORSerializer }[serializer]()];
        const connection = new autobahn.Connection({ url, realm: 'realm1', serializers, max_retries: 0 });
        connection.onopen = (session) => resolve({ connection, session, serializer });
        connection.onclose = (reason) => {
          reject(reason);
          return true; // no reconnection
        };
        connection.open();
      }),
    register: ({ session }, procedure, handler, options) => session.register(procedure, (args) => handler(args), options),
    // In CBOR a Uint8Array would get a tag, as a typed array: bytes are an ArrayBuffer.
    call: ({ session, serializer }, procedure, args) =>
      session.call(procedure, serializer === 'cbor' ? args.map((arg) => arg?.buffer ?? arg) : args),
    leave: ({ connection }) => connection.close(),
  },
  wampy: {
    async join(url, serializer) {
      const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer };
      const wampy = new Wampy(url, { realm: 'realm1', autoReconnect: false, serializer: new serializers[serializer]() });
      await wampy.connect();
      return wampy;
    },
    register: (wampy, procedure, handler, options) =>
      wampy.register(procedure, async ({ argsList }) => ({ argsList: [await handler(argsList)] }), options),
    call: async (wampy, procedure, args) => (await wampy.call(procedure, args)).argsList[0],
    leave: (wampy) => wampy.disconnect(),
  },
};

// answered awaits a promise and tells how it ended.
const answered = async (promise) => {
  try {
    return { ok: encode((await promise) ?? null) };
  } catch (e) {
    return { error: { uri: [e?.error, e?.errorUri].find((uri) => typeof uri === 'string') ?? String(e) } };
  }
};

// join opens a session of this name.
const join = (name, library, url, serializer) =>
  answered(libraries[library].join(url, serializer).then((session) => void (sessions[name] = { library: libraries[library], session })));

// register offers a procedure that returns its first argument, and never
// returns if that is "hold".
const register = (name, procedure, options) => {
  const { library, session } = sessions[name];
  const handler = (args) => (args[0] === 'hold' ? new Promise(() => {}) : args[0]);
  return answered(library.register(session, procedure, handler, options).then(() => null));
};

const call = (name, procedure, args) => {
  const { library, session } = sessions[name];
  return answered(library.call(session, procedure, decode(args)));
};
