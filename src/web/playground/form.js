// A form under the bot's words: filling it in says the line that it stands for.

import { el } from './dom.js';

/** The form; `send` is told its line, what stands on its button, and what was filled in by the fields' names. */
export function form(shown, send) {
  const inputs = new Map();
  const rows = shown.fields.map((field) => {
    const input = component(field);
    inputs.set(field.name, input);
    return el('label', {}, el('span', {}, field.label), input);
  });
  const submit = el('button', { type: 'submit', class: 'submit' }, shown.submit);
  return el('form', {
    class: 'fill',
    autocomplete: 'off',
    async onsubmit(event) {
      event.preventDefault();
      submit.disabled = true;
      const filled = [...inputs].map(([name, input]) => [name, input.value]).filter(([, value]) => value !== '');
      await send({ value: shown.line, label: shown.submit, form: Object.fromEntries(filled) });
      submit.disabled = false;
    },
  }, ...rows, submit);
}

function component(field) {
  const { kind, required, default: value } = field;
  const options = kind === 'score' ? ['1', '2', '3', '4', '5'] : kind.choice;
  if (options) {
    const chosen = (option) => option === value;
    return el('select', { required },
      el('option', { value: '' }, '请选择'),
      ...options.map((option) => el('option', { value: option, selected: chosen(option) }, option)));
  }
  if (kind === 'long') return el('textarea', { required, rows: 2, maxlength: 1000 }, value ?? '');
  return el('input', { type: kind === 'date' ? 'date' : 'text', required, value, maxlength: kind === 'date' ? null : 1000 });
}
