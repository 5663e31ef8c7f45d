"use strict";
(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const M = D.messages, C = D.compute, E = D.evaluations, P = D.presence, Q = D.population, A = D.agents;
  const n = A.agent.length, m = M.start.length, end = D.end || 1;
  // Okabe and Ito's colours for kinds; cividis for numbers: both hold for the colour-blind.
  const KINDS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const RAMP = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]];
  const CROWD = 1500; // more dots at once are drawn as one for each directed pair
  const NaNs = () => new Float64Array(n).fill(NaN);
  const first = new Map();
  for (let i = 0; i < P.time.length; i++) if (!first.has(P.agent[i])) first.set(P.agent[i], P.online[i]);
  const order = Uint32Array.from(M.stop.keys()).sort((a, b) => M.stop[a] - M.stop[b]);
  const done = Uint32Array.from(C.stop.keys()).sort((a, b) => C.stop[a] - C.stop[b]);
  const start = Float64Array.from(M.start), stop = Float64Array.from(M.stop);
  let S, t = 0, playing = false, chosen = -1, last = 0, dirty = true;
  const frames = [];
  function reset() {
    S = { t: 0, e: 0, p: 0, m: 0, c: 0, accuracy: NaNs(), energy: new Float64Array(n), bytes: new Float64Array(n),
      online: Float64Array.from({ length: n }, (_, i) => (first.get(i) === 1 ? 0 : 1)) };
  }
  function advance() {
    if (t < S.t) reset();
    for (; S.e < E.time.length && E.time[S.e] <= t; S.e++) S.accuracy[E.agent[S.e]] = E.accuracy[S.e] ?? NaN;
    for (; S.p < P.time.length && P.time[S.p] <= t; S.p++) S.online[P.agent[S.p]] = P.online[S.p];
    for (; S.m < m && M.stop[order[S.m]] <= t; S.m++) S.bytes[M.from[order[S.m]]] += M.bytes[order[S.m]];
    for (; S.c < done.length && C.stop[done[S.c]] <= t; S.c++) S.energy[C.agent[done[S.c]]] += C.energy[done[S.c]] || 0;
    S.t = t;
  }
  reset();
  let xs = Infinity, xe = -Infinity, ys = Infinity, ye = -Infinity;
  for (const [x, y] of D.at) { xs = Math.min(xs, x); xe = Math.max(xe, x); ys = Math.min(ys, y); ye = Math.max(ye, y); }
  let accLow = Infinity, accHigh = -Infinity;
  for (const a of E.accuracy) if (a !== null) { accLow = Math.min(accLow, a); accHigh = Math.max(accHigh, a); }
  const total = new Float64Array(n), joules = new Float64Array(n), X = new Float64Array(D.at.length), Y = new Float64Array(D.at.length);
  for (let i = 0; i < m; i++) total[M.from[i]] += M.bytes[i];
  for (let i = 0; i < C.stop.length; i++) joules[C.agent[i]] += C.energy[i] || 0;
  const most = { bytes: total.reduce((a, b) => Math.max(a, b), 1), energy: joules.reduce((a, b) => Math.max(a, b), 1e-12), degree: A.neighbours.reduce((a, b) => Math.max(a, b), 1) };
  const graph = $("graph"), curves = $("curves"), under = document.createElement("canvas");
  let W, H, scale, ink, grey, line, paper;
  function fit() {
    scale = Math.min(window.devicePixelRatio || 1, 2);
    for (const c of [graph, curves]) { c.width = c.clientWidth * scale; c.height = c.clientHeight * scale; }
    W = graph.clientWidth; H = graph.clientHeight;
    const css = getComputedStyle(document.documentElement), v = (k) => css.getPropertyValue(k).trim();
    ink = v("--ink"); grey = v("--grey"); line = v("--line"); paper = v("--paper");
    const pad = 24;
    for (let i = 0; i < D.at.length; i++) {
      X[i] = xe > xs ? pad + (D.at[i][0] - xs) / (xe - xs) * (W - 2 * pad) : W / 2;
      Y[i] = ye > ys ? H - pad - (D.at[i][1] - ys) / (ye - ys) * (H - 2 * pad) : H / 2;
    }
    under.width = graph.width; under.height = graph.height;
    const g = under.getContext("2d"); g.scale(scale, scale); g.fillStyle = paper; g.fillRect(0, 0, W, H);
    g.strokeStyle = line; g.lineWidth = D.edges.length > 500 ? 0.4 : 1; g.beginPath();
    for (const [a, b] of D.edges) { g.moveTo(X[a], Y[a]); g.lineTo(X[b], Y[b]); }
    g.stroke(); dirty = true;
  }
  const shade = (v) => { const f = Math.max(0, Math.min(1, v)) * 5, i = Math.min(4, Math.floor(f)), r = f - i;
    return `rgb(${RAMP[i].map((c, k) => Math.round(c + (RAMP[i + 1][k] - c) * r)).join()})`; };
  function colour(i) {
    const by = $("colour").value;
    if (by === "accuracy") return S.accuracy[i] === S.accuracy[i] ? shade(accHigh > accLow ? (S.accuracy[i] - accLow) / (accHigh - accLow) : 0.5) : grey;
    if (by === "energy") return shade(S.energy[i] / most.energy);
    if (by === "online") return S.online[i] ? "#0072b2" : grey;
    const at = A.diverged[i]; return at != null && at <= t ? "#d55e00" : "#0072b2";
  }
  const base = Math.max(2.5, Math.min(9, 90 / Math.sqrt(n || 1)));
  const radius = (i) => base * (0.6 + 0.8 * Math.sqrt($("size").value === "bytes" ? S.bytes[i] / most.bytes : A.neighbours[i] / most.degree));
  function dot(g, x, y, r, kind, fate) {
    g.fillStyle = g.strokeStyle = KINDS[kind % KINDS.length]; g.lineWidth = 1.6; g.beginPath();
    if (fate === "lost") { g.moveTo(x - r, y - r); g.lineTo(x + r, y + r); g.moveTo(x + r, y - r); g.lineTo(x - r, y + r); g.stroke(); }
    else if (fate === "aborted") { g.rect(x - r, y - r, 2 * r, 2 * r); g.stroke(); }
    else { g.arc(x, y, r, 0, 7); if (fate === "in_flight") g.stroke(); else g.fill(); }
  }
  // A message is shown for at least a third of a second of the viewer's time.
  const least = () => end / Number($("speed").value) / 3;
  function active() {
    const found = [], short = least();
    for (let i = 0; i < m && start[i] <= t; i++) if (Math.max(stop[i], start[i] + short) > t) found.push(i);
    return found;
  }
  function drawMessages(g) {
    const found = active(), short = least(), r = n > 200 ? 2 : 3.5;
    const share = (i) => (t - start[i]) / Math.max(stop[i] - start[i], short, 1e-12);
    let shown = found.map((i) => [i, share(i), M.count[i] || 1]);
    if (found.length > CROWD) {
      const bins = new Map();
      for (const [i, f, c] of shown) { const k = ((M.from[i] * n + M.to[i]) * 8 + M.kind[i]) * 4 + M.status[i], b = bins.get(k); if (b) { b[1] = (b[1] * b[2] + f * c) / (b[2] + c); b[2] += c; } else bins.set(k, [i, f, c]); }
      shown = [...bins.values()];
    }
    for (const [i, f, c] of shown) {
      const a = M.from[i], b = M.to[i], fate = M.statuss[M.status[i]];
      // What was lost or aborted never arrives: it ends half way.
      const go = fate === "lost" || fate === "aborted" ? f * 0.5 : f;
      dot(g, X[a] + (X[b] - X[a]) * go, Y[a] + (Y[b] - Y[a]) * go, r * Math.min(3, Math.sqrt(c)), M.kind[i], fate);
    }
    return found.length;
  }
  function draw() {
    advance();
    const g = graph.getContext("2d"); g.setTransform(1, 0, 0, 1, 0, 0); g.drawImage(under, 0, 0); g.setTransform(scale, 0, 0, scale, 0, 0);
    for (let i = 0; i < n; i++) {
      g.globalAlpha = S.online[i] ? 1 : 0.35; g.fillStyle = colour(i); g.beginPath(); g.arc(X[i], Y[i], radius(i), 0, 7); g.fill();
      if (n <= 200) { g.strokeStyle = ink; g.lineWidth = 0.7; g.stroke(); }
    }
    g.globalAlpha = 1;
    if (chosen >= 0) { g.strokeStyle = ink; g.lineWidth = 3; g.beginPath(); g.arc(X[chosen], Y[chosen], radius(chosen) + 4, 0, 7); g.stroke(); }
    const count = drawMessages(g);
    drawCurves();
    $("time").value = t / end * 1e5;
    $("clock").textContent = `${show(t)} of ${show(end)} · ${count} messages`;
    details();
  }
  const show = (s) => (s >= 7200 ? `${(s / 3600).toFixed(2)} h` : s >= 120 ? `${(s / 60).toFixed(2)} min` : `${s.toFixed(2)} s`);
  const size = (b) => (b >= 1e9 ? `${(b / 1e9).toFixed(2)} GB` : b >= 1e6 ? `${(b / 1e6).toFixed(2)} MB` : b >= 1e3 ? `${(b / 1e3).toFixed(2)} kB` : `${b} B`);
  const steps = new Float64Array(201), all = total.reduce((a, b) => a + b, 0);
  { let sum = 0, k = 0; for (let j = 0; j <= 200; j++) { for (; k < m && M.stop[order[k]] <= end * j / 200 + 1e-9; k++) sum += M.bytes[order[k]]; steps[j] = sum; } }
  function drawCurves() {
    const g = curves.getContext("2d"), w = curves.clientWidth, h = curves.clientHeight, l = 40, r = 62;
    g.setTransform(scale, 0, 0, scale, 0, 0); g.clearRect(0, 0, w, h); g.font = "11px sans-serif";
    const x = (s) => l + s / end * (w - l - r), y = (f) => h - 16 - f * (h - 30);
    g.strokeStyle = line; g.strokeRect(l, y(1), w - l - r, y(0) - y(1));
    g.lineWidth = 1.6; g.strokeStyle = "#e69f00"; g.setLineDash([5, 3]); g.beginPath();
    for (let j = 0; j <= 200; j++) g.lineTo(x(end * j / 200), y(all ? steps[j] / all : 0));
    g.stroke(); g.setLineDash([]); g.strokeStyle = KINDS[5]; g.lineWidth = 2; g.beginPath();
    let open = false;
    for (let i = 0; i < Q.time.length; i++) { if (Q.mean[i] === null) { open = false; continue; } open ? g.lineTo(x(Q.time[i]), y(Q.mean[i])) : g.moveTo(x(Q.time[i]), y(Q.mean[i])); open = true; }
    g.stroke(); g.fillStyle = grey; g.fillText("100 %", 2, y(1) + 8); g.fillText("0 %", 14, y(0)); g.fillText(size(all), w - r + 4, y(1) + 8);
    g.fillText("mean accuracy ——   bytes - - -", l, 10);
    g.strokeStyle = ink; g.lineWidth = 1; g.beginPath(); g.moveTo(x(t), y(1)); g.lineTo(x(t), y(0)); g.stroke();
  }
  let told = "";
  function details() {
    if (chosen < 0) return;
    const rows = [["device", A.device[chosen]], ["model", A.model[chosen]], ["private rows", A.private_rows[chosen]], ["neighbours", A.neighbours[chosen]],
      ["online", S.online[chosen] ? "yes" : "no"], ["accuracy", S.accuracy[chosen] === S.accuracy[chosen] ? `${(S.accuracy[chosen] * 100).toFixed(1)} %` : "unknown"],
      ["bytes sent", size(S.bytes[chosen])], ["compute energy", `${S.energy[chosen].toPrecision(3)} J`]];
    const worked = [];
    for (let i = C.start.length - 1; i >= 0 && worked.length < 6; i--) if (C.agent[i] === chosen && C.start[i] <= t) worked.push(`${C.kinds[C.kind[i]]} ${show(C.start[i])} – ${show(C.stop[i])}${C.stop[i] > t ? " (now)" : ""}`);
    const key = JSON.stringify([chosen, rows, worked]);
    if (key === told) return;
    told = key;
    // Names go in as text, never as markup.
    const make = (tag, text) => { const e = document.createElement(tag); e.textContent = text; return e; };
    const list = make("dl", ""); for (const [k, v] of rows) list.append(make("dt", k), make("dd", v));
    const work = make("div", ""); for (const w of worked) work.append(make("div", w));
    $("details").replaceChildren(make("b", `agent ${A.agent[chosen]} · ${A.name[chosen]}`), list, make("b", "computed lately"), work);
  }
  function choose(i) { chosen = i; told = ""; if (i < 0) $("details").textContent = "Click an agent to see what it is and does."; dirty = true; }
  function seek(s) { t = Math.max(0, Math.min(end, s)); dirty = true; }
  function toggle(on = !playing) { playing = on; if (on && t >= end) t = 0; last = 0; $("play").textContent = on ? "pause" : "play"; }
  function times() { const all = [...E.time, ...M.start, ...M.stop]; return Float64Array.from(new Set(all)).sort(); }
  let moments = null;
  function step(way) { moments ??= times(); toggle(false); let a = 0, b = moments.length; while (a < b) { const c = (a + b) >> 1; (way > 0 ? moments[c] <= t : moments[c] < t) ? a = c + 1 : b = c; } const k = way > 0 ? a : a - 1; seek(k < 0 ? 0 : moments[k] ?? end); }
  function tick(now) {
    if (playing) { if (last) { frames.push(now - last); if (frames.length > 600) frames.shift(); seek(t + Math.min(now - last, 250) / 1000 * end / Number($("speed").value)); } last = now; if (t >= end) toggle(false); }
    if (dirty) { dirty = false; draw(); }
    requestAnimationFrame(tick);
  }
  function near(x, y) { let best = -1, least = 400; for (let i = 0; i < n; i++) { const d = (X[i] - x) ** 2 + (Y[i] - y) ** 2; if (d < least) { least = d; best = i; } } return best; }
  function find(text) { const want = text.trim().toLowerCase(); if (!want) return choose(-1); const i = A.agent.findIndex((a) => String(a) === want); choose(i >= 0 ? i : A.name.findIndex((s, k) => `${s} ${A.device[k]} ${A.model[k]}`.toLowerCase().includes(want))); }
  graph.addEventListener("click", (e) => choose(near(e.offsetX, e.offsetY)));
  curves.addEventListener("click", (e) => seek((e.offsetX - 40) / (curves.clientWidth - 102) * end));
  $("time").addEventListener("input", (e) => seek(e.target.value / 1e5 * end));
  $("play").addEventListener("click", () => toggle());
  $("next").addEventListener("click", () => step(1)); $("back").addEventListener("click", () => step(-1));
  $("search").addEventListener("input", (e) => find(e.target.value));
  for (const id of ["colour", "size", "speed"]) $(id).addEventListener("change", () => { legend(); dirty = true; });
  $("theme").addEventListener("click", () => { const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches; root.dataset.theme = dark ? "light" : "dark"; fit(); legend(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", fit);
  addEventListener("resize", fit);
  addEventListener("keydown", (e) => {
    if (["INPUT", "SELECT", "BUTTON"].includes(e.target.tagName) && e.target.id !== "time") return;
    if (e.key === " ") { e.preventDefault(); toggle(); }
    else if (e.key === "ArrowRight" || e.key === "ArrowLeft") { e.preventDefault(); step(e.key === "ArrowRight" ? 1 : -1); }
    else if (e.key === "/") { e.preventDefault(); $("search").focus(); }
    else if (e.key === "Escape") choose(-1);
  });
  function legend() {
    const out = [];
    const item = (text, colour) => { const s = document.createElement("span"); if (colour) { const i = document.createElement("i"); i.style.background = colour; s.append(i); } s.append(text); out.push(s); };
    M.kinds.forEach((k, i) => item(k, KINDS[i % KINDS.length]));
    item("● delivered  × lost  □ aborted  ○ still in flight at the end");
    if ($("colour").value === "accuracy" && accHigh >= accLow) { item(`${(accLow * 100).toFixed(0)} %`, shade(0)); item(`${(accHigh * 100).toFixed(0)} % accuracy`, shade(1)); item("unknown", grey); }
    if ($("colour").value === "energy") { item("0 J", shade(0)); item(`${most.energy.toPrecision(3)} J`, shade(1)); }
    if ($("colour").value === "online") { item("online", "#0072b2"); item("offline", grey); }
    if ($("colour").value === "diverged") { item("diverged", "#d55e00"); item("not", "#0072b2"); }
    $("legend").replaceChildren(...out);
  }
  $("notes").textContent = [D.grouped ? "Too many messages to tell each: those alike in sender, receiver, kind, fate and time are one dot." : "", ...D.notes].filter(Boolean).join(" ");
  legend(); fit(); requestAnimationFrame(tick);
  if (location.hash === "#test") {
    const pre = document.createElement("pre"); pre.id = "selfcheck"; const ok = {};
    addEventListener("error", (e) => { ok.error = e.message; });
    seek(end / 2); draw(); ok.seek = Math.abs($("time").value - 5e4) <= 1; ok.state = S.t === t;
    const half = S.bytes.join(); seek(end); draw(); seek(end / 2); draw(); ok.back = S.bytes.join() === half;
    graph.dispatchEvent(new MouseEvent("click", { clientX: graph.getBoundingClientRect().left + X[0], clientY: graph.getBoundingClientRect().top + Y[0] })); draw();
    ok.click = chosen >= 0 && $("details").textContent.includes(A.device[chosen]);
    find(String(A.agent[n - 1])); draw(); ok.search = chosen === n - 1;
    dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" })); ok.escape = chosen === -1;
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true })); ok.play = playing; toggle(false);
    const before = t; step(1); ok.step = m + E.time.length === 0 || t > before;
    const took = []; for (let k = 0; k < 40; k++) { const a = performance.now(); seek(end * k / 40); draw(); graph.getContext("2d").getImageData(0, 0, 1, 1); took.push(performance.now() - a); }
    took.sort((a, b) => a - b);
    ok.requests = performance.getEntriesByType("resource").length === 0;
    pre.textContent = JSON.stringify({ ok, frame_ms: took[20], open_ms: performance.now() }); document.body.append(pre);
  }
})();
