// A tile's place and what is chosen in it; one dynamic offset a tile.

struct Tile {
    // tile origin minus camera, in metres, as the sum of two floats
    offset: vec4<f32>,
    rest: vec4<f32>,
    // feature row + 1 of what is selected and of what the pointer is over; 0: none. z, w: 0
    chosen: vec4<u32>,
}

@group(1) @binding(0) var<uniform> tile: Tile;

// Camera-relative position of a vertex. The large part of the offset cancels the vertex first and without rounding
// where they are near each other, so a small movement of a near camera moves every vertex alike.
fn relative(position: vec3<f32>) -> vec3<f32> {
    return (position + tile.offset.xyz) + tile.rest.xyz;
}
