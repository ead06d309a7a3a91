// Asking the server: the newest question of each kind is answered, older ones are dropped.

const running = new Map();

export async function ask(kind, address, as = "json") {
  running.get(kind)?.abort();
  const stop = new AbortController();
  running.set(kind, stop);
  try {
    const answer = await fetch(address, { signal: stop.signal });
    if (!answer.ok) throw await told(answer);
    const found = await answer[as]();
    problem(kind, "");
    return found;
  } catch (error) {
    if (error.name === "AbortError") return null;
    problem(kind, error.message);
    return null;
  }
}

async function told(answer) {
  try {
    const { error, hint } = await answer.json();
    return new Error(hint ? `${error}: ${hint}` : error);
  } catch {
    return new Error(`the server answered ${answer.status}`);
  }
}

const problems = new Map();

function problem(kind, text) {
  problems.set(kind, text);
  text = [...problems.values()].find(Boolean) ?? "";
  const line = document.getElementById("problem");
  line.textContent = text;
  line.hidden = !text;
}

export const $ = (selector, within = document) => within.querySelector(selector);

export function make(tag, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(key, value);
  }
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

export const number = (value) =>
  value === null || value === undefined ? "–"
    : Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));

export const label = (name) => name.replaceAll("_", " ");
