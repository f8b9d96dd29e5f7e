//! What can be asked about expressions; the command line and `batch` ask the same questions.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::definitions::Definitions;
use super::explanation::{self, Explained};
use crate::calculus::{self, expand};
use crate::kernel::{BACKENDS, Layout, Options as Lowering, Output, Scratch, Tape, Variable};
use crate::rewrite::derived::derived;
use crate::rewrite::explain::{Explanation, Record, check};
use crate::rewrite::{
    Assumptions, ENGINES, Engine, Measure, Options, Ruleset, cost, optimise, simplify,
};
use crate::syntax::print::{Latex, Plain, TooLong, try_print};
use crate::syntax::{Id, Tree};
use crate::term::evaluate::{Enclosing, evaluate};
use crate::term::real::{NoValue, Precise, decimal, value};
use crate::term::visit::free_symbols;
use crate::term::{Affine, Graph, Interval, Number, Term};
use crate::text::{Diagnostic, Kind, Limits, Source};

/// Most digits of a value.
pub const DIGITS: usize = 10_000;

/// So many digits may take longer than a person waits without being able to stop it.
const LONG: usize = 500;

/// How often work that was handed away is asked for.
const PATIENCE: Duration = Duration::from_millis(50);

/// Expressions that belong to one question, in one graph.
pub struct Workspace {
    /// The terms, in canonical form.
    pub graph: Graph,
    /// What names stand for.
    pub definitions: Definitions,
    pub(super) known: Known,
    pub(super) rules: Arc<Ruleset>,
    /// Whether the work at hand should end; asked between parts of it.
    stop: fn() -> bool,
    pub(super) limits: Limits,
}

/// What is known of names.
#[derive(Clone, Default)]
pub struct Known {
    pub(super) facts: Assumptions,
    /// As typed.
    typed: Vec<String>,
}

/// An answer about one expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Reduced {
    /// The result in the language of models.
    pub expression: String,
    /// The result in the workspace's graph.
    pub term: Term,
    /// Nodes of its printed tree.
    pub size: u64,
    /// Size before.
    pub size_before: u64,
}

/// An answer, or what is wrong with the question.
pub(super) type Answer<T> = Result<T, Vec<Diagnostic>>;

pub(super) fn error(kind: Kind, message: impl Into<String>) -> Vec<Diagnostic> {
    vec![Diagnostic::without_place(kind, message.into())]
}

pub(super) fn helped(errors: Vec<Diagnostic>, help: &str) -> Vec<Diagnostic> {
    errors.into_iter().map(|e| e.help(help)).collect()
}

/// The error that a text would be too long.
pub(super) fn too_long(e: TooLong) -> Vec<Diagnostic> {
    helped(error(Kind::Resource, e.to_string()), &Limits::remedy("printed"))
}

impl Workspace {
    /// An empty workspace.
    pub fn new(limits: &Limits) -> Workspace {
        Workspace {
            graph: Graph::new(),
            definitions: Definitions::default(),
            known: Known::default(),
            rules: Ruleset::shared(),
            stop: || false,
            limits: limits.clone(),
        }
    }

    /// The same workspace with other rules than those that isoterm ships.
    pub fn with_rules(self, rules: Arc<Ruleset>) -> Workspace {
        Workspace { rules, ..self }
    }

    /// The same workspace, in which long work ends once `stop` says so; the best that was found
    /// until then is returned.
    pub fn until(self, stop: fn() -> bool) -> Workspace {
        Workspace { stop, ..self }
    }

    /// What was assumed, as typed.
    pub fn assumed(&self) -> &[String] {
        &self.known.typed
    }

    /// Puts what is known in place of what was; gives that back.
    pub fn know(&mut self, known: Known) -> Known {
        std::mem::replace(&mut self.known, known)
    }

    /// What is known of names.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// What is known of terms.
    pub fn assumptions(&self) -> &Assumptions {
        &self.known.facts
    }

    /// The rules in use.
    pub fn rules(&self) -> &Ruleset {
        &self.rules
    }

    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read(&mut self, text: &str) -> Answer<Term> {
        let source = Source::new("expression", text);
        let root = self.definitions.term(&source, &mut self.graph, &self.limits)?;
        if self.graph.is_undefined(root) {
            return Err(error(Kind::Undefined, "the expression has no value anywhere"));
        }
        Ok(root)
    }

