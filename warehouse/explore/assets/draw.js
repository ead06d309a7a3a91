// Drawing on a canvas: scales, points by pattern type, axes. Colours are the page's variables.

const MARGIN = { left: 44, right: 10, top: 8, bottom: 34 };
const COLOUR = { none: "--p9", semantic: "--p0", lexical: "--p1", both: "--p2", unexplained: "--none" };

export function scales(points, width, height, lines) {
  const scale = {
    width, height, left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top,
    bottom: height - MARGIN.bottom, back: {}, ends: {},
  };
  for (const [axis, near, far] of [["x", scale.left, scale.right], ["y", scale.bottom, scale.top]]) {
    let [low, high] = extent(points[axis], lines.filter(([of]) => of === axis).map(([, at]) => at));
    if (low === high) { low -= 0.5; high += 0.5; }
    const pad = (high - low) * 0.03;
    low -= pad; high += pad;
    scale.ends[axis] = [low, high];
    scale[axis] = (value) => near + ((value - low) / (high - low)) * (far - near);
    scale.back[axis] = (at) => low + ((at - near) / (far - near)) * (high - low);
  }
  return scale;
}

function extent(values, more) {
  let low = Infinity, high = -Infinity;
  for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
  for (const value of more) { low = Math.min(low, value); high = Math.max(high, value); }
  return low <= high ? [low, high] : [0, 1];
}

// The points within bounds in their colours, the others faint; how many of each kind are within.
export function dots(on, points, scale, kinds, [left, right, low, high]) {
  const style = getComputedStyle(document.documentElement);
  const n = points.x.length;
  const size = n > 50000 ? 1.5 : n > 5000 ? 2 : n > 500 ? 3.5 : 5;
  on.clearRect(0, 0, scale.width, scale.height);
  const counts = kinds.map(() => 0);
  const draw = (inside, code) => {
    for (let i = 0; i < n; i++) {
      if (points.kind[i] !== code) continue;
      const x = points.x[i], y = points.y[i];
      if ((x >= left && x <= right && y >= low && y <= high) !== inside) continue;
      if (inside) counts[code]++;
      on.fillRect(scale.x(x) - size / 2, scale.y(y) - size / 2, size, size);
    }
  };
  const order = kinds.map((_, code) => code).sort((a, b) => (kinds[b] === "unexplained") - (kinds[a] === "unexplained"));
  on.globalAlpha = 0.35;
  on.fillStyle = style.getPropertyValue("--line");
  for (const code of order) draw(false, code);
  for (const code of order) {
    on.globalAlpha = n > 50000 ? 0.5 : 0.85;
    on.fillStyle = style.getPropertyValue(COLOUR[kinds[code]] ?? "--accent");
    draw(true, code);
  }
  on.globalAlpha = 1;
  return counts;
}

export function ticks(on, scale, x, y) {
  const style = getComputedStyle(document.documentElement);
  on.strokeStyle = style.getPropertyValue("--line");
  on.fillStyle = style.getPropertyValue("--soft");
  on.font = "11px system-ui, sans-serif";
  on.lineWidth = 1;
  on.strokeRect(scale.left, scale.top, scale.right - scale.left, scale.bottom - scale.top);
  on.textAlign = "center";
  for (const value of steps(scale.ends.x, (scale.right - scale.left) / 80)) on.fillText(short(value), scale.x(value), scale.bottom + 13);
  on.fillText(x, (scale.left + scale.right) / 2, scale.bottom + 28);
  on.textAlign = "right";
  for (const value of steps(scale.ends.y, (scale.bottom - scale.top) / 40)) on.fillText(short(value), scale.left - 4, scale.y(value) + 4);
  on.save();
  on.translate(9, (scale.top + scale.bottom) / 2);
  on.rotate(-Math.PI / 2);
  on.textAlign = "center";
  on.fillText(y, 0, 0);
  on.restore();
  on.textAlign = "left";
}

const short = (value) => (Math.abs(value) >= 10000 ? value.toExponential(0) : String(Number(value.toPrecision(6))));

function steps([low, high], about) {
  const raw = (high - low) / Math.max(2, about);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
  return found;
}
