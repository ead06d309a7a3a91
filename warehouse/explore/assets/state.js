// The view: what the address says, and nothing beside it.

const PAGE_ONLY = new Set(["beside"]);
const listeners = [];

export const read = () => new URLSearchParams(location.search);

// Whoever listens gets the view and the keys that changed.
export function listen(listener) { listeners.push(listener); }

export function change(values, { replace = false } = {}) {
  const before = read();
  const after = read();
  for (const [key, value] of Object.entries(values)) {
    if (value === "" || value === null || value === undefined) after.delete(key);
    else after.set(key, value);
  }
  if (after.toString() === before.toString()) return;
  const text = after.toString().replaceAll("%2C", ",");
  history[replace ? "replaceState" : "pushState"](null, "", text ? `?${text}` : location.pathname);
  tell(before, after);
}

// A filter changes which features there are: the table begins anew.
export const filter = (values, how) => change({ page: "", ...values }, how);

export function keep(keys) {
  const before = read();
  const text = new URLSearchParams([...before].filter(([key]) => keys.has(key))).toString();
  history.pushState(null, "", text ? `?${text}` : location.pathname);
  tell(before, read());
}

let last = read();
addEventListener("popstate", () => tell(last, read()));

function tell(before, after) {
  const keys = new Set([...before.keys(), ...after.keys()]);
  const changed = new Set([...keys].filter((key) => before.get(key) !== after.get(key)));
  last = after;
  for (const listener of listeners) listener(after, changed);
}

// The part of the view that the server reads.
export function asked(leave = []) {
  const view = read();
  for (const key of [...PAGE_ONLY, ...leave]) view.delete(key);
  return view.toString();
}
