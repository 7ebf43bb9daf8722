// The cards below a result: what the library said, downloads, metrics and the alignment.

import * as api from "./api.js";

function element(name, text, ...classes) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.classList.add(...classes);
  return made;
}

/** Lists what the library said; a pair that lies apart gets a button that aligns it. */
export function notes(card, job, align) {
  const list = card.querySelector("ul");
  list.replaceChildren(...job.notes.map((note) => element("li", note)));
  const nothing = job.alignment?.found ? "Nothing but the alignment below." : "Nothing was converted, guessed or left out.";
  if (!job.notes.length) list.append(element("li", nothing, "none"));
  if (job.notes.some((note) => note.includes("--align auto"))) {
    const button = element("button", "Align them and fuse again");
    button.type = "button";
    button.addEventListener("click", align);
    card.append(button);
  }
  list.append(element("li", `Made in ${job.seconds.toFixed(1)} s: ${job.result.width} wide, ${job.result.height} high.`, "none"));
}

/** Lists the files to download, with those of the colours that are chosen. */
export function downloads(card, key, viewer, refuse) {
  const { palette, hot } = viewer.chosen;
  const rows = [
    ["Fused", "fused", [{ bits: 8 }, { bits: 16 }]],
    ["Infrared, super-resolved", "sr_ir", [{ bits: 8 }, { bits: 16 }]],
    ["Visible, super-resolved", "sr_vis", [{ bits: 8 }, { bits: 16 }]],
  ];
  if (palette) rows.push([`Infrared in ${palette}`, "sr_ir", [{ palette }]]);
  if (hot !== null) rows.push(["Fused, hot highlighted", "fused", [viewer.drawing("fused")]]);
  const items = rows.map(([title, layer, kinds]) => {
    const item = element("li");
    item.append(element("span", title));
    for (const how of kinds) {
      const link = element("a", how.bits === 16 ? "PNG 16-bit" : how.bits === 8 ? "PNG 8-bit" : "PNG");
      link.href = api.pictureAt(key, layer, { ...how, download: true });
      link.setAttribute("aria-label", `Download ${title}, ${link.textContent}`);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        save(link.href).catch((error) => refuse(error.message));
      });
      item.append(link);
    }
    return item;
  });
  card.querySelector("ul").replaceChildren(...items);
}

/** Fetches a file and lets the browser save it; an error is thrown, not saved. */
async function save(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error((await answer.json()).error);
  const name = decodeURIComponent(answer.headers.get("content-disposition").split("''")[1]);
  const link = element("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
}

/** Shows the metrics as soon as they are measured. */
export async function scores(card, key) {
  const hint = card.querySelector(".hint");
  try {
    const found = await api.scores(key);
    const meanings = card.querySelector("dl");
    const rows = found.map(({ name, value, best, means }) => {
      const row = element("tr");
      const head = element("th", words(name));
      head.scope = "row";
      const lost = name.startsWith("structure_lost");
      const better = { higher: "higher is better", lower: "lower is better", zero: "nearer to 0 is better" }[best];
      const shown = value === null ? "none" : lost ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4).replace("-", "−");
      row.append(head, element("td", better, "better"), element("td", shown));
      meanings.append(element("dt", words(name)), element("dd", means));
      return row;
    });
    card.querySelector("details").hidden = false;
    card.querySelector("tbody").replaceChildren(...rows);
    card.querySelector("table").hidden = false;
    hint.textContent = "The paper’s six, and how much of each source’s structure was lost, where both pictures show something.";
  } catch (error) {
    hint.textContent = error.message;
  }
}

function words(name) {
  if (name === "structure_lost_ir") return "Structure lost of infrared";
  if (name === "structure_lost_vis") return "Structure lost of visible";
  return name;
}

/** Shows where the visible picture lies under the infrared one. */
export async function alignment(card, key, found) {
  const place = card.querySelector("div");
  place.replaceChildren();
  if (!found) {
    card.hidden = true;
    return;
  }
  if (found.found) {
    const level = found.confidence >= 0.9 ? "sure" : found.confidence >= 0.5 ? "fair" : "too little to go by";
    const label = element("p", `Confidence ${found.confidence.toFixed(2)}: ${level}`, "confidence");
    const meter = element("meter");
    Object.assign(meter, { min: 0, max: 1, low: 0.5, high: 0.9, optimum: 1, value: found.confidence });
    meter.setAttribute("aria-hidden", "true"); // the line above says it
    const overlap = found.overlap === null ? "" : `; overlap ${Math.round(100 * found.overlap)} %`;
    place.append(label, meter, element("p", `${found.words}${overlap}`, "hint"));
  } else {
    place.append(element("p", "Fused as they lie. Edges of infrared (orange) are to fall on those of visible.", "hint"));
  }
  try {
    const picture = element("img");
    picture.src = URL.createObjectURL(await api.alignment(key));
    picture.alt = "Edges of the infrared picture on the visible one, and a checkerboard of both";
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
    place.append(picture);
  } catch (error) {
    place.append(element("p", error.message, "hint"));
  }
}
