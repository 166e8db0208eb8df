//! Volumes: whether faces close one, which way they face, and how large it is.
//!
//! A solid's faces should meet along every edge exactly twice, once in each direction (ISO 19107, `GM_Solid`). Real solids have gaps
//! and faces turned inside out. A gap is reported and drawn as it is; faces are turned so that all face out.

use glam::DVec3;
use std::collections::HashMap;

/// Points closer than this are one, in metres.
const TOLERANCE: f64 = 1e-3;

/// A directed edge by the numbers of its points.
type Edge = (u32, u32);

/// What was found about a run of faces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// Edges that are not shared by exactly two faces.
    pub(crate) open_edges: usize,
    /// The faces, by number, that have to be turned so that neighbours agree.
    pub(crate) turned: Vec<usize>,
}

/// The side of the cells that points are kept in, in metres: so large against the tolerance that nearly every point has one cell to look in.
const CELL: f64 = 0.25;

/// Points by number, those within the tolerance of each other with one number.
#[derive(Default)]
struct Weld {
    cells: HashMap<[i64; 3], Vec<(u32, DVec3)>>,
    count: u32,
}

impl Weld {
    fn number(&mut self, point: DVec3) -> u32 {
        let cell = |point: DVec3| (point / CELL).floor().to_array().map(|v| v as i64);
        let (low, high) = (
            cell(point - DVec3::splat(TOLERANCE)),
            cell(point + DVec3::splat(TOLERANCE)),
        );
        for x in low[0]..=high[0] {
            for y in low[1]..=high[1] {
                for z in low[2]..=high[2] {
                    let near = self.cells.get(&[x, y, z]);
                    let same = near.into_iter().flatten().find(|(_, p)| p.distance(point) <= TOLERANCE);
                    if let Some(&(number, _)) = same {
                        return number;
                    }
                }
            }
        }
        let number = self.count;
        self.count += 1;
        self.cells.entry(cell(point)).or_default().push((number, point));
        number
    }
}

/// The faces at every edge, whichever way they run along it: edges in order, each face as often as it has the edge.
struct Users(Vec<(Edge, usize)>);

impl Users {
    fn of(edges: &[Vec<Edge>]) -> Self {
        let each = edges.iter().enumerate();
        let mut users: Vec<(Edge, usize)> = each
            .flat_map(|(face, edges)| edges.iter().map(move |&edge| (undirected(edge), face)))
            .collect();
        users.sort_unstable();
        Self(users)
    }

    /// Edges that are not shared by exactly two faces.
    fn open(&self) -> usize {
        self.0
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|same| same.len() != 2)
            .count()
    }

    fn at(&self, edge: Edge) -> impl Iterator<Item = usize> {
        let edge = undirected(edge);
        let first = self.0.partition_point(|(other, _)| *other < edge);
        self.0[first..]
            .iter()
            .take_while(move |(other, _)| *other == edge)
            .map(|(_, face)| *face)
    }
}

fn undirected((a, b): Edge) -> Edge {
    (a.min(b), a.max(b))
}

/// Looks at faces (each a list of rings) that should close a volume.
pub(crate) fn check(faces: &[&[Vec<DVec3>]]) -> Check {
    let mut weld = Weld::default();
    let edges: Vec<Vec<Edge>> = faces.iter().map(|rings| edges_of(rings, &mut weld)).collect();
    let users = Users::of(&edges);
    let open_edges = users.open();
    Check {
        open_edges,
        turned: if open_edges == 0 {
            disagreeing(&edges, &users)
        } else {
            Vec::new()
        },
    }
}

fn edges_of(rings: &[Vec<DVec3>], weld: &mut Weld) -> Vec<Edge> {
    let mut edges = Vec::new();
    for ring in rings {
        let numbers: Vec<u32> = ring.iter().map(|&point| weld.number(point)).collect();
        let next = numbers.iter().cycle().skip(1);
        edges.extend(numbers.iter().zip(next).map(|(&a, &b)| (a, b)).filter(|(a, b)| a != b));
    }
    edges
}

