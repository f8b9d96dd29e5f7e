//! The commands: one table for the shell, the prompt, help, completion and the manual.

mod calibrate;
mod compare;
mod exports;
mod expressions;
mod forms;
mod gradients;
mod models;
mod networks;
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
    compare::COMPARE,
    exports::EXPORT,
    networks::GENERATE,
    networks::DRAW,
    sem::COVARIANCE,
    sem::INFO,
    sem::IDEAL,
    sem::FIT,
    sem::COMPILE,
    sem::SIMULATE,
    sem::DRAW,
    expressions::SIMPLIFY,
    expressions::EXPLAIN,
    expressions::EXPAND,
    forms::COLLECT,
    forms::TOGETHER,
    forms::CANCEL,
    forms::FACTOR,
    forms::APART,
    expressions::DIFF,
    expressions::EVAL,
    expressions::EQUAL,
    expressions::DECIDE,
    expressions::SOLVE,
    expressions::DET,
    expressions::INVERSE,
    expressions::TRANSPOSE,
    gradients::JACOBIAN,
    gradients::HESSIAN,
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

const ELIMINATE: Flag = Flag::switch(
    "eliminate",
    "take species that conservation laws give out of the equations of a reaction network",
);

const EXACT_ORDER: Flag = Flag::switch(
    "exact-order",
    "do every operation as the model writes it, in its order and with its rounding",
);
