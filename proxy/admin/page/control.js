// What the page may ask wampool to do, after asking the person.
import { text } from "./format.js";

/** mayControl tells whether the listener takes commands. */
export const mayControl = (snapshot) => snapshot?.control === true;

/**
 * command sends POST /api/v1/{name} once the person has agreed, and tells what came of
 * it. done makes a sentence of the answer.
 */
export async function command(name, body, { question, consequence, done }) {
  if (!await agree(question, consequence)) return false;
  try {
    const answer = await fetch(`api/v1/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Wampool": "1" },
      body: JSON.stringify(body),
    });
    const said = await answer.json();
    tell(answer.ok ? done(said) : said.error, !answer.ok);
    return answer.ok;
  } catch (e) {
    tell(`wampool does not answer: ${e.message}`, true);
    return false;
  }
}

function agree(question, consequence) {
  const ask = document.getElementById("ask");
  text(document.getElementById("question"), question);
  text(document.getElementById("consequence"), consequence);
  ask.returnValue = "no";
  ask.showModal();
  return new Promise((resolve) => ask.addEventListener("close", () => resolve(ask.returnValue === "yes"), { once: true }));
}

let fading;

function tell(words, isWrong) {
  const said = document.getElementById("said");
  said.hidden = false;
  said.classList.toggle("wrong", isWrong);
  text(said, words);
  clearTimeout(fading);
  if (!isWrong) fading = setTimeout(() => { said.hidden = true; }, 10000);
}

/** get asks for JSON; it throws the error that wampool tells. */
export async function get(path) {
  const answer = await fetch(path);
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

/** every calls what at once and then each so many ms, one after the other, until the result is called. */
export function every(ms, what) {
  let timer, ended = false;
  const run = async () => {
    if (!document.hidden) await what();
    if (!ended) timer = setTimeout(run, ms);
  };
  run();
  return () => { ended = true; clearTimeout(timer); };
}
