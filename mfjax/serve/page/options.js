// The form: what is asked for, and what the page can say of it beforehand.

const at = (id) => document.getElementById(id);
const checked = (name) => document.querySelector(`input[name="${name}"]:checked`).value;
const number = (id) => (at(id).value.trim() === "" ? null : Number(at(id).value));
const megapixels = (count) => `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} megapixels`;

export class Options {
  /** @param about what the server offers; @param files the pictures; @param changed is called after every change. */
  constructor(about, files, changed) {
    this.about = about;
    this.files = files;
    for (const { name } of about.models) at("model").add(new Option(name, name));
    at("model").value = about.model;
    at("form").addEventListener("input", () => {
      this.show();
      changed();
    });
    this.show();
  }

  /** Returns what is asked for, as the server takes it; null is what it decides. */
  get asked() {
    const align = checked("align") || null;
    const asked = {
      model: at("model").value,
      detail: at("detail").disabled ? 1 : Number(at("detail").value),
      align,
      view: align ? at("view").value : null,
      ir_range: this.#range(),
      stretch: at("stretch").checked,
      exif: at("exif").checked,
    };
    for (const name of ["ir_palette", "ir_polarity", "color"]) asked[name] = at(name).value || null;
    if (checked("size-by") === "scale") asked.scale = Number(at("scale").value);
    else Object.assign(asked, { height: number("height"), width: number("width") });
    return asked;
  }

  /** Returns whether what is asked for is larger than this page makes; of aligned pictures only the server knows. */
  get tooLarge() {
    return checked("align") !== "auto" && at("size-shown").classList.contains("over");
  }

  /** Chooses to align, or not. */
  set align(value) {
    document.querySelector(`input[name="align"][value="${value}"]`).checked = true;
    this.show();
  }

  /** Shows what follows from what is chosen. */
  show() {
    const byScale = checked("size-by") === "scale";
    at("by-scale").hidden = !byScale;
    at("by-pixels").hidden = byScale;
    at("scale-shown").textContent = `×${Number(at("scale").value).toFixed(2).replace(/\.?0+$/, "")}`;
    this.#size();
    const model = this.about.models.find((each) => each.name === at("model").value);
    at("purpose").textContent = `For ${model.purpose}.`;
    at("detail").disabled = !model.detail;
    at("detail-shown").textContent = model.detail ? Number(at("detail").value).toFixed(2).replace(/\.?0+$/, "") : "1";
    const align = checked("align") === "auto";
    at("view-label").hidden = !align;
    at("align-hint").textContent = align
      ? "The place of one picture under the other is found, with a confidence."
      : "For two pictures that show the same view.";
    this.#showRange();
  }

  #size() {
    const [ir, vis] = ["ir", "vis"].map((kind) => this.files.facts(kind));
    const sizes = [vis ?? ir?.photo, ir].filter(Boolean);
    const shown = at("size-shown");
    shown.classList.remove("over");
    if (!sizes.length) {
      shown.textContent = "";
      return;
    }
    const larger = sizes.reduce((one, other) => (other.width * other.height > one.width * one.height ? other : one));
    let [width, height] = [larger.width, larger.height];
    if (checked("size-by") === "scale") {
      [width, height] = [width, height].map((side) => Math.round(side * Number(at("scale").value)));
    } else if (number("width") || number("height")) {
      const [w, h] = [number("width"), number("height")];
      [width, height] = [w ?? Math.round((width * h) / height), h ?? Math.round((height * w) / width)];
    }
    const most = this.about.limits.output_pixels;
    const over = width * height > most;
    const about = checked("align") === "auto" ? "about " : "";
    shown.textContent = `${about}${width} wide, ${height} high`;
    if (over) shown.textContent += `: ${megapixels(width * height)}, and this page makes ${megapixels(most)} at most`;
    shown.classList.toggle("over", over);
  }

  #showRange() {
    const facts = this.files.facts("ir");
    const ends = facts?.celsius ?? facts?.range ?? null;
    at("range-section").hidden = !ends;
    at("range-ends").hidden = at("range").value !== "ends";
    if (!ends) return;
    const unit = facts.celsius ? " °C" : "";
    const digits = Math.abs(ends[1] - ends[0]) < 1000 ? 1 : 0;
    const [low, high] = ends.map((end) => end.toFixed(digits));
    at("range-hint").textContent = `The picture has ${low} to ${high}${unit}.`;
    at("range").querySelector('[value="full"]').disabled = Boolean(facts.celsius);
    at("range-low").placeholder = low;
    at("range-high").placeholder = high;
  }

  #range() {
    const facts = this.files.facts("ir");
    const how = at("range").value;
    if (at("range-section").hidden || !how) return null;
    if (how !== "ends") return how;
    const own = facts.celsius ?? facts.range; // shown where nothing is given
    const ends = [number("range-low") ?? own[0], number("range-high") ?? own[1]];
    return facts.celsius ? { celsius: ends } : ends;
  }
}
