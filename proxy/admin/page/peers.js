import { count, el, seconds, text } from "./format.js";
import { Table, column } from "./table.js";
import { every, get } from "./control.js";

/** Peers is the view of the other sidecars of the cluster. */
export class Peers {
  name = "peers";
  title = "Peers";

  constructor() {
    this.self = el("p", { className: "soft" });
    this.table = new Table("Peers", [
      column("Peer", (p) => p.node.slice(0, 8), { kind: "head" }),
      column("Realm", (p) => p.realm, { kind: "text" }),
      column("Address", (p) => p.address, { kind: "text" }),
      column("State", stateOf, { kind: "wrap" }),
      column("Round trip", (p) => seconds(p.round_trip_seconds), { sort: (p) => p.round_trip_seconds ?? -1 }),
      column("Running there", (p) => count(p.running), { sort: (p) => p.running, title: "calls from here that it has" }),
      column("Given", (p) => count(p.given), { sort: (p) => p.given, title: "calls that it has got from here" }),
      column("Got", (p) => count(p.got), { sort: (p) => p.got, title: "calls that have come from it, and had room" }),
    ]);
    this.node = el("div", {}, el("h1", {}, "Peers"), this.self, this.table.node);
    this.end = every(2000, () => this.#ask());
  }

  show() {}

  async #ask() {
    let all;
    try { all = await get("api/v1/peers"); } catch { return; }
    text(this.self, all.node ? `This sidecar is ${all.node.slice(0, 8)}; links come in at ${all.links}, gossip at ${all.gossip ?? "–"}.` : "No cluster: this sidecar stands alone.");
    this.table.show(all.peers, (p) => `${p.realm} ${p.node}`);
  }

  close() { this.end(); }
}

function stateOf(p) {
  const said = [];
  if (p.gets_calls && p.gives_calls) said.push("linked");
  else if (p.gets_calls) said.push("calls may only go there");
  else if (p.gives_calls) said.push("calls may only come from there");
  else said.push("not linked");
  if (p.gets_calls && !p.near) said.push("too far away for calls (max_rtt)");
  if (p.draining) said.push("draining");
  if (!p.member) said.push("not in the membership");
  return said.join(", ");
}
