// What every shader of a frame shares. Positions are camera-relative: east, north, up in metres from the camera.

struct Frame {
    // camera-relative position -> clip space; depth is reversed: 1 at the near plane, 0 at infinity
    clip: mat4x4<f32>,
    // camera axes, right and up as long as half the picture is wide and high at distance 1; forward.w: near plane in metres
    right: vec4<f32>,
    up: vec4<f32>,
    forward: vec4<f32>,
    // width, height in pixels and their reciprocals
    viewport: vec4<f32>,
    // direction to the sun; w: 1 where shadows are drawn, else 0
    sun: vec4<f32>,
    // light, linear: of the sun, of the sky from above, from below
    sun_light: vec4<f32>,
    sky_light: vec4<f32>,
    ground_light: vec4<f32>,
    // the sky's colours, linear; zenith.w: whether a sun disc is drawn; horizon.w: haze per metre
    zenith: vec4<f32>,
    horizon: vec4<f32>,
    // the plain around the city, where the model has nothing; w: camera height above it in metres, at least 1
    plain: vec4<f32>,
    // contact shading: strength, radius in metres, strength of edge lines, 1 / pixels per radian
    contact: vec4<f32>,
    // colour of what is selected and of what the pointer is over, linear; w: how much of it
    selected: vec4<f32>,
    hovered: vec4<f32>,
    // camera-relative position -> place in the shadow atlas (0 to 1) and depth, one matrix a cascade
    shadow: array<mat4x4<f32>, 4>,
    // distance along the view at which each cascade ends, in metres; 0 where there is none
    shadow_end: vec4<f32>,
    // size of a shadow texel on the ground, in metres
    shadow_texel: vec4<f32>,
    // left, top, right, bottom of each cascade in the atlas
    shadow_rect: array<vec4<f32>, 4>,
    // 1 / width and height of the atlas in texels, distances between which shadows fade out
    shadow_atlas: vec4<f32>,
}

@group(0) @binding(0) var<uniform> frame: Frame;

// Direction from the camera through a point of the picture (x, y from -1 to 1, y up); its part along the view is 1.
fn view_ray(ndc: vec2<f32>) -> vec3<f32> {
    return frame.forward.xyz + frame.right.xyz * ndc.x + frame.up.xyz * ndc.y;
}

// Light of the sky from a direction, and of the plain below the horizon.
fn sky(direction: vec3<f32>) -> vec3<f32> {
    let air = mix(frame.horizon.rgb, frame.zenith.rgb, pow(clamp(direction.z, 0.0, 1.0), 0.5));
    let away = frame.plain.w / max(-direction.z, 1e-4);
    // The plain is hazier than the city, so that it has no edge to be looked at.
    let below = mix(frame.horizon.rgb, frame.plain.rgb, exp(-away * (frame.horizon.w + 1.0 / 6000.0)));
    let toward = max(dot(direction, frame.sun.xyz), 0.0);
    let glow = frame.sun_light.rgb * frame.zenith.w * (0.05 * pow(toward, 16.0) + 0.10 * pow(toward, 180.0));
    return select(below, air + glow, direction.z >= 0.0);
}

// Jimenez 2014, "interleaved gradient noise", from 0 to 1.
fn noise(pixel: vec2<f32>) -> f32 {
    return fract(52.9829189 * fract(dot(pixel, vec2<f32>(0.06711056, 0.00583715))));
}

// The color with half a step of eight bits up or down, by pixel: smooth gradients then show no bands.
fn dithered(color: vec3<f32>, pixel: vec2<f32>) -> vec3<f32> {
    // A step of sRGB is about this wide in linear light.
    return max(color + (noise(pixel) - 0.5) * 0.008 * sqrt(max(color, vec3<f32>(0.0))), vec3<f32>(0.0));
}
