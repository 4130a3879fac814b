// One chat as it is read: days, people's bubbles, the bot's cards.

import { chart } from './chart.js';
import { byId, el } from './dom.js';
import { form } from './form.js';
import { BOT, PEOPLE, face, personOf } from './cast.js';
import { clockTime, day } from './time.js';

/** More lines than this are not drawn; the older ones stay in the store. */
const MOST_DRAWN = 400;

const log = byId('log');
const scroll = byId('scroll');
const newer = byId('newer');

let drawn = { room: null, as: null, upTo: 0, day: null, lines: [] };
let actions = { answer() {}, press: async () => {} };

export function onActions(given) {
  actions = given;
}

/** Draws the lines of a room that are not there yet; all of them where room or person changed. */
export function draw(room, me, lines, send) {
  const anew = drawn.room !== room.id || drawn.as !== me.id;
  if (anew) {
    log.replaceChildren();
    drawn = { room: room.id, as: me.id, upTo: 0, day: null, lines: [] };
  }
  const atEnd = anew || isAtEnd();
  if (lines.length === 0) {
    log.replaceChildren(welcome(room, send));
    return;
  }
  if (drawn.upTo === 0) log.replaceChildren();
  const news = lines.filter((line) => line.seq > drawn.upTo);
  const fresh = news.filter((line) => line.from !== 'edit').slice(-MOST_DRAWN);
  drawn.lines = lines;
  for (const line of fresh) {
    const today = day(line.time);
    if (today !== drawn.day) {
      log.append(el('p', { class: 'day' }, el('span', {}, today)));
      drawn.day = today;
    }
    log.append(shown(line, me));
    drawn.upTo = line.seq;
  }
  for (const edit of news.filter((line) => line.from === 'edit')) {
    edited(edit, me);
    drawn.upTo = edit.seq;
  }
  while (log.childElementCount > MOST_DRAWN * 1.5) log.firstElementChild.remove();
  const own = fresh.some((line) => line.sender?.id === me.id);
  if (atEnd || own) toEnd();
  else if (fresh.length > 0) newer.hidden = false;
}

/** Puts what a line says now in its place. */
function edited(edit, me) {
  const before = drawn.lines.find((line) => line.seq === edit.edits);
  if (!before) return;
  const { text, lines, buttons, form, mentions, tone, chart } = edit;
  byId(`line-${edit.edits}`)?.replaceWith(shown({ ...before, text, lines, buttons, form, mentions, tone, chart }, me));
}

/** Draws everything anew the next time. */
export function forget() {
  drawn.room = null;
}

function isAtEnd() {
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
}

export function toEnd() {
  scroll.scrollTop = scroll.scrollHeight;
  newer.hidden = true;
}

newer.addEventListener('click', toEnd);
scroll.addEventListener('scroll', () => {
  if (isAtEnd()) newer.hidden = true;
});

function shown(line, me) {
  if (line.pressed) return pressedNote(line);
  const bot = line.from === 'bot';
  const own = line.sender?.id === me.id;
  const author = bot ? BOT : { ...line.sender, ...personOf(line.sender.id) };
  const body = bot ? card(line, me) : el('div', { class: 'bubble' }, quote(line), personText(line, me));
  const role = bot ? BOT.role : author.role;
  return el('article', { class: `said ${bot ? 'bot' : own ? 'own' : 'other'}`, id: `line-${line.seq}`, 'aria-label': `${author.name} ${clockTime(line.time)}` },
    face(author),
    el('div', { class: 'what' },
      el('header', {},
        el('b', {}, own ? `${author.name}（我）` : author.name),
        role ? el('span', { class: 'role' }, role) : null,
        el('time', { datetime: line.time }, clockTime(line.time))),
      el('div', { class: 'row' }, body,
        el('button', { type: 'button', class: 'icon reply', title: '回复这条', 'aria-label': `回复 ${author.name}：${headline(line)}`, onclick: () => actions.answer(line) }, '↩'))));
}

function pressedNote(line) {
  const who = personOf(line.sender.id)?.name ?? line.sender.name ?? line.sender.id;
  return el('p', { class: 'pressed', id: `line-${line.seq}` },
    `${who} 点了「${line.text}」`, el('time', { datetime: line.time }, clockTime(line.time)));
}

/** The bot's card: its first line stands out, its tone colours the bar, its buttons press. */
function card(line, me) {
  const lines = line.lines?.length ? line.lines : line.text.split('\n').map((text) => [{ text }]);
  const rows = lines.map((spans, at) => el('p', { class: at === 0 ? 'head' : spans.length ? '' : 'gap' }, ...spans.map((span) => spanShown(span, me))));
  return el('div', { class: `card ${line.tone ?? 'plain'}` }, ...(line.file ? [fileChip(line)] : [quote(line), ...rows]), line.chart ? chart(line.chart) : null, line.form ? form(line.form, (filled) => actions.press(filled)) : null, buttons(line));
}

