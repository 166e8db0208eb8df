// The picture that was just drawn.

/** Its bytes from the bottom row up; to be called in the task that drew it, or it is gone. */
export function read(canvas) {
  const gl = canvas.getContext("webgl2");
  const { drawingBufferWidth: width, drawingBufferHeight: height } = gl;
  const bytes = new Uint8Array(width * height * 4);
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  return { width, height, bytes };
}
