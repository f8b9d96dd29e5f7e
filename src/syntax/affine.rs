//! Index expressions: integers, sizes and bound indices in affine combination.

use super::scope::Scope;
use super::tree::{Id, Item, Tree};
use crate::term::{Affine, Binder, Op};
use crate::text::{Diagnostic, Kind, Span};

/// The value of an expression that must be an integer constant: the end of a range, a size.
///
/// # Errors
/// Where it is not an integer constant.
pub fn integer(tree: &Tree, root: Id, scope: &dyn Scope) -> Result<i64, Diagnostic> {
    let value = affine(tree, root, scope, &[])?;
    value.as_constant().ok_or_else(|| not_affine(tree.span(root)))
}

/// An index expression: integer constants and bound indices, combined affinely.
///
/// # Errors
/// Where it is not affine.
pub fn affine(
    tree: &Tree,
    root: Id,
    scope: &dyn Scope,
    indices: &[&str],
) -> Result<Affine, Diagnostic> {
    affine_within(tree, root, scope, indices, MAX_INDEX_DEPTH)
}

/// Operators nested in one index expression.
const MAX_INDEX_DEPTH: usize = 200;

/// Largest absolute value of an index, so that flat positions stay within 64 bits.
const MAX_INDEX: i64 = 1 << 40;

fn affine_within(
    tree: &Tree,
    root: Id,
    scope: &dyn Scope,
    indices: &[&str],
    depth: usize,
) -> Result<Affine, Diagnostic> {
    let span = tree.span(root);
    let wrong = || not_affine(span);
    let depth = depth.checked_sub(1).ok_or_else(wrong)?;
    let part = |id: Id| affine_within(tree, id, scope, indices, depth);
    let found = match tree.item(root) {
        Item::Number(n) => Affine::constant(n.to_i64().ok_or_else(wrong)?),
        Item::Name(name) => {
            let name = tree.name(*name);
            match indices.iter().rposition(|i| *i == name) {
                Some(level) => Affine::binder(Binder(level as u8)),
                None => match scope.integer(name) {
                    Some(value) => Affine::constant(value),
                    None => {
                        return Err(
                            wrong().label(format!("`{name}` is neither an index nor a `size`"))
                        );
                    }
                },
            }
        }
        Item::Prefix(operator, a) if operator.row().op == Op::Neg => {
            Affine::constant(0).plus(-1, &part(*a)?).ok_or_else(wrong)?
        }
        Item::Infix(operator, a, b) => {
            let (a, b) = (part(*a)?, part(*b)?);
            match operator.row().op {
                Op::Add => a.plus(1, &b),
                Op::Sub => a.plus(-1, &b),
                Op::Mul => match (a.as_constant(), b.as_constant()) {
                    (Some(k), _) => Affine::constant(0).plus(k, &b),
                    (_, Some(k)) => Affine::constant(0).plus(k, &a),
                    _ => None,
                },
                Op::Div => match (a.as_constant(), b.as_constant()) {
                    (Some(a), Some(b)) if b != 0 && a % b == 0 => Some(Affine::constant(a / b)),
                    _ => None,
                },
                Op::Pow => match (a.as_constant(), b.as_constant().map(u32::try_from)) {
                    (Some(a), Some(Ok(b))) => a.checked_pow(b).map(Affine::constant),
                    _ => None,
                },
                _ => None,
            }
            .ok_or_else(wrong)?
        }
        _ => return Err(wrong()),
    };
    let large =
        found.offset.abs() > MAX_INDEX || found.terms.iter().any(|(_, f)| f.abs() > MAX_INDEX);
    if large { Err(wrong().label("beyond 2^40")) } else { Ok(found) }
}

/// The error that an expression is not an index.
pub(super) fn not_affine(span: Span) -> Diagnostic {
    Diagnostic::error(Kind::Syntax, span, "not an integer index expression").help(
        "use integers, `size` constants and bound indices with `+`, `-` and `*`, as in `2*i - 1`",
    )
}
