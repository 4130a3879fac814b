// The bot's clock: what time it is, what is on it, and the hand that moves it where it is simulated.

import { ask, byId, el } from './dom.js';
import { clockTime, day, distance, moment, setZone } from './time.js';

let state = null;
/** How far the bot's clock is from this machine's; a simulated one stands still. */
let offset = 0;
let actions = { moved: async () => {}, asked() {} };

export function onActions(given) {
  actions = given;
}

export function update(fresh) {
  state = fresh;
  offset = Date.parse(fresh.now) - Date.now();
  setZone(fresh.zone);
  byId('hands').hidden = !fresh.simulated;
  byId('clock-kind').textContent = fresh.simulated ? '模拟，由你拨动' : '真实时间';
  byId('clock-kind').classList.toggle('simulated', fresh.simulated);
  draw();
}

const now = () => (state.simulated ? Date.parse(state.now) : Date.now() + offset);

function draw() {
  if (!state) return;
  const at = now();
  byId('clock-time').textContent = clockTime(at);
  byId('clock-date').textContent = day(at);
  byId('pill-time').textContent = `${day(at)} ${clockTime(at)}`;
  const things = state.upcoming;
  byId('upcoming-count').textContent = things.length || '';
  byId('nothing').hidden = things.length > 0;
  byId('to-next').disabled = !next();
  byId('upcoming').replaceChildren(...things.map((thing) => shown(thing, at)));
}

setInterval(() => { if (state && !state.simulated) draw(); }, 15_000);

function shown(thing, at) {
  const due = Date.parse(thing.at);
  const left = due - at;
  const nearness = left <= 0 ? 'late' : left <= 3_600_000 ? 'soon' : '';
  return el('li', { class: nearness },
    el('button', { type: 'button', title: '问问它：为什么是这个时间', onclick: () => actions.asked(thing) },
      el('span', { class: 'top' }, thing.id ? el('b', { class: 'id' }, thing.id) : null, el('span', { class: 'due' }, thing.what)),
      thing.title ? el('span', { class: 'title' }, thing.title) : null,
      el('span', { class: 'when' }, el('time', { datetime: thing.at }, moment(due, at)), el('span', { class: 'left' }, distance(due, at))),
      thing.who?.length ? el('span', { class: 'who' }, thing.who.map((name) => `@${name}`).join(' ')) : null));
}

/** The first thing that still lies ahead. */
function next() {
  return state?.upcoming.find((thing) => Date.parse(thing.at) > now());
}

async function move(how) {
  const hands = [...byId('hands').querySelectorAll('button')];
  hands.forEach((hand) => { hand.disabled = true; });
  try {
    const { now: reached, fired } = await ask('/api/clock', how);
    byId('moved').textContent = `走到 ${day(reached)} ${clockTime(reached)}，${fired ? `途中办了 ${fired} 件事` : '途中没有到点的事'}`;
  } catch (error) {
    byId('moved').textContent = `没有拨动：${error.message}`;
  }
  hands.forEach((hand) => { hand.disabled = false; });
  await actions.moved();
}

byId('hands').addEventListener('click', (event) => {
  const advance = event.target.dataset?.advance;
  if (advance) move({ advance });
});
byId('to-next').addEventListener('click', () => {
  const thing = next();
  if (thing) move({ to: thing.at });
});
