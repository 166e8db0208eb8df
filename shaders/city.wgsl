// The city itself: faces in one plain colour each, lit by sun and sky.

@group(0) @binding(1) var shadow_map: texture_depth_2d;
@group(0) @binding(2) var shadow_sampler: sampler_comparison;
@group(0) @binding(3) var contact_map: texture_2d<f32>;
@group(0) @binding(4) var contact_sampler: sampler;

const WALL: u32 = 2u;
const WATER: u32 = 14u;

struct Face {
    @builtin(position) clip: vec4<f32>,
    // camera-relative
    @location(0) position: vec3<f32>,
    @location(1) normal: vec3<f32>,
    // linear, with opacity
    @location(2) color: vec4<f32>,
    // metres above the lowest point of the feature
    @location(3) above: f32,
    @location(4) @interpolate(flat) surface: u32,
    // 1: selected, 2: the pointer is over it
    @location(5) @interpolate(flat) chosen: u32,
}

fn linear(srgb: vec3<f32>) -> vec3<f32> {
    let low = srgb / 12.92;
    let high = pow((srgb + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, srgb <= vec3<f32>(0.04045));
}

@vertex
fn vertex(
    @location(0) position: vec3<f32>,
    @location(1) normal: vec4<f32>,
    @location(2) color: vec4<f32>,
    @location(3) ids: vec2<u32>,
) -> Face {
    var face: Face;
    face.position = relative(position);
    face.clip = frame.clip * vec4<f32>(face.position, 1.0);
    face.normal = normal.xyz;
    face.color = vec4<f32>(linear(color.rgb), color.a);
    face.above = f32(ids.y >> 8u) * 0.25;
    face.surface = ids.y & 255u;
    let row = ids.x + 1u;
    face.chosen = select(select(0u, 2u, row == tile.chosen.y), 1u, row == tile.chosen.x);
    return face;
}

// Share of the sun that reaches a point, by 3 x 3 bilinear comparisons (Reeves et al. 1987) in the first cascade that holds it.
fn sunlit(position: vec3<f32>, normal: vec3<f32>, slope: f32) -> f32 {
    let away = dot(position, frame.forward.xyz);
    var cascade = 0;
    for (var i = 0; i < 3; i++) {
        if away > frame.shadow_end[i] && frame.shadow_end[i + 1] > 0.0 {
            cascade = i + 1;
        }
    }
    if frame.sun.w == 0.0 || away > frame.shadow_end[cascade] {
        return 1.0;
    }
    // Along the normal, more where the sun grazes: a texel then covers a longer stretch of the face.
    let shift = normal * frame.shadow_texel[cascade] * (0.6 + 1.6 * (1.0 - slope));
    let place = frame.shadow[cascade] * vec4<f32>(position + shift, 1.0);
    let texel = frame.shadow_atlas.xy;
    let rect = frame.shadow_rect[cascade] + vec4<f32>(texel, -texel) * 2.0;
    var lit = 0.0;
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            let at = clamp(place.xy + vec2<f32>(f32(x), f32(y)) * texel, rect.xy, rect.zw);
            lit += textureSampleCompareLevel(shadow_map, shadow_sampler, at, place.z);
        }
    }
    // Where shadows end, they end softly.
    let fade = smoothstep(frame.shadow_atlas.z, frame.shadow_atlas.w, away);
    return mix(lit / 9.0, 1.0, fade);
}

// Sky seen, and edge, around this pixel; four bilinear reads even out the noise of the contact pass.
fn contact(pixel: vec2<f32>) -> vec2<f32> {
    let size = frame.viewport.zw;
    var seen = 0.0;
    for (var i = 0; i < 4; i++) {
        let at = pixel + vec2<f32>(f32(i & 1) * 2.0 - 1.0, f32(i >> 1u) * 2.0 - 1.0);
        seen += textureSampleLevel(contact_map, contact_sampler, at * size, 0.0).r;
    }
    let line = textureSampleLevel(contact_map, contact_sampler, pixel * size, 0.0).g;
    return vec2<f32>(seen * 0.25, line);
}

@fragment
fn fragment(face: Face) -> @location(0) vec4<f32> {
    let away = length(face.position);
    let view = face.position / away;
    var normal = normalize(face.normal);
    normal = select(normal, -normal, dot(normal, view) > 0.0);

    var albedo = face.color.rgb;
    if face.chosen == 1u {
        albedo = mix(albedo, frame.selected.rgb, frame.selected.w);
    } else if face.chosen == 2u {
        albedo = mix(albedo, frame.hovered.rgb, frame.hovered.w);
    }

    let around = contact(face.clip.xy);
    let slope = dot(normal, frame.sun.xyz);
    var direct = max(slope, 0.0);
    if direct > 0.0 {
        direct *= sunlit(face.position, normal, direct);
    }
    // In a street the foot of a wall sees less sky than its top.
    let foot = select(1.0, mix(0.80, 1.0, smoothstep(0.0, 14.0, face.above)), face.surface == WALL && frame.contact.x > 0.0);
    let ambient = mix(frame.ground_light.rgb, frame.sky_light.rgb, normal.z * 0.5 + 0.5) * around.x * foot;
    var color = albedo * (ambient + frame.sun_light.rgb * direct * mix(1.0, around.x, 0.35));
    color *= 1.0 - around.y;

    var opacity = face.color.a;
    if face.surface == WATER {
        // Schlick 1994; water's reflectance at right angles is 0.02.
        let mirror = reflect(view, normal);
        let fresnel = 0.02 + 0.98 * pow(1.0 - clamp(-dot(view, normal), 0.0, 1.0), 5.0);
        let glint = pow(max(dot(mirror, frame.sun.xyz), 0.0), 220.0) * min(direct, 1.0) * 3.0;
        color = mix(color, sky(mirror), fresnel * 0.75) + frame.sun_light.rgb * glint;
    }

    let haze = 1.0 - exp(-away * frame.horizon.w);
    color = mix(color, frame.horizon.rgb, haze);
    return vec4<f32>(dithered(color, face.clip.xy), opacity);
}
