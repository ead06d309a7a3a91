// The table: a page of features, sorted and cut by the server.

import { $, ask, label, make, number } from "./ask.js";
import { asked, change, filter, read } from "./state.js";

const APART = ["feature", "beside", "x", "y", "semantic", "lexical"];
let catalog;
let found = { rows: [], columns: [] };

export function start(known) {
  catalog = known;
  const rows = $("#table [name=rows]");
  for (const size of catalog.defaults.rows) rows.append(new Option(size, size));
  rows.addEventListener("change", () => filter({ rows: rows.value }));
  $("#before").addEventListener("click", () => turn(-1));
  $("#after").addEventListener("click", () => turn(1));
  for (const column of catalog.columns) {
    if (column.name === "feature_id") continue;
    const box = make("input", { type: "checkbox", value: column.name });
    $("#columns div").append(make("label", { title: column.description }, box, label(column.name)));
  }
  $("#columns").addEventListener("change", () => {
    const chosen = [...document.querySelectorAll("#columns :checked")].map((box) => box.value);
    change({ columns: chosen.join(",") });
  });
  $("#table tbody").addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !getSelection().toString()) change({ feature: row.dataset.feature });
  });
}

function turn(by) { change({ page: Math.max(1, found.page + by) }); }

export async function show(view, changed) {
  if (changed && [...changed].every((key) => APART.includes(key))) return mark(view);
  const answer = await ask("features", `/api/features?${asked(APART)}`);
  if (!answer) return;
  found = answer;
  $("#count").textContent = `${number(found.found)} of ${number(catalog.features)} features, ${found.milliseconds} ms`;
  $("#sql").textContent = `${found.sql};`;
  $("#csv").href = `/features.csv?${asked(APART)}`;
  head(view);
  $("#table tbody").replaceChildren(...found.rows.map(line));
  const size = Number(view.get("rows") ?? 50);
  const first = (found.page - 1) * size;
  $("#place").textContent = found.found ? `${number(first + 1)}–${number(first + found.rows.length)} of ${number(found.found)}` : "no features";
  $("#before").disabled = found.page <= 1;
  $("#after").disabled = first + found.rows.length >= found.found;
  $("#table [name=rows]").value = size;
  for (const box of document.querySelectorAll("#columns input")) box.checked = found.columns.includes(box.value);
  mark(view);
  return found.build;
}

function head(view) {
  const sort = view.get("sort") ?? "score_rank";
  const cells = found.columns.map((name) => {
    const own = sort.replace(/^-/, "") === name;
    const button = make("button", { type: "button", text: label(name) + (own ? (sort.startsWith("-") ? " ↓" : " ↑") : "") });
    button.addEventListener("click", () => filter({ sort: sort === name ? `-${name}` : name }));
    const told = catalog.columns.find((c) => c.name === name)?.description;
    return make("th", { class: figured(name) ? "n" : "", title: told, "aria-sort": own ? (sort.startsWith("-") ? "descending" : "ascending") : "none" }, button);
  });
  $("#table thead tr").replaceChildren(...cells);
}

const figured = (name) => catalog.figures.some((f) => f.name === name);

function line(row) {
  const feature = row[found.columns.indexOf("feature_id")];
  const cells = row.map((value, place) => {
    const name = found.columns[place];
    if (name === "feature_id") {
      const link = make("a", { href: `?feature=${feature}`, text: String(feature) });
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) event.stopPropagation();
        else event.preventDefault();
      });
      return make("td", { class: "n" }, link);
    }
    if (figured(name)) return make("td", { class: "n", text: number(value) });
    const text = Array.isArray(value) ? value.join(", ") : (value ?? "–");
    const dot = name === "pattern_type" ? [make("span", { class: `dot ${value ?? "unexplained"}` })] : [];
    return make("td", { class: name === "explanation_text" ? "wide" : "" }, ...dot, make("bdi", { text }));
  });
  return make("tr", { "data-feature": feature }, ...cells);
}

export function mark(view = read()) {
  for (const row of document.querySelectorAll("#table tbody tr")) {
    const own = row.dataset.feature === view.get("feature");
    row.toggleAttribute("aria-selected", own);
    if (own) row.scrollIntoView({ block: "nearest" });
  }
}

// Move the row that has the keys' attention; Enter opens its card.
export function step(by) {
  const rows = [...document.querySelectorAll("#table tbody tr")];
  const now = rows.findIndex((row) => row.classList.contains("here"));
  const from = now >= 0 ? now : rows.findIndex((row) => row.hasAttribute("aria-selected"));
  const row = rows[Math.min(rows.length - 1, Math.max(0, from + by))];
  if (!row) return;
  if (now >= 0) rows[now].classList.remove("here");
  row.classList.add("here");
  row.scrollIntoView({ block: "nearest" });
  if (!$("#cards").hidden) change({ feature: row.dataset.feature });
}

export function enter() {
  const row = $("#table tr.here");
  if (row) change({ feature: row.dataset.feature });
}
