//! The table of commands: what can be said, by whom, with which keys. Parsing, help, completion and
//! permissions all come from it.

use super::Args;
use crate::dossier::{Ask, Context, Dossier, Outcome, Refusal};

/// A first word: something that can be spoken of.
#[derive(Debug)]
pub struct Object {
    /// What people call it.
    pub name: &'static str,
    /// Its English word.
    pub english: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// The letter of its ids.
    pub letter: Option<char>,
    /// What it is for, in one line.
    pub summary: &'static str,
}

/// What a command looks like after its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The object alone, or `列表`.
    List,
    /// The object and plain text.
    Text,
    /// The object with anything or nothing after it.
    Any,
    /// An id, with or without text.
    Id,
    /// An id of any kind; where the object means nothing alone, also that of a quoted message.
    AnyId,
    /// An action: Chinese, English.
    Act(&'static str, &'static str),
    /// An id and an action: Chinese, English.
    IdAct(&'static str, &'static str),
}

/// Who may give a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anyone in the room.
    Anyone,
    /// The triangle.
    Triangle,
    /// The triangle, or whoever the record waits for.
    TriangleOrOwner,
    /// The triangle, or anyone while the project has none.
    TriangleOnceSet,
    /// The triangle or the customer representative.
    TriangleOrRepresentative,
}

/// What a command works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// The project of this room; refused where there is none.
    Project,
    /// The project of this room; where there is none, one is made named after the group.
    ProjectOrNew,
    /// A project that this command makes.
    New,
    /// A project named by the text.
    Named,
    /// The project of this room; in a direct chat, none is needed.
    Anywhere,
    /// The file of the customer that the project of this room serves.
    Customer,
    /// Every project of the asker, read only.
    Wide,
    /// What spans projects.
    Registry,
    /// Nothing: it only answers.
    Nothing,
}

/// A key that a command knows: `负责:` in its line.
#[derive(Debug)]
pub struct KeySpec {
    /// The word people type.
    pub name: &'static str,
    /// Its English word.
    pub english: &'static str,
    /// What its value is.
    pub takes: Takes,
}

/// What a key's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Words.
    Text,
    /// A mention or a typed name.
    Person,
    /// The same, or the name of a role.
    PersonOrRole,
}

/// What the lines after the first are to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// A description, kept as typed; priority marks and mentions in it count for the record.
    Description,
    /// As many keys as one likes; what begins with none is description.
    Keys,
    /// Things of their own, which the command reads.
    Items,
}

/// What the words behind a command are that stand in none of its keys. No word that was typed is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// The command reads all of them.
    Read,
    /// A remark: kept in the log and said again in the answer.
    Remark,
    /// Nothing that the command knows; refused.
    Refused,
}

/// One line of the table.
#[derive(Debug)]
pub struct Spec {
    /// Its object's name.
    pub object: &'static str,
    /// What stands after the object.
    pub form: Form,
    /// The keys it knows.
    pub keys: &'static [KeySpec],
    /// What the lines after the first are.
    pub lines: Lines,
    /// What its free words are.
    pub rest: Rest,
    /// It reads marks such as `!紧急` though it is an action.
    pub marked: bool,
    /// Who may.
    pub who: Who,
    /// What it works on.
    pub on: On,
    /// It reads the log; see [`Context::log`].
    pub reads_log: bool,
    /// It reads all projects of the customer; see [`Context::projects`].
    pub reads_projects: bool,
    /// A quoted message can become its record: `转需求`.
    pub from_quote: bool,
    /// What it wants looked up in all projects; see [`Context::found`].
    pub seeks: Option<Seeks>,
    /// A line as one would type it.
    pub usage: &'static str,
    /// What it does.
    pub summary: &'static str,
}

impl Spec {
    /// A command on the project of the room that anyone may give, without keys. Where it lists or acts, it
    /// takes no free words.
    pub const fn new(object: &'static str, form: Form, usage: &'static str, summary: &'static str) -> Self {
        let rest = match form {
            Form::List | Form::Act(..) | Form::IdAct(..) => Rest::Refused,
            Form::Text | Form::Any | Form::Id | Form::AnyId => Rest::Read,
        };
        Self {
            object,
            form,
            keys: &[],
            lines: Lines::Description,
            rest,
            marked: false,
            who: Who::Anyone,
            on: On::Project,
            reads_log: false,
            reads_projects: false,
            from_quote: false,
            seeks: None,
            usage,
            summary,
        }
    }

