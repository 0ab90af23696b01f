// Numbers, times and elements, as people read them.

const round = (x, digits) => x.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: 0 });

/** count writes a number: 1,234, 12.3k, 4.56M. */
export function count(x) {
  if (x === undefined || x === null) return "–";
  if (x >= 1e6) return round(x / 1e6, 2) + "M";
  if (x >= 1e5) return round(x / 1e3, 0) + "k";
  if (x >= 1e4) return round(x / 1e3, 1) + "k";
  return round(x, x < 10 && x % 1 !== 0 ? 1 : 0);
}

/** seconds writes a time with a unit that suits it; "–" for none. */
export function seconds(s) {
  if (s === undefined || s === null) return "–";
  if (s === 0) return "0";
  if (s < 1e-3) return round(s * 1e6, 0) + " µs";
  if (s < 0.1) return round(s * 1e3, 1) + " ms";
  if (s < 1) return round(s * 1e3, 0) + " ms";
  if (s < 100) return round(s, s < 10 ? 2 : 1) + " s";
  if (s < 6000) return round(s / 60, 0) + " min";
  if (s < 172800) return round(s / 3600, 1) + " h";
  return round(s / 86400, 0) + " d";
}

/** bytes writes a size. */
export function bytes(n) {
  if (n === undefined || n === null) return "–";
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (n < 1024 || unit === "GiB") return round(n, n < 10 && unit !== "B" ? 1 : 0) + " " + unit;
    n /= 1024;
  }
}

/** el makes an element: attributes are properties where there is one of that name. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in node && key !== "list") node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** text sets a node's text if it is another: nothing is drawn anew without need. */
export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

/** poolPath is where the API and the page have a pool. */
export const poolPath = (p) => [p.realm, p.match, p.procedure].map(encodeURIComponent).join("/");
