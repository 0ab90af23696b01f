import { bytes, count, el, poolPath, seconds, text } from "./format.js";
import { Table, column } from "./table.js";
import { Chart } from "./chart.js";
import { Tiles, showTags } from "./pools.js";
import { command, every, get, mayControl } from "./control.js";

/** Pool is the view of one pool: the latest minutes, its rules and its callees. */
export class Pool {
  name = "pools";

  constructor(realm, match, procedure) {
    this.path = poolPath({ realm, match, procedure });
    this.title = match === "exact" ? procedure : `${match}:${procedure}`;
    this.id = { realm, match, procedure };
    this.tags = el("span");
    this.gone = el("p", { className: "why", hidden: true });
    this.tiles = new Tiles(["Slots taken", "Waiting", "Oldest", "Calls / s", "Refused / s", "p50", "p99"]);
    this.charts = charts();
    this.rules = el("p", { className: "soft" });
    this.away = el("p", { className: "soft", hidden: true });
    this.ends = new Table("How its calls ended", [
      column("Outcome", ([outcome]) => outcome, { kind: "head" }),
      column("Calls", ([, n]) => count(n)),
    ], { sortBy: 1, descending: true });
    this.cells = el("div", { className: "cells", role: "img" });
    this.table = new Table("Callees", this.#columns(), { sortBy: 3, descending: true });
    this.pause = el("button", { type: "button", hidden: true });
    this.pause.addEventListener("click", () => this.#pause());
    this.drain = el("button", { type: "button", hidden: true });
    this.drain.addEventListener("click", () => this.#drainPool());
    this.node = el("div", {},
      el("p", {}, el("a", { href: "#/" }, "All pools")),
      el("div", { className: "bar-above" }, el("h1", {}, this.title, el("span", { className: "soft" }, ` ${realm}`), this.tags), this.pause, this.drain),
      this.gone, this.tiles.node, el("div", { className: "charts" }, ...this.charts.map((c) => c.node)),
      el("h2", {}, "Rules"), this.rules, this.away,
      el("h2", {}, "Callees"), this.cells, this.table.node,
      el("h2", {}, "How its calls ended"), this.ends.node);
    this.ending = [every(2000, () => this.#pool()), every(5000, () => this.#history())];
  }

  show(s) {
    this.control = mayControl(s);
    const p = s.pools.find((p) => poolPath(p) === this.path);
    this.gone.hidden = p !== undefined;
    text(this.gone, "There is no such pool now: it has no callee.");
    if (!p) return;
    showTags(this.tags, p);
    this.paused = p.paused === true;
    this.pause.hidden = !this.control;
    text(this.pause, this.paused ? "Resume" : "Pause");
    this.drained = p.drained === true;
    this.drain.hidden = !this.control;
    text(this.drain, this.drained ? "Undrain" : "Drain");
    const refused = p.rates?.refused ?? 0;
    this.tiles.show([
      p.slots ? `${count(p.slots_taken)} / ${count(p.slots)}` : count(p.slots_taken), count(p.queue.waiting),
      p.queue.waiting ? seconds(p.queue.oldest_seconds) : "–", count(p.rates?.received), [count(p.rates?.refused), refused > 0],
      seconds(p.seconds?.call?.p50), seconds(p.seconds?.call?.p99),
    ]);
    text(this.rules, rulesOf(p));
    this.away.hidden = !p.away && !p.credits && !p.calls?.ended?.forwarded && !p.calls?.received?.peer;
    text(this.away, `Other sidecars have ${count(p.away ?? 0)} of its calls, and have offered ${count(p.credits ?? 0)} more slots; they have answered ${count(p.calls?.ended?.forwarded ?? 0)}, and have sent ${count(p.calls?.received?.peer ?? 0)} here.`);
    this.ends.show(Object.entries(p.calls?.ended ?? {}).filter(([, n]) => n > 0), ([outcome]) => outcome);
    this.ends.node.hidden = this.ends.rows.size === 0;
  }

  async #pool() {
    let p;
    try { p = await get(`api/v1/pools/${this.path}`); } catch { return; }
    this.table.show(p.callees, (c) => String(c.session));
    this.#cells(p.callees);
  }

  #cells(callees) {
    while (this.cells.children.length > callees.length) this.cells.lastChild.remove();
    while (this.cells.children.length < callees.length) this.cells.append(el("i"));
    let full = 0;
    callees.forEach((c, i) => {
      const cell = this.cells.children[i], isFull = c.slots > 0 && c.slots_taken >= c.slots;
      if (isFull) full++;
      cell.className = (isFull ? "full" : "") + (c.draining ? " drained" : "");
      cell.style.setProperty("--used", `${Math.round(100 * (c.slots ? c.slots_taken / c.slots : Math.min(1, c.slots_taken)))}%`);
      cell.title = `${nameOf(c)}: ${c.slots_taken} of ${c.slots || "no limit"}`;
    });
    this.cells.setAttribute("aria-label", `${callees.length} callees, ${full} of them full`);
  }

  async #history() {
    let h;
    try { h = await get(`api/v1/pools/${this.path}/history`); } catch { return; }
    for (const chart of this.charts) chart.show(h.points, h.interval_seconds, h.most_points);
  }

  #columns() {
    return [
      column("Callee", nameOf, { kind: "head" }),
      column("Role", (c) => c.authrole, { kind: "text" }),
      column("Session", (c) => c.session),
      column("Slots taken", (c) => `${c.slots_taken} / ${c.slots || "no limit"}`, { sort: (c) => c.slots_taken }),
      column("Dispatched", (c) => count(c.dispatched), { sort: (c) => c.dispatched, title: "calls sent to it, of all its pools" }),
      column("Address", (c) => c.address, { kind: "text" }),
      column("Client", (c) => c.agent ?? "–", { kind: "text" }),
      { label: "", make: (cell) => this.#drain(cell) },
    ];
  }

  // The button of one callee.
  #drain(cell) {
    const button = el("button", { type: "button" });
    cell.append(button);
    let callee;
    button.addEventListener("click", () => command(callee.draining ? "undrain" : "drain", { name: String(callee.session) }, callee.draining ? {
      question: `Give ${nameOf(callee)} calls again?`, consequence: `Session ${callee.session}.`, done: () => "It gets calls again.",
    } : {
      question: `Drain ${nameOf(callee)}?`, consequence: `Session ${callee.session} gets no new call in any of its pools, and finishes what it has.`,
      done: () => "It gets no new calls.",
    }).then(() => this.#pool()));
    return (c) => {
      callee = c;
      button.hidden = !this.control;
      text(button, c.draining ? "Undrain" : "Drain");
      button.setAttribute("aria-label", `${c.draining ? "Undrain" : "Drain"} ${nameOf(c)}, session ${c.session}`);
    };
  }

  #pause() {
    command(this.paused ? "resume" : "pause", this.id, this.paused ? {
      question: `Resume ${this.title}?`, consequence: "What waits is dispatched.", done: () => "It gives out calls again.",
    } : {
      question: `Pause ${this.title}?`, consequence: "Its calls wait until it is resumed, or are refused where nothing may wait. What runs finishes.",
      done: () => "Its calls wait.",
    });
  }

  #drainPool() {
    command(this.drained ? "undrain" : "drain", this.id, this.drained ? {
      question: `Undrain ${this.title}?`, consequence: "It is registered at the router again.", done: () => "Its registration is asked for.",
    } : {
      question: `Drain ${this.title}?`, consequence: "Its registration at the router is given up, so that others serve it. Its callees stay, and finish what runs and waits.",
      done: () => "Its registration is given up.",
    });
  }

  close() {
    for (const end of this.ending) end();
  }
}

const nameOf = (c) => c.authid || `session ${c.session}`;

const calls = (n) => `${count(n)} ${n === 1 ? "call" : "calls"}`;

function rulesOf(p) {
  const said = [`policy ${p.policy}`];
  if (p.block) said.push(`block "${p.block}"`);
  said.push(p.limits.concurrency ? `at most ${calls(p.limits.concurrency)} at each callee` : "no limit but the callees' own");
  said.push(p.queue.limit ? `up to ${calls(p.queue.limit)} (${bytes(p.queue.bytes_limit)}) wait, ${p.queue.timeout_seconds ? `for ${seconds(p.queue.timeout_seconds)} at most` : "for as long as it takes"}` : "nothing waits");
  if (p.limits.linger_seconds) said.push(`kept ${seconds(p.limits.linger_seconds)} without a callee`);
  return said.join(" · ");
}

function charts() {
  return [
    new Chart("Calls a second", count, [
      { label: "received", style: "c1", of: (p) => p.received },
      { label: "ended", style: "c2 dashed", of: (p) => p.ended },
      { label: "refused", style: "c3", of: (p) => p.refused },
    ]),
    new Chart("Waiting", count, [{ label: "calls", style: "c4", of: (p) => p.waiting }]),
    new Chart("Arrival to answer", seconds, [
      { label: "p50", style: "c1", of: (p) => p.call_p50 },
      { label: "p99", style: "c4 dashed", of: (p) => p.call_p99 },
    ]),
    new Chart("Slots", count, [
      { label: "taken", style: "c1", of: (p) => p.slots_taken },
      { label: "there", style: "c2 dashed", of: (p) => p.slots },
    ]),
  ];
}
