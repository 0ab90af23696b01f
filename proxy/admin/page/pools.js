import { bytes, count, el, poolPath, seconds, text } from "./format.js";
import { Table, column } from "./table.js";

/** Pools is the first view: all pools, one line each. */
export class Pools {
  name = "pools";

  constructor() {
    this.why = el("div", { className: "why", hidden: true });
    this.tiles = new Tiles(["Pools", "Callees", "Slots taken", "Waiting", "Calls / s", "Refused / s", "Sessions"]);
    this.search = el("input", { type: "search", id: "find", placeholder: "Find a pool", ariaLabel: "Find a pool" });
    this.search.addEventListener("input", () => this.#filter());
    this.found = el("span", { className: "soft", role: "status" });
    this.table = new Table("Pools", columns(), { sortBy: 0 });
    this.links = new Table("Pool sessions at the router", linkColumns());
    this.empty = el("p", { className: "soft", hidden: true }, "No pool yet: one opens with the first callee that registers what a pool block governs, or asks to share.");
    this.node = el("div", {},
      el("h1", {}, "Pools"), this.why, this.tiles.node,
      el("div", { className: "bar-above" }, this.search, this.found),
      this.table.node, this.empty,
      el("h2", {}, "Pool sessions at the router"), this.links.node);
  }

  show(s) {
    showReasons(this.why, s.unready);
    const sum = (of) => s.pools.reduce((n, p) => n + of(p), 0);
    const slots = sum((p) => p.slots), taken = sum((p) => p.slots_taken), refused = sum((p) => p.rates?.refused ?? 0);
    this.tiles.show([
      count(s.pools.length), count(sum((p) => p.callees.length)), slots ? `${count(taken)} / ${count(slots)}` : count(taken),
      count(sum((p) => p.queue.waiting)), count(sum((p) => p.rates?.received ?? 0)), [count(refused), refused > 0], count(s.sessions),
    ]);
    this.table.show(s.pools, poolPath);
    this.empty.hidden = s.pools.length > 0;
    this.table.node.hidden = s.pools.length === 0;
    this.links.show(s.pool_sessions, (l) => `${l.realm}/${l.serializer ?? ""}`);
    this.#filter();
  }

  #filter() {
    const wanted = this.search.value.trim().toLowerCase();
    let n = 0;
    this.table.filter((p) => {
      const keep = `${p.realm} ${p.pool}`.toLowerCase().includes(wanted);
      if (keep) n++;
      return keep;
    });
    text(this.found, wanted ? `${n} of ${this.table.rows.size}` : "");
  }

  close() {}
}

/** showReasons lists why wampool is not ready. */
function showReasons(node, reasons) {
  node.hidden = reasons.length === 0;
  const said = reasons.join("\n");
  if (node.dataset.said === said) return;
  node.dataset.said = said;
  node.replaceChildren("Not ready:", el("ul", {}, ...reasons.map((r) => el("li", {}, r))));
}

/** Tiles are the numbers at the top. */
export class Tiles {
  constructor(labels) {
    this.values = labels.map(() => el("dd"));
    this.node = el("dl", { className: "tiles" }, ...labels.map((l, i) => el("div", {}, el("dt", {}, l), this.values[i])));
  }

  /** show takes a text for each, or [text, whether it is bad]. */
  show(values) {
    values.forEach((v, i) => {
      const [said, bad] = Array.isArray(v) ? v : [v, false];
      text(this.values[i], said);
      this.values[i].parentNode.classList.toggle("bad", bad);
    });
  }
}

/** meter is a bar of parts of a whole: [share, class] each. */
export function meter(node, parts, label) {
  if (!node.firstChild) node.append(...parts.map(([, kind]) => el("i", { className: kind })));
  parts.forEach(([share], i) => { node.children[i].style.width = `${Math.min(100, share * 100).toFixed(1)}%`; });
  node.setAttribute("aria-label", label);
  node.title = label;
}