/// Walks from face to face over shared edges; a neighbour that runs along the edge in the same direction is turned. Of each connected
/// piece the smaller part is turned, because most faces are right.
fn disagreeing(edges: &[Vec<Edge>], users: &Users) -> Vec<usize> {
    let mut side: Vec<Option<bool>> = vec![None; edges.len()];
    let mut turned = Vec::new();
    for start in 0..edges.len() {
        if side[start].is_some() {
            continue;
        }
        let mut piece = vec![start];
        side[start] = Some(false);
        let mut next = 0;
        while next < piece.len() {
            let face = piece[next];
            next += 1;
            for &(a, b) in &edges[face] {
                for other in users.at((a, b)) {
                    if other != face && side[other].is_none() {
                        let same_way = edges[other].contains(&(a, b));
                        side[other] = side[face].map(|side| side ^ same_way);
                        piece.push(other);
                    }
                }
            }
        }
        let wrong = piece.iter().filter(|&&face| side[face] == Some(true)).count();
        let minority = wrong * 2 <= piece.len();
        turned.extend(piece.into_iter().filter(|&face| side[face] == Some(minority)));
    }
    turned.sort_unstable();
    turned
}

/// The volume that triangles enclose, in cubic metres; negative when they face inward (divergence theorem).
pub(crate) fn volume<'a>(triangles: impl Iterator<Item = &'a [DVec3; 3]>) -> f64 {
    let mut origin = None;
    triangles
        .map(|&[a, b, c]| {
            let o = *origin.get_or_insert(a);
            (a - o).dot((b - o).cross(c - o)) / 6.0
        })
        .sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The six faces of a box, facing out.
    pub(crate) fn cuboid(min: DVec3, max: DVec3) -> Vec<Vec<Vec<DVec3>>> {
        let p = |x: usize, y: usize, z: usize| {
            let pick = |bit: usize, low: f64, high: f64| if bit == 0 { low } else { high };
            DVec3::new(pick(x, min.x, max.x), pick(y, min.y, max.y), pick(z, min.z, max.z))
        };
        vec![
            vec![vec![p(0, 0, 0), p(0, 1, 0), p(1, 1, 0), p(1, 0, 0)]],
            vec![vec![p(0, 0, 1), p(1, 0, 1), p(1, 1, 1), p(0, 1, 1)]],
            vec![vec![p(0, 0, 0), p(1, 0, 0), p(1, 0, 1), p(0, 0, 1)]],
            vec![vec![p(1, 1, 0), p(0, 1, 0), p(0, 1, 1), p(1, 1, 1)]],
            vec![vec![p(0, 1, 0), p(0, 0, 0), p(0, 0, 1), p(0, 1, 1)]],
            vec![vec![p(1, 0, 0), p(1, 1, 0), p(1, 1, 1), p(1, 0, 1)]],
        ]
    }

    fn check_all(faces: &[Vec<Vec<DVec3>>]) -> Check {
        check(&faces.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn a_box_is_closed_and_a_box_without_a_lid_has_four_open_edges() {
        let mut faces = cuboid(DVec3::ZERO, DVec3::new(2., 3., 4.));
        assert_eq!(check_all(&faces), Check::default());
        faces.remove(1);
        assert_eq!(check_all(&faces).open_edges, 4);
    }

    #[test]
    fn a_gap_of_half_a_millimetre_is_no_gap() {
        let mut faces = cuboid(DVec3::ZERO, DVec3::ONE);
        faces[1][0][2] += DVec3::splat(0.0003);
        assert_eq!(check_all(&faces).open_edges, 0);
        faces[1][0][2] += DVec3::splat(0.01);
        assert_eq!(check_all(&faces).open_edges, 4);
    }

    #[test]
    fn the_one_face_that_looks_inward_is_found() {
        let mut faces = cuboid(DVec3::ZERO, DVec3::ONE);
        faces[3][0].reverse();
        assert_eq!(check_all(&faces).turned, [3]);
    }

    #[test]
    fn the_volume_of_a_box_is_its_sides_multiplied() {
        let faces = cuboid(DVec3::splat(100.0), DVec3::new(102., 103., 104.));
        let triangles: Vec<[DVec3; 3]> = faces
            .iter()
            .flat_map(|rings| {
                let r = &rings[0];
                [[r[0], r[1], r[2]], [r[0], r[2], r[3]]]
            })
            .collect();
        assert!((volume(triangles.iter()) - 24.0).abs() < 1e-9);
    }
}
