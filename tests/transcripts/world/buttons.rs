//! A button carries the line it stands for; this presses every one that the bot offers.

use super::{Event, HashSet, Mode, Pressed, Script, Spoken, Target, World, mentioned};

/// An administrator may do everything.
const WHO: &str = "管理员";
/// How the bot says that it does not know a word.
const NOT_UNDERSTOOD: [&str; 3] = ["没有「", "看不懂", "这个命令"];

impl World {
    /// Plays a script and then presses each button that was offered on the way, once in each chat; gives how
    /// many those were, and which were not understood.
    pub fn press_all(script: &Script) -> Result<(usize, Vec<String>), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = Self::new(script, Mode::Plain);
            for step in &script.steps {
                world.step(step).await?;
            }
            if world.bot.is_none() {
                world.start().await;
            }
            let offered = world.heard.lock().unwrap().clone();
            let mut pressed = HashSet::new();
            let mut wrong = Vec::new();
            for spoken in &offered {
                for button in &spoken.message.buttons {
                    if !pressed.insert((spoken.to.clone(), button.line.clone())) {
                        continue;
                    }
                    let heard = world.heard.lock().unwrap().len();
                    let event = world.pressing(spoken, WHO, &button.label);
                    world.deliver(event, None).await?;
                    let answers = world.heard.lock().unwrap()[heard..].to_vec();
                    let here = answers.iter().filter(|answer| answer.to == spoken.to);
                    let words: Vec<String> = here.map(|answer| answer.message.plain()).collect();
                    if words.is_empty() || words.iter().any(|words| is_not_understood(words)) {
                        wrong.push(format!("[{}] says {:?}: {words:?}", button.label, button.line));
                    }
                }
            }
            world.stop().await;
            Ok((pressed.len(), wrong))
        })
    }

    /// Somebody presses the button of that label; in a direct chat whoever it belongs to.
    pub(super) fn pressing(&mut self, spoken: &Spoken, who: &str, label: &str) -> Event {
        let (room, who, direct) = match &spoken.to {
            Target::Room(room) => (room.raw().to_owned(), who, false),
            Target::Person(person) => (format!("dm:{}", person.raw()), person.raw(), true),
        };
        let button = spoken.message.buttons.iter().find(|button| button.label == label).unwrap();
        Event::Pressed(Pressed {
            room_name: (!direct).then(|| room.clone()),
            room,
            sender: mentioned(who),
            value: button.line.clone(),
            label: Some(label.to_owned()),
            message_id: Some(self.message_id()),
            direct,
        })
    }
}

fn is_not_understood(words: &str) -> bool {
    NOT_UNDERSTOOD.iter().any(|sign| words.contains(sign))
}
