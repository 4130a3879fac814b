//! Which project a line is carried out on: the room's, a named one, a new one, or one that is asked for.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::{Engine, address, draft::Draft, lines::Held, receive::Event};
use crate::{
    chat::{ONE_WAY, RoomId, Typed},
    dossier::{BoundRoom, Dossier, Project, Refusal, RoomKind},
    features,
    grammar::{self, Args, Object, On},
    store::{CommitError, ProjectId},
};

impl Engine {
    /// The project whose commands are carried out here, before a line says otherwise.
    pub(super) fn home(&self, event: &Event<'_>, lines: &[Typed]) -> Option<ProjectId> {
        if !event.room().direct {
            return self.directory(|directory| directory.of_room(&event.room().id));
        }
        let named = lines.first().and_then(|line| split_project(line).1);
        self.directory(|directory| {
            let mine = directory.of_person(&event.inbound.sender.id);
            match (named, mine.as_slice()) {
                (Some(name), mine) => directory.of_name(&name).filter(|id| mine.contains(id)),
                (None, [only]) => Some(*only),
                (None, _) => event.quoted.map(|(project, _)| project).filter(|id| mine.contains(id)),
            }
        })
    }

    /// The project that a line is carried out on.
    pub(super) async fn settle_home(
        &self,
        event: &Event<'_>,
        held: &mut Held,
        on: On,
        args: &Args,
        named: Option<&str>,
    ) -> Result<Result<(), Refusal>, CommitError> {
        let refuse = |text: String| Ok(Err(Refusal::new(text)));
        match on {
            On::Nothing | On::Registry | On::Wide => Ok(Ok(())),
            On::New if event.room().direct => refuse("请在项目群里建项目：这个群会成为它的项目群".to_owned()),
            On::New => {
                if held.home.is_some() {
                    let name = held.home.as_ref().and_then(|home| home.founded()).map(|p| p.name.clone());
                    let name = name.unwrap_or_default();
                    return refuse(format!(
                        "本群已属于项目「{name}」。补客户、行业：/项目 修改 客户:… 行业:…；要换项目，先 /项目 解绑"
                    ));
                }
                if self.directory(|directory| directory.of_name(&args.text).is_some()) {
                    let name = args.text.trim();
                    return refuse(format!("已有叫「{name}」的项目。把本群绑过去：/项目 绑定 {name}"));
                }
                held.home = Some(self.new_project().await?);
                Ok(Ok(()))
            }
            On::Named if args.text.trim().is_empty() && held.home.is_some() => {
                // A room named by a key becomes this project's.
                let room = args.key("群").map(|name| RoomId::new(ONE_WAY, name));
                let taken = room.and_then(|room| self.directory(|directory| directory.of_room(&room)));
                let home = held.home.as_ref().map(|home| home.id);
                match taken.filter(|taken| Some(*taken) != home) {
                    Some(_) => refuse("这个群已是别的项目的客户群".to_owned()),
                    None => Ok(Ok(())),
                }
            }
            On::Named => {
                let name = args.text.trim().trim_end_matches("客户群").trim();
                let Some(id) = self.directory(|directory| directory.of_name(name)) else {
                    let near = self.directory(|directory| nearest(name, directory.names()));
                    let near = near.map(|near| format!("是不是「{near}」？")).unwrap_or_default();
                    return refuse(format!("没有叫「{name}」的项目。{near}"));
                };
                if held.home.as_ref().is_some_and(|home| home.id == id) {
                    return Ok(Ok(()));
                }
                if let Some(other) = held.home.as_ref().and_then(|home| home.founded()) {
                    return refuse(format!("本群已属于项目「{}」。要换项目，先 /项目 解绑", other.name));
                }
                held.home = Some(self.take(id).await);
                Ok(Ok(()))
            }
            On::Project | On::Customer | On::ProjectOrNew | On::Anywhere if held.home.is_some() => Ok(Ok(())),
            On::Anywhere | On::Customer if event.room().direct => Ok(Ok(())),
            On::Project | On::ProjectOrNew if event.room().direct => {
                Ok(Err(self.ask_which_project(event, args, named)))
            }
            On::ProjectOrNew => {
                held.home = Some(self.new_project().await?);
                Ok(Ok(()))
            }
            On::Project | On::Customer | On::Anywhere => {
                refuse("本群还没有项目。先建一个：/项目 新建 项目名 客户:客户名".to_owned())
            }
        }
    }

