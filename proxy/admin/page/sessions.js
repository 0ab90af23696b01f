import { bytes, count, el, seconds, text } from "./format.js";
import { Table, column } from "./table.js";
import { every, get } from "./control.js";

/** Sessions is the view of all clients, and of who is not pooled and why. */
export class Sessions {
  name = "sessions";
  title = "Sessions";

  constructor() {
    this.search = el("input", { type: "search", placeholder: "Find a session", ariaLabel: "Find a session" });
    this.search.addEventListener("input", () => this.#filter());
    this.found = el("span", { className: "soft", role: "status" });
    this.refused = new Table("Registrations that are not pooled", [
      column("Procedure", (n) => n.procedure, { kind: "head" }),
      column("Session", (n) => n.session),
      column("Role", (n) => n.authrole ?? "", { kind: "text" }),
      column("Why", (n) => n.text, { kind: "wrap", wide: true }),
      column("Block", (n) => n.block ?? "–", { kind: "text" }),
      column("Ago", (n) => seconds(n.ago_seconds), { sort: (n) => n.ago_seconds }),
    ], { sortBy: 5 });
    this.title2 = el("h2", {}, "Registered, but not pooled");
    this.table = new Table("Sessions", columns());
    this.node = el("div", {}, el("h1", {}, "Sessions"),
      el("div", { className: "bar-above" }, this.search, this.found), this.table.node, this.title2, this.refused.node);
    this.end = every(3000, () => this.#ask());
  }

  show() {}

  async #ask() {
    let all;
    try { all = await get("api/v1/sessions"); } catch { return; }
    this.table.show(all.sessions, (s) => String(s.session));
    const refused = all.sessions.flatMap((s) => (s.not_pooled ?? []).map((n) => ({ ...n, session: s.session })));
    this.refused.show(refused, (n) => `${n.session} ${n.procedure}`);
    this.refused.node.hidden = this.title2.hidden = refused.length === 0;
    this.#filter();
  }

  #filter() {
    const wanted = this.search.value.trim().toLowerCase();
    let n = 0;
    this.table.filter((s) => {
      const keep = [s.session, s.authid, s.authrole, s.realm, s.address, s.agent, ...(s.pools ?? []).map((p) => p.pool)].join(" ").toLowerCase().includes(wanted);
      if (keep) n++;
      return keep;
    });
    text(this.found, wanted ? `${n} of ${this.table.rows.size}` : `${count(this.table.rows.size)} sessions`);
  }

  close() { this.end(); }
}

function columns() {
  return [
    column("Session", (s) => s.session, { kind: "head" }),
    column("Name", (s) => s.authid, { kind: "text" }),
    column("Role", (s) => s.authrole, { kind: "text" }),
    column("Realm", (s) => s.realm ?? "–", { kind: "text" }),
    { label: "Pools", kind: "wrap", sort: (s) => (s.pools ?? []).length, make: makePools },
    column("Over", (s) => `${s.transport} ${s.serializer}`, { kind: "text" }),
    column("Address", (s) => s.address, { kind: "text" }),
    column("Client", (s) => s.agent ?? "–", { kind: "text" }),
    column("Age", (s) => seconds(s.age_seconds), { sort: (s) => s.age_seconds }),
    column("Unsent", (s) => bytes(s.send_buffer_bytes), { sort: (s) => s.send_buffer_bytes, title: "bytes that wait for the client to read them" }),
  ];
}

const shownAtOnce = 2;

// The pools of a session, the most of many behind a fold.
function makePools(cell) {
  const first = el("span"), summary = el("summary"), rest = el("span");
  const fold = el("details", {}, summary, rest);
  cell.append(first, fold);
  return (s) => {
    const names = (s.pools ?? []).map((p) => p.pool).sort();
    const more = Math.max(0, names.length - shownAtOnce);
    text(first, names.slice(0, shownAtOnce).join(", ") || (s.caller ? "calls" : "–"));
    text(summary, `and ${count(more)} more`);
    text(rest, names.slice(shownAtOnce).join(", "));
    fold.hidden = more === 0;
  };
}
