// The filters: a field each, filled from the view and written into it.

import { $, label, make, number } from "./ask.js";
import { filter, keep, read } from "./state.js";

const USUAL = ["mean_score", "match_rate"];
const PLACE = new Set(["x", "y", "columns", "rows", "sort", "feature", "beside", "semantic", "lexical"]);
const added = new Set();
let catalog;

export function start(known) {
  catalog = known;
  const form = $("#filters form");
  form.addEventListener("submit", (event) => event.preventDefault());
  let waiting;
  form.addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => taken(event.target), event.target.type === "checkbox" ? 0 : 250);
  });
  for (const name of catalog.patterns) {
    const box = make("input", { type: "checkbox", name: "pattern", value: name });
    $("#patterns").append(make("label", {}, box, make("span", { class: `dot ${name}` }), name));
  }
  const names = new Set([...catalog.columns, ...catalog.figures].map((c) => c.name));
  for (const name of names) {
    if (!["explanation_text", "pattern_type", "sae_id", ...USUAL].includes(name)) $("#add").append(new Option(label(name), name));
  }
  $("#reset").addEventListener("click", () => { added.clear(); keep(PLACE); });
  if (innerWidth < 1100) $("#filters").open = false;
  show(read());
}

function taken(field) {
  if (field.id === "add") {
    if (!field.value) return;
    added.add(field.value);
    field.value = "";
    show(read());
    $("#ranges > :last-child input")?.focus();
  } else if (field.name === "pattern") {
    const chosen = [...document.querySelectorAll("#patterns :checked")].map((box) => box.value);
    filter({ pattern: chosen.join(",") });
  } else if (field.validity.valid) {
    filter({ [field.name]: field.value }, { replace: true });
  }
}

export function show(view) {
  for (const name of ["text", "tokens", "where"]) fill($(`#filters [name=${name}]`), view.get(name) ?? "");
  const chosen = (view.get("pattern") ?? "").split(",");
  for (const box of document.querySelectorAll("#patterns input")) box.checked = chosen.includes(box.value);
  const used = [...view.keys()].filter((k) => /\.(min|max|has)$/.test(k)).map((k) => k.replace(/\.\w+$/, ""));
  const wanted = [...new Set([...USUAL, ...added, ...used])];
  const rows = $("#ranges");
  if ([...rows.children].map((row) => row.dataset.column).join() !== wanted.join()) {
    rows.replaceChildren(...wanted.map(range));
  }
  for (const field of rows.querySelectorAll("input")) fill(field, view.get(field.name) ?? "");
}

// Not the field that is being typed into.
function fill(field, value) {
  if (field !== document.activeElement || !value) field.value = value;
}

function range(name) {
  const figure = catalog.figures.find((f) => f.name === name);
  const row = make("fieldset", { "data-column": name });
  const about = figure ?? catalog.columns.find((c) => c.name === name);
  row.append(make("legend", { text: label(name), title: about?.description }));
  if (!figure) {
    row.append(make("input", { type: "search", name: `${name}.has`, "aria-label": `${label(name)} has`, placeholder: "has …" }));
    return row;
  }
  for (const [end, place, what] of [["min", 0, "at least"], ["max", 1, "at most"]]) {
    row.append(make("input", {
      type: "number", step: "any", name: `${name}.${end}`, "aria-label": `${label(name)} ${what}`,
      placeholder: `${place ? "≤" : "≥"} ${number(figure.extent[place])}`,
    }));
  }
  return row;
}
