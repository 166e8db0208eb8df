// Depth alone, as the sun sees it, into one cascade's part of the shadow atlas.

struct Cascade {
    // camera-relative position -> clip space of the cascade
    clip: mat4x4<f32>,
}

@group(0) @binding(0) var<uniform> cascade: Cascade;

@vertex
fn vertex(@location(0) position: vec3<f32>) -> @builtin(position) vec4<f32> {
    var clip = cascade.clip * vec4<f32>(relative(position), 1.0);
    // What stands between the sun and the cascade's box still casts into it.
    clip.z = max(clip.z, 0.0);
    return clip;
}
