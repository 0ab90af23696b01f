// The page of a wampool that runs: what GET /api/v1/events tells each second, and
// what the other routes tell of one pool, the sessions and the log.
import { count, text } from "./format.js";
import { Pools } from "./pools.js";
import { Pool } from "./pool.js";
import { Sessions } from "./sessions.js";
import { Peers } from "./peers.js";
import { Warnings } from "./warnings.js";
import { command, mayControl } from "./control.js";

const main = document.getElementById("main");
const state = document.getElementById("state");
const warned = document.getElementById("warned");
const peers = document.getElementById("peers");
const reload = document.getElementById("reload");

let view, latest, stream, heard = 0;

// A view is shown until another is: {node, name, show(snapshot), close()}.
function route() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  view?.close();
  if (name === "pool" && rest.length === 3) view = new Pool(...rest);
  else if (name === "sessions") view = new Sessions();
  else if (name === "peers") view = new Peers();
  else if (name === "log") view = new Warnings();
  else view = new Pools();
  main.replaceChildren(view.node);
  document.title = view.title ? `${view.title} · wampool` : "wampool";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === view.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (latest) view.show(latest);
}

function take(snapshot) {
  latest = snapshot;
  heard = Date.now();
  const reasons = snapshot.unready.length;
  say(reasons ? "unready" : "ready", reasons ? `not ready: ${reasons} ${reasons === 1 ? "reason" : "reasons"}` : "ready");
  warned.hidden = !snapshot.warnings;
  text(warned, count(snapshot.warnings ?? 0));
  peers.hidden = !snapshot.peers;
  reload.hidden = !mayControl(snapshot);
  view.show(snapshot);
}

// The line is read out when it changes.
function say(now, words) {
  state.dataset.state = now;
  text(state, words);
}

// A page that nobody looks at takes nothing.
function listen() {
  if (document.hidden) {
    stream?.close();
    stream = undefined;
    return;
  }
  if (stream) return;
  stream = new EventSource("api/v1/events");
  stream.addEventListener("snapshot", (event) => take(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    say("lost", heard ? "connection lost: what is shown is old" : "no connection");
    if (stream?.readyState === EventSource.CLOSED) { // it was refused: the browser does not try again
      stream = undefined;
      setTimeout(listen, 5000);
    }
  });
}

reload.addEventListener("click", () => command("reload", {}, {
  question: "Reload the configuration?",
  consequence: "The file is read anew. If anything in it is wrong, nothing changes.",
  done: ({ changed, deferred }) => [
    changed?.length ? `Changed: ${changed.join(", ")}.` : "Nothing has changed.",
    deferred?.length ? `From the next start on: ${deferred.join("; ")}.` : "",
  ].join(" "),
}));
addEventListener("hashchange", () => {
  route();
  main.focus({ preventScroll: true }); // its beginning would be below the header
  scrollTo(0, 0);
});
document.addEventListener("visibilitychange", listen);
route();
listen();
