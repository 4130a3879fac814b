//! `jiuding when`: how a typed date or duration is read.

use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
};

use jiff::Timestamp;
use jiuding::{
    calendar::{Calendar, typed::when_line},
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
};

use super::Moment;

#[derive(clap::Args)]
pub struct Args {
    /// What somebody typed; `-` reads lines `TIME<TAB>TEXT` from standard input.
    text: String,
    /// When it was typed: RFC 3339, or local without a zone [default: now].
    #[arg(long, value_name = "TIME")]
    at: Option<Moment>,
}

pub fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    let calendar = config.rules()?.calendar;
    if args.text == "-" {
        if args.at.is_some() {
            return Err(
                ConfigError("--at does not go with `-`: each line brings its own time".to_owned()).into()
            );
        }
        answer_lines(&calendar, io::stdin().lock(), io::stdout().lock())?;
        return Ok(ExitCode::SUCCESS);
    }
    let read = match args.at {
        Some(moment) => moment.instant(calendar.zone()),
        None => Ok(SystemClock.now()),
    };
    match read.and_then(|now: Timestamp| when_line(&args.text, now, &calendar)) {
        Ok(line) => println!("{line}"),
        Err(why) => anyhow::bail!("{why}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// One answer for each line, at once, so that a program may ask line by line.
fn answer_lines(calendar: &Calendar, lines: impl BufRead, mut answers: impl Write) -> io::Result<()> {
    for line in lines.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        let answer = answer(calendar, line.trim_end_matches('\r'))
            .unwrap_or_else(|why| format!("?\t{}", why.split_whitespace().collect::<Vec<_>>().join(" ")));
        writeln!(answers, "{answer}")?;
        answers.flush()?;
    }
    Ok(())
}

fn answer(calendar: &Calendar, line: &str) -> Result<String, String> {
    let (time, text) = line.split_once('\t').ok_or("expected TIME, a tab, TEXT")?;
    let now = time.trim().parse::<Moment>()?.instant(calendar.zone())?;
    when_line(text, now, calendar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_gets_one_answer() {
        let lines = "2026-11-23T09:00:00+08:00\t明天\r\n明天\n\n9 o'clock\t明天\n2026-11-23T09:00\t明天";
        let mut answers = Vec::new();
        answer_lines(&Calendar::shanghai(), lines.as_bytes(), &mut answers).unwrap();
        let answers = String::from_utf8(answers).unwrap();
        let answers: Vec<&str> = answers.lines().collect();
        assert_eq!(answers.len(), 5);
        assert!(answers[0].starts_with("2026-11-24T18:00:00+08:00\t"), "{}", answers[0]);
        assert_eq!(answers[1], "?\texpected TIME, a tab, TEXT");
        assert_eq!(answers[2], answers[1]);
        assert!(answers[3].starts_with("?\tno time: "), "{}", answers[3]);
        assert_eq!(answers[4], answers[0]);
    }
}
