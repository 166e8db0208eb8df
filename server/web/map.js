// The map: pictures of the city's footprints, and a box on it that mouse, fingers and keys change alike.

import { degrees, metres, place } from "./mercator.js";

const TILE = 256;
const LEVELS = [8, 19];
/** What an arrow key moves: a chunk of the game, in metres. */
const STEP = 16;

export class CityMap extends EventTarget {
  /** `address(z, x, y)` gives a picture's address. */
  constructor(element, address) {
    super();
    this.element = element;
    this.address = address;
    this.tiles = element.querySelector("#tiles");
    this.frame = element.querySelector("#box");
    this.drawing = true;
    this.level = 14;
    this.centre = [0.5, 0.5];
    this.box = [0, 0, 0, 0];
    this.pictures = new Map();
    this.listen();
    new ResizeObserver(() => this.show()).observe(element);
  }

  /** Takes another city's pictures. */
  forget() {
    for (const picture of this.pictures.values()) picture.remove();
    this.pictures.clear();
  }

  /** Shows a box in the middle, as large as it fits. */
  goTo(box) {
    this.box = box;
    const [[left, top], [right, bottom]] = [place(box[0], box[3]), place(box[2], box[1])];
    this.centre = [(left + right) / 2, (top + bottom) / 2];
    const { clientWidth, clientHeight } = this.element;
    const room = Math.min(clientWidth / (right - left), clientHeight / (bottom - top)) * 0.5;
    this.level = clamp(Math.floor(Math.log2(room / TILE)), ...LEVELS);
    this.show();
  }

  /** Changes the box; the map follows where it would leave it. */
  set(box) {
    this.box = box;
    const [left, top] = this.pixel(box[0], box[3]);
    const [right, bottom] = this.pixel(box[2], box[1]);
    const { clientWidth, clientHeight } = this.element;
    const outside = right < 0 || left > clientWidth || bottom < 0 || top > clientHeight;
    const cut = left < 0 || top < 0 || right > clientWidth || bottom > clientHeight;
    const tiny = right - left < 40 && bottom - top < 40;
    const larger = right - left > clientWidth || bottom - top > clientHeight;
    if (outside || larger || tiny || (cut && !this.start)) this.goTo(box);
    else this.show();
  }

  zoom(by, [x, y] = [this.element.clientWidth / 2, this.element.clientHeight / 2]) {
    const level = clamp(this.level + by, ...LEVELS);
    const fixed = this.square(x, y);
    this.level = level;
    const there = this.square(x, y);
    this.centre = [this.centre[0] + fixed[0] - there[0], this.centre[1] + fixed[1] - there[1]];
    this.show();
  }

  /** A pixel of the element as a place in the square of the projection. */
  square(x, y) {
    const scale = TILE * 2 ** this.level;
    return [this.centre[0] + (x - this.element.clientWidth / 2) / scale, this.centre[1] + (y - this.element.clientHeight / 2) / scale];
  }

  pixel(lon, lat) {
    const scale = TILE * 2 ** this.level;
    const [x, y] = place(lon, lat);
    return [(x - this.centre[0]) * scale + this.element.clientWidth / 2, (y - this.centre[1]) * scale + this.element.clientHeight / 2];
  }

  show() {
    this.showTiles();
    const [left, top] = this.pixel(this.box[0], this.box[3]);
    const [right, bottom] = this.pixel(this.box[2], this.box[1]);
    Object.assign(this.frame.style, { left: `${left}px`, top: `${top}px`, width: `${Math.max(6, right - left)}px`, height: `${Math.max(6, bottom - top)}px` });
  }

  showTiles() {
    const count = 2 ** this.level;
    const { clientWidth, clientHeight } = this.element;
    const [x0, y0] = this.square(0, 0).map((at) => Math.floor(at * count));
    const [x1, y1] = this.square(clientWidth, clientHeight).map((at) => Math.floor(at * count));
    const wanted = new Set();
    for (let y = Math.max(0, y0); y <= Math.min(count - 1, y1); y += 1) {
      for (let x = Math.max(0, x0); x <= Math.min(count - 1, x1); x += 1) {
        const key = `${this.level}/${x}/${y}`;
        wanted.add(key);
        const picture = this.pictures.get(key) ?? this.add(key, this.address(this.level, x, y));
        const left = (x / count - this.centre[0]) * TILE * count + clientWidth / 2;
        const top = (y / count - this.centre[1]) * TILE * count + clientHeight / 2;
        // Whole pixels: a picture between two would show its edge.
        picture.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
      }
    }
    for (const [key, picture] of this.pictures) {
      if (!wanted.has(key)) {
        picture.remove();
        this.pictures.delete(key);
      }
    }
  }

  add(key, address) {
    const picture = new Image(TILE, TILE);
    picture.alt = "";
    picture.src = address;
    this.tiles.append(picture);
    this.pictures.set(key, picture);
    return picture;
  }

  /** Tells that the box was changed here. */
  changed() {
    this.dispatchEvent(new Event("box"));
  }

  listen() {
    const { element } = this;
    const at = (event) => {
      const { left, top } = element.getBoundingClientRect();
      return [event.clientX - left - element.clientLeft, event.clientY - top - element.clientTop];
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      this.start = { at: at(event), centre: this.centre };
    });
    element.addEventListener("pointermove", (event) => this.start && this.drag(at(event)));
    const end = () => {
      if (this.start?.dragged && this.drawing) this.changed();
      this.start = undefined;
    };
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
    element.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1 : -1, at(event));
    }, { passive: false });
    element.addEventListener("keydown", (event) => this.press(event));
  }

  drag([x, y]) {
    const { at: [x0, y0], centre } = this.start;
    if (Math.hypot(x - x0, y - y0) < 4 && !this.start.dragged) return;
    this.start.dragged = true;
    if (!this.drawing) {
      const scale = TILE * 2 ** this.level;
      this.centre = [centre[0] - (x - x0) / scale, centre[1] - (y - y0) / scale];
    } else {
      const [west, north] = degrees(...this.square(Math.min(x, x0), Math.min(y, y0)));
      const [east, south] = degrees(...this.square(Math.max(x, x0), Math.max(y, y0)));
      this.box = [west, south, east, north];
    }
    this.show();
  }

  press(event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const arrow = arrows[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") this.zoom(1);
    else if (event.key === "-") this.zoom(-1);
    else if (arrow) this.step(arrow, event.shiftKey);
    else return;
    event.preventDefault();
  }

  /** Moves the box by a chunk, or its east and north sides. */
  step([east, north], resize) {
    const [x, y] = metres((this.box[1] + this.box[3]) / 2).map((metre) => STEP / metre);
    const by = [east * x, north * y];
    const box = this.box.map((degree, side) => (resize && side < 2 ? degree : degree + by[side % 2]));
    if (box[2] - box[0] < x / 2 || box[3] - box[1] < y / 2) return;
    this.set(box);
    this.changed();
  }
}

function clamp(number, least, most) {
  return Math.min(most, Math.max(least, number));
}
