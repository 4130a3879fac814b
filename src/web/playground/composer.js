// Where one types: sending, completion, answering a message.

import { byId, el } from './dom.js';
import { BOT, PEOPLE, face, personOf } from './cast.js';
import { complete } from './complete.js';
import { headline } from './log.js';

const form = byId('composer');
const input = byId('input');
const popup = byId('popup');
const options = byId('options');

let commands = [];
let offer = null;
let chosen = -1;
let answering = null;
let lastSent = '';
let send = async () => {};

export function start(table, sender) {
  commands = table;
  send = sender;
}

/** Says whose words these will be, and where. */
export function dress(room, me) {
  byId('own-face').replaceChildren(face(me));
  input.placeholder = room.direct ? `以${me.name}的身份说话` : `以${me.name}的身份说话，/ 看命令`;
}

export function answer(line) {
  answering = line;
  byId('answering').hidden = !line;
  if (!line) return;
  const author = line.from === 'bot' ? BOT.name : personOf(line.sender.id)?.name ?? line.sender.name;
  byId('answering-text').replaceChildren(el('b', {}, `回复 ${author}`), ` ${headline(line)}`);
  input.focus();
}

/** Puts a line into the field for the person to finish. */
export function propose(text) {
  input.value = text;
  input.focus();
  grow();
  close();
}

function grow() {
  input.style.height = 'auto';
  input.style.height = `${Math.min(input.scrollHeight, 200)}px`;
}

function suggest() {
  offer = complete(input.value, input.selectionStart, commands);
  chosen = offer?.eager ? 0 : -1;
  popup.hidden = !offer;
  if (!offer) return close();
  byId('popup-head').textContent = offer.head;
  options.replaceChildren(...offer.options.map((option, at) => el('li', {
    role: 'option', id: `option-${at}`,
    // Not `click`: the field must not lose its focus.
    onpointerdown(event) { event.preventDefault(); take(at); },
  },
  option.person ? face(option.person) : null,
  el('b', {}, option.label),
  option.extra ? el('span', { class: 'extra' }, option.extra) : null,
  el('span', { class: 'note' }, option.note))));
  mark();
}

function mark() {
  [...options.children].forEach((option, at) => {
    option.setAttribute('aria-selected', String(at === chosen));
    if (at === chosen) option.scrollIntoView({ block: 'nearest' });
  });
  if (chosen >= 0) input.setAttribute('aria-activedescendant', `option-${chosen}`);
  else input.removeAttribute('aria-activedescendant');
}

function close() {
  offer = null;
  chosen = -1;
  popup.hidden = true;
  input.removeAttribute('aria-activedescendant');
}

function take(at) {
  const { insert, typeOver } = offer.options[at];
  const { from } = offer;
  input.setRangeText(insert, from, input.selectionStart, 'end');
  input.focus();
  grow();
  suggest();
  if (typeOver) input.setSelectionRange(from + typeOver, from + typeOver + 1);
}

input.addEventListener('input', () => { grow(); suggest(); });
input.addEventListener('click', suggest);
input.addEventListener('blur', close);
input.addEventListener('keydown', (event) => {
  // Enter that ends the choice of a Chinese word is not ours.
  if (event.isComposing || event.keyCode === 229) return;
  const many = offer?.options.length ?? 0;
  if (many && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    const step = event.key === 'ArrowDown' ? 1 : -1;
    chosen = chosen < 0 ? (step > 0 ? 0 : many - 1) : (chosen + step + many) % many;
    mark();
  } else if (many && event.key === 'Tab' && !event.shiftKey) {
    take(Math.max(chosen, 0));
  } else if (many && event.key === 'Enter' && !event.shiftKey && chosen >= 0) {
    take(chosen);
  } else if (event.key === 'Escape') {
    if (offer) close();
    else answer(null);
  } else if (event.key === 'Enter' && !event.shiftKey) {
    form.requestSubmit();
  } else if (event.key === 'ArrowUp' && !input.value && lastSent) {
    propose(lastSent);
  } else {
    return;
  }
  event.preventDefault();
});

byId('answering-cancel').addEventListener('click', () => { answer(null); input.focus(); });

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text) return;
  const quoted = answering;
  input.value = '';
  answer(null);
  grow();
  close();
  if (await say(text, quoted)) lastSent = text;
  else if (!input.value) { input.value = text; grow(); answer(quoted); }
});

/** Sends; false where the bot did not take it, and says so. */
export async function say(text, quoted = null) {
  const wrong = byId('wrong');
  wrong.hidden = true;
  try {
    await send({ text, mentions: mentioned(text), reply_to: quoted ? (quoted.message_id ?? String(quoted.seq)) : undefined });
    return true;
  } catch (error) {
    wrong.textContent = `没有发出去：${error.message}`;
    wrong.hidden = false;
    return false;
  }
}

function mentioned(text) {
  return [...PEOPLE, BOT]
    .filter((person) => text.includes(`@${person.name}`) || text.includes(`＠${person.name}`))
    .map(({ id, name }) => ({ id, name }));
}
