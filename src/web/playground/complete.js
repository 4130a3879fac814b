// Completion while typing: commands after `/`, then their actions and keys, `!` for priorities, `@` for people.

import { BOT, PEOPLE } from './cast.js';

const PRIORITIES = [['紧急', '2 小时内响应'], ['高', '优先处理'], ['中', '正常排期'], ['低', '有空再做']];

/**
 * What fits at the caret: `{ head, from, options: [{ insert, label, note }], eager }`, or nothing.
 * `typeOver` is where an option's insert has a digit to be typed over. `from` is where the completed word starts; `eager` choices are taken by Enter, others only by Tab or
 * after an arrow key, so that Enter still sends what is complete.
 */
export function complete(text, caret, commands) {
  const before = text.slice(0, caret);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return people(line, before) ?? priority(line, before) ?? command(line, before, commands) ?? argument(line, before, commands);
}

function people(line, before) {
  const word = line.match(/[@＠]([^\s@＠]*)$/)?.[1];
  if (word === undefined) return null;
  const options = [...PEOPLE, BOT]
    .filter((person) => person.name.startsWith(word) || person.id.startsWith(word.toLowerCase()) || person.role.startsWith(word))
    .map((person) => ({ insert: `@${person.name} `, label: `@${person.name}`, note: person.role, person }));
  return found('点名', before.length - word.length - 1, options, true);
}

function priority(line, before) {
  const word = line.match(/(?:^|\s)[!！]([^\s]*)$/)?.[1];
  if (word === undefined) return null;
  const options = PRIORITIES
    .filter(([name]) => name.startsWith(word) && name !== word)
    .map(([name, note]) => ({ insert: `!${name} `, label: `!${name}`, note }));
  return found('优先级', before.length - word.length - 1, options, true);
}

function command(line, before, commands) {
  const word = line.match(/^[/／]([^\s/／]*)$/)?.[1];
  if (word === undefined) return null;
  const typed = word.toLowerCase();
  const exact = commands.some((command) => command.zh === word || command.en === typed);
  const options = commands
    .filter((command) => command.zh.startsWith(word) || command.en.startsWith(typed))
    .map((command) => ({ insert: `/${command.zh} `, label: `/${command.zh}`, extra: command.en, note: summary(command) }));
  return found('命令', before.length - word.length - 1, options, !exact);
}

function argument(line, before, commands) {
  const [, name, , rest] = line.match(/^[/／](\S+)(\s+)(.*)$/) ?? [];
  const command = commands.find((command) => command.zh === name || command.en === name?.toLowerCase());
  if (!command) return null;
  const word = rest.match(/\S*$/)[0];
  const options = [];
  // An action stands right after the object or the id; where it needs an id that is not there yet, one
  // is put in for the person to type over.
  const place = rest.match(/^(#?[A-Za-zＡ-Ｚ]-?\d+\s+)?\S*$/);
  for (const action of place ? command.actions ?? [] : []) {
    const fits = action.zh.startsWith(word) || (word && action.en.startsWith(word.toLowerCase()));
    if (!fits || action.zh === word) continue;
    const letter = action.id && !place[1] ? action.usage?.match(/ ([A-Z])\d+ /)?.[1] : undefined;
    const id = letter ? `${letter}1 ` : '';
    options.push({ insert: `${id}${action.zh} `, typeOver: id && 1, label: `${id}${action.zh}`, extra: action.en, note: action.help ?? '' });
  }
  for (const key of command.keys ?? []) {
    if (word && key.startsWith(word) && !line.includes(`${key}:`)) options.push({ insert: `${key}:`, label: `${key}:`, note: '填写项' });
  }
  return found(usage(command, rest), before.length - word.length, options, false, !word);
}

/** How the line goes on: that of its action, if it has one already. */
function usage(command, rest) {
  const words = rest.split(/\s+/);
  const action = command.actions?.find((action) => words.includes(action.zh) || words.includes(action.en));
  const example = (action ?? command).usage;
  return example ? `例：${example.split('\n')[0]}` : summary(command);
}

function found(head, from, options, eager, headAlone = false) {
  return options.length > 0 || (headAlone && head) ? { head, from, options, eager } : null;
}

/** The first line of a command's help. */
function summary(command) {
  return String(command.help ?? '').split('\n')[0];
}
