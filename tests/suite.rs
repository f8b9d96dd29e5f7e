//! The integration tests, as one binary.

#[path = "suite/algebraic.rs"]
mod algebraic;
#[path = "suite/batch.rs"]
mod batch;
#[path = "suite/bionetgen.rs"]
mod bionetgen;
#[path = "suite/case.rs"]
mod case;
#[path = "suite/commands.rs"]
mod commands;
#[path = "suite/cycles.rs"]
mod cycles;
#[path = "suite/drawings.rs"]
mod drawings;
#[path = "suite/elimination.rs"]
mod elimination;
#[path = "suite/events.rs"]
mod events;
#[path = "suite/expanding.rs"]
mod expanding;
#[path = "suite/explanations.rs"]
mod explanations;
#[path = "suite/exports/mod.rs"]
mod exports;
#[path = "suite/extraction.rs"]
mod extraction;
#[path = "suite/grammar/mod.rs"]
mod grammar;
#[path = "suite/graph_files.rs"]
mod graph_files;
#[path = "suite/huge.rs"]
mod huge;
#[path = "suite/layers.rs"]
mod layers;
#[path = "suite/mixed_graphs.rs"]
mod mixed_graphs;
#[path = "suite/models.rs"]
mod models;
#[path = "suite/moment_kernels.rs"]
mod moment_kernels;
#[path = "suite/networks.rs"]
mod networks;
#[path = "suite/plots.rs"]
mod plots;
#[path = "suite/printing.rs"]
mod printing;
#[path = "suite/program.rs"]
mod program;
#[cfg(unix)]
#[path = "suite/prompt.rs"]
mod prompt;
#[path = "suite/random.rs"]
mod random;
#[path = "suite/reference.rs"]
mod reference;
#[path = "suite/regions.rs"]
mod regions;
#[path = "suite/rules.rs"]
mod rules;
#[path = "suite/seeded.rs"]
mod seeded;
#[path = "suite/seeds.rs"]
mod seeds;
#[path = "suite/sem_commands.rs"]
mod sem_commands;
#[path = "suite/sem_fits.rs"]
mod sem_fits;
#[path = "suite/sensitivities.rs"]
mod sensitivities;
#[path = "suite/simplify.rs"]
mod simplify;
#[path = "suite/stages.rs"]
mod stages;
#[path = "suite/steady.rs"]
mod steady;
#[path = "suite/strength.rs"]
mod strength;
#[path = "suite/structure.rs"]
mod structure;
#[path = "suite/tidy.rs"]
mod tidy;
