//! Model blocks as written: the tree of a model file, with a span on everything.

use super::tree::{Id, Range, Tree};
use crate::term::Number;
use crate::text::{Diagnostic, Span};

/// A word of the text and its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// The word; of a quoted string, what is between the quotes.
    pub text: String,
    /// Its place, quotes included.
    pub span: Span,
}

/// A model file.
#[derive(Clone, Debug, Default)]
pub struct ModelText {
    /// All expressions of the file.
    pub tree: Tree,
    /// The blocks, in order.
    pub blocks: Vec<Block>,
}

/// One block, from its keyword to `end`.
#[derive(Clone, Debug)]
pub struct Block {
    /// What kind of block it is: a row of [`super::model::BLOCKS`].
    pub kind: BlockKind,
    /// Its name; the keyword itself when the block has none.
    pub name: Word,
    /// What is in it, in order.
    pub statements: Vec<Statement>,
    /// From the keyword to `end`.
    pub span: Span,
}

/// Kinds of block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockKind {
    /// Ordinary differential equations.
    Ode,
    /// A reaction network; it may hold equations of other states as well.
    Network,
    /// A structural equation model.
    Sem,
}

/// One statement of a block.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it says.
    pub content: Content,
    /// The whole of it.
    pub span: Span,
}

/// What a statement says. A line that declares several names gives a statement for each.
#[derive(Clone, Debug)]
pub enum Content {
    /// `parameter k = 1`, `A' = -k*A` and the like.
    Declaration(Declaration),
    /// `f(x, y) = x*y`.
    Function(FunctionText),
    /// `forcing(t) = table("file.csv")`.
    Table(TableText),
    /// `when h < 0 { v = -0.8*v }`.
    When(WhenText),
    /// `A + B <-> C, kf, kr`; those of a `for … { }` give a statement each.
    Reaction(ReactionText),
    /// `simulate t = 0..10, points = 100`.
    Simulate(Vec<Setting>),
    /// A statement of a structural equation model.
    Structural(super::sem::Statement),
}

/// What a declaration declares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// `size N = 40`: an integer constant, for ranges and indices.
    Size,
    /// `parameter k = 1`.
    Parameter,
    /// `state A = 1`; the value is the initial value.
    State,
    /// `species A = 1`: a state that reactions change; without a value it starts at zero.
    Species,
    /// `fixed A = 1`: a species that reactions use and do not change.
    Fixed,
    /// `initial A = 1`: an initial value given apart.
    Initial,
    /// `let flux = k*A`.
    Let,
    /// `observe total = A + B`.
    Observe,
    /// `A' = -k*A`.
    Derivative,
    /// `A = 0` inside of `when … { }`.
    Reset,
    /// `0 = A + B - 1`; the name is the zero.
    Algebraic,
}

/// A name, perhaps indexed, and its value; or the zero of an algebraic equation and the right side.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// What is declared.
    pub role: Role,
    /// The name.
    pub name: Word,
    /// The indices in brackets after the name; empty for a scalar.
    pub indices: Vec<Id>,
    /// The value; `None` where only the name is given, as in `state A` or `observe A`.
    pub value: Option<Id>,
    /// `for i in 1..N, j in 1..M`; empty when there is none.
    pub ranges: Vec<Range>,
    /// Where `periodic` stands, when it does.
    pub periodic: Option<Span>,
}

/// An event: when its condition becomes true, states are set anew or the simulation stops.
#[derive(Clone, Debug)]
pub struct WhenText {
    /// The condition.
    pub condition: Id,
    /// What is assigned, all from the values before; the roles are [`Role::Reset`].
    pub resets: Vec<Declaration>,
    /// Whether there is a `stop` among them.
    pub stop: bool,
}

/// A reaction, or a family of reactions over index ranges.
#[derive(Clone, Debug)]
pub struct ReactionText {
    /// What is on the left; empty for `0`.
    pub reactants: Vec<PartText>,
    /// What is on the right; empty for `0`.
    pub products: Vec<PartText>,
    /// The sign between them.
    pub arrow: Arrow,
    /// The rate, and that of the way back of a reversible reaction.
    pub rates: Vec<Id>,
    /// `for i in 0..n`, those of enclosing braces first.
    pub ranges: Vec<Range>,
    /// From the first reactant to the last product.
    pub span: Span,
}

/// The sign between reactants and products.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrow {
    /// Whether the reaction also goes back: `<->` and `<=>`.
    pub reversible: bool,
    /// Whether the rate is the whole propensity (`=>`, `<=>`) and not the factor of mass action
    /// (`->`, `<->`).
    pub whole: bool,
}

/// `2 S[i]`: a species with its stoichiometric number.
#[derive(Clone, Debug)]
pub struct PartText {
    /// The number before the name and its place, when there is one.
    pub count: Option<(Number, Span)>,
    /// The species.
    pub name: Word,
    /// Its indices.
    pub indices: Vec<Id>,
    /// The whole of it.
    pub span: Span,
}

/// A function of the user.
#[derive(Clone, Debug)]
pub struct FunctionText {
    /// Its name.
    pub name: Word,
    /// Its arguments.
    pub parameters: Vec<Word>,
    /// Its value.
    pub body: Id,
}

/// A function given by a table in a file.
#[derive(Clone, Debug)]
pub struct TableText {
    /// Its name.
    pub name: Word,
    /// Its argument.
    pub parameter: Word,
    /// The file as written in the text.
    pub path: Word,
    /// `name = value` after the path.
    pub settings: Vec<Setting>,
}

/// `name = value word`, as in `points = 200 log`.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The name.
    pub name: Word,
    /// The value.
    pub value: SettingValue,
    /// A word after the value.
    pub qualifier: Option<Word>,
    /// The whole of it.
    pub span: Span,
}

/// The value of a setting; a bare word such as `auto` is an expression that is a name.
#[derive(Clone, Debug)]
pub enum SettingValue {
    /// An expression.
    Expression(Id),
    /// `from..to`.
    Range(Id, Id),
    /// `"text"`.
    Text(Word),
}

/// What came of a model file with errors: all of them, and the statements that were understood.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Every error of the file, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// The rest of the file.
    pub partial: ModelText,
}
