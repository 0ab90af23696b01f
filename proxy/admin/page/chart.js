import { el, text } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 600, HEIGHT = 130;

/**
 * Chart draws lines over the latest minutes. lines: {label, of: point => number, style},
 * style one of c1 to c4, dashed after it where two lines may be confused.
 */
export class Chart {
  constructor(title, write, lines) {
    this.write = write;
    this.lines = lines;
    this.values = lines.map((l) => el("span", { className: "key " + l.style }));
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("class", "chart");
    this.svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.svg.setAttribute("role", "img");
    this.title = title;
    this.paths = lines.map((l) => this.#add("path", { class: l.style }));
    for (const y of [0, HEIGHT / 2, HEIGHT]) this.#add("line", { x1: 0, x2: WIDTH, y1: y, y2: y });
    this.top = el("span");
    this.from = el("span");
    this.node = el("figure", {},
      el("figcaption", {}, el("b", {}, title), ...this.values), this.svg,
      el("div", { className: "scale" }, this.from, this.top, el("span", {}, "now")));
  }

  #add(name, attributes) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    this.svg.append(node);
    return node;
  }

  /** show draws points that lie interval seconds apart, the latest last, of at most slots. */
  show(points, interval, slots) {
    let most = 0;
    for (const p of points) for (const l of this.lines) most = Math.max(most, l.of(p) ?? 0);
    const top = nice(most);
    const x = (i) => WIDTH - (points.length - 1 - i) * WIDTH / Math.max(1, slots - 1);
    this.lines.forEach((l, n) => {
      let d = "", pen = "M";
      points.forEach((p, i) => {
        const y = l.of(p);
        if (y === undefined || y === null) { pen = "M"; return; }
        d += `${pen}${x(i).toFixed(1)} ${(HEIGHT - y / top * HEIGHT).toFixed(1)}`;
        pen = "L";
      });
      this.paths[n].setAttribute("d", d);
      text(this.values[n], `${l.label} ${this.write(points.length ? l.of(points.at(-1)) : undefined)}`);
    });
    text(this.top, "top " + this.write(top));
    text(this.from, `${Math.round((slots - 1) * interval / 60)} min ago`);
    this.svg.setAttribute("aria-label", `${this.title}: now ${this.values.map((v) => v.textContent).join(", ")}; at most ${this.write(most)}`);
  }
}

// nice is a round number not below x.
function nice(x) {
  if (x <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(x));
  return [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= x * 0.9999);
}
