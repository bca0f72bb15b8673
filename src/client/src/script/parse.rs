//! The language of input scripts: a line is `SECONDS COMMAND ARGUMENTS`; `#` starts a comment.

use bevy::{math::Vec3, prelude::KeyCode};
use std::path::PathBuf;

/// Longest script in bytes.
const MAX_SCRIPT_BYTES: usize = 1024 * 1024;

/// A checked script: its steps in the order of their times.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
}

/// One line of a script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// Seconds after entering the world.
    pub(crate) at_secs: f64,
    pub(crate) command: ScriptCommand,
}

/// A direction relative to where the person looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Back,
    Left,
    Right,
}

/// What a script can do: only what a person can do, with waits and pictures beside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ScriptCommand {
    Walk {
        direction: Direction,
        secs: f64,
        is_running: bool,
    },
    /// Degrees to the left about the vertical.
    Turn {
        degrees: f32,
    },
    /// Pitch in degrees, up is positive; absolute.
    Look {
        degrees: f32,
    },
    Jump,
    Crouch {
        secs: f64,
    },
    Grab,
    Throw,
    Sit,
    Stand,
    /// Change between one's own eyes and the view from behind.
    View,
    Say(String),
    /// Press and let go of a key that opens, closes or moves a screen.
    Press(KeyCode),
    /// Write into the field that is open.
    Type(String),
    /// Let go of a file or folder over the window.
    Drop(PathBuf),
    Emote(String),
    /// Walk straight to a point in world space, metres.
    Goto(Vec3),
    /// Look at a person or a named object.
    Face(String),
    /// Hold the script's clock until so many others are here, at most so long.
    WaitPeople {
        count: usize,
        secs: f64,
    },
    Screenshot(PathBuf),
    Quit,
}

/// A fault in a script, with its line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum ScriptError {
    #[error("the script is over {MAX_SCRIPT_BYTES} bytes: split it")]
    TooLong,
    #[error("script line {line}: {fault}")]
    Line { line: usize, fault: String },
}

impl Script {
    /// Reads a script; its steps come out sorted by time, equal times in the order of lines.
    ///
    /// # Errors
    /// [`ScriptError`] with the first faulty line.
    pub(crate) fn parse(text: &str) -> Result<Self, ScriptError> {
        if text.len() > MAX_SCRIPT_BYTES {
            return Err(ScriptError::TooLong);
        }
        let mut steps = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() || line_text.starts_with('#') {
                continue;
            }
            steps.push(parse_line(line_text).map_err(|fault| ScriptError::Line {
                line: index + 1,
                fault,
            })?);
        }
        steps.sort_by(|a: &Step, b: &Step| a.at_secs.total_cmp(&b.at_secs));
        Ok(Self { steps })
    }
}

fn parse_line(line: &str) -> Result<Step, String> {
    let (time, rest) = split_word(line);
    let at_secs = number(time, "a time in seconds")?;
    if at_secs < 0.0 {
        return Err(format!("the time `{time}` is negative"));
    }
    let (name, rest) = split_word(rest);
    let command = match name {
        "walk" | "run" => parse_walk(rest, name == "run")?,
        "turn" => ScriptCommand::Turn {
            degrees: number(rest, "degrees")? as f32,
        },
        "look" => ScriptCommand::Look {
            degrees: number(rest, "degrees")? as f32,
        },
        "jump" => ScriptCommand::Jump,
        "crouch" => ScriptCommand::Crouch {
            secs: number(rest, "seconds")?,
        },
        "grab" => ScriptCommand::Grab,
        "throw" => ScriptCommand::Throw,
        "sit" => ScriptCommand::Sit,
        "stand" => ScriptCommand::Stand,
        "view" => ScriptCommand::View,
        "say" => ScriptCommand::Say(text(rest, "a text")?),
        "press" => ScriptCommand::Press(parse_key(rest)?),
        "type" => ScriptCommand::Type(text(rest, "a text")?),
        "drop" => ScriptCommand::Drop(PathBuf::from(text(rest, "a file name")?)),
        "emote" => ScriptCommand::Emote(text(rest, "a gesture")?),
        "goto" => parse_goto(rest)?,
        "face" => ScriptCommand::Face(text(rest, "a name")?),
        "wait-people" => parse_wait(rest)?,
        "screenshot" => ScriptCommand::Screenshot(PathBuf::from(text(rest, "a file name")?)),
        "quit" => ScriptCommand::Quit,
        "" => return Err("a command must follow the time".to_owned()),
        other => return Err(format!("there is no command `{other}`")),
    };
    Ok(Step { at_secs, command })
}

fn parse_walk(rest: &str, is_running: bool) -> Result<ScriptCommand, String> {
    let (direction, secs) = split_word(rest);
    let direction = match direction {
        "forward" => Direction::Forward,
        "back" => Direction::Back,
        "left" => Direction::Left,
        "right" => Direction::Right,
        other => {
            return Err(format!(
                "`{other}` is not a direction: use forward, back, left or right"
            ));
        }
    };
    Ok(ScriptCommand::Walk {
        direction,
        secs: number(secs, "seconds")?,
        is_running,
    })
}