    /// Takes note of a comparison such as `x > 0` or `x^2 + y^2 < 1`, of comparisons joined by
    /// `and`, or of `x in 0..1`, `n integer` or `x real`.
    ///
    /// # Errors
    /// When the text has none of these forms, or nothing fulfils it with what is known already.
    pub fn assume(&mut self, text: &str) -> Answer<()> {
        let helped = |errors: Vec<Diagnostic>| -> Vec<Diagnostic> {
            let help = "write `x > 0`, `x <= 2`, `x in 0..1`, `n integer` or `x real`";
            errors.into_iter().map(|d| if d.help.is_none() { d.help(help) } else { d }).collect()
        };
        let form = || helped(error(Kind::Syntax, format!("`{text}` is no assumption")));
        let mut facts = self.known.facts.clone();
        let end = text.trim_start().find(|c| !crate::syntax::lexeme::continues_name(c));
        let (name, rest) = text.trim_start().split_at(end.ok_or_else(form)?);
        let named = crate::syntax::expression::is_name(name) && !name.is_empty();
        match (named, rest.trim()) {
            (true, "real") => {}
            (true, "integer") => facts.integer(self.graph.symbol(name)),
            (true, range) if range.starts_with("in ") => {
                let (low, high) = range[3..].split_once("..").ok_or_else(form)?;
                let (low, high) = (self.bound(low)?, self.bound(high)?);
                let range = Interval::new(low.lo, high.hi);
                facts.within(self.graph.symbol(name), range, [false; 2]);
            }
            _ => {
                let source = Source::new("assumption", text);
                let definitions = &self.definitions;
                let condition = definitions.condition(&source, &mut self.graph, &self.limits);
                facts.hold(&mut self.graph, condition.map_err(helped)?, true);
            }
        }
        if facts.is_contradictory() {
            return Err(error(Kind::Domain, format!("no number fulfils `{text}`")));
        }
        self.known.facts = facts;
        self.known.typed.push(text.trim().to_owned());
        Ok(())
    }

    /// The enclosure of a bound such as `-2` or `pi/2`.
    fn bound(&mut self, text: &str) -> Answer<Interval> {
        let term = self.read(text)?;
        let free = names(&self.graph, term);
        if let Some(name) = free.first() {
            return Err(error(Kind::Domain, format!("a bound is a number, not `{name}`")));
        }
        let leaf = |_: &str| Interval::ALL;
        Ok(evaluate(&self.graph, term, &mut Enclosing::new(leaf)))
    }

