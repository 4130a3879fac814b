//! The playground over HTTP: its page, its chats, and what stands on the clock.

mod chat;
mod page;
mod state;

pub use chat::routes as chat_routes;
pub use page::routes as page_routes;
pub use state::routes as state_routes;
