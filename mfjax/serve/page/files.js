// The two places for pictures: choosing, dropping, samples; each file is sent at once, so that the page can say what it is.

import * as api from "./api.js";

export const KINDS = ["ir", "vis"];
const NAMES = { ir: "infrared", vis: "visible" };
const EMPTY = { ir: "PNG, TIFF, JPEG, FLIR …", vis: "Of the same view, any size" };
const INFRARED = /(^|[^a-z])(ir|i|t|thermal|thermo|infrared|infra|lwir|flir|radiometric|heat)([^a-z]|$)/i;

export class Files {
  /** @param changed is called after every change; @param refuse shows an error. */
  constructor(changed, refuse) {
    this.slots = { ir: null, vis: null }; // {file, facts}; facts are null while it is being looked at
    this.changed = changed;
    this.refuse = refuse;
    for (const kind of KINDS) this.#wire(kind);
    for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, (event) => this.#drag(event));
  }

  element(kind) {
    return document.querySelector(`.slot[data-kind="${kind}"]`);
  }

  facts(kind) {
    return this.slots[kind]?.facts ?? null;
  }

  /** True if a fused image can be asked for: two pictures, or an infrared file with a photo in it. */
  get ready() {
    const [ir, vis] = KINDS.map((kind) => this.slots[kind]);
    return Boolean(ir?.facts && (vis ? vis.facts : ir.facts.photo));
  }

  /** Sends a file and shows it in its place. */
  async set(kind, file) {
    const slot = { file, facts: null };
    this.slots[kind] = slot;
    this.#show(kind, "looking …");
    try {
      slot.facts = await api.put(kind, file);
      const picture = await api.preview(slot.facts.key);
      if (this.slots[kind] === slot) this.#show(kind, words(slot.facts), picture);
    } catch (error) {
      if (this.slots[kind] !== slot) return;
      this.slots[kind] = null;
      this.#show(kind, EMPTY[kind]);
      this.refuse(`The ${NAMES[kind]} picture can’t be used: ${error.message}`);
    }
  }

  /** Sends both files again, after the server has forgotten them. */
  async again() {
    await Promise.all(KINDS.filter((kind) => this.slots[kind]).map((kind) => this.set(kind, this.slots[kind].file)));
  }

  async swap() {
    const [ir, vis] = KINDS.map((kind) => this.slots[kind]?.file);
    this.clear("ir");
    this.clear("vis");
    await Promise.all([vis && this.set("ir", vis), ir && this.set("vis", ir)]);
  }

  clear(kind) {
    this.slots[kind] = null;
    this.#show(kind, EMPTY[kind]);
  }

  /** Takes the pictures of a rendered scene. */
  async sample(name) {
    const blobs = await Promise.all(KINDS.map((kind) => api.sample(name, kind)));
    const files = blobs.map((blob, i) => new File([blob], `${name}_${KINDS[i]}.png`, { type: "image/png" }));
    await Promise.all(KINDS.map((kind, i) => this.set(kind, files[i])));
  }

  /** Takes files that were dropped or chosen: one for a place, or two, of which the names tell which is which. */
  async take(list, kind = null) {
    const files = [...list].slice(0, 2);
    if (files.length === 2) {
      const [first, second] = files.map((file) => INFRARED.test(file.name.replace(/([a-z])([A-Z])/g, "$1_$2")));
      const order = second && !first ? [files[1], files[0]] : files;
      await Promise.all(KINDS.map((each, i) => this.set(each, order[i])));
    } else if (files.length === 1) {
      const free = this.slots.ir && !this.slots.vis ? "vis" : "ir";
      await this.set(kind ?? free, files[0]);
    }
  }

  #wire(kind) {
    const element = this.element(kind);
    const input = element.querySelector("input");
    input.addEventListener("change", () => {
      this.take(input.files, kind);
      input.value = ""; // so that the same file can be chosen again
    });
    element.querySelector(".remove").addEventListener("click", () => {
      this.clear(kind);
      input.focus();
    });
  }

  #drag(event) {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    const slot = event.target.closest?.(".slot") ?? null;
    document.body.classList.toggle("dragging", event.type === "dragover");
    for (const kind of KINDS) {
      this.element(kind).classList.toggle("over", event.type === "dragover" && slot?.dataset.kind === kind);
    }
    if (event.type === "drop") this.take(event.dataTransfer.files, slot?.dataset.kind ?? null);
  }

  #show(kind, text, picture = null) {
    const element = this.element(kind);
    const thumb = element.querySelector(".thumb");
    const slot = this.slots[kind];
    URL.revokeObjectURL(thumb.src);
    thumb.hidden = !picture;
    if (picture) thumb.src = URL.createObjectURL(picture);
    else thumb.removeAttribute("src");
    element.querySelector(".invite").hidden = Boolean(slot);
    element.querySelector(".remove").hidden = !slot;
    element.querySelector(".facts").replaceChildren(...[text].flat().map(line));
    element.classList.toggle("looking", Boolean(slot && !slot.facts));
    element.classList.toggle("filled", Boolean(picture));
    this.changed();
  }
}

function words(facts) {
  const parts = [facts.name, `${facts.width} wide, ${facts.height} high`];
  parts.push(facts.celsius ? `${facts.celsius.map((end) => end.toFixed(1)).join(" to ")} °C` : facts.kind);
  if (facts.palette) parts.push(`in the palette ${facts.palette}`);
  if (facts.photo) parts.push("has a photo in it");
  return parts;
}

function line(text) {
  const made = document.createElement("span");
  made.textContent = text;
  return made;
}
