// The comparison: two layers of a result with a divider between them, false colours and what is hot.

import * as api from "./api.js";

const THERMAL = ["ir", "sr_ir"];
const GRAY = ["", "white-hot", "black-hot"]; // palettes that do not stand out on a picture
const short = { ir: "Infrared", vis: "Visible", fused: "Fused", sr_ir: "Infrared, super-resolved", sr_vis: "Visible, super-resolved" };

export class Viewer {
  /** @param root the result's element; @param refuse shows an error; @param looks is called when colours change. */
  constructor(root, key, result, palettes, { refuse, looks }) {
    this.root = root;
    this.key = key;
    this.result = result;
    this.refuse = refuse;
    this.looks = looks;
    this.pictures = new Map(); // addresses of loaded pictures, by those of the server
    this.compare = root.querySelector(".compare");
    this.divider = root.querySelector(".divider");
    this.palette = root.querySelector(".palette");
    this.hot = root.querySelector(".hot");
    this.level = root.querySelector(".hot-level");
    this.sides = ["left", "right"].map((name) => ({
      name,
      select: root.querySelector(`.${name}-layer`),
      image: root.querySelector(`img.${name}`),
      tag: root.querySelector(`.tag-${name}`),
    }));
    for (const { select } of this.sides) {
      for (const { name } of result.layers) select.add(new Option(short[name], name));
    }
    this.sides[0].select.value = "ir";
    this.sides[1].select.value = "fused";
    for (const name of palettes) if (name !== "white-hot") this.palette.add(new Option(name, name));
    this.compare.style.setProperty("--width", result.width);
    this.compare.style.setProperty("--height", result.height);
    this.#wire();
    this.#divide();
    this.#zoom();
  }

  /** What is chosen of colours: the palette, and the heat from which on is highlighted, or null. */
  get chosen() {
    return { palette: this.palette.value, hot: this.hot.checked ? Number(this.level.value) : null };
  }

  /** How a layer is drawn with what is chosen. */
  drawing(layer) {
    const { palette, hot } = this.chosen;
    if (THERMAL.includes(layer)) return { palette };
    if (layer === "fused" && hot !== null) return { hot, palette: GRAY.includes(palette) ? "" : palette };
    return {};
  }

  /** Loads and shows both layers. */
  async show() {
    this.#words();
    await Promise.all(this.sides.map((side) => this.#load(side)));
  }

  close() {
    for (const address of this.pictures.values()) URL.revokeObjectURL(address);
    this.pictures.clear();
  }

  async #load(side) {
    const layer = side.select.value;
    const path = api.pictureAt(this.key, layer, this.drawing(layer));
    side.wanted = path;
    try {
      if (!this.pictures.has(path)) this.pictures.set(path, URL.createObjectURL(await api.get(path)));
      if (side.wanted !== path) return; // another one was chosen meanwhile
      side.image.src = this.pictures.get(path);
      await side.image.decode().catch(() => {});
      const [rows] = this.result.layers.find((each) => each.name === layer).size;
      side.image.classList.toggle("coarse", rows < this.result.height);
      side.image.alt = short[layer];
    } catch (error) {
      this.refuse(error.message);
    }
  }

  #wire() {
    let timer = 0;
    for (const { select } of this.sides) select.addEventListener("change", () => this.show());
    this.divider.addEventListener("input", () => this.#divide());
    for (const each of this.root.querySelectorAll('input[name="zoom"]')) {
      each.addEventListener("change", () => this.#zoom());
    }
    const recoloured = () => {
      this.root.querySelector(".level").hidden = !this.hot.checked;
      this.show();
      this.looks();
    };
    this.palette.addEventListener("change", () => {
      const layers = this.sides.map(({ select }) => select.value);
      if (!layers.some((layer) => THERMAL.includes(layer)) && !this.hot.checked) this.sides[0].select.value = "ir";
      recoloured();
    });
    this.hot.addEventListener("change", () => {
      const layers = this.sides.map(({ select }) => select.value);
      if (this.hot.checked && !layers.includes("fused")) this.sides[1].select.value = "fused";
      recoloured();
    });
    this.level.addEventListener("input", () => {
      this.#words();
      clearTimeout(timer);
      timer = setTimeout(recoloured, 200);
    });
  }

  #words() {
    for (const { select, tag } of this.sides) tag.textContent = short[select.value];
    const share = Number(this.level.value);
    const ends = this.result.celsius;
    const text = ends ? `${(ends[0] + share * (ends[1] - ends[0])).toFixed(1)} °C` : `${Math.round(100 * share)} % of the range`;
    this.root.querySelector(".level output").textContent = text;
    this.level.setAttribute("aria-valuetext", text);
    this.#divide();
  }

  #divide() {
    const value = Number(this.divider.value);
    const [left, right] = this.sides.map(({ select }) => short[select.value]);
    this.compare.style.setProperty("--at", `${value}%`);
    this.divider.setAttribute("aria-label", `Divider between ${left} on the left and ${right} on the right`);
    this.divider.setAttribute("aria-valuetext", `${Math.round(value)} % ${left}`);
    this.compare.classList.toggle("no-left", value < 12);
    this.compare.classList.toggle("no-right", value > 88);
  }

  #zoom() {
    const zoom = this.root.querySelector('input[name="zoom"]:checked').value;
    this.compare.classList.toggle("fit", zoom === "fit");
    this.compare.classList.toggle("large", Number(zoom) > 1);
    if (zoom !== "fit") this.compare.style.setProperty("--zoom", zoom);
  }
}
