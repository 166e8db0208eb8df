//! Following groups and links down to the faces.

use super::{OWN, Pick, Resolver, Spread, Visit};
use crate::arena::Node;
use crate::feature::Shape;
use crate::hash::id_hash;
use crate::limits;
use crate::link::{Target, target};

impl Resolver<'_> {
    /// Follows the groups and links of a geometry.
    pub(super) fn spread(&mut self, shape: &Shape) -> Spread {
        let mut spread = Spread {
            picks: Vec::new(),
            complete: true,
        };
        let mut visited = std::mem::take(&mut self.visited);
        let mut stack = std::mem::take(&mut self.stack);
        visited.clear();
        stack.push(Visit {
            arena: OWN,
            node: shape.root.node,
            reversed: false,
            path: None,
        });
        while let Some(visit) = stack.pop() {
            if !visited.insert((visit.arena, visit.node)) {
                continue;
            }
            if self.exhausted() {
                spread.complete = false;
                stack.clear();
                break;
            }
            match visit.node {
                Node::Face(face) => self.pick(face, visit, shape, &mut spread),
                Node::Group(group) => self.visit_group(group, visit, &mut stack, &mut spread),
                Node::Link(link) => match self.follow(visit.arena, link) {
                    Some((arena, node)) => stack.push(Visit { arena, node, ..visit }),
                    None => spread.complete = false,
                },
            }
        }
        self.visited = visited;
        self.stack = stack;
        spread
    }

    fn pick(&mut self, face: u32, visit: Visit, shape: &Shape, spread: &mut Spread) {
        let elsewhere = visit.arena != OWN || shape.placement.is_some();
        self.picks += 1;
        spread.picks.push(Pick {
            arena: visit.arena,
            face,
            reversed: visit.reversed,
            surface: shape.surface.filter(|_| elsewhere),
            path: visit.path,
        });
    }

    /// Whether the links of this object have led to more than an honest object needs: a solid and a thematic surface for
    /// each face of its own, and [`limits::LINKED_FACES`] of others.
    fn exhausted(&mut self) -> bool {
        self.visits += 1;
        let own = self.arena.faces.len() + self.arena.groups.len() + self.arena.links.len();
        let exhausted =
            self.picks > limits::LINKED_FACES + 4 * self.arena.faces.len() || self.visits > limits::VISITS + 16 * own;
        if exhausted && !self.warned_of_links {
            self.warned_of_links = true;
            self.shared.findings.warn(
                "too-many-links",
                self.top_line,
                Some(&self.top),
                format!(
                    "the links of the object lead to more than {} faces; the rest is left out.",
                    limits::LINKED_FACES
                ),
                "Look at the links of this object.",
            );
        }
        exhausted
    }

    fn visit_group(&self, index: u32, visit: Visit, stack: &mut Vec<Visit>, spread: &mut Spread) {
        let Some(group) = self.arena_at(visit.arena).and_then(|arena| arena.group(index)) else {
            return;
        };
        let own = group.id.as_deref().map(|id| id_hash(id.as_bytes()));
        let visit = Visit {
            reversed: visit.reversed != group.reversed,
            path: own.filter(|id| self.material(*id).is_some()).or(visit.path),
            ..visit
        };
        spread.complete &= !group.incomplete;
        // The stack is taken from the end.
        let members = group.members.iter().rev();
        stack.extend(members.map(|member| Visit { node: *member, ..visit }));
    }

    fn follow(&mut self, arena: u32, index: u32) -> Option<(u32, Node)> {
        let link = self.arena_at(arena)?.link(index)?;
        let found = match target(&link.target, self.shared.file_name) {
            Target::Here(id) => {
                let id = id_hash(id.as_bytes());
                let own = self.ids.get(&id);
                own.map(|node| (OWN, *node)).or_else(|| self.shared.library.find(id))
            }
            Target::Elsewhere => None,
        };
        if found.is_none() && arena == OWN && self.warned.insert(index) {
            self.warn_dangling(index);
        }
        found
    }

    fn warn_dangling(&self, index: u32) {
        let Some(link) = self.arena.link(index) else { return };
        let findings = self.shared.findings;
        let id = Some(self.top.as_str()).filter(|id| !id.is_empty());
        match target(&link.target, self.shared.file_name) {
            Target::Here(target) => findings.warn(
                "xlink-dangling",
                link.line,
                id,
                format!("a link points to #{target}, and no geometry of the file has that gml:id; the face or part is missing."),
                "Export the object again, or correct the link.",
            ),
            Target::Elsewhere => findings.warn(
                "xlink-other-file",
                link.line,
                id,
                format!("a link points to \"{}\", outside the file, and is not followed; what it stands for is missing.", link.target),
                "Merge the files, or export with the geometry in the file.",
            ),
        }
    }
}
