//! Commands about rewrite rules: which there are, and whether those of a file hold.

use serde_json::{Map, Value as Json, json};

use crate::rewrite::judge::{Judged, POINTS, Refusal, Verdict, judge, short, together};
use crate::rewrite::{Rule, Ruleset};
use crate::session::command::{Answer, Argument, Call, Command, Example, Place, Sort, Stop};
use crate::session::load::Refused;
use crate::session::{Session, load_text};
use crate::text::{Diagnostic, Kind, Source, nearest};

/// What can be done with rules.
const ACTIONS: &[(&str, fn(&mut Session, &Call<'_>) -> Result<Answer, Stop>)] =
    &[("list", list), ("show", show), ("check", check)];

/// Rules.
pub const RULES: Command = Command {
    name: "rules",
    about: "the rules that terms are rewritten with: lists them, shows one, or judges those of files",
    more: "`rules list` names them, `rules show NAME` tells of one what the judge finds, `rules check \
           FILE` judges every rule of a file at 10,000 points and tells a counterexample of each \
           that is refused; without a file, it judges the rules in use.",
    arguments: &[
        Argument {
            name: "ACTION",
            about: "list, show or check [default: list]",
            sort: Sort::Word,
            optional: true,
            many: false,
        },
        Argument {
            name: "ITEM",
            about: "the name of a rule, or rules files",
            sort: Sort::File,
            optional: true,
            many: true,
        },
    ],
    options: &[],
    place: Place::Everywhere,
    examples: &[
        Example {
            line: "rules show pythagoras",
            result: "pythagoras: sin(?x)^2 + cos(?x)^2 => 1\n\
                     of trigonometric.rules; value sampled, domain proved: of 10000 points both \
                     sides agree at…",
        },
        Example {
            line: "rules check examples/rules/neural.rules", result: "softplus-reflected…"
        },
    ],
    run: |session, call| {
        let name = if call.arguments.is_empty() { "list" } else { call.argument(0) };
        match ACTIONS.iter().find(|(action, _)| *action == name) {
            Some((_, act)) => act(session, call),
            None => {
                let names = ACTIONS.iter().map(|(name, _)| *name);
                let list = names.clone().collect::<Vec<_>>().join(", ");
                let error =
                    Diagnostic::without_place(Kind::Config, format!("rules cannot `{name}`"));
                let error = error.did_you_mean(nearest(name, names));
                Err(error.note(format!("they can {list}")).into())
            }
        }
    },
};

/// The rules in use.
fn list(_: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    if call.arguments.len() > 1 {
        return Err(Stop::refused(Kind::Arity, "`rules list` takes nothing more"));
    }
    let (mut lines, mut json, mut file) = (Vec::new(), Vec::new(), "");
    for rule in &call.rules.rules {
        if rule.origin.file != file {
            file = &rule.origin.file;
            lines.push(format!("# {file}"));
        }
        if rule.name == rule.line_name() {
            lines.push(rule.origin.text.clone());
            json.push(described(rule));
        }
    }
    Ok(Answer::text(lines.join("\n")).json(json!({"rules": json})))
}

/// One rule, with what the judge finds.
fn show(_: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    let [_, name] = call.arguments.as_slice() else {
        return Err(Stop::refused(Kind::Arity, "`rules show` takes the name of a rule"));
    };
    let Some(rule) = call.rules.named(name) else {
        let names = call.rules.rules.iter().map(|r| r.name.as_str());
        let error = Diagnostic::without_place(Kind::Name, format!("no rule `{name}`"));
        return Err(error.did_you_mean(nearest(name, names)).into());
    };
    let (found, json) = match judge(rule, POINTS) {
        Ok(verdict) => {
            let t = verdict.tally;
            let found = format!(
                "value {}, domain {}: of {} points both sides agree at {}, neither has a value at \
                 {}, only the right side has one at {}, {} are not decided",
                verdict.value,
                verdict.domain,
                t.points,
                t.agree,
                t.outside,
                t.extended,
                t.undecided
            );
            (found, judged(rule, &verdict))
        }
        Err(refusal) => {
            let error = refusal.diagnostic(rule);
            (
                format!("refused: {}", [vec![error.message], error.notes].concat().join("; ")),
                described(rule),
            )
        }
    };
    let text = format!("{}\nof {}; {found}", rule.origin.text, rule.origin.file);
    Ok(Answer::text(text).json(json))
}

/// Judges the rules of files, or those in use.
fn check(session: &mut Session, call: &Call<'_>) -> Result<Answer, Stop> {
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    let (mut sound, mut wrong) = (Vec::new(), Vec::new());
    let mut take = |name: &str, source: Option<&Source>, found: Judged| {
        let (rules, errors) = found;
        for (rule, verdict) in &rules {
            lines.push(format!(
                "{:<21} value {:<8} domain {:<8} {} of {} points",
                rule.name,
                verdict.value.to_string(),
                verdict.domain.to_string(),
                verdict.tally.agree,
                verdict.tally.points
            ));
            sound.push(judged(rule, verdict));
        }
        wrong.extend(
            errors.iter().map(|(error, refusal)| refusal_json(name, source, error, refusal)),
        );
        if errors.is_empty() {
            lines.push(format!("{name}: {} rules hold", rules.len()));
        } else {
            let diagnostics = errors.into_iter().map(|(error, _)| error).collect();
            refused.push(Refused { source: source.cloned(), diagnostics });
        }
    };
    if call.arguments.len() < 2 {
        take("the rules in use", None, judge_all(&call.rules, call)?);
    }
    for file in call.arguments.iter().skip(1) {
        match load_text(file, &session.limits) {
            Ok((source, _)) => {
                let (read, errors) = Ruleset::read(&source);
                take(file, Some(&source), together(judge_all(&read, call)?, errors));
            }
            Err(e) => {
                let errors = e.diagnostics.into_iter().map(|e| (e, None)).collect();
                take(file, None, (Vec::new(), errors));
            }
        }
    }
    let json = json!({"sound": sound, "refused": wrong});
    match refused.is_empty() {
        true => Ok(Answer::text(lines.join("\n")).json(json)),
        // Every file is judged before the command fails, so that all errors are seen at once.
        false => Err(Stop { refused, code: 2, found: json }),
    }
}

/// Rules judged between two looks at whether the work should end.
const TOGETHER: usize = 16;

/// What the judge finds of all rules of a set; Ctrl-C ends it.
fn judge_all(rules: &Ruleset, call: &Call<'_>) -> Result<Judged, Stop> {
    let mut all: Judged = (Vec::new(), Vec::new());
    for (k, some) in rules.rules.chunks(TOGETHER).enumerate() {
        if (call.host.stop())() {
            return Err(Stop::failed(Kind::Interrupted, "the judgement was interrupted"));
        }
        call.host.progress((k * TOGETHER) as f64 / rules.rules.len() as f64);
        let (sound, refused) = Ruleset { rules: some.to_vec() }.judged();
        all.0.extend(sound);
        all.1.extend(refused);
    }
    call.host.progress(f64::INFINITY);
    Ok(all)
}

fn described(rule: &Rule) -> Json {
    json!({
        "rule": rule.name, "file": rule.origin.file, "text": rule.origin.text,
        "extends": rule.extends, "expanding": rule.expanding,
    })
}

fn judged(rule: &Rule, verdict: &Verdict) -> Json {
    let mut json = described(rule);
    let tally = verdict.tally;
    json["value"] = json!(verdict.value.to_string());
    json["domain"] = json!(verdict.domain.to_string());
    json["points"] = json!(tally.points);
    json["agree"] = json!(tally.agree);
    json["undecided"] = json!(tally.undecided);
    json
}

fn refusal_json(
    file: &str,
    source: Option<&Source>,
    error: &Diagnostic,
    refusal: &Option<Refusal>,
) -> Json {
    let mut json = json!({"file": file, "message": error.message, "notes": error.notes});
    if let (Some(source), Some(span)) = (source, error.span) {
        let place = source.position(span.start);
        json["line"] = json!(place.line);
        json["column"] = json!(place.column);
    }
    if let Some(Refusal::Counterexample(found)) = refusal {
        let point = found.point.iter().map(|(name, value)| {
            (name.clone(), value.as_ref().map_or(Json::Null, |v| json!(short(v))))
        });
        let side = |value: &Option<crate::term::real::Real>| {
            value.as_ref().map_or(Json::Null, |v| json!(v.decimal(17)))
        };
        json["counterexample"] = json!({
            "point": Map::from_iter(point), "left": side(&found.left), "right": side(&found.right),
        });
    }
    json
}
