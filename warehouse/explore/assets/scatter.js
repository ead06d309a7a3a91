// The scatter: any two figures; a brush is a filter, a threshold is a line that can be dragged.

import { $, ask, label, make, number } from "./ask.js";
import { dots, scales, ticks } from "./draw.js";
import { asked, change, filter, read } from "./state.js";

const AXES = ["x", "y"];
const DEFAULT = { x: "activation_semantic_sim", y: "activation_max_jaccard" };
const QUIET = ["feature", "beside", "page", "rows", "columns", "sort", "semantic", "lexical"];
const REACH = 8; // pixels

let catalog, points, scale, drag, moved = {};

export function start(known) {
  catalog = known;
  for (const axis of AXES) {
    const list = $(`#plot [name=${axis}]`);
    for (const figure of catalog.figures) list.append(new Option(label(figure.name), figure.name));
    list.addEventListener("change", () => change({ [axis]: list.value }));
  }
  $("#unbrush").addEventListener("click", clear);
  const over = $("#over");
  over.addEventListener("pointerdown", down);
  over.addEventListener("pointermove", move);
  over.addEventListener("pointerup", up);
  over.addEventListener("pointerleave", () => { $("#tip").hidden = true; });
  over.addEventListener("dblclick", clear);
  new ResizeObserver(() => points && draw()).observe($("#canvas"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => points && draw());
  for (const [name, { column, value }] of Object.entries(catalog.thresholds)) {
    const field = make("input", { type: "number", step: "0.01", name, "aria-label": `${name} threshold` });
    field.addEventListener("input", () => field.value && set(name, Number(field.value)));
    const back = make("button", { type: "button", hidden: "", text: `back to ${number(value)}` });
    back.addEventListener("click", () => set(name, value));
    $("#thresholds").append(make("label", { "data-column": column }, `${name} above `, field, back));
  }
  $("#thresholds").append(make("p", { id: "changes", role: "status", "aria-live": "polite" }));
}

const figure = (axis, view = read()) => view.get(axis) ?? DEFAULT[axis];
const threshold = (name, view = read()) => moved[name] ?? Number(view.get(name) ?? catalog.thresholds[name].value);
const shown = () => Object.entries(catalog.thresholds).flatMap(([name, { column }]) =>
  AXES.filter((axis) => figure(axis) === column).map((axis) => [name, axis]));

export async function show(view, changed) {
  if (!changed || changed.has("semantic") || changed.has("lexical")) types();
  for (const axis of AXES) $(`#plot [name=${axis}]`).value = figure(axis, view);
  const own = new Set(AXES.flatMap((axis) => ["min", "max"].map((end) => `${figure(axis, view)}.${end}`)));
  $("#unbrush").hidden = ![...own].some((key) => view.has(key));
  if (changed && [...changed].every((key) => QUIET.includes(key) || own.has(key))) return points && draw();
  const packed = await ask("points", `/api/points?${asked(QUIET)}`, "arrayBuffer");
  if (!packed) return;
  points = unpack(packed);
  $("#plot-sql").textContent = `${points.sql};`;
  $("#plot-csv").href = `/points.csv?${asked(QUIET)}`;
  draw();
}

function unpack(packed) {
  const end = new Uint8Array(packed).indexOf(10) + 1;
  const head = JSON.parse(new TextDecoder().decode(packed.slice(0, end)));
  const n = head.points;
  return {
    ...head,
    x: new Float32Array(packed, end, n),
    y: new Float32Array(packed, end + 4 * n, n),
    feature: new Uint32Array(packed, end + 8 * n, n),
    kind: new Uint8Array(packed, end + 12 * n, n),
  };
}

export function clear() {
  filter(Object.fromEntries(AXES.flatMap((axis) => ["min", "max"].map((end) => [`${figure(axis)}.${end}`, ""]))));
}

function set(name, value) {
  change({ [name]: value === catalog.thresholds[name].value ? "" : String(value) }, { replace: true });
  types();
  draw();
}

let asking = false, again = false;

// How many features would change their type: asked while a line is dragged, one question at a time.
async function types() {
  for (const name of Object.keys(catalog.thresholds)) {
    const field = $(`#thresholds [name=${name}]`);
    if (field !== document.activeElement) field.value = threshold(name);
    field.nextElementSibling.hidden = threshold(name) === catalog.thresholds[name].value;
  }
  if (asking) { again = true; return; }
  asking = true;
  const lines = Object.keys(catalog.thresholds).map((name) => `${name}=${threshold(name)}`);
  const told = await ask("types", `/api/types?${lines.join("&")}`);
  asking = false;
  if (told) {
    const ways = told.rows.filter(([now, then]) => now !== then).sort((a, b) => b[2] - a[2]);
    const share = told.explained ? ` (${Math.round((100 * told.changed) / told.explained)} %)` : "";
    $("#changes").textContent = told.changed
      ? `${number(told.changed)} of ${number(told.explained)} explained features${share} would change type: ${ways.map(([a, b, n]) => `${a} → ${b} ${number(n)}`).join(", ")}.`
      : "At these thresholds no feature changes type. Drag a line in the scatter to see how many would.";
    $("#changes").title = told.sql;
  }
  if (again) { again = false; types(); }
}

function draw() {
  const box = $("#canvas");
  for (const canvas of box.querySelectorAll("canvas")) {
    canvas.width = box.clientWidth * devicePixelRatio;
    canvas.height = box.clientHeight * devicePixelRatio;
    canvas.getContext("2d").setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  }
  const lines = shown().map(([name, axis]) => [axis, threshold(name)]);
  scale = scales(points, box.clientWidth, box.clientHeight, lines);
  const view = read();
  const bounds = AXES.flatMap((axis) => [["min", -Infinity], ["max", Infinity]].map(([end, open]) =>
    Number(view.get(`${figure(axis)}.${end}`) ?? open)));
  const counts = dots($("#dots").getContext("2d"), points, scale, catalog.patterns, bounds);
  ticks($("#dots").getContext("2d"), scale, label(figure("x")), label(figure("y")));
  $("#legend").replaceChildren(...catalog.patterns.flatMap((name, code) => counts[code] ? [
    make("span", {}, make("span", { class: `dot ${name}` }), `${name} ${number(counts[code])}`)] : []));
  $("#thresholds").hidden = !shown().length;
  for (const line of document.querySelectorAll("#thresholds label")) {
    line.hidden = !AXES.some((axis) => figure(axis) === line.dataset.column);
  }
  overlay();
}

function overlay() {
  const over = $("#over").getContext("2d");
  const style = getComputedStyle(document.documentElement);
  over.clearRect(0, 0, scale.width, scale.height);
  over.font = "12px system-ui, sans-serif";
  for (const [name, axis] of shown()) {
    const at = scale[axis](threshold(name));
    over.strokeStyle = over.fillStyle = style.getPropertyValue("--bad");
    over.lineWidth = 1.5;
    over.beginPath();
    if (axis === "x") { over.moveTo(at, scale.top); over.lineTo(at, scale.bottom); }
    else { over.moveTo(scale.left, at); over.lineTo(scale.right, at); }
    over.stroke();
    const text = `${name} ${number(threshold(name))}`;
    if (axis === "x") over.fillText(text, Math.min(at + 4, scale.right - over.measureText(text).width), scale.top + 10);
    else over.fillText(text, scale.right - over.measureText(text).width, at - 4);
  }
  const view = read();
  over.strokeStyle = style.getPropertyValue("--ink");
  for (const [key, size] of [["beside", 5], ["feature", 6]]) {
    const place = points.feature.indexOf(Number(view.get(key) ?? -1));
    if (place < 0) continue;
    over.lineWidth = 2;
    over.beginPath();
    over.arc(scale.x(points.x[place]), scale.y(points.y[place]), size, 0, 7);
    over.stroke();
  }
  if (drag?.to) {
    over.strokeStyle = style.getPropertyValue("--accent");
    over.lineWidth = 1;
    over.strokeRect(drag.from.x, drag.from.y, drag.to.x - drag.from.x, drag.to.y - drag.from.y);
  }
}

const where = (event) => ({ x: event.offsetX, y: event.offsetY });

const near = (at) => shown().find(([name, axis]) => Math.abs(scale[axis](threshold(name)) - at[axis]) < REACH);

function nearest(at) {
  let best = -1, least = REACH * REACH;
  for (let i = 0; i < points.x.length; i++) {
    const d = (scale.x(points.x[i]) - at.x) ** 2 + (scale.y(points.y[i]) - at.y) ** 2;
    if (d < least) { least = d; best = i; }
  }
  return best;
}

function down(event) {
  if (!points || event.button) return;
  event.target.setPointerCapture(event.pointerId);
  drag = { from: where(event), line: near(where(event)) };
}

function move(event) {
  if (!points) return;
  const at = where(event);
  if (drag?.line) {
    const [name, axis] = drag.line;
    moved[name] = Math.round(scale.back[axis](at[axis]) * 1000) / 1000;
    types();
  } else if (drag) {
    drag.to = at;
  } else {
    hover(at);
    return;
  }
  overlay();
}

function hover(at) {
  const line = near(at);
  $("#over").style.cursor = line ? (line[1] === "x" ? "ew-resize" : "ns-resize") : "crosshair";
  const place = nearest(at);
  const tip = $("#tip");
  tip.hidden = place < 0;
  if (place < 0) return;
  tip.textContent = `feature ${points.feature[place]}: ${number(points.x[place])}, ${number(points.y[place])}, ${catalog.patterns[points.kind[place]]}`;
  tip.style.left = `${Math.min(at.x + 12, scale.width - tip.offsetWidth)}px`;
  tip.style.top = `${Math.max(0, at.y - 28)}px`;
}

function up(event) {
  if (!drag) return;
  const { from, to, line } = drag;
  drag = undefined;
  if (line) {
    const value = moved[line[0]];
    delete moved[line[0]];
    if (value !== undefined) set(line[0], value);
  } else if (to && Math.abs(to.x - from.x) > 3 && Math.abs(to.y - from.y) > 3) {
    const values = {};
    for (const axis of AXES) {
      const ends = [scale.back[axis](from[axis]), scale.back[axis](to[axis])].sort((a, b) => a - b);
      ["min", "max"].forEach((end, place) => { values[`${figure(axis)}.${end}`] = String(Number(ends[place].toPrecision(4))); });
    }
    filter(values);
  } else {
    const place = nearest(where(event));
    if (place >= 0) change({ feature: String(points.feature[place]) });
  }
  overlay();
}
