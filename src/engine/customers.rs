//! Customers' files: which one a line means, and that every customer of a project has one.

use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::{sync::OwnedMutexGuard, task::spawn_blocking};

use super::{Engine, REGISTRY, draft::Draft, due::together, lines::Held, receive::Event};
use crate::{
    dossier::{Dossier, Outcome, Project, Refusal, Waking},
    features::{
        self, CustomerJob,
        customer::{Customer, File},
    },
    grammar::{Args, On, Spec},
    store::{CommitError, ProjectId},
};

impl Engine {
    /// Whether a dossier is this project, or the file of the customer that it serves.
    pub(super) fn is_of(&self, id: ProjectId, home: &Dossier) -> bool {
        let customer = home.founded().and_then(|project| project.customer.as_deref());
        id == home.id || customer.is_some_and(|name| self.directory(|d| d.file_of(name)) == Some(id))
    }

    /// Takes the file that a line works on, where it works on one.
    pub(super) async fn settle_file(
        &self,
        event: &Event<'_>,
        held: &mut Held,
        spec: &Spec,
        args: &Args,
    ) -> Result<bool, Refusal> {
        let named = args.id.is_some_and(|id| features::is_filed(id.letter)) && spec.on == On::Project;
        let undoes = spec.object == features::history::UNDO.name && args.id.is_none();
        if spec.on != On::Customer && !named && !undoes {
            return Ok(false);
        }
        let Some(id) = self.file_meant(event, held) else {
            return if undoes { Ok(false) } else { Err(self.no_file(event, held, args)) };
        };
        if held.file.as_ref().is_none_or(|file| file.id != id) {
            held.file = Some(self.take(id).await);
        }
        Ok(!undoes || self.spoke_last_in(event, held).await)
    }

    /// The file of the project's customer; in a direct chat with no project, of the one customer that all of the
    /// asker's projects serve.
    pub(super) fn file_meant(&self, event: &Event<'_>, held: &Held) -> Option<ProjectId> {
        let customer = held.home.as_ref().and_then(|home| home.founded()).map(|project| &project.customer);
        self.directory(|directory| match customer {
            Some(customer) => directory.file_of(customer.as_deref()?),
            None if event.room().direct => {
                let mine = directory.of_person(&event.inbound.sender.id);
                match directory.files_of(&mine).as_slice() {
                    [only] => Some(*only),
                    _ => None,
                }
            }
            None => None,
        })
    }

    fn no_file(&self, event: &Event<'_>, held: &Held, args: &Args) -> Refusal {
        match held.home.as_ref().and_then(|home| home.founded()) {
            Some(_) => Refusal::new("项目还没有写明客户。补上：/项目 修改 客户:客户名"),
            None if event.room().direct => self.ask_which_project(event, args, None),
            None => Refusal::new("本群还没有项目。先建一个：/项目 新建 项目名 客户:客户名"),
        }
    }

    /// Whether the asker's last command in this room was about the customer and not about the project.
    async fn spoke_last_in(&self, event: &Event<'_>, held: &Held) -> bool {
        let mut last = [None, None];
        for (dossier, last) in [&held.home, &held.file].into_iter().zip(&mut last) {
            let Some(dossier) = dossier else { continue };
            let log = self.store.log(dossier.id, None, super::lines::LOG_READ).await.unwrap_or_default();
            let mut mine = log.into_iter().filter(|entry| {
                entry.by.as_ref().is_some_and(|by| by.id == event.inbound.sender.id)
                    && entry.room.as_ref() == Some(&event.room().id)
            });
            *last = mine.next().map(|entry| entry.at);
        }
        last[1] >= last[0]
    }

    /// Registers the customer of a project that names one nobody knew, and opens the files of those who have none.
    /// Only under the founding lock; gives the files that it opened.
    pub(super) async fn register(
        &self,
        draft: &mut Draft,
        registry: &mut Dossier,
        home: Option<&Dossier>,
    ) -> Vec<OwnedMutexGuard<Dossier>> {
        if let Some(project) = home.and_then(Dossier::founded) {
            self.register_customer(draft, registry, project);
        }
        self.open_files(draft, registry).await
    }

    fn register_customer(&self, draft: &mut Draft, registry: &mut Dossier, project: &Project) {
        let Some(name) = &project.customer else { return };
        if registry.all::<Customer>().any(|customer| customer.name == *name) {
            return;
        }
        let customer = Customer {
            number: Outcome::default().next_number::<Customer>(registry),
            name: name.clone(),
            industry: project.industry.clone(),
            tier: None,
            lead: None,
        };
        draft.put(registry, Arc::new(customer), &self.rules);
    }

    async fn open_files(&self, draft: &mut Draft, registry: &Dossier) -> Vec<OwnedMutexGuard<Dossier>> {
        let mut opened = Vec::new();
        for customer in registry.all::<Customer>() {
            let id = ProjectId::file(customer.number);
            if !self.has_file(id) {
                let mut file = self.take(id).await;
                if file.find::<File>(0).is_some() {
                    // Another process did.
                    continue;
                }
                let record = File::open(&customer.name, self.clock.now());
                draft.put(&mut file, Arc::new(record), &self.rules);
                opened.push(file);
            }
        }
        opened
    }

    /// Whether a file was opened. One that is held was.
    fn has_file(&self, id: ProjectId) -> bool {
        let opened = |file: &Dossier| file.find::<File>(0).is_some();
        self.cell(id).is_some_and(|cell| cell.try_lock().map_or(true, |file| opened(&file)))
    }

    /// The same for all projects, once at the start: another version of the program may have kept no files.
    pub(super) async fn register_all(&self) -> Result<(), CommitError> {
        let mut registry = self.take(REGISTRY).await;
        let mut draft = Draft::default();
        for id in self.directory(|directory| directory.projects()) {
            if let Some(project) = self.take(id).await.founded() {
                self.register_customer(&mut draft, &mut registry, project);
            }
        }
        let mut files = self.open_files(&mut draft, &registry).await;
        if draft.is_empty() {
            return Ok(());
        }
        let dossiers = std::iter::once(&mut registry).chain(&mut files);
        let mut dossiers: Vec<&mut Dossier> = dossiers.map(|dossier| &mut **dossier).collect();
        self.write(draft, &mut dossiers).await
    }

    /// Runs a job on every customer's file.
    pub(super) async fn run_customer_job(
        &self,
        job: &'static CustomerJob,
        at: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let files = self.directory(|directory| directory.files());
        together(files.into_iter().map(|id| self.run_job_on_file(id, job, at, now))).await
    }

    /// Runs a job on one customer's file, once: one commit. The projects are copied before the file is taken.
    async fn run_job_on_file(
        &self,
        id: ProjectId,
        job: &'static CustomerJob,
        at: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<usize> {
        let Some(mark) = self.not_done(job.name, id, at).await? else { return Ok(0) };
        let projects = self.copies(id, None).await;
        let mut file = self.take(id).await;
        if file.founded().is_none() {
            return Ok(0);
        }
        // Reading a quarter of many records takes longer than whoever talks to the bot should wait.
        let (copy, rules) = (file.clone(), Arc::clone(&self.rules));
        let run = move || (job.run)(&copy, &projects, &Waking { now, due: at, rules: &rules });
        let outcome = spawn_blocking(run).await.with_context(|| format!("job {}", job.name))?;
        let cx = Waking { now, due: at, rules: &self.rules };
        self.job_done(mark, &mut file, outcome, &cx).await
    }
}
