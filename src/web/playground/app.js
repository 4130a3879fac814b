// The playground: who speaks, in which room, and the loop that keeps the page true.

import { ask, byId, el, memory } from './dom.js';
import { PEOPLE, face, personOf, roomsOf } from './cast.js';
import * as clock from './clock.js';
import * as composer from './composer.js';
import * as log from './log.js';

/** Lines by room, as far as they were fetched. */
const chats = new Map();
/** The newest line that each person has seen in each room. */
let seen = memory.read('seen', null);
let summaries = [];
/** Which start of the bot we speak to. */
let run = null;
let me = PEOPLE[1];
let room = roomsOf(me, [])[0];

// --- Who and where -----------------------------------------------------------------------------

function enter(person, id) {
  me = person;
  const rooms = roomsOf(me, summaries);
  room = rooms.find((candidate) => candidate.id === id) ?? rooms[0];
  history.replaceState(null, '', `#${new URLSearchParams({ as: me.id, room: room.id })}`);
  composer.answer(null);
  composer.dress(room, me);
  byId('room-title').textContent = room.name;
  byId('room-about').textContent = room.about;
  document.title = `${room.name} · 鼎鼎`;
  redraw();
  // Whether the bot can be reached is the loop's to say.
  fetchLines().catch(() => {});
}

function fromAddress() {
  const address = new URLSearchParams(location.hash.slice(1));
  const person = personOf(address.get('as')) ?? personOf(memory.read('as', '')) ?? me;
  enter(person, address.get('room') ?? room.id);
}

function drawPeople() {
  byId('people').replaceChildren(...PEOPLE.map((person) => el('label', { class: 'person' },
    el('input', { type: 'radio', name: 'as', value: person.id, checked: person === me, onchange() {
      memory.write('as', person.id);
      enter(person, room.direct ? `dm:${person.id}` : room.id);
    } }),
    face(person),
    el('span', { class: 'name' }, person.name, el('small', {}, person.role)),
    // What the others have not read in the rooms they share is theirs to find; a direct message calls.
    person === me ? null : badge(unread(person, `dm:${person.id}`), '条私聊未读'))));
}

function drawRooms() {
  byId('rooms').replaceChildren(...roomsOf(me, summaries).map((candidate) => el('li', {},
    el('button', { type: 'button', class: 'room', 'aria-current': candidate.id === room.id ? 'page' : false, onclick() {
      enter(me, candidate.id);
      closeDrawers();
      byId('input').focus();
    } },
    el('span', { class: `face square${candidate.direct ? ' direct' : ''}`, 'aria-hidden': 'true' }, candidate.icon),
    el('span', { class: 'name' }, candidate.name, el('small', {}, lastWords(candidate))),
    badge(unread(me, candidate.id), '条未读')))));
}

function lastWords(candidate) {
  const last = chats.get(candidate.id)?.at(-1);
  return last ? log.headline(last) : candidate.direct ? '提醒会发到这里' : `${candidate.members.length} 人`;
}

function badge(count, meaning) {
  return count > 0 ? el('span', { class: 'badge', 'aria-label': `${count} ${meaning}` }, count > 99 ? '99+' : String(count)) : null;
}

function unread(person, id) {
  const latest = summaries.find((summary) => summary.id === id)?.latest ?? 0;
  return latest - Math.min(seen?.[person.id]?.[id] ?? 0, latest);
}

function markSeen() {
  if (!seen || document.hidden) return;
  const latest = chats.get(room.id)?.at(-1)?.seq ?? 0;
  seen[me.id] = { ...seen[me.id], [room.id]: latest };
  memory.write('seen', seen);
}

function redraw() {
  // Before the first state arrived, nobody knows the bot's zone.
  if (run !== null) log.draw(room, me, chats.get(room.id) ?? [], composer.say);
  markSeen();
  // A list is not rebuilt under somebody's fingers.
  const held = document.activeElement;
  const heldRoom = held?.closest?.('#rooms button') && [...byId('rooms').querySelectorAll('button')].indexOf(held);
  drawRooms();
  if (Number.isInteger(heldRoom)) byId('rooms').querySelectorAll('button')[heldRoom]?.focus();
  const heldPerson = held?.closest?.('#people') && held.value;
  drawPeople();
  if (heldPerson) byId('people').querySelector(`input[value="${heldPerson}"]`)?.focus();
}

// --- Speaking ----------------------------------------------------------------------------------

