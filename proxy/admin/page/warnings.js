import { el } from "./format.js";
import { Table, column } from "./table.js";
import { every, get } from "./control.js";

/** Warnings is the view of the latest lines of the log that need a look. */
export class Warnings {
  name = "log";
  title = "Warnings";

  constructor() {
    this.empty = el("p", { className: "soft", hidden: true }, "None since the start.");
    this.table = new Table("Latest warnings", [
      column("Time", (w) => new Date(w.time * 1000).toLocaleString(), { kind: "text", sort: (w) => w.time }),
      column("Level", (w) => w.level, { kind: "text", classOf: (w) => ["alarm", w.level !== "warn"] }),
      column("What", (w) => w.message, { kind: "wrap", wide: true }),
      column("More", (w) => w.fields, { kind: "wrap", wide: true }),
    ], { sortBy: 0, descending: true });
    this.node = el("div", {}, el("h1", {}, "Latest warnings"),
      el("p", { className: "soft" }, "The latest lines of the log of level warn and above. The log has them all."), this.table.node, this.empty);
    this.end = every(3000, () => this.#ask());
  }

  show() {}

  async #ask() {
    let all;
    try { all = await get("api/v1/warnings"); } catch { return; }
    this.table.show(all.warnings.map((w) => ({ ...w, fields: fieldsOf(w.fields) })), (w) => String(w.number));
    this.empty.hidden = all.warnings.length > 0;
    this.table.node.hidden = all.warnings.length === 0;
  }

  close() { this.end(); }
}

const fieldsOf = (fields) => Object.entries(fields ?? {}).map(([k, v]) => `${k}=${typeof v === "string" ? v : JSON.stringify(v)}`).join("  ");
