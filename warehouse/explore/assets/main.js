// The page: the view in the address is shown by each part, the keys move in it.

import { $, ask } from "./ask.js";
import * as cards from "./cards.js";
import * as filters from "./filters.js";
import * as scatter from "./scatter.js";
import { listen, read } from "./state.js";
import * as table from "./table.js";

let build = "";

async function begin() {
  const catalog = await ask("catalog", "/api/catalog");
  if (!catalog) return;
  build = catalog.build;
  filters.start(catalog);
  table.start(catalog);
  scatter.start(catalog);
  cards.start();
  listen(show);
  await show(read());
  document.body.dataset.ready = "yes";
}

async function show(view, changed) {
  filters.show(view);
  const [now] = await Promise.all([
    table.show(view, changed), scatter.show(view, changed), cards.show(view, changed),
  ]);
  if (now && now !== build) location.reload(); // a build was published: its columns, its thresholds
}

$("#help").addEventListener("click", () => {
  $("#keys").hidden = !$("#keys").hidden;
  $("#help").setAttribute("aria-expanded", String(!$("#keys").hidden));
});

const KEYS = {
  "/": () => { $("#filters").open = true; $("[name=text]").focus(); },
  "?": () => $("#help").click(),
  j: () => table.step(1),
  k: () => table.step(-1),
  ArrowDown: () => table.step(1),
  ArrowUp: () => table.step(-1),
  Enter: () => table.enter(),
  "[": () => cards.go("previous"),
  "]": () => cards.go("next"),
  p: () => read().get("feature") && cards.pin(),
  Escape: () => (read().get("feature") ? cards.close() : scatter.clear()),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, select, textarea");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    return;
  }
  if (event.key === "Enter" && event.target.closest("button, a, summary")) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

begin();