    /// In a direct chat the project may have to be asked for.
    pub(super) fn ask_which_project(&self, event: &Event<'_>, args: &Args, named: Option<&str>) -> Refusal {
        if let Some(named) = named {
            return Refusal::new(format!("没有叫「{named}」的项目，或您不在其中"));
        }
        let mine = self.directory(|directory| {
            let projects = directory.of_person(&event.inbound.sender.id);
            projects.into_iter().filter_map(|id| directory.name_of(id).map(str::to_owned)).collect::<Vec<_>>()
        });
        if mine.is_empty() {
            return Refusal::new("您还不在任何项目里。请在项目群里 @ 我，或先在群里发 /项目 新建 项目名");
        }
        let first = args.said.lines().next().unwrap_or_default();
        let refusal = Refusal::new("是哪个项目的？");
        mine.iter()
            .take(5)
            .fold(refusal, |refusal, name| refusal.button(name.clone(), address::for_project(first, name)))
    }

    /// Makes the project that a line begins; gives its name. Its record is the command's to write for
    /// `新建`.
    pub(super) fn found(
        &self,
        event: &Event<'_>,
        draft: &mut Draft,
        held: &mut Held,
        on: On,
    ) -> Option<String> {
        let home = held.home.as_mut().filter(|_| on == On::ProjectOrNew)?;
        let room = event.room();
        let base = room.name.clone().unwrap_or_else(|| "新项目".to_owned());
        let name = self.directory(|directory| {
            let taken = |name: &String| directory.of_name(name).is_some();
            let numbered = (2..).map(|number| format!("{base} {number}"));
            std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name))
        })?;
        let bound = BoundRoom::new(room.id.clone(), room.name.clone(), RoomKind::Internal);
        let project = Project::found(name.clone(), bound, event.inbound.sender.clone(), event.written);
        draft.put(home, Arc::new(project), &self.rules);
        Some(name)
    }

    /// A refused first line makes no project.
    pub(super) fn unfound(&self, draft: &mut Draft, held: &mut Held) {
        if let Some(home) = held.home.take() {
            self.directory.write().expect("no panic while it is held").forget(home.id);
            draft.abandon(home.id);
            self.dossiers.write().expect("no panic while it is held").remove(&home.id);
        }
    }

    /// A dossier that no project has. Only under the founding lock.
    async fn new_project(&self) -> Result<OwnedMutexGuard<Dossier>, CommitError> {
        let dossier = self.take(self.next_project()).await;
        // Another process was faster with this number.
        if dossier.version == 0 { Ok(dossier) } else { Err(CommitError::Stale(dossier.id)) }
    }

    fn next_project(&self) -> ProjectId {
        let dossiers = self.dossiers.read().expect("no panic while it is held");
        let projects = dossiers.keys().filter(|id| id.customer().is_none());
        ProjectId(projects.map(|id| id.0).max().unwrap_or(0) + 1)
    }
}

/// Whether a line can touch more than its own project.
pub(super) fn is_about_projects(line: &Typed) -> bool {
    begins_with(line, features::SPANNING)
}

/// Whether a line may read every project of its customer.
pub(super) fn reads_projects(line: &Typed) -> bool {
    begins_with(line, features::READING_PROJECTS)
}

fn begins_with(line: &Typed, objects: &[Object]) -> bool {
    let text: String = line.text().chars().map(grammar::narrow).collect();
    let word = text.trim_start().trim_start_matches(['/', '、', '\\']).trim_start();
    objects.iter().any(|object| {
        object.names().any(|name| word.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))
    })
}

/// A direct line and the project that it names with `项目:`. To a search that is a key as any other.
pub(super) fn split_project(line: &Typed) -> (Typed, Option<String>) {
    if begins_with(line, &[features::search::OBJECT]) {
        return (line.clone(), None);
    }
    let (first, rest) = match line.text().split_once('\n') {
        Some((first, rest)) => (first, Some(rest)),
        None => (line.text(), None),
    };
    let Some(at) = first.rfind(" 项目:").or_else(|| first.rfind(" 项目：")) else {
        return (line.clone(), None);
    };
    let name = first[at + 1..].trim_start_matches("项目").trim_start_matches([':', '：']).trim().to_owned();
    let text = match rest {
        Some(rest) => format!("{}\n{rest}", &first[..at]),
        None => first[..at].to_owned(),
    };
    (line.with_text(&text), Some(name))
}

fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    names
        .map(|other| (strsim::damerau_levenshtein(name, other), other))
        .filter(|(distance, other)| distance * 2 <= other.chars().count().max(name.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, other)| other.to_owned())
}