function columns() {
  return [
    { label: "Pool", kind: "head", sort: (p) => `${p.realm} ${p.pool}`, make: makeName },
    { label: "Callees", title: "full, busy and idle", sort: (p) => p.callees.length, make: makeCallees },
    { label: "Slots taken", wide: true, sort: (p) => (p.slots ? p.slots_taken / p.slots : 0), make: makeSlots },
    { label: "Waiting", sort: (p) => p.queue.waiting, make: makeWaiting },
    column("Oldest", (p) => (p.queue.waiting ? seconds(p.queue.oldest_seconds) : "–"), { sort: (p) => p.queue.oldest_seconds, title: "how long the longest-waiting call has waited" }),
    column("Calls / s", (p) => count(p.rates?.received), { sort: (p) => p.rates?.received ?? 0 }),
    column("Refused / s", (p) => count(p.rates?.refused), { sort: (p) => p.rates?.refused ?? 0, classOf: (p) => ["alarm", (p.rates?.refused ?? 0) > 0] }),
    column("p50", (p) => seconds(p.seconds?.call?.p50), { sort: (p) => p.seconds?.call?.p50, title: "arrival to answer, half of the calls of the latest minute" }),
    column("p99", (p) => seconds(p.seconds?.call?.p99), { sort: (p) => p.seconds?.call?.p99, title: "arrival to answer, 99 of 100 calls of the latest minute" }),
  ];
}

function makeName(cell) {
  const link = el("a"), realm = el("span", { className: "soft" }), tags = el("span");
  cell.append(link, realm, tags);
  return (p) => {
    link.href = `#/pool/${poolPath(p)}`;
    text(link, p.pool);
    text(realm, ` ${p.realm}`);
    showTags(tags, p);
  };
}

/** showTags says what is out of the ordinary. */
export function showTags(node, p) {
  const tags = [];
  if (p.paused) tags.push(["paused", ""]);
  if (p.draining) tags.push([typeof p.draining === "number" ? `${p.draining} draining` : "draining", ""]);
  if (p.drained) tags.push(["drained", ""]);
  else if (!p.live) tags.push(["not registered", "bad"]);
  if (p.callees.length === 0) tags.push(["no callee", "bad"]);
  const said = tags.map(([t]) => t).join();
  if (node.dataset.said === said) return;
  node.dataset.said = said;
  node.replaceChildren(...tags.map(([t, kind]) => el("span", { className: `tag ${kind}` }, t)));
}

function makeCallees(cell) {
  const bar = el("span", { className: "meter", role: "img" }), number = el("span");
  cell.append(bar, number);
  return (p) => {
    const n = p.callees.length || 1;
    const full = p.callees.filter(([taken, slots]) => slots && taken >= slots).length;
    const busy = p.callees.filter(([taken, slots]) => taken > 0 && !(slots && taken >= slots)).length;
    meter(bar, [[full / n, ""], [busy / n, "part"]], `${full} full, ${busy} busy, ${p.callees.length - full - busy} idle`);
    text(number, count(p.callees.length));
  };
}

function makeSlots(cell) {
  const bar = el("span", { className: "meter", role: "img" }), number = el("span");
  cell.append(bar, number);
  return (p) => {
    const share = p.slots ? p.slots_taken / p.slots : 0;
    meter(bar, [[share, ""]], p.slots ? `${Math.round(share * 100)} % of the slots are taken` : "no callee has a limit");
    bar.classList.toggle("full", share >= 1);
    text(number, p.slots ? `${count(p.slots_taken)} / ${count(p.slots)}` : `${count(p.slots_taken)} / no limit`);
  };
}

function makeWaiting(cell) {
  return (p) => {
    const { waiting, limit } = p.queue;
    text(cell, limit || waiting ? `${count(waiting)} / ${count(limit)}` : "no queue");
    cell.classList.toggle("alarm", limit > 0 && waiting >= 0.8 * limit);
    cell.classList.toggle("zero", waiting === 0);
    cell.title = waiting ? `${bytes(p.queue.bytes)} wait` : "";
  };
}

function linkColumns() {
  return [
    column("Realm", (l) => l.realm, { kind: "head" }),
    column("Serializer", (l) => l.serializer ?? "–", { kind: "text" }),
    column("State", (l) => (l.up ? "up" : `down: ${l.why ?? "joining"}`), { kind: "wrap", classOf: (l) => ["alarm", !l.up] }),
    column("Session", (l) => l.session ?? "–", {}),
    column("Role", (l) => l.authrole ?? "–", { kind: "text" }),
    column("Registrations", (l) => count(l.registrations)),
  ];
}
