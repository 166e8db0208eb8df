// Pointers, wheel and keys on the canvas, sent on as they come; the viewer makes gestures of them.

const LINE = 40;
const PAGE = 800;

/** Connects a canvas to a viewer; gives a function that disconnects it. `handlers`: `select()`, `clear()`, `help()`. */
export function connect(canvas, viewer, handlers) {
  const gone = new AbortController();
  const listen = (target, type, listener, options = {}) => target.addEventListener(type, listener, { signal: gone.signal, ...options });
  for (const [type, kind] of [["pointerdown", "down"], ["pointermove", "move"], ["pointerup", "up"], ["pointercancel", "cancel"]]) {
    listen(canvas, type, (event) => pointer(canvas, viewer, kind, event));
  }
  listen(canvas, "contextmenu", (event) => event.preventDefault());
  listen(canvas, "wheel", (event) => wheel(canvas, viewer, event), { passive: false });
  listen(canvas, "keydown", (event) => key(viewer, event, true, handlers));
  listen(canvas, "keyup", (event) => key(viewer, event, false, handlers));
  // Keys that are down when the focus goes would stay down for ever.
  const held = new Set();
  listen(canvas, "keydown", (event) => held.add(event.code));
  listen(canvas, "keyup", (event) => held.delete(event.code));
  listen(canvas, "blur", () => {
    for (const code of held) viewer.key(code, false, 0);
    held.clear();
  });
  const stopSizing = followSize(canvas, viewer);
  return () => {
    gone.abort();
    stopSizing();
  };
}

const modifiers = ({ shiftKey, ctrlKey, metaKey, altKey }) => (shiftKey ? 1 : 0) | (ctrlKey || metaKey ? 2 : 0) | (altKey ? 4 : 0);

/** Canvas pixels from the canvas' corner. */
function place(canvas, { clientX, clientY }) {
  const { left, top } = canvas.getBoundingClientRect();
  return [(clientX - left) * devicePixelRatio, (clientY - top) * devicePixelRatio];
}

function pointer(canvas, viewer, kind, event) {
  if (kind === "down") {
    canvas.focus({ preventScroll: true, focusVisible: false });
    canvas.setPointerCapture(event.pointerId);
  }
  const [x, y] = place(canvas, event);
  viewer.pointer(kind, event.pointerId, event.pointerType, event.button, x, y, modifiers(event), event.timeStamp);
}

function wheel(canvas, viewer, event) {
  event.preventDefault();
  const unit = [1, LINE, PAGE][event.deltaMode] ?? 1;
  const [x, y] = place(canvas, event);
  viewer.wheel(x, y, event.deltaY * unit, modifiers(event));
}

function key(viewer, event, pressed, handlers) {
  // The browser's own shortcuts stay the browser's.
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (viewer.key(event.code, pressed, modifiers(event))) event.preventDefault();
  else if (pressed && !event.repeat) own(event, handlers);
}

function own(event, { select, clear, help }) {
  const action = { Enter: select, Escape: clear, "?": help, F1: help }[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

/** Keeps the picture as large as the canvas, in physical pixels. */
function followSize(canvas, viewer) {
  const resize = () => {
    const { width, height } = canvas.getBoundingClientRect();
    if (width < 1 || height < 1) return;
    viewer.resize(Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio), devicePixelRatio);
  };
  const observer = new ResizeObserver(resize);
  observer.observe(canvas);
  addEventListener("resize", resize);
  resize();
  return () => {
    observer.disconnect();
    removeEventListener("resize", resize);
  };
}
