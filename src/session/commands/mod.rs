//! The commands: one table for the shell, the prompt, help, completion and the manual.

mod calibrate;
mod exports;
mod expressions;
mod models;
mod pictures;
mod prompt;
mod rules;
mod runs;
mod sem;
mod steady;

use super::command::{Argument, Command, Flag, Sort};

/// All commands, in the order of the manual.
pub static COMMANDS: &[Command] = &[
    runs::SIMULATE,
    models::CHECK,
    models::INFO,
    models::SHOW,
    exports::EXPORT,
    sem::COVARIANCE,
    sem::INFO,
    sem::IDEAL,
    sem::FIT,
    sem::SIMULATE,
    sem::DRAW,
    expressions::SIMPLIFY,
    expressions::EXPLAIN,
    expressions::EXPAND,
    expressions::DIFF,
    expressions::EVAL,
    expressions::EQUAL,
    expressions::SOLVE,
    expressions::DET,
    expressions::INVERSE,
    expressions::TRANSPOSE,
    expressions::LATEX,
    rules::RULES,
    calibrate::CALIBRATE,
    prompt::HELP,
    prompt::ASSUME,
    prompt::FORGET,
    prompt::NAMES,
    prompt::STYLE,
    prompt::LOAD,
    prompt::SAVE,
    prompt::USE,
    prompt::SET,
    pictures::PLOT,
    prompt::COST,
    prompt::TIME,
    prompt::TAPE,
    prompt::ASM,
    prompt::CLEAR,
    prompt::QUIT,
];

/// The argument of most commands about expressions.
const EXPRESSION: Argument = Argument {
    name: "EXPRESSION",
    about: "an expression; in the shell `-` reads standard input",
    sort: Sort::Expression,
    optional: false,
    many: false,
};

/// A model file.
const FILE: Argument = Argument {
    name: "FILE",
    about: "a model file; `-` is standard input; at the prompt the current model if left out",
    sort: Sort::File,
    optional: true,
    many: false,
};

const ASSUME: Flag =
    Flag::with("assume", "FACT", "something known of a name, as in `x > 0`; may be repeated");

const MODEL: Flag = Flag::with("model", "NAME", "the model, when the file has several");

const EXACT_ORDER: Flag = Flag::switch(
    "exact-order",
    "do every operation as the model writes it, in its order and with its rounding",
);
