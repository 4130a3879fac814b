//! A button carries the line it stands for, a form completes one; this presses and fills in every one that the bot
//! offers.

use std::collections::BTreeMap;

use jiuding::chat::{Field, FieldKind};

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
                let mut events = Vec::new();
                for button in spoken.message.clone().formless().buttons {
                    if pressed.insert((spoken.to.clone(), button.line.clone())) {
                        let said = format!("[{}] says {:?}", button.label, button.line);
                        events.push((said, world.pressing(spoken, WHO, &button.label)));
                    }
                }
                if let Some(form) = spoken.message.form.as_deref()
                    && pressed.insert((spoken.to.clone(), form.line.clone()))
                {
                    let values = form.fields.iter().map(|field| (field.name.clone(), sample(field)));
                    let event = world.submitting(spoken, WHO, values.collect());
                    events.push((format!("the form of {:?}", form.line), event));
                }
                for (said, event) in events {
                    let heard = world.heard.lock().unwrap().len();
                    world.deliver(event, None).await?;
                    let answers = world.heard.lock().unwrap()[heard..].to_vec();
                    let here = answers.iter().filter(|answer| answer.to == spoken.to);
                    let words: Vec<String> = here.map(|answer| answer.message.plain()).collect();
                    if words.is_empty() || words.iter().any(|words| is_not_understood(words)) {
                        wrong.push(format!("{said}: {words:?}"));
                    }
                }
            }
            world.stop().await;
            Ok((pressed.len(), wrong))
        })
    }

    /// Somebody presses the button of that label; in a direct chat whoever it belongs to.
    pub(super) fn pressing(&mut self, spoken: &Spoken, who: &str, label: &str) -> Event {
        let buttons = spoken.message.clone().formless().buttons;
        let button = buttons.into_iter().find(|button| button.label == label).unwrap();
        self.press(spoken, who, button.line, label, None)
    }

    /// Somebody fills in the form of a message; `filled` is `名:值 名:值` with 〕 at its end.
    pub(super) fn filling(&mut self, spoken: &Spoken, who: &str, filled: &str) -> Result<Event, String> {
        let filled = filled.trim_end().strip_suffix('〕').ok_or("a form ends with 〕")?;
        let form = spoken.message.form.as_deref().expect("it has a form");
        let begins = |at: usize| at == 0 || filled[..at].ends_with([' ', '\n']);
        let mut places: Vec<(usize, &str)> = Vec::new();
        for field in &form.fields {
            let key = format!("{}:", field.name);
            let at = filled.match_indices(&key).map(|(at, _)| at).find(|at| begins(*at));
            places.extend(at.map(|at| (at, field.name.as_str())));
        }
        places.sort_unstable();
        let ends = places.iter().skip(1).map(|(at, _)| *at).chain([filled.len()]);
        let values = places.iter().zip(ends).map(|((at, name), end)| {
            ((*name).to_owned(), filled[at + name.len() + 1..end].trim_end().to_owned())
        });
        let values: BTreeMap<String, String> = values.collect();
        if places.first().is_none_or(|(at, _)| *at > 0) {
            return Err(format!("{filled:?} does not begin with a field of {:?}", form.fields));
        }
        Ok(self.submitting(spoken, who, values))
    }

    fn submitting(&mut self, spoken: &Spoken, who: &str, values: BTreeMap<String, String>) -> Event {
        let form = spoken.message.form.clone().expect("it has a form");
        self.press(spoken, who, form.line, &form.submit, Some(values))
    }

    fn press(
        &mut self,
        spoken: &Spoken,
        who: &str,
        value: String,
        label: &str,
        form: Option<BTreeMap<String, String>>,
    ) -> Event {
        let (room, who, direct) = match &spoken.to {
            Target::Room(room) => (room.raw().to_owned(), who, false),
            Target::Person(person) => (format!("dm:{}", person.raw()), person.raw(), true),
        };
        Event::Pressed(Pressed {
            room_name: (!direct).then(|| room.clone()),
            room,
            sender: mentioned(who),
            value,
            form,
            label: Some(label.to_owned()),
            message_id: Some(self.message_id()),
            direct,
        })
    }
}

/// Something that fits into a field.
fn sample(field: &Field) -> String {
    match &field.kind {
        FieldKind::Date => "2027-06-01".to_owned(),
        FieldKind::Short if ["进度", "成本", "节点"].contains(&field.name.as_str()) => "0".to_owned(),
        FieldKind::Short | FieldKind::Long => {
            field.default.clone().unwrap_or_else(|| "说\"清\"楚\n/工单 别的 目标:x".to_owned())
        }
        kind => kind.options().and_then(|options| options.first().cloned()).unwrap_or_default(),
    }
}

fn is_not_understood(words: &str) -> bool {
    NOT_UNDERSTOOD.iter().any(|sign| words.contains(sign))
}