/// Keys by the names that stand on them.
const KEYS: [(&str, KeyCode); 26] = [
    ("enter", KeyCode::Enter),
    ("escape", KeyCode::Escape),
    ("delete", KeyCode::Delete),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Space),
    ("up", KeyCode::ArrowUp),
    ("down", KeyCode::ArrowDown),
    ("left", KeyCode::ArrowLeft),
    ("right", KeyCode::ArrowRight),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
    ("f1", KeyCode::F1),
    ("f2", KeyCode::F2),
    ("f3", KeyCode::F3),
    ("f11", KeyCode::F11),
    ("b", KeyCode::KeyB),
    ("e", KeyCode::KeyE),
    ("h", KeyCode::KeyH),
    ("l", KeyCode::KeyL),
    ("n", KeyCode::KeyN),
    ("p", KeyCode::KeyP),
    ("q", KeyCode::KeyQ),
    ("r", KeyCode::KeyR),
    ("t", KeyCode::KeyT),
    ("v", KeyCode::KeyV),
    ("y", KeyCode::KeyY),
];

fn parse_key(rest: &str) -> Result<KeyCode, String> {
    let known = KEYS.iter().find(|(name, _)| *name == rest);
    known.map(|(_, key)| *key).ok_or_else(|| {
        let names: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
        format!("`{rest}` is not a key: use one of {}", names.join(", "))
    })
}

fn parse_goto(rest: &str) -> Result<ScriptCommand, String> {
    let numbers = rest
        .split_whitespace()
        .map(|word| number(word, "a coordinate").map(|value| value as f32))
        .collect::<Result<Vec<_>, _>>()?;
    match numbers[..] {
        [x, y, z] => Ok(ScriptCommand::Goto(Vec3::new(x, y, z))),
        _ => Err("goto needs three coordinates: X Y Z".to_owned()),
    }
}

fn parse_wait(rest: &str) -> Result<ScriptCommand, String> {
    let (count, secs) = split_word(rest);
    let count = count
        .parse()
        .map_err(|_error| format!("`{count}` is not a number of people"))?;
    Ok(ScriptCommand::WaitPeople {
        count,
        secs: number(secs, "seconds")?,
    })
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace)
        .map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

fn number(word: &str, what: &str) -> Result<f64, String> {
    word.trim()
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .ok_or_else(|| format!("`{word}` is not {what}"))
}

fn text(rest: &str, what: &str) -> Result<String, String> {
    if rest.is_empty() {
        Err(format!("{what} is missing"))
    } else {
        Ok(rest.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_read() {
        let script = Script::parse(
            "# a visit\n0 wait-people 1 20\n1 walk forward 2\n1.5 run left 0.5\n3 turn -90\n3 look 10\n4 jump\n4 crouch 2\n5 grab\n6 throw\n\
             7 sit\n8 stand\n9 say hello there, 你好\n9 emote wave\n10 goto 1 0 -2.5\n11 face Ada\n12 screenshot a b.png\n13 quit\n14 press page-up\n15 type 你好 there\n16 view\n17 drop my chair.glb\n",
        )
        .unwrap();
        assert_eq!(script.steps.len(), 21);
        assert_eq!(
            script.steps[20].command,
            ScriptCommand::Drop(PathBuf::from("my chair.glb"))
        );
        assert_eq!(
            script.steps[11].command,
            ScriptCommand::Say("hello there, 你好".to_owned())
        );
        assert_eq!(
            script.steps[13].command,
            ScriptCommand::Goto(Vec3::new(1.0, 0.0, -2.5))
        );
        assert_eq!(
            script.steps[15].command,
            ScriptCommand::Screenshot(PathBuf::from("a b.png"))
        );
        assert_eq!(
            script.steps[17].command,
            ScriptCommand::Press(KeyCode::PageUp)
        );
    }

    #[test]
    fn steps_are_sorted_by_time() {
        let script = Script::parse("2 jump\n1 sit\n2 stand").unwrap();
        let order: Vec<_> = script
            .steps
            .iter()
            .map(|step| step.command.clone())
            .collect();
        assert_eq!(
            order,
            [
                ScriptCommand::Sit,
                ScriptCommand::Jump,
                ScriptCommand::Stand
            ]
        );
    }

    #[test]
    fn faults_name_their_line() {
        for (text, part) in [
            ("0 jump\nx jump", "line 2: `x` is not a time"),
            ("0 fly", "no command `fly`"),
            ("0", "a command must follow"),
            ("0 walk up 1", "not a direction"),
            ("0 walk left soon", "not seconds"),
            ("0 goto 1 2", "three coordinates"),
            ("0 goto 1 NaN 2", "not a coordinate"),
            ("-1 jump", "negative"),
            ("0 say", "a text is missing"),
            ("0 drop", "a file name is missing"),
            ("0 press any", "`any` is not a key: use one of enter"),
        ] {
            let fault = Script::parse(text).unwrap_err().to_string();
            assert!(fault.contains(part), "{fault}");
        }
    }
}