/** What every message says beside its words. */
function signed() {
  return {
    room: room.id,
    room_name: room.direct ? undefined : room.name,
    sender: { id: me.id, name: me.name },
    direct: Boolean(room.direct),
  };
}

async function send(message) {
  await ask('/api/playground/messages', { ...signed(), ...message, message_id: crypto.randomUUID() });
  await fetchLines();
}

async function press(button) {
  try {
    await ask('/api/playground/buttons', { ...signed(), value: button.value, form: button.form, label: button.label, message_id: crypto.randomUUID() });
    await fetchLines();
  } catch (error) {
    offline(`没有按下去：${error.message}`);
  }
}

// --- Staying true ------------------------------------------------------------------------------

/** One fetch for a room at a time, and one more if somebody asked meanwhile. */
const fetching = new Map();

function fetchLines(id = room.id) {
  const running = fetching.get(id);
  if (running) {
    running.again = true;
    return running.done;
  }
  const run = { again: false };
  run.done = (async () => {
    do {
      run.again = false;
      const lines = chats.get(id) ?? [];
      const query = new URLSearchParams({ room: id, after: lines.at(-1)?.seq ?? 0, all: true });
      const { messages } = await ask(`/api/playground/messages?${query}`);
      chats.set(id, [...lines, ...messages]);
    } while (run.again);
  })().finally(() => {
    fetching.delete(id);
    redraw();
  });
  fetching.set(id, run);
  return run.done;
}

function take(state) {
  summaries = state.rooms;
  if (!seen) {
    // A first visit begins with nothing unread.
    const latest = Object.fromEntries(summaries.map((summary) => [summary.id, summary.latest]));
    seen = Object.fromEntries(PEOPLE.map((person) => [person.id, { ...latest }]));
  }
  // The bot was started again, perhaps on another store: what we hold may not be its own.
  if (run && run !== state.run) {
    chats.clear();
    log.forget();
  }
  run = state.run;
  clock.update(state);
  redraw();
}

async function refresh(known, wait = 0) {
  const query = new URLSearchParams(known === undefined ? {} : { changes: known, wait });
  const state = await ask(`/api/playground/state?${query}`);
  take(state);
  const behind = roomsOf(me, summaries).map(({ id }) => id).filter((id) => {
    const latest = summaries.find((summary) => summary.id === id)?.latest ?? 0;
    return latest > (chats.get(id)?.at(-1)?.seq ?? 0);
  });
  await Promise.all(behind.map(fetchLines));
  return state.changes;
}

function offline(why) {
  byId('offline').textContent = why ?? '';
  byId('offline').hidden = !why;
}

async function follow() {
  let known;
  let pause = 500;
  for (;;) {
    try {
      known = await refresh(known, 25);
      pause = 500;
      offline(null);
    } catch (error) {
      known = undefined;
      offline(error instanceof TypeError ? '连不上鼎鼎，正在重试…' : error.message);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 8_000);
    }
  }
}

// --- Drawers on small screens ------------------------------------------------------------------

function toggleDrawer(name) {
  const opens = !byId(name).classList.contains('open');
  closeDrawers();
  byId(name).classList.toggle('open', opens);
  byId(`open-${name}`).setAttribute('aria-expanded', String(opens));
  byId('veil').hidden = !opens;
}

function closeDrawers() {
  for (const name of ['side', 'clock']) {
    byId(name).classList.remove('open');
    byId(`open-${name}`).setAttribute('aria-expanded', 'false');
  }
  byId('veil').hidden = true;
}

byId('open-side').addEventListener('click', () => toggleDrawer('side'));
byId('open-clock').addEventListener('click', () => toggleDrawer('clock'));
byId('veil').addEventListener('click', closeDrawers);
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') closeDrawers(); });
document.addEventListener('visibilitychange', redraw);
window.addEventListener('hashchange', fromAddress);

// --- Start -------------------------------------------------------------------------------------

log.onActions({ answer: composer.answer, press });
clock.onActions({
  moved: () => refresh(),
  asked(thing) {
    closeDrawers();
    composer.propose(`/为什么 ${thing.id}`);
  },
});
composer.start([], send);
ask('/api/playground/commands').then((table) => composer.start(table, send)).catch(() => { /* completion is a help, not a need */ });
fromAddress();
follow();
if (matchMedia('(min-width: 760px)').matches) byId('input').focus();
