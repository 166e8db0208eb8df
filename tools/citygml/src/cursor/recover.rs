//! Going on after a broken object.
//!
//! When an end tag does not match, nobody can say which of the two tags is the wrong one, and the object is lost. The next
//! member of the model is a child of the root whatever has happened before it, and there reading begins afresh.

use super::{Cursor, Stop, Token};

impl Cursor {
    /// After a tag that did not match: goes on to the next member of the model; `false` where the model ends.
    pub(crate) fn resume_at_member(&mut self) -> Result<bool, Stop> {
        self.open.unchecked = true;
        while !self.tag().ends_with(b"CityModel>") {
            // As if inside a member, whatever has gone by: what is bound at the root must not be left.
            self.depth = 2;
            self.leave_scopes();
            match self.step(false) {
                Ok(Token::Start) if self.is_member() => {
                    self.settle_at_member();
                    return Ok(true);
                }
                Ok(_) | Err(Stop::Broken { .. }) => {}
                Err(stop) => return Err(stop),
            }
        }
        Ok(false)
    }

    /// Takes the member that the cursor stands on, wherever it was found, as a child of the root.
    pub(crate) fn settle_at_member(&mut self) {
        self.depth = 1;
        self.leave_scopes();
        self.enter(self.markup);
        let name = self.source.available().get(1..=self.name);
        self.open.restart(name.unwrap_or_default());
    }
}
