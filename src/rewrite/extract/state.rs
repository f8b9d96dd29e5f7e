//! A solution that can be changed step by step: reference counts, and an order without cycles.
//!
//! Every class has a node, also those that are not needed, and taken together they are acyclic.
//! A class is needed when a root or a needed class refers to it; taking another node counts up
//! the children of the new one and counts down those of the old one, so that a change costs time
//! in proportion to what begins or ceases to be needed. Pearce and Kelly's order (2006) tells
//! without a walk that most changes close no cycle.

use super::problem::{Choice, NONE, Price, Problem};

/// A solution under change.
pub struct State<'p> {
    problem: &'p Problem,
    users: &'p [Vec<u32>],
    choice: Choice,
    /// How many roots and needed classes refer to each class.
    references: Vec<u32>,
    /// The position of each class: children of chosen nodes stand before their users.
    position: Vec<u32>,
    cost: Price,
    /// Earlier nodes of classes, newest last, for taking changes back.
    log: Vec<(u32, u32)>,
    /// Work done, in children looked at.
    work: u64,
    stack: Vec<u32>,
    marks: Vec<bool>,
}

/// Classes looked at before a change is taken for cyclic.
const REACH: usize = 5_000;

impl<'p> State<'p> {
    /// The state of a choice that has a node for every class and is acyclic for all of them.
    ///
    /// # Panics
    /// When it is not.
    pub fn new(problem: &'p Problem, users: &'p [Vec<u32>], choice: Choice) -> State<'p> {
        let mut state = State {
            problem,
            users,
            references: vec![0; choice.len()],
            position: positions(problem, &choice),
            choice,
            cost: 0,
            log: Vec::new(),
            work: 0,
            stack: Vec::new(),
            marks: Vec::new(),
        };
        state.marks = vec![false; state.choice.len()];
        for &root in problem.roots() {
            state.hold(root);
        }
        state
    }

    /// The cost of what is needed.
    pub fn cost(&self) -> Price {
        self.cost
    }

    /// Work done so far.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// The nodes of all classes.
    pub fn into_choice(self) -> Choice {
        self.choice
    }

    /// The node of a class.
    pub fn node(&self, class: u32) -> u32 {
        self.choice[class as usize]
    }

    /// Whether a class is needed.
    pub fn is_needed(&self, class: u32) -> bool {
        self.references[class as usize] > 0
    }

    /// A mark to come back to.
    pub fn mark(&self) -> usize {
        self.log.len()
    }

    /// Classes that were given another node since a mark, oldest first.
    pub fn changes_since(&self, mark: usize) -> Vec<u32> {
        self.log[mark..].iter().map(|(class, _)| *class).collect()
    }

    /// Makes all changes so far final.
    pub fn forget(&mut self) {
        self.log.clear();
    }

    /// Takes back all changes since a mark.
    pub fn undo(&mut self, mark: usize) {
        while self.log.len() > mark {
            if let Some((class, node)) = self.log.pop() {
                // Later changes may have put the children of the earlier node behind its class.
                let fits = self.fits(class, node, usize::MAX);
                debug_assert!(fits, "an earlier state was acyclic");
                self.replace(class, node);
            }
        }
    }

    /// Counts one more reference to a class: it is needed until it is released.
    pub fn hold(&mut self, class: u32) {
        self.stack.push(class);
        while let Some(class) = self.stack.pop() {
            let references = &mut self.references[class as usize];
            *references += 1;
            if *references == 1 {
                let children = self.problem.children(self.choice[class as usize]);
                self.cost += self.problem.price(self.choice[class as usize]);
                self.work += 1 + children.len() as u64;
                self.stack.extend(children);
            }
        }
    }

    /// Counts one reference less.
    pub fn release(&mut self, class: u32) {
        self.stack.push(class);
        while let Some(class) = self.stack.pop() {
            let references = &mut self.references[class as usize];
            *references -= 1;
            if *references == 0 {
                let children = self.problem.children(self.choice[class as usize]);
                self.cost -= self.problem.price(self.choice[class as usize]);
                self.work += 1 + children.len() as u64;
                self.stack.extend(children);
            }
        }
    }

    /// Takes another node for a class; false, and nothing is changed, when that would be cyclic.
    pub fn take(&mut self, node: u32) -> bool {
        let class = self.problem.class_of(node);
        if !self.fits(class, node, REACH) {
            return false;
        }
        self.log.push((class, self.choice[class as usize]));
        self.replace(class, node);
        true
    }

    fn replace(&mut self, class: u32, node: u32) {
        let old = std::mem::replace(&mut self.choice[class as usize], node);
        if self.references[class as usize] == 0 {
            return;
        }
        let problem = self.problem;
        self.cost += problem.price(node);
        self.cost -= problem.price(old);
        // First what is new, so that what both need is never dropped and built again.
        for &child in problem.children(node) {
            self.hold(child);
        }
        for &child in problem.children(old) {
            self.release(child);
        }
    }

    /// Whether the children of a node can stand before its class; moves them there.
    fn fits(&mut self, class: u32, node: u32, limit: usize) -> bool {
        let problem = self.problem;
        for &child in problem.children(node) {
            if !self.order(child, class, limit) {
                return false;
            }
        }
        true
    }

    /// Makes a class stand before another one; false when it needs that one.
    fn order(&mut self, below: u32, above: u32, limit: usize) -> bool {
        let (low, high) = (self.position[above as usize], self.position[below as usize]);
        if below == above {
            return false;
        }
        if high < low {
            return true;
        }
        // What `below` needs and what needs `above`, as far as they are in the wrong order.
        let Some(mut down) = self.reach(
            below,
            &|s, class, out| {
                out.extend(s.problem.children(s.choice[class as usize]));
            },
            &|position| position > low,
            Some(above),
            limit,
        ) else {
            return false;
        };
        let Some(mut up) = self.reach(
            above,
            &|s, class, out| {
                for &user in &s.users[class as usize] {
                    let owner = s.problem.class_of(user);
                    if s.choice[owner as usize] == user {
                        out.push(owner);
                    }
                }
            },
            &|position| position < high,
            None,
            limit,
        ) else {
            return false;
        };
        let position = |c: &u32| self.position[*c as usize];
        down.sort_unstable_by_key(position);
        up.sort_unstable_by_key(position);
        let mut places: Vec<u32> = down.iter().chain(&up).map(position).collect();
        places.sort_unstable();
        for (&class, place) in down.iter().chain(&up).zip(places) {
            self.position[class as usize] = place;
        }
        true
    }

    /// What can be reached from a class inside a range of positions; `None` when that is too
    /// much or meets the forbidden class.
    fn reach(
        &mut self,
        from: u32,
        next: &dyn Fn(&Self, u32, &mut Vec<u32>),
        inside: &dyn Fn(u32) -> bool,
        forbidden: Option<u32>,
        limit: usize,
    ) -> Option<Vec<u32>> {
        let (mut found, mut neighbours, mut at) = (vec![from], Vec::new(), 0);
        self.marks[from as usize] = true;
        let mut sound = true;
        while at < found.len() && sound {
            neighbours.clear();
            next(self, found[at], &mut neighbours);
            at += 1;
            self.work += 1 + neighbours.len() as u64;
            for &class in &neighbours {
                if Some(class) == forbidden {
                    sound = false;
                } else if inside(self.position[class as usize])
                    && !std::mem::replace(&mut self.marks[class as usize], true)
                {
                    found.push(class);
                }
            }
            sound &= found.len() <= limit;
        }
        for &class in &found {
            self.marks[class as usize] = false;
        }
        sound.then_some(found)
    }
}

/// Positions in which children of chosen nodes stand before their users.
fn positions(problem: &Problem, choice: &[u32]) -> Vec<u32> {
    let mut position = vec![NONE; choice.len()];
    let mut next = 0;
    let mut stack: Vec<(u32, usize)> = Vec::new();
    for class in 0..choice.len() as u32 {
        stack.push((class, 0));
        while let Some((class, child)) = stack.pop() {
            if position[class as usize] != NONE {
                continue;
            }
            match problem.children(choice[class as usize]).get(child) {
                Some(&below) => {
                    stack.push((class, child + 1));
                    assert!(stack.len() <= 2 * choice.len() + 2, "an acyclic choice");
                    if position[below as usize] == NONE {
                        stack.push((below, 0));
                    }
                }
                None => {
                    position[class as usize] = next;
                    next += 1;
                }
            }
        }
    }
    position
}