/** A file to save. It follows its words, which have the quote. */
function fileChip(line) {
  const { name, size } = line.file;
  const kilobytes = Math.max(1, Math.round(size / 1024));
  const query = new URLSearchParams({ room: drawn.room, seq: line.seq });
  return el('a', { class: 'file', href: `/api/playground/files?${query}`, download: name, title: '保存文件' },
    el('span', { class: 'clip', 'aria-hidden': 'true' }, '📎'), el('span', { class: 'name' }, name), el('span', { class: 'size' }, `${kilobytes} KB`));
}

function spanShown(span, me) {
  if (span.person) {
    const id = span.person.id.replace(/^playground:/, '');
    return mention(span.person.name, id === me.id);
  }
  return span.strong === undefined ? document.createTextNode(span.text ?? '') : el('strong', {}, span.strong);
}

function mention(name, isMe) {
  return el('span', { class: isMe ? 'mention me' : 'mention' }, `@${name}`);
}

/** A person's words: commands at the start of a line and the names of who is meant stand out. */
function personText(line, me) {
  const names = [BOT, ...PEOPLE].filter((person) => line.mentions?.includes(person.id));
  const paragraph = el('p', {});
  line.text.split('\n').forEach((text, at) => {
    if (at > 0) paragraph.append('\n');
    const command = text.match(/^[/／、\\]\S+/)?.[0] ?? '';
    if (command) paragraph.append(el('span', { class: 'command' }, command));
    paragraph.append(...withMentions(text.slice(command.length), names, me));
  });
  return paragraph;
}

function withMentions(text, names, me) {
  const pieces = [];
  let rest = text;
  while (rest) {
    const next = names
      .map((person) => ({ person, at: Math.max(rest.indexOf(`@${person.name}`), rest.indexOf(`＠${person.name}`)) }))
      .filter((found) => found.at >= 0)
      .sort((a, b) => a.at - b.at)[0];
    if (!next) break;
    pieces.push(rest.slice(0, next.at), mention(next.person.name, next.person.id === me.id));
    rest = rest.slice(next.at + 1 + next.person.name.length);
  }
  return [...pieces, rest];
}

function buttons(line) {
  const instead = line.form?.instead?.buttons ?? [];
  const shown = line.buttons?.filter((button) => !instead.some((other) => other.line === button.value)) ?? [];
  if (!shown.length) return null;
  return el('div', { class: 'buttons' }, ...shown.map((button) => el('button', {
    type: 'button',
    title: button.value,
    async onclick(event) {
      const pressed = event.currentTarget;
      pressed.disabled = true;
      await actions.press(button);
      pressed.disabled = false;
    },
  }, button.label)));
}

function quote(line) {
  if (!line.reply_to) return null;
  const quoted = find(line.reply_to);
  // An answer right below its question needs no quote.
  if (!quoted || (line.from === 'bot' && quoted.seq === line.seq - 1)) return null;
  const author = quoted.from === 'bot' ? BOT.name : personOf(quoted.sender.id)?.name ?? quoted.sender.name;
  return el('button', { type: 'button', class: 'quote', title: '看原消息', onclick: () => show(quoted) },
    el('b', {}, author), ` ${headline(quoted)}`);
}

function find(id) {
  return drawn.lines.find((line) => line.from === 'bot' ? String(line.seq) === id : line.message_id === id);
}

function show(line) {
  const article = byId(`line-${line.seq}`);
  article?.scrollIntoView({ block: 'center', behavior: 'smooth' });
  article?.classList.add('found');
  setTimeout(() => article?.classList.remove('found'), 1600);
}

export const headline = (line) => line.text.split('\n')[0].slice(0, 80);

/** What stands in a room where nothing was said: what it is for, and what to try first. */
function welcome(room, send) {
  return el('section', { class: 'welcome' },
    face(BOT),
    el('h3', {}, room.direct ? '有什么要我盯着的？' : `这里是「${room.name}」`),
    el('p', {}, room.direct
      ? '私聊里直接说就行。该你办的事快到点了，我也会在这里提醒你。'
      : '用 / 开头，或者 @鼎鼎，我就会听。说过的事我记下来，有人、有时间，快晚了再说一遍。'),
    el('p', { class: 'try' }, '点一句试试：'),
    el('ul', {}, ...room.steps.map(([text, why]) => el('li', {},
      el('button', { type: 'button', onclick: () => send(text) }, el('code', {}, text), el('span', {}, why))))));
}