    /// The same with keys.
    pub const fn keys(self, keys: &'static [KeySpec]) -> Self {
        Self { keys, ..self }
    }

    /// The same with other free words.
    pub const fn rest(self, rest: Rest) -> Self {
        Self { rest, ..self }
    }

    /// The same for others.
    pub const fn who(self, who: Who) -> Self {
        Self { who, ..self }
    }

    /// The same, also said in answer to a message that becomes the record.
    pub const fn from_quote(self) -> Self {
        Self { from_quote: true, ..self }
    }

    /// The same with something to look up.
    pub const fn seeking(self, seeks: Seeks) -> Self {
        Self { seeks: Some(seeks), ..self }
    }

    /// The same on the customer's file, reading all projects of the customer. Its object stands in
    /// [`crate::features::SPANNING`].
    pub const fn reading_projects(self) -> Self {
        Self { on: On::Customer, reads_projects: true, ..self }
    }

    /// The same working on something else.
    pub const fn on(self, on: On) -> Self {
        Self { on, ..self }
    }
}

/// A command: its line of the table, its reading and its decision, in one place.
pub trait Command: Sized {
    /// Its line of the table.
    const SPEC: Spec;

    /// Reads its arguments.
    ///
    /// # Errors
    /// What is missing or cannot be read, with the line to send instead.
    fn parse(args: Args, cx: &Context) -> Result<Self, Refusal>;

    /// Decides. Pure: no clock but the context's, nothing happens but the outcome.
    ///
    /// # Errors
    /// Why not, and who may or what is missing.
    fn run(self, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal>;
}

/// What a line wants looked up; `None` where it cannot be read, which the command then says.
pub type Seeks = fn(&Args) -> Option<Ask>;

/// Reading and deciding, of any command.
pub type Run = fn(Args, &Dossier, &Context) -> Result<Outcome, Refusal>;

/// A command of any type.
#[derive(Clone, Copy)]
pub struct Erased {
    /// Its line of the table.
    pub spec: &'static Spec,
    /// Reads and decides.
    pub run: Run,
}

/// The table's entry of a command.
pub const fn erase<C: Command>() -> Erased {
    fn run<C: Command>(args: Args, dossier: &Dossier, cx: &Context) -> Result<Outcome, Refusal> {
        let remark = args.remark().filter(|_| C::SPEC.rest == Rest::Remark);
        Ok(C::parse(args, cx)?.run(dossier, cx)?.remarked(remark))
    }
    Erased { spec: &C::SPEC, run: run::<C> }
}

impl KeySpec {
    /// A key whose value is words.
    pub const fn text(name: &'static str, english: &'static str) -> Self {
        Self { name, english, takes: Takes::Text }
    }

    /// A key whose value is a person, or a role for whoever holds it then.
    pub const fn person_or_role(name: &'static str, english: &'static str) -> Self {
        Self { name, english, takes: Takes::PersonOrRole }
    }

    /// A key whose value is a person.
    pub const fn person(name: &'static str, english: &'static str) -> Self {
        Self { name, english, takes: Takes::Person }
    }
}

impl Object {
    /// Whether this word names it; letter case does not matter.
    pub fn is_called(&self, word: &str) -> bool {
        self.names().any(|name| name.eq_ignore_ascii_case(word))
    }

    /// All its names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.name, self.english].into_iter().chain(self.aliases.iter().copied())
    }
}

/// The Chinese name of the action that this word is for an object, if it is one.
pub fn action_of(object: &Object, commands: &[Erased], word: &str) -> Option<&'static str> {
    if word == "列表" || word.eq_ignore_ascii_case("list") {
        let lists = |command: &&Erased| command.spec.object == object.name && command.spec.form == Form::List;
        return commands.iter().find(lists).map(|_| "列表");
    }
    commands.iter().filter(|command| command.spec.object == object.name).find_map(|command| {
        let (Form::Act(name, english) | Form::IdAct(name, english)) = command.spec.form else { return None };
        (name == word || english.eq_ignore_ascii_case(word)).then_some(name)
    })
}
