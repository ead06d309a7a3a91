// The cards: one feature, or two side by side; the server makes their HTML, escaped.

import { $, ask, make, number } from "./ask.js";
import { asked, change, read } from "./state.js";

const shown = new Map();

export function start() {
  $("#close").addEventListener("click", close);
  $("#pin").addEventListener("click", pin);
  for (const way of ["previous", "next"]) $(`#${way}`).addEventListener("click", () => go(way));
  $("#shown").addEventListener("click", (event) => {
    const link = event.target.closest("a[data-feature]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    change({ feature: link.dataset.feature });
  });
}

export const close = () => change({ feature: "", beside: "" });

export function go(way) {
  const to = $(`#${way}`).dataset.feature;
  if (to) change({ feature: to });
}

// Keep the card where it is: what is chosen next is shown beside it.
export function pin() {
  const view = read();
  change({ beside: view.get("beside") ? "" : view.get("feature") });
}

export async function show(view, changed) {
  const feature = view.get("feature");
  const beside = view.get("beside");
  $("#cards").hidden = !feature;
  document.body.classList.toggle("carded", Boolean(feature));
  document.body.classList.toggle("paired", Boolean(feature && beside));
  $("#pin").textContent = beside ? "keep one" : "keep beside";
  if (!feature) return;
  if (!changed || changed.has("feature") || changed.has("beside")) {
    const wanted = [...new Set([beside, feature].filter(Boolean))];
    const made = await Promise.all(wanted.map((id, place) => card(id, place)));
    if (made.some((part) => !part)) return;
    $("#shown").replaceChildren(...made);
    $("#cards").scrollTop = 0;
  }
  await around();
}

async function card(id, place) {
  if (shown.has(id)) return shown.get(id);
  const text = await ask(`card${place}`, `/card/${encodeURIComponent(id)}`, "text");
  if (text === null) return null;
  const part = make("div", { class: "shown" });
  part.append(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  shown.set(id, part);
  if (shown.size > 20) shown.delete(shown.keys().next().value);
  return part;
}

async function around() {
  const found = await ask("around", `/api/around?${asked(["page", "rows", "columns", "x", "y"])}`);
  if (!found) return;
  for (const way of ["previous", "next"]) {
    const button = $(`#${way}`);
    button.disabled = found[way] === null;
    button.dataset.feature = found[way] ?? "";
  }
  $("#nth").textContent = found.place ? `${number(found.place)} in this view` : "not in this view";
}

export const forget = () => shown.clear();