    /// The term of a part of an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn part(&mut self, tree: &Tree, root: Id) -> Answer<Term> {
        self.definitions.part(tree, root, &mut self.graph, &self.limits)
    }

    /// The text of a term.
    ///
    /// # Errors
    /// When it is too long.
    pub fn print(&self, root: Term) -> Answer<String> {
        try_print(&Plain, &self.graph, root, &self.limits).map_err(too_long)
    }

    /// The LaTeX of a term.
    ///
    /// # Errors
    /// When it is too long.
    pub fn latex(&self, root: Term) -> Answer<String> {
        try_print(&Latex, &self.graph, root, &self.limits).map_err(too_long)
    }

    /// Nodes of the printed tree of a term.
    pub fn size(&self, root: Term) -> u64 {
        cost(&self.graph, &[root], Measure::Size) as u64
    }

    /// Whether a result is short enough that somebody could read what it simplifies to: beyond
    /// that, work on it would only end in a text that is too long.
    pub(super) fn presentable(&self, root: Term, what: &str) -> Answer<()> {
        let (size, most) = (self.size(root), self.limits.printed as u64);
        if size > most {
            let message = format!("{what} has {size} parts, beyond the limit `printed` of {most}");
            return Err(helped(error(Kind::Resource, message), &Limits::remedy("printed")));
        }
        Ok(())
    }

    /// Whether somebody has asked for the end of work whose parts are of no use alone.
    pub(super) fn go_on(&self) -> Answer<()> {
        match (self.stop)() {
            true => Err(error(Kind::Interrupted, "the work was interrupted")),
            false => Ok(()),
        }
    }

    pub(super) fn reduced(&mut self, before: Term, after: Term) -> Answer<Reduced> {
        Ok(Reduced {
            expression: self.print(after)?,
            term: after,
            size: self.size(after),
            size_before: self.size(before),
        })
    }

    /// The shortest forms of terms, together.
    pub(super) fn shortest_of(&mut self, roots: &[Term]) -> Vec<Term> {
        let options = self.reading(roots);
        optimise(&mut self.graph, roots, &self.rules, &options).roots
    }

    /// How terms are simplified for people.
    pub(super) fn reading(&mut self, roots: &[Term]) -> Options {
        let assumptions = derived(&mut self.graph, &self.known.facts, roots);
        Options { assumptions, stop: self.stop, ..Options::reading() }
    }

    /// The shortest form found of a term, from any shape of it in its own variables.
    pub(super) fn shortest(&mut self, root: Term) -> Term {
        let options = self.reading(&[root]);
        let found = simplify(&mut self.graph, root, &self.rules, &options).roots[0];
        self.reshaped_as(root, found, &options, false).best
    }

    /// The form that is cheapest to compute.
    pub fn cheapest(&mut self, root: Term) -> Term {
        let assumptions = self.known.facts.clone();
        let options = Options { assumptions, stop: self.stop, ..Options::kernel() };
        optimise(&mut self.graph, &[root], &self.rules, &options).roots[0]
    }

    /// The shortest form that is equal wherever the expression has a value.
    ///
    /// # Errors
    /// When its text is too long.
    pub fn simplify(&mut self, root: Term) -> Answer<Reduced> {
        self.simplify_by(root, ENGINES[0])
    }

    /// The shortest form that an engine finds.
    ///
    /// # Errors
    /// When the text is too long or rules contradict each other.
    pub fn simplify_by(&mut self, root: Term, engine: &'static dyn Engine) -> Answer<Reduced> {
        let options = Options { engine, ..self.reading(&[root]) };
        let found = simplify(&mut self.graph, root, &self.rules, &options);
        if let Some(conflict) = found.conflict {
            return Err(self.contradiction(&conflict)?);
        }
        let best = self.reshaped(root, found.roots[0], &options).best;
        self.reduced(root, best)
    }

    /// The steps from an expression as it is written to the shortest form that an engine finds.
    ///
    /// # Errors
    /// What is wrong with the expression; when it is too large to be explained.
    pub fn explain(&mut self, text: &str, engine: &'static dyn Engine) -> Answer<Explained> {
        let root = self.read(text)?;
        let options = Options { engine, explain: true, ..self.reading(&[root]) };
        let found = simplify(&mut self.graph, root, &self.rules, &options);
        if let Some(conflict) = found.conflict {
            return Err(self.contradiction(&conflict)?);
        }
        let plain = Options { explain: false, ..options.clone() };
        let reshaping = self.reshaped(root, found.roots[0], &plain);
        let steps = self.steps_of(root, found.explanation.clone(), &reshaping.way, &options);
        // What cannot be explained is not taken.
        let Some(explanation) = steps.or(found.explanation) else {
            let message = "the expression is too large to be explained step by step";
            return Err(error(Kind::Resource, message));
        };
        // Reading itself collects and may close gaps, such as that of x/x at zero.
        let mut apart = Graph::written();
        let written = self.definitions.written(text, &mut apart, &self.limits)?;
        let written = self.graph.kept_from(&apart, written);
        let mut record = Record::new(written);
        record.normal(&mut self.graph, root);
        let reading = record.finish();
        let known = &self.known.facts;
        let is_checked = check(&mut self.graph, &self.rules, known, &reading).is_ok();
        let mut lines = if is_checked { self.told(&reading)? } else { Vec::new() };
        lines.extend(self.told(&explanation)?);
        let start = self.print(if is_checked { written } else { root })?;
        let end = explanation.end;
        Ok(Explained { start, lines, result: self.reduced(root, end)? })
    }

    /// The error that rules lead to a contradiction.
    fn contradiction(&mut self, conflict: &Explanation) -> Answer<Vec<Diagnostic>> {
        let (start, end) = (self.print(conflict.start)?, self.print(conflict.end)?);
        let lines = self.told(conflict)?;
        let message = format!("by the rules {start} is {end}, which differ: some rule is wrong");
        let told = explanation::text(&start, &lines);
        Ok(error(Kind::Domain, message).into_iter().map(|d| d.note(told.clone())).collect())
    }

    /// The expression with products of sums multiplied out.
    ///
    /// # Errors
    /// When that takes too many terms.
    pub fn expand(&mut self, root: Term) -> Answer<Reduced> {
        let expanded = expand(&mut self.graph, root, self.limits.terms).map_err(|e| {
            let message = format!("the expanded form has more than {} terms", e.limit);
            helped(error(Kind::Resource, message), &Limits::remedy("terms"))
        })?;
        self.reduced(root, expanded)
    }

    /// The derivative of some order by a name, simplified.
    ///
    /// # Errors
    /// When the name is no name or the result is too long.
    pub fn differentiate(&mut self, root: Term, name: &str, order: usize) -> Answer<Reduced> {
        if !crate::syntax::expression::is_name(name) {
            return Err(error(Kind::Name, format!("`{name}` is not a name")));
        }
        let by = self.graph.symbol(name);
        let mut slope = root;
        for _ in 0..order {
            slope = calculus::derivative(&mut self.graph, slope, by)
                .map_err(|e| error(Kind::Domain, e.to_string()))?;
            self.presentable(slope, "the derivative")?;
            let options = self.reading(&[slope]);
            slope = simplify(&mut self.graph, slope, &self.rules, &options).roots[0];
            self.go_on()?;
        }
        let slope = self.shortest(slope);
        self.reduced(root, slope)
    }

    /// Does work that cannot be stopped from inside; when it is to end, it is left alone and its
    /// result is thrown away.
    fn abandonable<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Answer<T> {
        let (sender, receiver) = mpsc::channel();
        // Nobody waits for what was abandoned, so that sending may fail.
        std::thread::spawn(move || drop(sender.send(work())));
        loop {
            match receiver.recv_timeout(PATIENCE) {
                Ok(found) => return Ok(found),
                Err(mpsc::RecvTimeoutError::Timeout) if !(self.stop)() => {}
                Err(_) => return Err(error(Kind::Interrupted, "the evaluation was interrupted")),
            }
        }
    }

    /// The value of an expression as a decimal, exact where it can be.
    ///
    /// The text is evaluated as it stands: `x/x` has no value at zero.
    ///
    /// # Errors
    /// What is wrong with the text, a name without a value, or no value.
    pub fn evaluate(&self, text: &str, at: &[(String, Number)], digits: usize) -> Answer<String> {
        if digits == 0 || digits > DIGITS {
            return Err(error(Kind::Config, format!("digits are from 1 to {DIGITS}")));
        }
        let mut graph = Graph::written();
        let root =
            self.definitions.term(&Source::new("expression", text), &mut graph, &self.limits)?;
        let given = at.to_vec();
        let work = move || {
            let known = |name: &str| given.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            value(&graph, root, &known, digits)
        };
        let found = if digits < LONG { work() } else { self.abandonable(work)? };
        match found {
            Ok(Precise::Exact(n)) => Ok(decimal(&n, digits)),
            Ok(Precise::Rounded(text)) => Ok(text),
            Ok(Precise::NearZero { digits }) => Err(error(
                Kind::Resource,
                format!("the value is not told apart from zero by {digits} digits"),
            )),
            Err(NoValue::Undefined) => {
                Err(error(Kind::Undefined, "the expression has no value here"))
            }
            Err(NoValue::TooLarge) => {
                Err(error(Kind::Resource, "a number on the way is too large to compute"))
            }
            Err(NoValue::Undecided) => Err(error(
                Kind::Resource,
                "a number on the way is not told apart from where the value changes",
            )),
            Err(NoValue::TooLong) => Err(error(
                Kind::Resource,
                format!("the value takes too many operations with {digits} digits"),
            )),
            Err(NoValue::Unknown(name)) => {
                let names = at.iter().map(|(n, _)| n.as_str());
                let nearest = crate::text::nearest(&name, names);
                Err(vec![
                    Diagnostic::without_place(Kind::Name, format!("`{name}` has no value"))
                        .did_you_mean(nearest)
                        .help(format!("give it one as in `--at {name}=1.5`")),
                ])
            }
        }
    }

    /// The values of expressions at points, by a compiled kernel; what is undefined is NaN.
    ///
    /// # Errors
    /// A name that is not among the variables, or points of another length.
    pub fn kernel(
        &mut self,
        roots: &[Term],
        variables: &[String],
        points: &[Vec<f64>],
    ) -> Answer<Vec<Vec<f64>>> {
        let kernel = |e: crate::kernel::Error| error(Kind::Name, e.to_string());
        let states = variables.iter().enumerate().map(|(offset, name)| Variable {
            name: self.graph.intern(name),
            extents: Vec::new(),
            offset,
        });
        let layout = Layout { time: None, states: states.collect(), parameters: Vec::new() };
        let outputs: Vec<Output> = roots
            .iter()
            .enumerate()
            .map(|(k, &value)| Output {
                ranges: Vec::new(),
                place: Affine::constant(k as i64),
                value,
            })
            .collect();
        let tape =
            Tape::lower(&self.graph, &layout, &outputs, &Lowering::default()).map_err(kernel)?;
        // Few points are evaluated faster than machine code is made.
        let backend = BACKENDS[usize::from(points.len() > 64)];
        let code = backend.compile(&tape).map_err(kernel)?;
        let mut scratch = Scratch::new();
        points
            .iter()
            .map(|point| {
                if point.len() != variables.len() {
                    let (n, m) = (variables.len(), point.len());
                    return Err(error(Kind::Arity, format!("{n} variables, {m} values")));
                }
                let mut values = vec![f64::NAN; roots.len()];
                code.evaluate(0.0, point, &[], &mut values, &mut scratch);
                Ok(values)
            })
            .collect()
    }
}

/// The free names of a term, in the order of the text.
pub fn names(graph: &Graph, root: Term) -> Vec<String> {
    free_symbols(graph, &[root]).iter().map(|&s| graph.name(s).to_owned()).collect()
}
