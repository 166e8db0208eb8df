// Depth alone, as the camera sees it.

@vertex
fn vertex(@location(0) position: vec3<f32>) -> @builtin(position) vec4<f32> {
    return frame.clip * vec4<f32>(relative(position), 1.0);
}
