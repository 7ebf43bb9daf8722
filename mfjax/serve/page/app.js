// The page: pictures and options on one side, progress and the result on the other.

import * as api from "./api.js";
import { Files, KINDS } from "./files.js";
import { Options } from "./options.js";
import * as panels from "./panels.js";
import { Viewer } from "./viewer.js";

const at = (id) => document.getElementById(id);
const app = { about: null, files: null, options: null, viewer: null, job: null, made: null };

function refuse(message) {
  at("problem").querySelector("p").textContent = message;
  at("problem").hidden = false;
  at("problem").scrollIntoView({ block: "nearest" });
}

function accept() {
  at("problem").hidden = true;
}

/** Returns what is asked for, to tell whether something was changed since. */
function wanted() {
  return JSON.stringify([app.options.asked, ...KINDS.map((kind) => app.files.facts(kind)?.key)]);
}

/** Says whether the button can be pressed, and what it would do. */
function showButton() {
  const button = at("fuse");
  const ready = Boolean(app.files?.ready && app.options);
  const tooLarge = ready && app.options.tooLarge;
  button.disabled = (!ready || tooLarge) && !app.job;
  button.setAttribute("aria-disabled", Boolean(app.job)); // not disabled at work, which would lose the focus
  const again = app.made !== null && ready && app.made !== wanted();
  button.textContent = app.made === null ? "Fuse" : "Fuse again";
  button.classList.toggle("calm", app.made !== null && !again);
  let hint = "";
  if (app.job) hint = "At work.";
  else if (!app.files?.ready) hint = app.files?.slots.ir ? "The visible picture is missing." : "Choose two pictures first.";
  else if (tooLarge) hint = "Ask for a smaller picture.";
  else if (!app.files.slots.vis) hint = "With the photo in the infrared file.";
  else if (again) hint = "Something was changed since.";
  at("fuse-hint").textContent = hint;
  at("swap").disabled = !app.files || Boolean(app.job) || !(app.files.slots.ir || app.files.slots.vis);
}

/** Says something to a screen reader, once. */
function say(text) {
  if (at("said").textContent !== text) at("said").textContent = text;
}

function tell(job) {
  let text = job.stage[0].toUpperCase() + job.stage.slice(1);
  if (job.state === "waiting") text = job.before ? `Waiting: ${job.before} before you` : "Starting";
  else if (job.stage === "fusing") text = `Fusing: ${Math.round(100 * job.share)} %`;
  at("status").textContent = text;
  say(text.replace(/: \d+ %$/, ""));
  const bar = at("progress");
  if (job.state === "working" && job.stage === "fusing") bar.value = job.share;
  else bar.removeAttribute("value");
}

async function start() {
  const keys = KINDS.map((kind) => app.files.facts(kind)?.key ?? null);
  try {
    return await api.post(...keys, app.options.asked);
  } catch (error) {
    if (error.status !== 404) throw error;
    await app.files.again(); // the server has forgotten the files; this page has them
    return api.post(...KINDS.map((kind) => app.files.facts(kind)?.key ?? null), app.options.asked);
  }
}

async function fuse() {
  accept();
  const old = at("result");
  at("empty").hidden = true;
  at("working").hidden = false;
  at("stop").hidden = false;
  old.classList.add("old");
  app.job = "starting";
  tell({ state: "waiting", stage: "starting", before: 0 });
  showButton();
  at("working").scrollIntoView({ block: "nearest" });
  let job = null;
  let asked = null;
  try {
    const key = await start();
    app.job = key;
    asked = wanted();
    job = await api.ended(key, tell);
    if (app.job !== key) return; // stopped
    if (job.state === "failed") refuse(job.error[0].toUpperCase() + job.error.slice(1));
    await showResult(key, job);
  } catch (error) {
    if (app.job) refuse(error.message);
  } finally {
    if (job?.state === "done") {
      app.made = asked;
      say("Done: the fused picture is shown");
    }
    app.job = null;
    at("working").hidden = true;
    old.classList.remove("old");
    if (!app.viewer && at("result").hidden) at("empty").hidden = false;
    showButton();
  }
}

async function stop() {
  const key = app.job;
  app.job = null;
  say("Stopped");
  if (key && key !== "starting") await api.stop(key).catch(() => {});
}

async function showResult(key, job) {
  const place = at("result");
  const failed = job.state === "failed";
  if (failed && !job.alignment) return; // what was made before stays
  app.viewer?.close();
  app.viewer = null;
  place.replaceChildren(at("result-template").content.cloneNode(true));
  const card = (name) => place.querySelector(`.${name}`);
  place.hidden = false;
  place.classList.toggle("failed", failed);
  if (failed) {
    app.made = null;
    for (const name of ["viewer", "notes", "downloads", "scores"]) card(name).hidden = true;
    await panels.alignment(card("placed"), key, job.alignment);
    return;
  }
  const looks = () => panels.downloads(card("downloads"), key, app.viewer, refuse);
  app.viewer = new Viewer(place, key, job.result, app.about.palettes, { refuse, looks });
  panels.notes(card("notes"), job, () => {
    app.options.align = "auto";
    fuse();
  });
  looks();
  await app.viewer.show();
  if (matchMedia("(max-width: 860px)").matches) at("stage").scrollIntoView(); // below the form on a phone
  await Promise.all([panels.alignment(card("placed"), key, job.alignment), panels.scores(card("scores"), key)]);
}

async function trySample(name) {
  at("sample-choice").value = "";
  accept();
  app.job = "starting";
  showButton();
  at("status").textContent = "Rendering the scene";
  say("Rendering the scene");
  at("stop").hidden = true;
  at("progress").removeAttribute("value");
  at("empty").hidden = true;
  at("working").hidden = false;
  app.options.align = app.about.samples.find((each) => each.name === name).align ?? "";
  try {
    await app.files.sample(name);
  } catch (error) {
    app.job = null;
    at("working").hidden = true;
    at("empty").hidden = Boolean(app.viewer);
    return refuse(error.message);
  }
  return fuse();
}

function showSamples() {
  for (const { name, title, words } of app.about.samples) {
    at("sample-choice").add(new Option(title, name));
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sample";
    const pictures = document.createElement("span");
    pictures.className = "pictures";
    for (const kind of ["ir", "vis"]) {
      const image = document.createElement("img");
      image.alt = "";
      api.sample(name, kind, true).then((blob) => { image.src = URL.createObjectURL(blob); }).catch(() => {});
      pictures.append(image);
    }
    const heading = document.createElement("b");
    heading.textContent = title;
    const text = document.createElement("span");
    text.textContent = words;
    button.append(pictures, heading, text);
    button.addEventListener("click", () => trySample(name));
    at("samples").append(button);
  }
}

async function begin() {
  at("problem").querySelector("button").addEventListener("click", accept);
  at("stop").addEventListener("click", stop);
  at("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!at("fuse").disabled && !app.job) fuse();
  });
  app.files = new Files(() => { app.options?.show(); showButton(); }, refuse);
  at("swap").addEventListener("click", () => app.files.swap());
  at("sample-choice").addEventListener("change", (event) => event.target.value && trySample(event.target.value));
  addEventListener("pagehide", () => app.job && app.job !== "starting" && api.stop(app.job).catch(() => {}));
  try {
    app.about = await api.about();
  } catch (error) {
    return refuse(error.message);
  }
  at("version").textContent = app.about.version;
  app.options = new Options(app.about, app.files, showButton);
  showSamples();
  return showButton();
}

begin();
