// Contact shading and edge lines from the depth of the picture.
//
// Without textures a city needs both to be read: where walls meet the ground less of the sky is seen, and a ridge
// between two roofs of one colour is visible by its line alone. Result: red is the share of the sky that is seen,
// green the strength of an edge.

@group(1) @binding(0) var depth_map: texture_2d<f32>;
@group(1) @binding(1) var depth_sampler: sampler;

struct Screen {
    @builtin(position) clip: vec4<f32>,
    @location(0) ndc: vec2<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) number: u32) -> Screen {
    let corner = vec2<f32>(f32(number & 1u), f32(number >> 1u)) * 4.0 - 1.0;
    return Screen(vec4<f32>(corner, 0.0, 1.0), corner);
}

// Reversed depth: near plane / distance along the view. On a plane it is linear over the picture.
fn depth_at(pixel: vec2<f32>) -> f32 {
    return textureSampleLevel(depth_map, depth_sampler, pixel * frame.viewport.zw, 0.0).r;
}

fn position_at(pixel: vec2<f32>, depth: f32) -> vec3<f32> {
    let ndc = (pixel * frame.viewport.zw * 2.0 - 1.0) * vec2<f32>(1.0, -1.0);
    return view_ray(ndc) * (frame.forward.w / max(depth, 1e-9));
}

// How sharply the depth bends, in pixels of slope: 0 on a plane, about 1 at a right angle, large at an outline.
// Only the near side counts, so a line is one pixel wide. Against the sky there is none: an outline is seen there anyway,
// and a crack between two faces that should meet would get one.
fn bend(depth: f32, before: f32, after: f32) -> f32 {
    let between = before > 0.0 && after > 0.0;
    return select(0.0, max(2.0 * depth - before - after, 0.0) / depth / frame.contact.w, between);
}

@fragment
fn fragment(in: Screen) -> @location(0) vec4<f32> {
    let pixel = in.clip.xy;
    let depth = depth_at(pixel);
    if depth <= 0.0 {
        return vec4<f32>(1.0, 0.0, 0.0, 1.0);
    }
    // 0, as of the sky, beyond the picture's border.
    let last = frame.viewport.xy - 1.0;
    let west = select(0.0, depth_at(pixel - vec2<f32>(1.0, 0.0)), pixel.x > 1.0);
    let east = select(0.0, depth_at(pixel + vec2<f32>(1.0, 0.0)), pixel.x < last.x);
    let north = select(0.0, depth_at(pixel - vec2<f32>(0.0, 1.0)), pixel.y > 1.0);
    let south = select(0.0, depth_at(pixel + vec2<f32>(0.0, 1.0)), pixel.y < last.y);

    let here = position_at(pixel, depth);
    let away = frame.forward.w / depth;
    // The neighbour that is nearer in depth lies on the same face.
    let toward_west = abs(west - depth) < abs(east - depth);
    let toward_north = abs(north - depth) < abs(south - depth);
    let x = select(position_at(pixel + vec2<f32>(1.0, 0.0), east) - here, here - position_at(pixel - vec2<f32>(1.0, 0.0), west), toward_west);
    let y = select(position_at(pixel + vec2<f32>(0.0, 1.0), south) - here, here - position_at(pixel - vec2<f32>(0.0, 1.0), north), toward_north);
    var normal = normalize(cross(y, x));
    normal = select(normal, -normal, dot(normal, here) > 0.0);

    // A pixel of slope: edges fade where a pixel is metres wide, or a far city would be all lines.
    let footprint = away * frame.contact.w;
    let fade = 1.0 - smoothstep(0.6, 2.5, footprint);
    let edge = max(bend(depth, west, east), bend(depth, north, south));
    let line = smoothstep(0.35, 1.6, edge) * fade * frame.contact.z;

    // Horizon-less ambient occlusion on a spiral. The radius is a real length, but never so small on the screen that
    // nothing is left of it, nor so large that samples lose each other.
    let radius = clamp(frame.contact.y / footprint, 5.0, 90.0);
    let reach = radius * footprint;
    let turn = noise(pixel) * 6.2831853;
    var hidden = 0.0;
    for (var i = 0; i < 10; i++) {
        let share = (f32(i) + 0.5) / 10.0;
        let angle = turn + f32(i) * 2.3999632;
        let at = floor(pixel + vec2<f32>(cos(angle), sin(angle)) * radius * share) + 0.5;
        let inside = all(at > vec2<f32>(0.0)) && all(at < frame.viewport.xy);
        let found = select(0.0, depth_at(at), inside);
        let to = position_at(at, found) - here;
        let length2 = dot(to, to);
        let rise = max(dot(normal, to) * inverseSqrt(length2 + 1e-9) - 0.08, 0.0);
        let near = clamp(1.0 - length2 / (reach * reach * 2.0), 0.0, 1.0);
        hidden += select(0.0, rise * near, found > 0.0);
    }
    let seen = clamp(1.0 - hidden / 10.0 * 2.0 * frame.contact.x, 0.0, 1.0);
    return vec4<f32>(seen, line, 0.0, 1.0);
}
