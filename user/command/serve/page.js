// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Draws what /api/rows tells, again and again. Nothing of it is ever markup: names are hostile.
"use strict";

const PAUSE_MS = 2000;
const KEPT = 150; // points of a history: five minutes
const ROWS = 30; // of a table
const SVG = "http://www.w3.org/2000/svg";

const histories = new Map(); // by key: {values, refresh}
let refresh = 0;
let answeredAt = 0;

// ---- words

// Control and format characters, and what orders text otherwise, as \xNN; as in all other output.
function harmless(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    [...new TextEncoder().encode(character)].map((byte) => "\\x" + byte.toString(16).padStart(2, "0")).join(""));
}

function number(value) {
  return value == null ? "–" : value.toLocaleString("en", { maximumFractionDigits: 0 });
}

function rate(value) {
  return value == null ? "–" : value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

function percent(share) {
  return share == null ? "–" : (100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0) + " %";
}

function duration(seconds) {
  if (seconds == null) return "–";
  if (seconds < 0.001) return Math.round(seconds * 1e6) + " µs";
  if (seconds < 1) return Math.round(seconds * 1e3) + " ms";
  if (seconds < 100) return seconds.toFixed(1) + " s";
  if (seconds < 6000) return Math.round(seconds / 60) + " min";
  return seconds < 172800 ? Math.round(seconds / 3600) + " h" : Math.round(seconds / 86400) + " d";
}

function endpoint(address, port) {
  if (address == null) return "";
  return (address.includes(":") ? `[${address}]` : address) + ":" + (port ?? "*");
}

function place(row) {
  if (row.raddr != null) return "to " + endpoint(row.raddr, row.rport);
  return row.laddr != null ? "at " + endpoint(row.laddr, row.lport) : "";
}

function nameOf(row) {
  if (row.key != null) return [harmless(row.key), ""];
  if (!row.process) return ["unknown", ""];
  return [harmless(row.process.comm ?? "?") || "(no name)", String(row.process.pid)];
}

// ---- elements

function element(tag, classes, ...children) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  made.append(...children);
  return made;
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function name(row) {
  const [comm, pid] = nameOf(row);
  const words = element("bdi", "", comm);
  return pid ? [words, " ", element("small", "", pid)] : [words];
}

// The last values of what `key` stands for; `before`: what is known of the time before the first.
function note(key, value, before = []) {
  let history = histories.get(key);
  if (!history) histories.set(key, (history = { values: [...before] }));
  if (history.refresh !== refresh) history.values.push(value ?? 0);
  history.refresh = refresh;
  history.values.splice(0, history.values.length - KEPT);
  return history.values;
}

// What is gone has no history: the page may be open for days.
function forget() {
  for (const [key, history] of histories) if (refresh - history.refresh > KEPT) histories.delete(key);
}

function sparkline(values, what) {
  const most = Math.max(...values, 1);
  const points = values.length > 1 ? values : [values[0] ?? 0, values[0] ?? 0];
  const step = 100 / (points.length - 1);
  const line = points.map((value, i) => `${(i * step).toFixed(2)},${(30 - (28 * value) / most).toFixed(2)}`).join(" ");
  const drawn = shape("svg", { viewBox: "0 0 100 31", preserveAspectRatio: "none", role: "img",
    "aria-label": `${what}: from ${number(points[0])} to ${number(points.at(-1))}, at most ${number(Math.max(...points))}` });
  drawn.append(shape("polygon", { class: "area", points: `0,31 ${line} 100,31` }),
    shape("polyline", { class: "line", points: line }));
  return drawn;
}

function bar(text, share, tone) {
  const fill = element("b");
  fill.style.width = 100 * Math.min(share ?? 0, 1) + "%";
  return element("div", "bar " + tone, element("span", "", text), element("i", "", fill));
}

// ---- tables: a column is a title, a class, and what its cell shows

const TONES = { leak: "bad", stall: "bad", stopped: "bad", dead: "bad", backlog: "bad", not_reading: "bad",
  mixed: "doubtful", unknown: "doubtful", relay: "doubtful" };

function toneOf(share) {
  return share >= 0.95 ? "bad" : share >= 0.8 ? "doubtful" : "";
}

function began(row) {
  let sum = 0;
  return (row.began ?? []).map((span) => (sum += span.count));
}

const TABLES = {
  leaks: {
    type: "close_wait",
    empty: "No socket is in CLOSE_WAIT.",
    key: (row) => JSON.stringify([row.process?.pid, row.process?.start_time, row.key, row.evidence.listener?.lport]),
    present: (row) => row.sockets || row.dead,
    columns: [
      ["Process", "name", (row) => name(row)],
      ["Sockets", "number", (row) => [number(row.sockets)]],
      ["Last minutes", "spark", (row, key) => [sparkline(note("leaks" + key, row.sockets, began(row)), "sockets in CLOSE_WAIT")]],
      ["Oldest", "number", (row) => [duration(row.oldest_s)]],
      ["Growth/s", "number", (row) => [row.growth_per_s == null ? "–" : (row.growth_per_s > 0 ? "+" : "") + row.growth_per_s.toFixed(1)]],
      ["Descriptors", "wide", (row) => row.fds == null || !row.fd_limit ? ["–"] :
        [bar(`${number(row.fds)} of ${number(row.fd_limit)}`, row.fds / row.fd_limit, toneOf(row.fds / row.fd_limit))]],
      ["Verdict", "", (row) => [element("span", "verdict " + (TONES[row.verdict] ?? ""), row.verdict.replaceAll("_", " "))]],
    ],
  },
  timewait: {
    type: "time_wait",
    empty: "No socket is in TIME_WAIT.",
    key: (row) => JSON.stringify([row.process?.pid, row.process?.start_time, row.key, row.netns, place(row), row.laddr]),
    present: (row) => row.sockets,
    columns: [
      ["Process", "name", (row) => row.process || row.predates < row.sockets ? name(row) : [element("small", "", "older than tcplinger")]],
      ["Where", "place", (row) => [place(row)]],
      ["Now", "number", (row) => [number(row.sockets)]],
      ["Last minutes", "spark", (row, key) => [sparkline(note("timewait" + key, row.sockets), "sockets in TIME_WAIT")]],
      ["New/s", "number", (row) => [rate(row.created_per_s)]],
      ["Closed first", "number", (row) => [row.closed ? percent(row.closed_first / row.closed) : "–"]],
      ["Connected, median", "number", (row) => [duration(row.connected.p50_s)]],
    ],
  },
  ports: {
    type: "ports",
    empty: "No outgoing connection holds a port.",
    key: (row) => JSON.stringify([row.netns, row.laddr, row.raddr, row.rport]),
    present: (row) => row.used || row.bound,
    columns: [
      ["Destination", "place", (row) => [endpoint(row.raddr, row.rport) || "any, of namespace " + row.netns]],
      ["Used of supply", "wide", (row) => [bar(`${number(row.used)} of ${number(row.supply)}` +
        (row.supply ? ` · ${percent(row.used / row.supply)}` : ""), row.used / row.supply, toneOf(row.used / row.supply))]],
      ["Last minutes", "spark", (row, key) => [sparkline(note("ports" + key, row.used), "ports used")]],
      ["New/s", "number", (row) => [rate(row.consumed_per_s)]],
      ["Lasts at most/s", "number", (row) => [rate(row.sustainable_per_s)]],
      ["None left in", "number", (row) => [row.exhausted_in_s === 0 ? element("span", "verdict bad", "exhausted") : duration(row.exhausted_in_s)]],
    ],
  },
};

function cell([title, classes, show], row, key, first) {
  const made = element("td", classes, ...show(row, key));
  if (!first) made.dataset.label = title;
  return made;
}

function header(columns) {
  const titles = columns.map(([title, classes]) => {
    const made = element("th", classes.includes("number") ? "number" : "", title);
    made.scope = "col";
    return made;
  });
  return element("thead", "", element("tr", "", ...titles));
}

function aside(table, classes, text) {
  const made = element("td", classes, text);
  made.colSpan = table.columns.length;
  return element("tr", "", made);
}

function drawTable(id, objects) {
  const table = TABLES[id];
  const rows = objects.filter((row) => row.type === table.type && table.present(row));
  const body = element("tbody");
  for (const row of rows.slice(0, ROWS)) {
    const key = table.key(row);
    body.append(element("tr", "", ...table.columns.map((column, i) => cell(column, row, key, i === 0))));
  }
  if (!rows.length) body.append(aside(table, "nothing", table.empty));
  if (rows.length > ROWS) body.append(aside(table, "more", `and ${number(rows.length - ROWS)} more`));
  document.getElementById(id).replaceChildren(header(table.columns), body);
}

// ---- findings

// What helps, what does not, what shows more; best first.
function help(advice) {
  const made = element("dl", "help");
  for (const [title, words, code] of [["helps", advice.helps], ["does not help", advice.does_not_help], ["see", advice.commands, true]]) {
    if (!words.length) continue;
    const said = element("dd");
    words.forEach((text) => said.append(element(code ? "code" : "span", "", harmless(text)), element("br")));
    made.append(element("dt", "", title), said);
  }
  return made;
}

function keyOf(advice) {
  return JSON.stringify([advice.rule, advice.about]);
}

function drawFindings(found) {
  const list = document.getElementById("findings");
  const open = new Set([...list.children].filter((item) => item.querySelector("details")?.open).map((item) => item.dataset.key));
  list.replaceChildren(...found.map((advice) => {
    const more = element("details", "", element("summary", "", "what helps"), help(advice));
    const item = element("li", "", element("p", "rule", advice.severity, element("code", "", advice.rule)),
      element("p", "says", harmless(advice.text)), more);
    item.dataset.severity = advice.severity;
    item.dataset.key = keyOf(advice);
    more.open = open.has(item.dataset.key);
    return item;
  }));
}

function drawUnknown(unknown) {
  const details = document.getElementById("unknown");
  details.hidden = !unknown.length;
  details.querySelector("summary").textContent = `${unknown.length} rules cannot be judged here`;
  details.querySelector("ul").replaceChildren(...unknown.map(({ rule, why }) =>
    element("li", "", element("code", "", rule), " ", harmless(why))));
}

function drawVerdict(found, diagnosis) {
  const grave = found.filter((advice) => advice.severity !== "info").length;
  const line = document.getElementById("verdict");
  line.className = grave || !diagnosis ? "lead" : "lead good";
  if (!diagnosis) line.textContent = "";
  else if (grave) line.textContent = `Judged over the last minute, by ${diagnosis.rules} rules.`;
  else line.textContent = `Nothing is wrong, by ${diagnosis.rules - diagnosis.unknown.length} rules over the last minute.`;
}

// ---- totals

function sum(objects, type, key) {
  return objects.reduce((total, row) => total + (row.type === type ? row[key] ?? 0 : 0), 0);
}

function total(title, value, aside, history) {
  const shown = element("dd", "", value, aside ? element("small", "", " " + aside) : "");
  return element("div", "", element("dt", "", title), shown, sparkline(history, title));
}

function drawTotals(objects, found) {
  const closeWaits = sum(objects, "close_wait", "sockets");
  const timeWaits = sum(objects, "time_wait", "sockets");
  const used = objects.filter((row) => row.type === "ports" && row.supply);
  const most = used.reduce((share, row) => Math.max(share, row.used / row.supply), 0);
  const failures = sum(objects, "opening", "pending");
  document.getElementById("totals").replaceChildren(
    total("CLOSE_WAIT", number(closeWaits), "", note("total close_wait", closeWaits)),
    total("TIME_WAIT", number(timeWaits), "", note("total time_wait", timeWaits)),
    total("Most used destination", percent(most), "of its ports", note("total ports", 100 * most)),
    total("Connects pending", number(failures), "", note("total pending", failures)));
}

// ---- the loop

function say(state, text) {
  const line = document.getElementById("state");
  document.body.dataset.state = state;
  if (line.dataset.state !== state || line.textContent !== text) {
    line.dataset.state = state;
    line.textContent = text;
  }
}

function draw(objects) {
  const found = objects.filter((object) => object.type === "advice");
  const diagnosis = objects.find((object) => object.type === "diagnosis");
  refresh++;
  drawTotals(objects, found);
  drawVerdict(found, diagnosis);
  drawFindings(found);
  drawUnknown(diagnosis?.unknown ?? []);
  for (const id of Object.keys(TABLES)) drawTable(id, objects);
  forget();
  document.getElementById("since").textContent = diagnosis ? `watched for ${duration(diagnosis.watched_s)}` : "";
}

async function load() {
  const response = await fetch("/api/rows", { cache: "no-store" });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  const text = await response.text();
  draw(text.split("\n").filter(Boolean).map((line) => JSON.parse(line)));
  answeredAt = Date.now();
  say("live", "live, as of " + new Date(answeredAt).toLocaleTimeString());
}

async function turn() {
  if (!document.hidden) {
    try {
      await load();
    } catch (error) {
      const last = answeredAt ? ", shown as of " + new Date(answeredAt).toLocaleTimeString() : "";
      say("lost", `no answer (${error.message})${last}`);
    }
  }
  setTimeout(turn, PAUSE_MS);
}

document.getElementById("where").textContent = location.host;
turn();
