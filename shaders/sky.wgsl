// The sky, where nothing else was drawn.

struct Sky {
    @builtin(position) clip: vec4<f32>,
    @location(0) ndc: vec2<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) number: u32) -> Sky {
    // One triangle that covers the picture, at depth 0: infinitely far.
    let corner = vec2<f32>(f32(number & 1u), f32(number >> 1u)) * 4.0 - 1.0;
    return Sky(vec4<f32>(corner, 0.0, 1.0), corner);
}

@fragment
fn fragment(in: Sky) -> @location(0) vec4<f32> {
    let direction = normalize(view_ray(in.ndc));
    // The disc is four times as wide as the real one, so that it can be seen.
    let disc = frame.zenith.w * smoothstep(0.99975, 0.99990, dot(direction, frame.sun.xyz));
    let color = mix(sky(direction), vec3<f32>(1.0), disc);
    return vec4<f32>(dithered(color, in.clip.xy), 1.0);
}
