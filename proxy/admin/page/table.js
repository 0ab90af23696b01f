import { el } from "./format.js";

/**
 * Table is a table whose rows stay where they are while their numbers change, so that
 * neither focus nor a selection is lost. columns: {label, title, kind: "head" | "text" |
 * "wrap" | "", wide, sort: row => key, make: cell => update(row)}.
 */
export class Table {
  constructor(caption, columns, { sortBy = 0, descending = false } = {}) {
    this.columns = columns;
    this.by = sortBy;
    this.descending = descending;
    this.rows = new Map();
    this.body = el("tbody");
    this.heads = columns.map((c, i) => this.#head(c, i));
    this.table = el("table", { className: "cards", ariaLabel: caption }, el("thead", {}, el("tr", {}, ...this.heads)), this.body);
    this.node = el("div", { className: "sheet" }, this.table);
    this.#mark();
  }

  #head(column, i) {
    const head = el("th", { scope: "col", className: kindOf(column), title: column.title ?? "" });
    if (!column.sort) {
      head.append(column.label);
      return head;
    }
    const button = el("button", { type: "button" }, column.label);
    button.addEventListener("click", () => {
      this.descending = this.by === i ? !this.descending : i > 0 && column.kind !== "text";
      this.by = i;
      this.#mark();
      this.#order();
    });
    head.append(button);
    return head;
  }

  #mark() {
    this.heads.forEach((head, i) => {
      if (i === this.by) head.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  /** show shows the items, each known by its key. */
  show(items, keyOf) {
    const seen = new Set();
    let changed = false;
    for (const item of items) {
      const key = keyOf(item);
      seen.add(key);
      let row = this.rows.get(key);
      if (!row) {
        row = this.#row();
        this.rows.set(key, row);
        changed = true;
      }
      row.item = item;
      for (const update of row.updates) update(item);
    }
    for (const [key, row] of this.rows) {
      if (seen.has(key)) continue;
      row.node.remove();
      this.rows.delete(key);
    }
    // Rows that jump each second can't be read: what changes is sorted at times only.
    const now = Date.now();
    if (changed || (now - (this.ordered ?? 0) > 5000 && !this.body.contains(document.activeElement))) this.#order();
  }

  #row() {
    const node = el("tr");
    const updates = this.columns.map((c) => {
      const cell = el(c.kind === "head" ? "th" : "td", { className: kindOf(c) + (c.wide ? " wide" : "") });
      if (c.kind === "head") cell.scope = "row";
      else if (c.label) cell.dataset.label = c.label;
      node.append(cell);
      return c.make(cell);
    });
    return { node, updates };
  }

  #order() {
    const { sort } = this.columns[this.by];
    const sign = this.descending ? -1 : 1;
    const rows = [...this.rows.values()].sort((a, b) => {
      const x = sort(a.item), y = sort(b.item);
      return sign * (typeof x === "string" ? x.localeCompare(y) : (x ?? -1) - (y ?? -1));
    });
    this.ordered = Date.now();
    rows.forEach((row, i) => {
      if (this.body.children[i] !== row.node) this.body.insertBefore(row.node, this.body.children[i] ?? null);
    });
  }

  /** filter hides the rows that keep refuses. */
  filter(keep) {
    for (const row of this.rows.values()) row.node.hidden = !keep(row.item);
  }
}

const kindOf = (c) => ({ head: "text", text: "text", wrap: "text wrap" })[c.kind] ?? "";

/** column is one whose cells hold a text. */
export function column(label, value, { sort = value, kind = "", title, wide, classOf } = {}) {
  return {
    label, kind, title, wide, sort,
    make: (cell) => (item) => {
      const said = String(value(item));
      if (cell.textContent !== said) cell.textContent = said;
      if (classOf) cell.classList.toggle(...classOf(item));
    },
  };
}
