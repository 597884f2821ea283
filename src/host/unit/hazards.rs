//! Looks for what would hurt an upgrade in a service: in what systemd has in memory and in what its files say. Follows `hazard`.

use super::command::Directive;
use super::effective::Effective;
use super::environment::Environment;
use super::hazard::{Finding, Hazard, Migration, OPEN_FILES, Where};
use super::place::Placed;
use super::show::Unit;
use super::state::{ActiveState, LoadState, Restart, ServiceType};

/// The flag that makes `kong start` migrate.
const FLAG: &str = "--run-migrations";

/// All that is found about `unit`, whose files come to `effective` and give it `environment`.
#[must_use]
pub fn hazards(unit: &Unit, effective: &Effective, environment: &Environment) -> Vec<Finding> {
    let mut all = of_state(unit);
    if !matches!(unit.load, LoadState::Loaded) {
        return findings(unit, all);
    }
    all.extend(of_commands(unit, effective));
    all.extend(of_variables(environment));
    all.extend(of_settings(unit, effective));
    all.extend(of_the_foreground(unit, effective, environment));
    let must = environment
        .not_read
        .iter()
        .filter(|one| !one.what.may_be_missing);
    all.extend(must.map(|one| {
        let path = one.what.path.clone();
        (Hazard::EnvironmentFileNotRead { path }, line(one))
    }));
    for (places, hazard) in [
        (&effective.broken, Hazard::Broken),
        (&environment.ignored, Hazard::NoVariable),
        (&environment.run_on, Hazard::RunOnComment),
    ] {
        let places = places.iter().cloned();
        all.extend(places.map(|place| (hazard.clone(), Where::Line(place))));
    }
    findings(unit, all)
}

type Found = (Hazard, Where);

fn findings(unit: &Unit, all: Vec<Found>) -> Vec<Finding> {
    let all = all.into_iter().map(|(hazard, at)| Finding {
        unit: unit.id.clone(),
        hazard,
        at,
    });
    all.collect()
}

fn line<T>(one: &Placed<T>) -> Where {
    Where::Line(one.place.clone())
}

fn of_state(unit: &Unit) -> Vec<Found> {
    let mut found = Vec::new();
    let load = match unit.load {
        LoadState::Loaded => None,
        LoadState::NotFound => Some(Hazard::NotFound),
        LoadState::Masked => Some(Hazard::Masked),
        _ => Some(Hazard::NotLoaded {
            why: unit.load_error.clone(),
        }),
    };
    found.extend(load.map(|hazard| (hazard, Where::Property("LoadState"))));
    if unit.needs_reload {
        found.push((Hazard::NeedsReload, Where::Property("NeedDaemonReload")));
    }
    if unit.active == ActiveState::Failed {
        let result = unit.result.to_string();
        found.push((Hazard::Failed { result }, Where::Property("Result")));
    }
    found
}

/// How a command's text migrates.
fn migration(text: &str) -> Option<Migration> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.contains(FLAG) {
        Some(Migration::Flag)
    } else {
        text.contains("kong migrations")
            .then_some(Migration::Command)
    }
}

fn of_commands(unit: &Unit, effective: &Effective) -> Vec<Found> {
    let mut found = Vec::new();
    let mut seen: Vec<Directive> = Vec::new();
    for one in &effective.commands {
        if let Some(by) = migration(&one.what.words.join(" ")) {
            seen.push(one.what.directive);
            found.push((Hazard::Migrates(by), line(one)));
        }
    }
    // What files no longer say, systemd goes on doing until it reads them again.
    for (directive, command) in &unit.commands {
        if let Some(by) = migration(&command.line).filter(|_| !seen.contains(directive)) {
            found.push((Hazard::Migrates(by), Where::Property(directive.as_str())));
        }
    }
    found
}

fn of_variables(environment: &Environment) -> impl Iterator<Item = Found> {
    environment.variables.iter().filter_map(|(name, one)| {
        let value = one.what.reveal();
        let is_yes = matches!(value.to_lowercase().as_str(), "1" | "on" | "true" | "yes");
        let asks = name.contains("MIGRATIONS") && is_yes;
        let migrates = asks || migration(value).is_some();
        let by = Migration::Variable(name.clone());
        migrates.then(|| (Hazard::Migrates(by), line(one)))
    })
}

fn of_settings(unit: &Unit, effective: &Effective) -> Vec<Found> {
    let at = |key: &str, property| {
        let single = effective.single.get(key);
        single.map_or(Where::Property(property), line)
    };
    let mut found = Vec::new();
    let restart = unit.restart.clone();
    match restart {
        Restart::Always | Restart::OnSuccess => {
            found.push((Hazard::RestartsAfterStop(restart), at("Restart", "Restart")));
        }
        Restart::OnFailure | Restart::OnAbnormal | Restart::OnAbort => {
            found.push((Hazard::RestartsAfterKill(restart), at("Restart", "Restart")));
        }
        Restart::No | Restart::OnWatchdog | Restart::Other(_) => {}
    }
    if let Some(soft) = unit.open_files.soft.filter(|soft| *soft < OPEN_FILES) {
        let hazard = Hazard::FewOpenFiles { soft };
        found.push((hazard, at("LimitNOFILE", "LimitNOFILESoft")));
    }
    found
}

/// Kong's first process and systemd must agree on whether it stays.
fn of_the_foreground(
    unit: &Unit,
    effective: &Effective,
    environment: &Environment,
) -> Option<Found> {
    let daemon = environment.variables.get("KONG_NGINX_DAEMON");
    let is_off = daemon.is_some_and(|one| matches!(one.what.reveal(), "off" | "false"));
    let starts = |one: &&Placed<super::ExecLine>| {
        let is_service = one.what.directive == Directive::ExecStart;
        is_service && one.what.words.join(" ").contains("kong start")
    };
    let start = effective.commands.iter().find(starts);
    match unit.r#type.clone()? {
        ServiceType::Forking if is_off => Some((Hazard::Foreground, line(daemon?))),
        r#type @ (ServiceType::Simple
        | ServiceType::Exec
        | ServiceType::Idle
        | ServiceType::Notify)
            if !is_off =>
        {
            let at = daemon.map(line).or_else(|| start.map(line))?;
            start.map(|_| (Hazard::Background(r#type), at))
        }
        _ => None,
    }
}
